use super::{codec, filter};
use minlen_core::testing::{check_codec, check_hostile, edge_cases, random_case};
use minlen_core::{Codec, Params};
use proptest::prelude::*;
use std::sync::Arc;

fn lzma() -> Arc<dyn Codec> {
    codec().unwrap()
}

fn variants() -> Vec<Params> {
    let base = lzma().params();
    vec![
        base.clone().with("level", 6).with("extreme", 0),
        base.clone().with("level", 0).with("filter", 1).with("lc", 0).with("lp", 4).with("pb", 4),
        base.clone().with("filter", 2).with("dict", 4096),
        base.clone().with("level", 3).with("filter", 3).with("dist", 256).with("lc", 4).with("pb", 0),
        base.with("level", 1).with("filter", 3).with("dist", 4).with("lc", 2).with("lp", 3),
    ]
}

#[test]
fn round_trips_edge_cases_and_random_data() {
    for params in variants() {
        for input in edge_cases() {
            check_codec(&*lzma(), &params, &input);
        }
    }
    for seed in 0..400 {
        let params = &variants()[seed as usize % 5];
        check_codec(&*lzma(), params, &random_case(seed, 5_000));
    }
}

/// Decoding goes in steps: what the last bytes of input stand for may reach over several of them.
#[test]
fn matches_over_the_ends_of_steps_come_back() {
    let params = lzma().params().with("level", 1);
    for len in [1 << 18, (1 << 18) + 1, 300_000, 900_001] {
        check_codec(&*lzma(), &params, &vec![7; len]);
        let lines: Vec<u8> =
            (0..).flat_map(|i: u32| format!("{} and so on\n", i % 50).into_bytes()).take(len).collect();
        check_codec(&*lzma(), &params, &lines);
    }
}

#[test]
fn survives_hostile_payloads() {
    for seed in 0..24 {
        let input = random_case(seed, 4000);
        let payload = check_codec(&*lzma(), &lzma().params(), &input);
        check_hostile(&*lzma(), &payload, input.len(), 200);
    }
}

#[test]
fn overhead_is_small() {
    for (filter, most) in [(0, 13), (1, 13), (2, 13), (3, 15)] {
        let payload = check_codec(&*lzma(), &lzma().params().with("filter", filter), &[7; 1000]);
        assert!(payload.len() <= most, "{payload:?}");
    }
}

#[test]
fn filters_are_bijections() {
    for seed in 0..300 {
        // Many opcodes, small operands of both signs.
        let mut rng = minlen_core::testing::Rng(seed);
        let bytes = [0xe8, 0xe9, 0x0f, 0x84, 0, 0xff, 0, 1, 0x94, 0x97];
        let input: Vec<u8> = (0..rng.below(600)).map(|_| bytes[rng.below(10)]).collect();
        let mut data = input.clone();
        filter::x86_encode(&mut data);
        filter::x86_decode(&mut data);
        assert_eq!(data, input, "x86, seed {seed}");
        filter::arm64_encode(&mut data);
        filter::arm64_decode(&mut data);
        assert_eq!(data, input, "arm64, seed {seed}");
    }
}

#[test]
fn calls_of_one_function_become_equal() {
    let mut code = vec![0x90u8; 4000];
    for at in [100usize, 200, 307, 1999] {
        code[at] = 0xe8;
        code[at + 1..at + 5].copy_from_slice(&(3000 - (at as i32 + 5)).to_le_bytes());
    }
    filter::x86_encode(&mut code);
    assert!([100, 200, 307, 1999].iter().all(|&at| code[at + 1..at + 5] == 3000i32.to_le_bytes()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_bytes_come_back(input in proptest::collection::vec(any::<u8>(), 0..3000), level in 0i64..=9) {
        check_codec(&*lzma(), &lzma().params().with("level", level), &input);
    }

    #[test]
    fn any_bytes_decode_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), len in 0usize..5000) {
        check_hostile(&*lzma(), &bytes, len, 8);
    }
}

#[test]
#[ignore = "long tier: cargo test -- --ignored"]
fn ten_thousand_random_cases_round_trip() {
    for seed in 0..10_000 {
        check_codec(&*lzma(), &variants()[seed as usize % 5], &random_case(seed, 5_000));
    }
}
