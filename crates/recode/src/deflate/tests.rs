use super::*;
use flate2::{Compress, Compression, FlushCompress};
use minlen_core::testing::{Rng, random_case};

/// A raw deflate stream of `data` at `level`, flushed after each of the `cuts`.
pub(crate) fn deflated(data: &[u8], level: u32, cuts: &[usize]) -> Vec<u8> {
    let mut compress = Compress::new(Compression::new(level), false);
    let mut out = Vec::with_capacity(data.len() + data.len() / 4 + 1000 + cuts.len() * 20);
    let mut at = 0;
    for &cut in cuts {
        compress.compress_vec(&data[at..cut], &mut out, FlushCompress::Sync).unwrap();
        at = cut;
    }
    compress.compress_vec(&data[at..], &mut out, FlushCompress::Finish).unwrap();
    assert_eq!(compress.total_in() as usize, data.len());
    out
}

fn check(deflate: &mut Deflate, stream: &[u8], plain: &[u8]) -> usize {
    let mut padded = stream.to_vec();
    padded.extend(b"what follows");
    let found = Found::at(&padded, 1 << 24, &mut 0).expect("parses");
    assert_eq!((found.used(), found.plain()), (stream.len(), plain));
    let expanded = deflate
        .expand(found, &padded)
        .unwrap_or_else(|| panic!("expands {} to {}", stream.len(), plain.len()));
    assert_eq!(expanded.plain, plain);
    let mut out = b"before".to_vec();
    Deflate::new().rebuild(plain, &expanded.corrections, stream.len(), &mut out).unwrap();
    assert_eq!(out[6..], *stream);
    expanded.corrections.len()
}

#[test]
fn streams_of_every_level_come_back() {
    let mut deflate = Deflate::new();
    for level in 0..=9 {
        for seed in 0..16 {
            let data = random_case(seed, 20_000);
            check(&mut deflate, &deflated(&data, level, &[]), &data);
        }
    }
}

#[test]
fn flushed_streams_come_back() {
    let mut deflate = Deflate::new();
    let mut rng = Rng(5);
    for seed in 0..24 {
        let data = random_case(seed, 15_000);
        let mut cuts: Vec<usize> = (0..rng.below(5)).map(|_| rng.below(data.len() + 1)).collect();
        cuts.sort_unstable();
        check(&mut deflate, &deflated(&data, seed as u32 % 10, &cuts), &data);
    }
}
