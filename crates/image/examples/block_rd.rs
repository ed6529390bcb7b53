//! Bytes and quality of pictures at some quantizers: `block_rd EFFORT QUANTIZER,QUANTIZER,... PICTURE.ppm...`, one line for each as
//! `codec,quantizer,picture,bytes,psnr,encode seconds,decode seconds`. `THREADS` in the environment says on how many threads.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used)]

use minlen_core::Env;
use minlen_image::{Planes, block};
use std::time::Instant;

fn read(path: &str) -> Planes {
    let bytes = std::fs::read(path).unwrap();
    let mut fields = Vec::new();
    let mut at = 0;
    while fields.len() < 4 {
        let start = at + bytes[at..].iter().position(|b| !b.is_ascii_whitespace()).unwrap();
        let end = start + bytes[start..].iter().position(u8::is_ascii_whitespace).unwrap();
        fields.push(String::from_utf8_lossy(&bytes[start..end]).into_owned());
        at = end;
    }
    let (width, height) = (fields[1].parse().unwrap(), fields[2].parse().unwrap());
    let samples = &bytes[at + 1..];
    let plane = |i: usize| samples[i..].iter().step_by(3).map(|&v| u16::from(v)).collect();
    Planes::new(width, height, 8, (0..3).map(plane).collect()).unwrap()
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
