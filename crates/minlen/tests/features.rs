//! What every build does, whatever Cargo features it has: every level round trips, and what it cannot read it refuses with the name of the
//! feature that is missing.

use crate::common::{decode_all, golden_dir, sample};
use minlen::{Env, ErrorKind, Limits, Options, compress, decompress};

/// Golden files that need a feature, and whether this build has it.
const FILES: [(&str, &str, bool); 8] = [
    ("zstd.mln", "zstd", cfg!(feature = "zstd")),
    ("compact-zstd.mln", "zstd", cfg!(feature = "zstd")),
    ("lzma.mln", "lzma", cfg!(feature = "lzma")),
    ("lzma-x86.mln", "lzma", cfg!(feature = "lzma")),
    ("brotli.mln", "brotli", cfg!(feature = "brotli")),
    ("../tensors/safetensors-2.mln", "tensors", cfg!(feature = "tensors")),
    ("../tensors/quantized.mln", "tensors", cfg!(feature = "tensors")),
    ("encrypted.mln.age", "age", cfg!(feature = "age")),
];

#[test]
fn what_a_build_cannot_read_is_refused_with_the_feature_that_is_missing() {
    for (name, feature, present) in FILES {
        let bytes = std::fs::read(golden_dir().join(name)).unwrap();
        match decode_all(&bytes, &Env::default()) {
            Ok(content) => assert!(present && !content.is_empty(), "{name} without {feature}"),
            Err(error) => {
                assert!(!present, "{name}: {error}");
                assert_eq!(error.kind(), ErrorKind::Unsupported, "{name}: {error}");
                assert!(error.to_string().contains(&format!("`{feature}`")), "{name}: {error}");
            }
        }
    }
}

#[test]
fn a_prior_that_a_build_has_not_got_is_missed() {
    let registry = minlen::registry();
    let codec = registry.by_name("cm").unwrap();
    let data = sample();
    let (mut payload, mut out) = (Vec::new(), Vec::new());
    codec.encode(&data, &codec.params().with("prior", 0), &Env::default(), &mut payload).unwrap();
    codec.decode(&payload, data.len(), &Env::default(), &mut out).unwrap();
    assert_eq!(out, data);
    // The second byte names the prior.
    payload[1] = 1;
    let decoded = codec.decode(&payload, data.len(), &Env::default(), &mut Vec::new());
    let missed = decoded.err().filter(|error| error.kind() == ErrorKind::Unsupported);
    assert_eq!(missed.is_some(), cfg!(not(feature = "priors")));
    assert!(missed.is_none_or(|error| error.to_string().contains("`priors`")));
}

#[test]
fn every_build_reads_the_codecs_of_its_own() {
    for name in ["store", "rle", "huffman", "arith-2", "lzw", "lz77-rans", "bwt"] {
        let bytes = std::fs::read(golden_dir().join(format!("{name}.mln"))).unwrap();
        assert_eq!(decode_all(&bytes, &Env::default()).unwrap(), sample(), "{name}");
    }
}

#[test]
fn every_level_makes_text_and_records_smaller() {
    let text = include_str!("features.rs").as_bytes();
    let records: Vec<u8> = (0..4000u32).flat_map(|i| (i * 3 / 2).to_be_bytes()).collect();
    for level in 1..=7 {
        let options = Options::new(level).unwrap();
        for data in [text, &records] {
            let small = compress(data, &options).unwrap();
            assert!(small.len() < data.len() * 3 / 4, "level {level}: {} of {}", small.len(), data.len());
            assert_eq!(decompress(&small, &Limits::default()).unwrap(), data, "level {level}");
        }
    }
}

#[test]
fn a_codec_that_is_missing_cannot_be_asked_for() {
    for (name, present) in [("zstd", cfg!(feature = "zstd")), ("brotli", cfg!(feature = "brotli"))] {
        match Options::default().with_codec(name) {
            Ok(_) => assert!(present, "{name}"),
            Err(error) => assert!(!present && error.kind() == ErrorKind::Unsupported, "{name}: {error}"),
        }
    }
}
