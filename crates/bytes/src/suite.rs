//! The tests that every simple codec gets: one macro, so that the promises are written down once.

/// Tests for the codec of the folder with the parameters that `variants()`, beside the call, lists.
macro_rules! codec_suite {
    () => {
        use super::codec;
        use minlen_core::testing::{Rng, check_codec, check_hostile, edge_cases, random_case};
        use minlen_core::{Codec, Env, Params};
        use proptest::prelude::*;
        use std::sync::Arc;

        fn subject() -> Arc<dyn Codec> {
            codec().unwrap()
        }

        #[test]
        fn round_trips_edge_cases_and_random_data() {
            let codec = subject();
            for params in variants() {
                for case in edge_cases() {
                    check_codec(&*codec, &params, &case);
                }
                for seed in 0..400 {
                    check_codec(&*codec, &params, &random_case(seed, 3000));
                }
            }
        }

        #[test]
        fn survives_truncation_flips_and_wrong_lengths() {
            let codec = subject();
            for params in variants() {
                for case in edge_cases().into_iter().filter(|c| c.len() < 20_000) {
                    check_hostile(&*codec, &check_codec(&*codec, &params, &case), case.len(), 30);
                }
                for seed in 0..40 {
                    let case = random_case(seed, 2000);
                    check_hostile(&*codec, &check_codec(&*codec, &params, &case), case.len(), 100);
                }
            }
        }

        #[test]
        fn survives_noise() {
            let codec = subject();
            let mut rng = Rng(77);
            for _ in 0..2000 {
                let noise: Vec<u8> = (0..rng.below(80)).map(|_| rng.next_u64() as u8).collect();
                let (len, mut out) = (rng.below(3000), Vec::new());
                if codec.decode(&noise, len, &Env::default(), &mut out).is_ok() {
                    assert_eq!(out.len(), len);
                }
            }
        }

        proptest! {
            #![proptest_config(ProptestConfig::with_cases(64))]
            #[test]
            fn any_bytes_round_trip(input in prop::collection::vec(any::<u8>(), 0..2000)) {
                for params in variants() {
                    check_codec(&*subject(), &params, &input);
                }
            }
        }

        #[test]
        #[ignore = "long tier: cargo test -- --ignored"]
        fn ten_thousand_random_cases_round_trip() {
            let codec = subject();
            for seed in 0..10_000u64 {
                let max = if seed % 100 == 0 { 400_000 } else { 5000 };
                for params in variants() {
                    let case = random_case(seed, max);
                    let payload = check_codec(&*codec, &params, &case);
                    if seed % 50 == 0 && case.len() < 5000 {
                        check_hostile(&*codec, &payload, case.len(), 30);
                    }
                }
            }
        }
    };
}

pub(crate) use codec_suite;
