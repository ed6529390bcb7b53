use super::codec;
use minlen_core::testing::{check_codec, check_hostile, edge_cases, random_case};
use minlen_core::{Codec, Params};
use proptest::prelude::*;
use std::sync::Arc;

fn zstd() -> Arc<dyn Codec> {
    codec().unwrap()
}

fn variants() -> Vec<Params> {
    let base = zstd().params();
    vec![
        base.clone(),
        base.clone().with("level", -7),
        base.clone().with("level", 19),
        base.clone().with("level", 1).with("long", 27),
        base.with("level", 5).with("strategy", 4).with("search", 3).with("target", 16).with("hash", 1),
    ]
}

#[test]
fn round_trips_edge_cases_and_random_data() {
    for params in variants() {
        for input in edge_cases() {
            check_codec(&*zstd(), &params, &input);
        }
    }
    for seed in 0..400 {
        let params = &variants()[seed as usize % 5];
        check_codec(&*zstd(), params, &random_case(seed, 20_000));
    }
}

#[test]
fn survives_hostile_payloads() {
    for seed in 0..24 {
        let input = random_case(seed, 4000);
        let payload = check_codec(&*zstd(), &zstd().params(), &input);
        check_hostile(&*zstd(), &payload, input.len(), 200);
    }
}

#[test]
fn header_is_two_bytes_without_magic() {
    let payload = check_codec(&*zstd(), &zstd().params(), &[7; 1000]);
    assert!(payload.len() <= 16 && payload[..2] == [0, 0], "{payload:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn any_bytes_come_back(input in proptest::collection::vec(any::<u8>(), 0..3000), level in -7i64..=22) {
        check_codec(&*zstd(), &zstd().params().with("level", level), &input);
    }

    #[test]
    fn any_bytes_decode_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), len in 0usize..5000) {
        check_hostile(&*zstd(), &bytes, len, 8);
    }
}

#[test]
#[ignore = "long tier: cargo test -- --ignored"]
fn ten_thousand_random_cases_round_trip() {
    for seed in 0..10_000 {
        check_codec(&*zstd(), &variants()[seed as usize % 5], &random_case(seed, 30_000));
    }
}
