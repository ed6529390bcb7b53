use super::codec;
use minlen_core::testing::{check_codec, check_hostile, edge_cases, random_case};
use minlen_core::{Codec, Params};
use proptest::prelude::*;
use std::sync::Arc;

fn brotli() -> Arc<dyn Codec> {
    codec().unwrap()
}

fn variants() -> Vec<Params> {
    let base = brotli().params();
    vec![
        base.clone(),
        base.clone().with("quality", 0),
        base.clone().with("quality", 5).with("window", 30),
        base.clone().with("quality", 9).with("mode", 1).with("window", 10),
        base.with("quality", 2),
    ]
}

#[test]
fn round_trips_edge_cases_and_random_data() {
    for (i, input) in edge_cases().into_iter().enumerate() {
        check_codec(&*brotli(), &variants()[i % 5], &input);
        check_codec(&*brotli(), &variants()[(i + 2) % 5], &input);
    }
    for seed in 0..400 {
        let params = &variants()[seed as usize % 5];
        check_codec(&*brotli(), params, &random_case(seed, 3_000));
    }
}

#[test]
fn survives_hostile_payloads() {
    for seed in 0..24 {
        let input = random_case(seed, 4000);
        let payload = check_codec(&*brotli(), &brotli().params(), &input);
        check_hostile(&*brotli(), &payload, input.len(), 200);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_bytes_come_back(input in proptest::collection::vec(any::<u8>(), 0..3000), quality in 0i64..=11) {
        check_codec(&*brotli(), &brotli().params().with("quality", quality), &input);
    }

    #[test]
    fn any_bytes_decode_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), len in 0usize..5000) {
        check_hostile(&*brotli(), &bytes, len, 8);
    }
}

#[test]
#[ignore = "long tier: cargo test -- --ignored"]
fn ten_thousand_random_cases_round_trip() {
    for seed in 0..10_000 {
        check_codec(&*brotli(), &variants()[seed as usize % 5], &random_case(seed, 5_000));
    }
}
