use super::*;
use minlen_core::testing::{check_codec, check_hostile, edge_cases, random_case};
use proptest::prelude::*;

/// Every parse with every coder.
fn all() -> Vec<Params> {
    (0..3)
        .flat_map(|parse| (0..2).map(move |coder| Lz77.params().with("parse", parse).with("coder", coder)))
        .collect()
}

#[test]
fn edge_cases_come_back() {
    for params in all() {
        for case in edge_cases() {
            check_codec(&Lz77, &params, &case);
        }
    }
}

#[test]
fn random_cases_come_back() {
    for seed in 0..400 {
        let case = random_case(seed, 3000);
        for params in all() {
            check_codec(&Lz77, &params, &case);
        }
    }
}

#[test]
fn inputs_of_several_blocks_come_back() {
    for (seed, params) in (0..12).zip(all().iter().cycle()) {
        check_codec(&Lz77, params, &random_case(seed + 400, 700_000));
    }
}

#[test]
fn windows_and_depths_come_back() {
    for seed in 0..8 {
        let case = random_case(seed, 60_000).repeat(2);
        for window in [1 << 14, 40_000, 1 << 26] {
            for depth in [1, 300] {
                let params = Lz77.params().with("window", window).with("depth", depth);
                check_codec(&Lz77, &params.clone().with("parse", (seed % 3) as i64), &case);
            }
        }
    }
}

#[test]
#[ignore = "long tier: cargo test -- --ignored"]
fn ten_thousand_random_cases_come_back() {
    let all = all();
    for seed in 0..10_000 {
        let case = random_case(seed, 20_000);
        check_codec(&Lz77, &all[seed as usize / 8 % all.len()], &case);
    }
}

#[test]
fn hostile_bytes_are_errors() {
    for params in all() {
        for case in
            [b"abcabcabcaaaaaaaaa".repeat(40), random_case(3, 30_000), random_case(5, 9000), vec![9; 70_000]]
        {
            let payload = check_codec(&Lz77, &params, &case);
            check_hostile(&Lz77, &payload, case.len(), 500);
        }
    }
}

#[test]
fn lengths_and_offsets_survive_their_symbols() {
    for value in (0..3000).chain([65_535, 65_536, 262_143]) {
        let (symbol, bits) = spec::length_symbol(value);
        let (base, count) = spec::length_base(symbol);
        assert!(symbol < spec::LENGTH_SYMBOLS && bits == count);
        assert_eq!(base + (value & ((1 << bits) - 1)), value);
    }
    for mantissa in 0..=spec::MAX_MANTISSA {
        for code in (0..3000).chain([(1 << 26) - 1, 1 << 26, (1 << 26) + 2]) {
            let (symbol, bits) = spec::offset_symbol(code, mantissa);
            let (base, count) = spec::offset_base(symbol, mantissa);
            assert!(symbol < spec::OFFSET_SYMBOLS && bits == count, "{code} {mantissa}");
            assert_eq!(base + (code.wrapping_sub(2) & ((1 << bits) - 1)), code, "{mantissa}");
        }
    }
}

#[test]
fn repeated_offsets_follow_rfc_8878() {
    let mut repeats = spec::Repeats([10, 20, 30]);
    assert_eq!(repeats.take(0, false), 10);
    assert_eq!((repeats.take(2, false), repeats.0), (30, [30, 10, 20]));
    assert_eq!((repeats.take(0, true), repeats.0), (10, [10, 30, 20]));
    assert_eq!((repeats.take(2, true), repeats.0), (9, [9, 10, 30]));
    assert_eq!((repeats.take(100 + 2, true), repeats.0), (100, [100, 9, 10]));
    for no_literals in [false, true] {
        for offset in [100, 99, 9, 10, 77] {
            let mut copy = repeats;
            assert_eq!(copy.take(repeats.code_of(offset, no_literals), no_literals), offset);
        }
    }
}

#[test]
fn tables_come_back_and_add_up() {
    use minlen_entropy::binary::{Decoder, Encoder};
    let mut rng = minlen_core::testing::Rng(5);
    let (mut writer, mut reader) = (tables::Memory::new(256, true), tables::Memory::new(256, true));
    for round in 0..200 {
        let used = 1 + rng.below(256);
        let counts: Vec<u32> = (0..256)
            .map(|symbol| {
                let most = 1 << rng.below(18);
                if symbol < used { rng.below(most) as u32 } else { 0 }
            })
            .collect();
        let table = tables::rough(&counts);
        let mut encoder = Encoder::new();
        writer.write(&mut encoder, &table);
        let bytes = encoder.finish();
        assert_eq!(reader.read(&mut Decoder::new(&bytes)).unwrap(), table, "round {round}");
        let freqs = tables::frequencies(&table);
        let any = counts.iter().any(|&c| c > 0);
        assert_eq!(freqs.iter().sum::<u32>(), if any { 4096 } else { 0 });
        assert!(freqs.iter().zip(&counts).all(|(&f, &c)| (f > 0) == (c > 0)));
    }
}

#[test]
fn optimal_is_smaller_than_lazy_and_lazy_than_greedy() {
    let case: Vec<u8> = (3..6).flat_map(|seed| random_case(seed * 8 + 3, 300_000)).collect();
    let sizes: Vec<usize> =
        (0..3).map(|parse| check_codec(&Lz77, &Lz77.params().with("parse", parse), &case).len()).collect();
    assert!(sizes[2] < sizes[1] && sizes[1] <= sizes[0], "{sizes:?}");
}

proptest! {
    #[test]
    fn any_bytes_come_back(case in proptest::collection::vec(0u8..6, 0..3000), which in 0usize..6) {
        check_codec(&Lz77, &all()[which], &case);
    }
}
