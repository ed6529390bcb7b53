//! What the libraries write is part of what the same input and options give: a hash for each codec, level and input. A library that
//! changes its output changes a line of `libraries.txt`; then either the old version stays, or the changelog says so.
//!
//! `cargo test -p minlen-bytes --test all -- --ignored --nocapture print_the_hashes | grep '^library ' >
//! crates/bytes/tests/libraries.txt` writes the new hashes.
#![cfg(all(feature = "zstd", feature = "lzma", feature = "brotli"))]

use minlen_core::testing::Rng;
use minlen_core::{Codec, Env, Params};

/// Parameters with their values.
type Settings = &'static [(&'static str, i64)];

/// One line a case: `library CODEC PARAMETERS INPUT BYTES HASH`.
const HASHES: &str = include_str!("libraries.txt");

/// Sentences of a few words.
fn text() -> Vec<u8> {
    let words =
        ["one ", "may ", "ask ", "of ", "any ", "code ", "what ", "it ", "predicts", ", ", ".\n", "and "];
    let mut rng = Rng(1);
    (0..12_000).flat_map(|_| words[rng.below(words.len())].bytes()).collect()
}

/// Numbers that grow unevenly, in records of eight bytes.
fn records() -> Vec<u8> {
    let (mut rng, mut number) = (Rng(2), 0);
    let mut next = || {
        number += rng.below(900) as u64;
        number
    };
    (0..5000).flat_map(|_| next().to_le_bytes()).collect()
}

/// Every level of every library codec.
fn cases() -> Vec<(std::sync::Arc<dyn Codec>, Params, String)> {
    let all: [(_, &str, Settings, std::ops::RangeInclusive<i64>); 5] = [
        (minlen_bytes::zstd::codec(), "level", &[], -7..=22),
        (minlen_bytes::zstd::codec(), "level", &[("long", 24)], 19..=19),
        (minlen_bytes::lzma::codec(), "level", &[], 0..=9),
        (minlen_bytes::lzma::codec(), "level", &[("extreme", 0)], 9..=9),
        (minlen_bytes::brotli::codec(), "quality", &[], 0..=11),
    ];
    let mut cases = Vec::new();
    for (codec, key, fixed, values) in all {
        let codec = codec.unwrap();
        for value in values {
            let told = fixed.iter().fold(codec.params(), |params, (key, value)| params.with(key, *value));
            let name = fixed
                .iter()
                .fold(format!("{key}={value}"), |name, (key, value)| format!("{name},{key}={value}"));
            cases.push((codec.clone(), told.with(key, value), name));
        }
    }
    cases
}

fn lines() -> Vec<String> {
    let mut lines = Vec::new();
    let inputs = [("text", text()), ("records", records())];
    for (codec, params, name) in cases() {
        for (input, data) in &inputs {
            let mut out = Vec::new();
            codec.encode(data, &params, &Env::default(), &mut out).unwrap();
            let hash = xxhash_rust::xxh3::xxh3_64(&out);
            lines.push(format!("library {} {name} {input} {} {hash:016x}", codec.spec().name, out.len()));
        }
    }
    lines
}

/// Prints what belongs into `libraries.txt`.
#[test]
#[ignore = "only to write new hashes"]
fn print_the_hashes() {
    println!();
    lines().iter().for_each(|line| println!("{line}"));
}

#[test]
fn every_library_writes_the_same_bytes_at_every_level() {
    let (found, expected) = (lines(), HASHES.lines().collect::<Vec<_>>());
    assert_eq!(found.len(), expected.len(), "libraries.txt has another number of cases");
    let changed: Vec<_> = expected.iter().zip(&found).filter(|(a, b)| a != b).collect();
    assert!(changed.is_empty(), "{} of {} differ: {changed:#?}", changed.len(), found.len());
}
