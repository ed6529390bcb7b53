//! Round trips and hostile payloads.

use super::codec;
use minlen_core::Params;
use minlen_core::testing::{check_codec, check_hostile, edge_cases, random_case};
use proptest::prelude::*;

fn variants() -> Vec<Params> {
    let base = codec().params();
    let all = (0..3).flat_map(|model| (1..4).map(move |kind| (model, kind)));
    all.map(|(model, kind)| base.clone().with("model", model).with("type", kind)).collect()
}

#[test]
fn round_trips_edge_cases_and_random_data() {
    let codec = codec();
    for params in variants() {
        for case in edge_cases().into_iter().filter(|c| c.len() < 30_000) {
            check_codec(&*codec, &params, &case);
        }
        for seed in 0..6 {
            check_codec(&*codec, &params, &random_case(seed, 3000));
        }
    }
}

#[test]
fn survives_truncation_flips_and_wrong_lengths() {
    let codec = codec();
    for params in variants() {
        let case = random_case(3, 400);
        check_hostile(&*codec, &check_codec(&*codec, &params, &case), case.len(), 8);
    }
}

#[test]
fn headers_of_no_model_type_or_rate_are_refused() {
    let codec = codec();
    let good = check_codec(&*codec, &codec.params().with("model", 4).with("rate", 3), b"abcabc");
    assert_eq!(good[1], 3);
    for (at, value) in
        [(1, 0), (1, 33), (1, 255), (0, good[0] | 7), (0, good[0] | 5 << 3), (0, good[0] ^ 0xc0)]
    {
        let mut bad = good.clone();
        bad[at] = value;
        assert!(
            codec.decode(&bad, 6, &minlen_core::Env::default(), &mut Vec::new()).is_err(),
            "{at} {value}"
        );
    }
}

#[test]
fn the_slow_models_round_trip() {
    let codec = codec();
    for (model, kind) in [(3, 1), (3, 3), (4, 2)] {
        let params = codec.params().with("model", model).with("type", kind).with("rate", 4);
        for seed in 0..2 {
            let case = random_case(seed, 600);
            let payload = check_codec(&*codec, &params, &case);
            check_hostile(&*codec, &payload, case.len(), 3);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]
    #[test]
    fn any_bytes_round_trip(input in prop::collection::vec(any::<u8>(), 0..2000)) {
        for params in variants() {
            check_codec(&*codec(), &params, &input);
        }
    }
}

#[test]
fn programs_for_other_processors_are_not_taken_for_x86() {
    assert!(super::may_be_x86("") && super::may_be_x86("x86-64 shared object"));
    assert!(!super::may_be_x86("ARM64 program") && !super::may_be_x86("RISC-V"));
}
