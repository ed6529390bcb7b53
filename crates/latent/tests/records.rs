//! Records through payloads: what is promised is kept, and nothing breaks the decoder.

use crate::small::{NUMBERS, model, records};
use minlen_core::{Dtype, Env};
use minlen_latent::{Description, Model, Outcome, Promise, decode, describe, encode, encode_within};
use proptest::prelude::*;

fn round(model: &Model, bytes: &[u8], promise: Promise) -> (Vec<u8>, Vec<u8>, Outcome) {
    let (payload, outcome) = encode(model, bytes, promise, 5, &Env::default()).unwrap();
    let mut out = Vec::new();
    decode(model, &payload, bytes.len(), &Env::default(), &mut out).unwrap();
    assert_eq!(out.len(), bytes.len());
    (payload, out, outcome)
}

fn numbers(model: &Model, bytes: &[u8]) -> Vec<f64> {
    let mut out = Vec::new();
    model.scaling.numbers(bytes, &mut out);
    out
}

/// The worst record's mean square, and the largest error, from what was decoded.
fn distance(model: &Model, a: &[u8], b: &[u8]) -> (f64, f64) {
    let (a, b) = (numbers(model, a), numbers(model, b));
    let squares = |(a, b): (&[f64], &[f64])| {
        a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum::<f64>() / NUMBERS as f64
    };
    let records = a.chunks(NUMBERS).zip(b.chunks(NUMBERS));
    let worst = a.iter().zip(&b).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
    (records.map(squares).fold(0.0, f64::max), worst)
}

#[test]
fn every_record_keeps_the_promise() {
    for (dtype, scale) in [(Dtype::U8, 1.0), (Dtype::I16, 1.0), (Dtype::F32, 1.0 / 64.0f64)] {
        let model = model(dtype);
        let bytes = records(dtype, 150);
        let mut sizes = Vec::new();
        for mean in [400.0, 60.0, 9.0] {
            let most = mean * scale * scale;
            let (payload, out, outcome) = round(&model, &bytes, Promise::MeanSquare(most));
            let (square, worst) = distance(&model, &bytes, &out);
            assert!(square <= most, "{dtype:?}: {square} of {most}");
            assert!((square - outcome.worst_record / NUMBERS as f64).abs() <= square * 1e-9);
            assert!((worst - outcome.worst).abs() < 1e-12);
            sizes.push(payload.len());
        }
        assert!(sizes.is_sorted() && sizes[0] * 3 < sizes[2] && sizes[2] * 2 < bytes.len(), "{sizes:?}");
        for most in [30.0, 8.0, 2.0] {
            let (_, out, outcome) = round(&model, &bytes, Promise::MaxError(most * scale));
            let (_, worst) = distance(&model, &bytes, &out);
            assert!(worst <= most * scale && outcome.worst == worst);
        }
    }
}

#[test]
fn budgets_are_kept_and_mostly_used_up() {
    let golden = Model::read(include_bytes!("golden/codec.mlc"), &Env::default()).unwrap();
    let pictures = include_bytes!("golden/records").repeat(8);
    for (model, bytes) in [(model(Dtype::I16), records(Dtype::I16, 300)), (golden, pictures)] {
        let smallest = encode(&model, &bytes, Promise::Rate(0), 5, &Env::default()).unwrap().0.len() as u64;
        for level in [5, 8] {
            let mut before = f64::INFINITY;
            for most in [smallest * 3 / 2, smallest * 3, smallest * 6] {
                let within = |threads: usize| {
                    let env = Env::default().with_threads(threads);
                    encode_within(&model, &bytes, most, level, &env).unwrap().unwrap()
                };
                let (payload, outcome) = within(1);
                assert!(payload.len() as u64 <= most, "{} of {most}", payload.len());
                assert!(
                    payload.len() as u64 * 5 > most * 4 || outcome.squares < 1.0,
                    "{} of {most}",
                    payload.len()
                );
                assert!(outcome.squares < before);
                before = outcome.squares;
                assert_eq!(within(3), (payload.clone(), outcome));
                let mut out = Vec::new();
                let env = Env::default().with_threads(2);
                decode(&model, &payload, bytes.len(), &env, &mut out).unwrap();
                let squares: f64 = numbers(&model, &bytes)
                    .iter()
                    .zip(numbers(&model, &out))
                    .map(|(x, y)| (x - y) * (x - y))
                    .sum();
                assert!((squares - outcome.squares).abs() <= 1e-6 * squares, "{squares} {outcome:?}");
            }
        }
        assert!(encode_within(&model, &bytes, 3, 5, &Env::default()).unwrap().is_none());
    }
}

#[test]
fn a_promise_of_no_error_at_all_is_kept_by_what_is_left() {
    let (model, bytes) = (model(Dtype::U8), records(Dtype::U8, 100));
    let (payload, out, outcome) = round(&model, &bytes, Promise::MaxError(0.0));
    assert_eq!(out, bytes);
    assert!(outcome.with_rest == 100 && outcome.raw == 0);
    assert!(payload.len() < bytes.len() * 10 / 16, "{}", payload.len());
}

