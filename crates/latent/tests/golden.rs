//! A codec file and payloads that a released version may have written: they are read for good (made by the example `golden_codec_file` of `train`).

use minlen_core::Env;
use minlen_latent::{Body, Model, Promise, decode, encode};
use std::process::Command;

const CODEC: &[u8] = include_bytes!("golden/codec.mlc");
const RECORDS: &[u8] = include_bytes!("golden/records");
const RATE: &[u8] = include_bytes!("golden/rate");
const FINE: &[u8] = include_bytes!("golden/fine");
const BOUND: &[u8] = include_bytes!("golden/bound");

fn decoded(model: &Model, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    decode(model, payload, RECORDS.len(), &Env::default(), &mut out).unwrap();
    out
}

fn squares(a: &[u8], b: &[u8]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2)).sum()
}

#[test]
fn the_golden_file_and_its_payloads_are_read() {
    let model = Model::read(CODEC, &Env::default()).unwrap();
    assert_eq!(model.members.len(), 3);
    assert!(matches!(&model.members[2].body, Body::Network(latents) if latents.residual.is_some()));
    let fine = decoded(&model, FINE);
    let worst = fine.chunks(64).zip(RECORDS.chunks(64)).map(|(a, b)| squares(a, b)).fold(0.0, f64::max);
    assert!(worst > 0.0 && worst <= 20.0 * 64.0, "{worst}");
    let bound = decoded(&model, BOUND);
    assert_eq!(bound.iter().zip(RECORDS).map(|(a, b)| a.abs_diff(*b)).max(), Some(5));
    // The exact numbers, not only near ones.
    let sums = [RATE, FINE, BOUND].map(|payload| squares(&decoded(&model, payload), RECORDS));
    assert_eq!(sums, SUMS);
}

/// The squares of all errors of what the payloads decode to.
const SUMS: [f64; 3] = [1_283_657.0, 43_822.0, 23_364.0];

/// Not a comparison with the golden payloads: how integers are found may change.
#[test]
fn payloads_of_this_version() {
    let model = Model::read(CODEC, &Env::default()).unwrap();
    assert!(model.write(&Env::default()).unwrap() == CODEC);
    let mut hash = 0u64;
    for promise in [Promise::Rate(model.rates / 2), Promise::MeanSquare(20.0), Promise::MaxError(5.0)] {
        let (payload, _) = encode(&model, RECORDS, promise, 8, &Env::default()).unwrap();
        let step = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        hash = payload.iter().fold(hash ^ 0xcbf2_9ce4_8422_2325, step);
        assert_eq!(decoded(&model, &payload).len(), RECORDS.len());
    }
    println!("payloads: {hash:016x}.");
}

#[test]
fn the_same_payloads_come_out_on_every_instruction_set() {
    let hash = |isa: &str| {
        let done = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "golden::payloads_of_this_version", "--nocapture"])
            .env("MINLEN_ISA", isa)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        let found = said.split("payloads: ").nth(1).and_then(|rest| rest.split('.').next());
        found.map(str::to_owned).unwrap_or_else(|| panic!("{isa}: {said}"))
    };
    let scalar = hash("scalar");
    assert!(scalar.len() == 16 && scalar == hash("avx2") && scalar == hash("avx512"));
}

#[test]
fn batches_change_nothing() {
    // More records than are worked on at once, then the same ones in two payloads.
    let model = Model::read(CODEC, &Env::default()).unwrap();
    let many = RECORDS.repeat(5);
    for promise in [Promise::Rate(20), Promise::MeanSquare(50.0)] {
        let whole = encode(&model, &many, promise, 5, &Env::default()).unwrap();
        let mut out = Vec::new();
        decode(&model, &whole.0, many.len(), &Env::default(), &mut out).unwrap();
        let mut parts = Vec::new();
        for part in many.chunks(64 * 37) {
            let (payload, _) = encode(&model, part, promise, 5, &Env::default()).unwrap();
            decode(&model, &payload, part.len(), &Env::default(), &mut parts).unwrap();
        }
        assert!(out == parts, "{promise:?}");
    }
}

#[test]
#[ignore = "writes seeds for fuzzing to fuzz/corpus"]
fn write_fuzz_seeds() {
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let write = |target: &str, name: &str, bytes: &[u8]| {
        std::fs::create_dir_all(corpus.join(target)).unwrap();
        std::fs::write(corpus.join(target).join(format!("seed-{name}")), bytes).unwrap();
    };
    // Without the magic and the version, and the checksum.
    write("decode_codec_file", "0", &CODEC[9..CODEC.len() - 8]);
    let count = [(RECORDS.len() / 64) as u8];
    for (name, payload) in [("rate", RATE), ("fine", FINE), ("bound", BOUND)] {
        write("decode_records", name, &[&count[..], payload].concat());
    }
}
