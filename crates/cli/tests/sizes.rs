//! Sizes of every level and codec over the generated corpus, against the committed table: a change of more than 0.1 % in
//! either direction must be explained in review.
//!
//! `cargo test --release -p minlen-cli --test all -- --ignored write_the_table` writes the table again.

use minlen::{Env, Limits, Options};
use minlen_bench::{FnRival, Rival, results};
use std::path::{Path, PathBuf};

const LEVELS: [u8; 5] = [1, 2, 3, 4, 5];
const CODECS: [&str; 10] = ["rle", "huffman", "arith", "lzw", "lz77", "bwt", "ppm", "zstd", "lzma", "brotli"];

fn table() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench/results/generated.csv")
}

fn ours() -> Vec<Box<dyn Rival>> {
    let levels = LEVELS.iter().map(|level| (format!("minlen:{level}"), Options::new(*level).unwrap()));
    let codecs =
        CODECS.iter().map(|name| (format!("codec={name}"), Options::default().with_codec(name).unwrap()));
    levels.chain(codecs).map(|(name, options)| rival(name, options.with_threads(2))).collect()
}

fn rival(name: String, options: Options) -> Box<dyn Rival> {
    let reading = options.clone();
    let env = || Env::new(Limits::none());
    FnRival::new(
        name,
        move |data: &[u8]| minlen::compress_with(data, &options, &env()),
        move |packed: &[u8], _| minlen::decompress_with(packed, &reading, &env()),
    )
    .boxed()
}

#[test]
fn sizes_are_those_of_the_committed_table() {
    let changes = results::check_generated(&ours(), &table()).unwrap();
    let shown: Vec<_> = changes.iter().map(ToString::to_string).collect();
    assert!(changes.is_empty(), "sizes changed by more than 0.1 %:\n{}", shown.join("\n"));
}

#[test]
#[ignore = "writes bench/results/generated.csv"]
fn write_the_table() {
    results::save_generated(&ours(), &table()).unwrap();
}