#[test]
fn finer_rates_cost_more_and_are_nearer() {
    let (model, bytes) = (model(Dtype::U8), records(Dtype::U8, 300));
    let all: Vec<_> =
        (0..model.rates).step_by(5).map(|rate| round(&model, &bytes, Promise::Rate(rate))).collect();
    for pair in all.windows(2) {
        assert!(pair[0].0.len() < pair[1].0.len());
        assert!(pair[0].2.squares > pair[1].2.squares);
    }
}

#[test]
fn what_is_no_number_is_stored_as_it_is() {
    let model = model(Dtype::F32);
    let mut bytes = records(Dtype::F32, 20);
    for (record, value) in [(3, f32::NAN), (7, f32::INFINITY), (9, 1e30)] {
        bytes[record * NUMBERS * 4..][..4].copy_from_slice(&value.to_le_bytes());
    }
    let (_, out, outcome) = round(&model, &bytes, Promise::MeanSquare(0.01));
    assert_eq!(outcome.raw, 3);
    let record = |n: usize| n * NUMBERS * 4..(n + 1) * NUMBERS * 4;
    assert!([3, 7, 9].into_iter().all(|n| out[record(n)] == bytes[record(n)]));
}

#[test]
fn records_of_another_kind_cost_no_more_than_themselves() {
    // Noise: no member serves it, so the bytes are stored.
    let model = model(Dtype::U8);
    let mut state = 7u32;
    let mut byte = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let bytes: Vec<u8> = (0..100 * NUMBERS).map(|_| byte()).collect();
    let (payload, out, _) = round(&model, &bytes, Promise::MeanSquare(0.2));
    assert!(distance(&model, &bytes, &out).0 <= 0.2);
    assert!(payload.len() < bytes.len() * 5 / 4, "{} of {}", payload.len(), bytes.len());
}

#[test]
fn damage_is_found_or_gives_other_records_but_breaks_nothing() {
    let (model, bytes) = (model(Dtype::U8), records(Dtype::U8, 40));
    let (payload, _, _) = round(&model, &bytes, Promise::MaxError(3.0));
    let try_it = |payload: &[u8], len: usize| {
        let mut out = Vec::new();
        if decode(&model, payload, len, &Env::default(), &mut out).is_ok() {
            assert_eq!(out.len(), len);
        }
    };
    for cut in 0..payload.len() {
        try_it(&payload[..cut], bytes.len());
    }
    for bit in 0..payload.len() * 8 {
        let mut other = payload.clone();
        other[bit / 8] ^= 1 << (bit % 8);
        try_it(&other, bytes.len());
    }
    for len in [0, NUMBERS, bytes.len() * 2, bytes.len() - 1] {
        try_it(&payload, len);
    }
    assert!(encode(&model, &bytes[1..], Promise::Rate(0), 5, &Env::default()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_bytes_come_back_near(bytes in prop::collection::vec(any::<u8>(), 0..6 * NUMBERS), most in 0u8..40) {
        let model = model(Dtype::U8);
        let bytes = &bytes[..bytes.len() / NUMBERS * NUMBERS];
        let (_, out, _) = round(&model, bytes, Promise::MaxError(f64::from(most)));
        prop_assert!(bytes.iter().zip(&out).all(|(a, b)| a.abs_diff(*b) <= most));
    }

    #[test]
    fn hostile_payloads_break_nothing(payload in prop::collection::vec(any::<u8>(), 0..200), count in 0usize..50) {
        for dtype in [Dtype::U8, Dtype::F32] {
            let model = model(dtype);
            let _ = decode(&model, &payload, count * model.record_bytes(), &Env::default(), &mut Vec::new());
        }
    }
}

#[test]
fn descriptions_take_and_miss_what_payloads_do() {
    let model = model(Dtype::I16);
    let bytes = records(Dtype::I16, 120);
    for promise in [Promise::Rate(4), Promise::MeanSquare(40.0), Promise::MaxError(0.0)] {
        let (payload, _, outcome) = round(&model, &bytes, promise);
        let mut found = Vec::new();
        let mut told = |number: usize, description: Description| {
            assert_eq!(number, found.len());
            found.push(description);
            Ok(())
        };
        describe(&model, &bytes, promise, 5, &Env::default(), &mut told).unwrap();
        let bits: f64 = found.iter().map(|one| one.bits).sum();
        assert!((bits / 8.0 - payload.len() as f64).abs() < 8.0, "{bits} bits, {} bytes", payload.len());
        let squares: f64 = found.iter().map(|one| one.squares).sum();
        assert!((squares - outcome.squares).abs() <= 1e-9 * squares);
        assert_eq!(found.iter().filter(|one| one.member.is_none()).count() as u64, outcome.raw);
        assert_eq!(found.iter().filter(|one| one.has_rest).count() as u64, outcome.with_rest);
        assert!(found.iter().all(|one| one.worst <= outcome.worst && one.squares <= outcome.worst_record));
    }
}
