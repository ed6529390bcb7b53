use super::codec;
use minlen_core::testing::{check_codec, check_hostile, edge_cases, random_case};
use minlen_core::{Codec, Params};
use proptest::prelude::*;
use std::sync::Arc;

fn delta() -> Arc<dyn Codec> {
    codec().unwrap()
}

fn variants() -> Vec<Params> {
    let base = delta().params();
    vec![
        base.clone(),
        base.clone().with("stride", 4).with("planes", 1),
        base.clone().with("stride", 256).with("width", 3),
        base.clone().with("stride", 3).with("planes", 1),
        base.with("stride", 7).with("width", 1).with("planes", 1),
    ]
}

#[test]
fn round_trips_edge_cases_and_random_data() {
    for params in variants() {
        for input in edge_cases() {
            check_codec(&*delta(), &params, &input);
        }
    }
    for seed in 0..400 {
        let params = &variants()[seed as usize % 5];
        check_codec(&*delta(), params, &random_case(seed, 20_000));
    }
}

#[test]
fn survives_hostile_payloads() {
    for seed in 0..24 {
        let input = random_case(seed, 4000);
        let payload = check_codec(&*delta(), &delta().params(), &input);
        check_hostile(&*delta(), &payload, input.len(), 200);
    }
}

#[test]
fn known_answers() {
    let encode = |params: &Params, input: &[u8]| check_codec(&*delta(), params, input);
    let base = delta().params();
    assert_eq!(encode(&base, &[1, 3, 6, 2]), [0, 0, 1, 2, 3, 252]);
    assert_eq!(
        encode(&base.clone().with("stride", 2).with("planes", 1), &[1, 9, 2, 9, 4]),
        [1, 4, 1, 1, 2, 9, 0]
    );
    assert_eq!(encode(&base.with("stride", 2).with("width", 1), &[255, 0, 0, 1, 7]), [1, 1, 255, 0, 1, 0, 7]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn any_bytes_come_back(input in proptest::collection::vec(any::<u8>(), 0..3000), stride in 1i64..=256) {
        check_codec(&*delta(), &delta().params().with("stride", stride), &input);
    }

    #[test]
    fn any_bytes_decode_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), len in 0usize..5000) {
        check_hostile(&*delta(), &bytes, len, 8);
    }
}

#[test]
#[ignore = "long tier: cargo test -- --ignored"]
fn ten_thousand_random_cases_round_trip() {
    for seed in 0..10_000 {
        check_codec(&*delta(), &variants()[seed as usize % 5], &random_case(seed, 30_000));
    }
}
