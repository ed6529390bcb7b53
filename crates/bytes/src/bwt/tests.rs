use super::codec;
use minlen_core::Codec;
use minlen_core::testing::{check_codec, check_hostile, edge_cases, random_case};
use proptest::prelude::*;
use std::sync::Arc;

fn bwt() -> Arc<dyn Codec> {
    codec().unwrap()
}

#[test]
fn round_trips_edge_cases_and_random_data() {
    for input in edge_cases() {
        check_codec(&*bwt(), &bwt().params(), &input);
        check_codec(&*bwt(), &bwt().params().with("repeats", 0), &input);
    }
    for seed in 0..400 {
        check_codec(&*bwt(), &bwt().params(), &random_case(seed, 6_000));
    }
}

#[test]
fn long_input_is_walked_in_pieces() {
    let input = random_case(3, 1 << 21);
    let payload = check_codec(&*bwt(), &bwt().params(), &input);
    assert!(payload.len() < input.len() / 3);
}

#[test]
fn halves_and_the_fast_model_come_back_on_one_thread_and_on_two() {
    let input: Vec<u8> =
        (0..20).flat_map(|seed| random_case(8 * seed + 3, 200_000)).take(1_300_000).collect();
    for model in [0, 1] {
        let params = bwt().params().with("model", model).with("repeats", 0);
        let payload = check_codec(&*bwt(), &params, &input);
        let env = minlen_core::Env::default().with_threads(2);
        let mut out = Vec::new();
        bwt().decode(&payload, input.len(), &env, &mut out).unwrap();
        assert!(out == input);
        check_hostile(&*bwt(), &payload[..2000.min(payload.len())], 5000, 10);
    }
}

#[test]
fn survives_hostile_payloads() {
    for seed in 0..16 {
        let input = random_case(seed, 3000);
        let payload = check_codec(&*bwt(), &bwt().params(), &input);
        check_hostile(&*bwt(), &payload, input.len(), 60);
    }
}

/// Found by fuzzing: the payload said that repeats were taken out and described none, and came out too short.
#[test]
fn repeats_without_a_description_are_refused() {
    let mut out = Vec::new();
    let payload = [1, 40, 0, 2, 0];
    assert!(bwt().decode(&payload, 98_346, &minlen_core::Env::default(), &mut out).is_err());
}

/// Any change here is a change of the format.
#[test]
fn known_answers() {
    let encode = |input: &[u8]| check_codec(&*bwt(), &bwt().params(), input);
    assert_eq!(encode(b"banana"), [0, 4, 154, 11, 15, 15, 86]);
    let fingerprint = |payload: &[u8]| {
        payload
            .iter()
            .fold(0xcbf2_9ce4_8422_2325u64, |h, &b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
    };
    let cases: Vec<(usize, u64)> = (0..8)
        .map(|seed| encode(&random_case(seed, 60_000)))
        .map(|payload| (payload.len(), fingerprint(&payload)))
        .collect();
    let expected = [
        (43651, 0x50edb87c0e479802),
        (19919, 0xf5bdc045ef70ddc5),
        (363, 0x97209b5268260c7e),
        (872, 0x69e2d12410040f73),
        (300, 0xd6f7efe0a8f79197),
        (4890, 0x6849385fdd11f47b),
        (575, 0xe87877a817c340c3),
        (15819, 0xb0eb35f13223d2eb),
    ];
    assert_eq!(cases, expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_bytes_come_back(input in proptest::collection::vec(any::<u8>(), 0..3000), repeats in 0i64..=1) {
        check_codec(&*bwt(), &bwt().params().with("repeats", repeats), &input);
    }

    #[test]
    fn few_letters_come_back(input in proptest::collection::vec(0u8..3, 0..9000)) {
        check_codec(&*bwt(), &bwt().params(), &input);
    }

    #[test]
    fn any_bytes_decode_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), len in 0usize..5000) {
        check_hostile(&*bwt(), &bytes, len, 4);
    }
}

#[test]
#[ignore = "long tier: cargo test -- --ignored"]
fn ten_thousand_random_cases_round_trip() {
    for seed in 0..10_000 {
        check_codec(&*bwt(), &bwt().params(), &random_case(seed, 30_000));
    }
}
