//! Golden files of pictures: what was written decodes for ever to the same bytes, and the writer still writes the same bytes, for any number
//! of threads. The command's tests have the same files written with each instruction set.
//!
//! `cargo test --release -p minlen --test all -- --ignored golden_pictures` writes `testdata/golden/pictures` again: only while their version was
//! never released.

use crate::common::golden_dir;
use minlen::{Limits, Options, Target, compress, decompress};
use std::fs;
use std::path::PathBuf;

fn dir() -> PathBuf {
    golden_dir().with_file_name("pictures")
}

/// The file that all of them are of: soft shades, an edge, and some grain.
fn picture() -> Vec<u8> {
    fs::read(dir().join("given.ppm")).unwrap()
}

fn made() -> Vec<u8> {
    let (width, height) = (104u32, 80u32);
    let mut state = 9u32;
    let mut pixels = Vec::new();
    for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
        for c in 0..3 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let shade = x * (c + 2) / 3 + y * y / 40 + if x > 40 + y / 3 { 60 } else { 0 } + (state >> 30);
            pixels.push(shade as u8);
        }
    }
    [format!("P6\n{width} {height}\n255\n").into_bytes(), pixels].concat()
}

/// Name, level, method, quality.
const CASES: [(&str, u8, &str, u8); 5] = [
    ("block-1", 1, "block", 30),
    ("block-3", 3, "block", 75),
    ("block-5", 5, "block", 50),
    ("overfit-3", 3, "overfit", 20),
    ("vae-2", 2, "vae", 60),
];

fn options(level: u8, method: &str, quality: u8) -> Options {
    let options = Options::new(level).unwrap().with_target(Target::Quality(quality)).unwrap();
    options.with_codec(&format!("picture:method={method}")).unwrap()
}

#[test]
fn golden_pictures_are_read_and_written() {
    for (name, level, method, quality) in CASES {
        let stored = fs::read(dir().join(name).with_extension("mln")).unwrap();
        let decoded = decompress(&stored, &Limits::default()).unwrap();
        let hash = fs::read_to_string(dir().join(name).with_extension("blake3")).unwrap();
        assert_eq!(blake3::hash(&decoded).to_hex().as_str(), hash.trim(), "{name}");
        for threads in [1, 2] {
            let options = options(level, method, quality).with_threads(threads);
            assert!(compress(&picture(), &options).unwrap() == stored, "{name} with {threads} threads");
        }
    }
}

#[test]
#[ignore = "writes the golden files again"]
fn write_golden_pictures() {
    fs::create_dir_all(dir()).unwrap();
    fs::write(dir().join("given.ppm"), made()).unwrap();
    for (name, level, method, quality) in CASES {
        let stored = compress(&made(), &options(level, method, quality)).unwrap();
        let decoded = decompress(&stored, &Limits::default()).unwrap();
        fs::write(dir().join(name).with_extension("mln"), stored).unwrap();
        fs::write(
            dir().join(name).with_extension("blake3"),
            format!("{}\n", blake3::hash(&decoded).to_hex()),
        )
        .unwrap();
    }
}
