use super::codecs;
use minlen_core::testing::{Rng, check_codec, check_hostile, edge_cases, random_case};
use proptest::prelude::*;

#[test]
fn round_trips_edge_cases_and_random_data() {
    for codec in codecs() {
        for input in edge_cases() {
            check_codec(&*codec, &codec.params(), &input);
        }
        for seed in 0..400 {
            let input = random_case(seed, 5000);
            let payload = check_codec(&*codec, &codec.params(), &input);
            assert_eq!(payload.len(), input.len());
            if seed % 40 == 0 {
                check_hostile(&*codec, &payload, input.len(), 20);
            }
        }
    }
}

#[test]
fn dense_opcodes_come_back() {
    let mut rng = Rng(3);
    for codec in codecs() {
        for _ in 0..300 {
            let pool = [0xe8, 0xe9, 0x0f, 0x80, 0x85, 0, 0xff, 0x94, 0x97, 0x90, 0xb0, 1];
            let input: Vec<u8> = (0..rng.below(400)).map(|_| pool[rng.below(pool.len())]).collect();
            check_codec(&*codec, &codec.params(), &input);
        }
    }
}

#[test]
fn calls_of_one_function_look_alike() {
    let [x86, arm] = &codecs()[..] else { panic!("two filters") };
    let mut code = vec![0x90u8; 3000];
    for at in [100usize, 700, 2000] {
        code[at] = 0xe8;
        code[at + 1..at + 5].copy_from_slice(&(1500 - (at as i32 + 5)).to_le_bytes());
    }
    let out = check_codec(&**x86, &x86.params(), &code);
    assert!([100, 700, 2000].iter().all(|&at| out[at + 1..at + 5] == 1500i32.to_le_bytes()));
    let mut code = vec![0u8; 4000];
    for at in [400usize, 1200] {
        let distance = (2000 - at as i32) / 4;
        code[at..at + 4].copy_from_slice(&(0x9400_0000 | distance as u32 & 0x03ff_ffff).to_le_bytes());
    }
    let out = check_codec(&**arm, &arm.params(), &code);
    assert_eq!(out[400..404], out[1200..1204]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn any_bytes_come_back(input in proptest::collection::vec(any::<u8>(), 0..3000)) {
        for codec in codecs() {
            check_codec(&*codec, &codec.params(), &input);
        }
    }
}
