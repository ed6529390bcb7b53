//! Bombs stop at the default limits, before the memory or the disk is used.
#![allow(clippy::unwrap_used)] // helpers of tests may unwrap, as tests may

use minlen::{Encoder, Env, ErrorKind, Limits, Options};
use std::io::{Read, Write};

fn zeros(bytes: usize, options: &Options) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new(), options, &Env::default()).unwrap();
    let piece = vec![0; 1 << 20];
    for _ in 0..bytes >> 20 {
        encoder.write_all(&piece).unwrap();
    }
    encoder.finish().unwrap()
}

#[test]
fn a_gibibyte_of_zeros_is_refused_by_default_and_allowed_on_request() {
    let bomb = zeros(1 << 30, &Options::new(1).unwrap());
    assert!(bomb.len() < 200_000, "{} bytes", bomb.len());
    let error = minlen::decompress(&bomb, &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    let env = Env::new(Limits::default().with_ratio(0));
    let mut decoder = minlen::Decoder::new(&bomb[..], &Options::default(), &env).unwrap();
    assert_eq!(std::io::copy(&mut decoder.by_ref(), &mut std::io::sink()).unwrap(), 1 << 30);
}

#[test]
fn a_bomb_within_a_bomb_is_refused_at_each_layer() {
    let inner = zeros(512 << 20, &Options::new(3).unwrap());
    let outer = minlen::compress(&inner, &Options::new(3).unwrap()).unwrap();
    let middle = minlen::decompress(&outer, &Limits::default()).unwrap();
    assert_eq!(minlen::decompress(&middle, &Limits::default()).unwrap_err().kind(), ErrorKind::Limit);
}

#[test]
fn output_and_memory_limits_are_kept() {
    let data = minlen_core::testing::random_case(3, 4_000_000);
    let packed = minlen::compress(&data, &Options::new(1).unwrap()).unwrap();
    let small = Limits::default().with_output(data.len() as u64 - 1);
    assert_eq!(minlen::decompress(&packed, &small).unwrap_err().kind(), ErrorKind::Limit);
    let little = Limits::default().with_memory(1 << 20);
    assert_eq!(minlen::decompress(&packed, &little).unwrap_err().kind(), ErrorKind::Limit);
    assert!(minlen::decompress(&packed, &Limits::default()).unwrap() == data);
}

#[test]
fn many_threads_share_a_budget_that_is_too_small_for_all_of_them_at_once() {
    let data: Vec<u8> =
        (0..40).flat_map(|seed| minlen_core::testing::random_case(8 * seed + 3, 200_000)).collect();
    let options = Options::default().with_codec("bwt").unwrap().with_block_size(1 << 20).with_threads(6);
    let packed = minlen::compress(&data, &options).unwrap();
    // One block needs some 25 MB of tables besides its content: six at once do not fit, one does.
    let env = Env::new(Limits::default().with_memory(60 << 20));
    assert!(minlen::decompress_with(&packed, &options, &env).unwrap() == data);
    assert_eq!(env.budget.used(), 0);
    let env = Env::new(Limits::default().with_memory(4 << 20));
    assert_eq!(minlen::decompress_with(&packed, &options, &env).unwrap_err().kind(), ErrorKind::Limit);
}
