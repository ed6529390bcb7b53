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
const SUMS: [f64; 3] = [0.0, 0.0, 0.0];

#[test]
fn the_same_payload_comes_out_again() {
    let model = Model::read(CODEC, &Env::default()).unwrap();
    let promises = [Promise::Rate(model.rates / 2), Promise::MeanSquare(20.0), Promise::MaxError(5.0)];
    for (promise, wanted) in promises.into_iter().zip([RATE, FINE, BOUND]) {
        assert!(encode(&model, RECORDS, promise, 8, &Env::default()).unwrap().0 == wanted, "{promise:?}");
    }
    assert!(model.write(&Env::default()).unwrap() == CODEC);
}

#[test]
fn the_same_payload_comes_out_on_every_instruction_set() {
    for isa in ["scalar", "avx2", "avx512"] {
        let done = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "golden::the_same_payload_comes_out_again"])
            .env("MINLEN_ISA", isa)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success() && said.contains("1 passed"), "{isa}: {said}");
    }
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
