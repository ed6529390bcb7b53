//! Makes the files of models and filters that coding starts with: `block_train FOLDER EFFORT PICTURE.ppm...`.
//! `DUMP` in the environment names a file for what was searched, from which `block_model` learns again without the search.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used)]

use minlen_core::Env;
use minlen_image::{Planes, block};

fn read(path: &str) -> Planes {
    let bytes = std::fs::read(path).unwrap();
    minlen_image::read::picture(&bytes, &Env::default()).unwrap().colours
}

/// The middle of a picture, at most 256 pixels each way.
fn middle(picture: &Planes) -> Planes {
    let (w, h) = (picture.width().min(256), picture.height().min(256));
    let (x, y) = ((picture.width() - w) / 2, (picture.height() - h) / 2);
    let row = |plane: &[u16], r: usize| plane[(y + r) * picture.width() + x..][..w].to_vec();
    let crop = |plane: &Vec<u16>| (0..h).flat_map(|r| row(plane, r)).collect();
    Planes::new(w, h, picture.depth(), picture.planes().iter().map(crop).collect()).unwrap()
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let effort: u8 = arguments[2].parse().unwrap();
    let threads = std::env::var("THREADS").map_or(2, |n| n.parse().unwrap());
    let env = Env::default().with_threads(threads);
    let mut trainer = block::lab::Trainer::default();
    // Each picture at one of nine quantizers, and all in an order that does not sort them.
    let count = arguments.len() - 3;
    for i in 0..count {
        let path = &arguments[3 + i * 37 % count];
        let quantizer = 200 + i * 5 % 9 * 20;
        trainer.add(&middle(&read(path)), quantizer as u16, effort, &env).unwrap();
    }
    if let Ok(path) = std::env::var("DUMP") {
        std::fs::write(path, trainer.dump()).unwrap();
    }
    let file = trainer.train(3, &env, |bytes| println!("{bytes} bytes")).unwrap();
    println!("{} bytes of models", file.len());
    std::fs::write(format!("{}/priors.bin", arguments[1]), file).unwrap();
    let file = trainer.filters(&env).unwrap();
    println!("{} bytes of filters", file.len());
    std::fs::write(format!("{}/filters.bin", arguments[1]), file).unwrap();
}
