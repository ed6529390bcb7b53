//! Records for codec files: the golden ones of this repository, data of their kind, and how files with them are taken apart.

use minlen::layout::Dtype;
use minlen::{Env, Options, Result, decompress_with, latent};
use minlen_core::testing::Rng;
use std::fs;
use std::path::{Path, PathBuf};

/// Where files of learned parts are, and those that name them.
pub fn networks() -> PathBuf {
    super::golden_dir().with_file_name("networks")
}

/// A codec file with three members for records of 8 by 8 bytes, and records of that kind that it was not learned from.
pub fn codec_file() -> Vec<u8> {
    fs::read(latent_golden().join("codec.mlc")).unwrap()
}

fn latent_golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../latent/tests/golden")
}

/// A codec file with nothing but a predictor, for records of 20 by 20 bytes.
pub fn predictor() -> Vec<u8> {
    fs::read(networks().join("predictor.mlc")).unwrap()
}

/// The golden records so often, each time with other noise, so that none is a copy of another.
pub fn records(times: usize) -> Vec<u8> {
    let golden = fs::read(latent_golden().join("records")).unwrap();
    let mut random = Rng(41);
    let mut noisy = |byte: &u8| byte.saturating_add(random.below(3) as u8);
    (0..times).flat_map(|_| golden.iter().map(&mut noisy).collect::<Vec<u8>>()).collect()
}

/// Discs as those that the predictor learned from, 20 by 20, of shades that vary.
pub fn discs(count: usize, seed: u64) -> Vec<u8> {
    let mut random = Rng(seed);
    let mut all = Vec::new();
    for _ in 0..count {
        let (x, y) = (6 + random.below(8) as i32, 6 + random.below(8) as i32);
        for i in 0..400 {
            let (dx, dy) = (i % 20 - x, i / 20 - y);
            let near = usize::from(dx * dx + dy * dy < 20) + usize::from(dx * dx + dy * dy < 12);
            all.push([0, 90 - random.below(4) as u8, 253 - random.below(4) as u8][near]);
        }
    }
    all
}

/// Where the numbers begin in what [`npy`] makes.
pub const HEAD: usize = 128;

/// An array of bytes of this shape, as NumPy writes it.
pub fn npy(shape: &str, data: &[u8]) -> Vec<u8> {
    let text = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({shape}), }}");
    let text = format!("{text:<117}\n");
    [b"\x93NUMPY\x01\x00", &(text.len() as u16).to_le_bytes()[..], text.as_bytes(), data].concat()
}

/// A level with a codec file.
pub fn with_model(level: u8, file: &[u8]) -> Options {
    Options::new(level).unwrap().with_model(latent::open(file).unwrap()).unwrap()
}

/// What a stream decodes to with what these options have at hand.
pub fn decoded(small: &[u8], options: &Options) -> Result<Vec<u8>> {
    decompress_with(small, options, &Env::default())
}

/// The largest error of a number, and the largest mean of squares of a record of so many bytes.
pub fn distance(a: &[u8], b: &[u8], record: usize) -> (f64, f64) {
    assert_eq!(a.len(), b.len());
    let worst = a.iter().zip(b).map(|(x, y)| x.abs_diff(*y)).max().unwrap_or(0);
    let square = |(a, b): (&[u8], &[u8])| {
        a.iter().zip(b).map(|(x, y)| f64::from(x.abs_diff(*y)).powi(2)).sum::<f64>() / record as f64
    };
    let mean = a.chunks(record).zip(b.chunks(record)).map(square).fold(0.0, f64::max);
    (f64::from(worst), mean)
}

/// From the least byte to the greatest.
pub fn range(bytes: &[u8]) -> f64 {
    f64::from(bytes.iter().max().unwrap() - bytes.iter().min().unwrap())
}

/// Numbers of bytes, as options have them.
pub const BYTES: Dtype = Dtype::U8;

/// Every cut of a file, and one bit of every byte of it, is an error or makes no difference.
pub fn survives(file: &[u8], what: &str, read: impl Fn(&[u8]) -> Result<Vec<u8>>) {
    let wanted = read(file).unwrap();
    for cut in 0..file.len() {
        assert!(read(&file[..cut]).is_err(), "{what}: cut at {cut}");
    }
    for at in 0..file.len() {
        let mut broken = file.to_vec();
        broken[at] ^= 1 << (at % 8);
        // A bit that makes no difference is none that was lost: the minor version, the last of an arithmetic code.
        let found = read(&broken);
        assert!(found.is_err() || found.is_ok_and(|copy| copy == wanted), "{what}: byte {at}");
    }
}
