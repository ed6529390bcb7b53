//! Bytes and quality of pictures at some quantizers: `block_rd EFFORT QUANTIZER,QUANTIZER,... PICTURE.ppm...`, one line for each as
//! `codec,quantizer,picture,bytes,psnr,encode seconds,decode seconds`. `THREADS` in the environment says on how many threads.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used)]

use minlen_core::Env;
use minlen_image::{Planes, block};
use std::time::Instant;

fn read(path: &str) -> Planes {
    let bytes = std::fs::read(path).unwrap();
    minlen_image::read::picture(&bytes, &Env::default()).unwrap().colours
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let effort: u8 = arguments[1].parse().unwrap();
    let threads = std::env::var("THREADS").map_or(2, |n| n.parse().unwrap());
    let env = Env::default().with_threads(threads);
    for path in &arguments[3..] {
        let picture = read(path);
        for quantizer in arguments[2].split(',') {
            let start = Instant::now();
            let coded = block::encode(&picture, quantizer.parse().unwrap(), effort, &env).unwrap();
            let encoded = start.elapsed().as_secs_f32();
            let start = Instant::now();
            let decoded = block::decode(&coded.bytes, &block::Shape::of(&picture), &env).unwrap();
            let seconds = start.elapsed().as_secs_f32();
            assert!(decoded == coded.picture, "{path} at {quantizer}");
            let name = path.rsplit('/').next().unwrap().trim_end_matches(".ppm");
            let psnr = decoded.psnr(&picture);
            println!(
                "block{effort},{quantizer},{name},{},{psnr:.4},{encoded:.3},{seconds:.3}",
                coded.bytes.len()
            );
        }
    }
}
