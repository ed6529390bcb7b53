use super::*;
use minlen_core::testing::Rng;

#[test]
fn known_bytes() {
    let mut encoder = Encoder::new();
    for i in 0..40u32 {
        encoder.encode(i % 3 == 0, 21_845);
    }
    assert_eq!(encoder.finish(), [55, 166, 144, 179, 4]);
    assert!(Encoder::new().finish().is_empty());
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn extreme_probabilities_round_trip_and_cost_little() {
    let mut rng = Rng(9);
    let steps: Vec<(u32, u32)> = (0..200_000)
        .map(|i| {
            let p = match i % 4 {
                0 => 1,
                1 => 65_535,
                2 => 1 + rng.below(65_535) as u32,
                _ => 32_768,
            };
            let bit = u32::from(rng.below(65_536) < p as usize);
            (bit, p)
        })
        .collect();
    let mut encoder = Encoder::new();
    steps.iter().for_each(|&(bit, p)| encoder.encode(bit, p));
    let bytes = encoder.finish();
    let mut decoder = Decoder::new(&bytes);
    steps.iter().for_each(|&(bit, p)| assert_eq!(decoder.decode(p), bit));
    assert!(!decoder.overrun());
    assert_eq!(decoder.consumed(), bytes.len());
    let ideal: f64 = steps
        .iter()
        .map(|&(bit, p)| -(f64::from(if bit == 1 { p } else { 65_536 - p }) / 65_536.0).log2())
        .sum();
    let over = bytes.len() as f64 * 8.0 / ideal;
    assert!(over < 1.000_3, "{over}");
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn cut_short_is_noticed() {
    let mut encoder = Encoder::new();
    let mut rng = Rng(2);
    (0..8000).for_each(|_| encoder.encode(rng.below(2) == 1, 32_768));
    let bytes = encoder.finish();
    let mut decoder = Decoder::new(&bytes[..500]);
    (0..8000).for_each(|_| assert!(decoder.decode(32_768) < 2));
    assert!(decoder.overrun());
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn probabilities_stay_in_range() {
    for bit in [0u32, 1] {
        let (mut prob, mut counter) = (Prob16::default(), Counter::default());
        for _ in 0..100_000 {
            prob.update(bit, 1);
            counter.update(bit, Counter::MAX_LIMIT);
            assert!((1..=65_535).contains(&prob.p()) && (1..=65_535).contains(&counter.p()));
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn trees_round_trip() {
    let mut rng = Rng(4);
    for bits in [1, 5, 8, 16] {
        let symbols: Vec<u32> = (0..2000).map(|_| rng.below(1 << bits) as u32).collect();
        let (mut encoder, mut tree) = (Encoder::new(), BitTree::new(bits, 5));
        symbols.iter().for_each(|&s| tree.encode(&mut encoder, s));
        let bytes = encoder.finish();
        let (mut decoder, mut tree) = (Decoder::new(&bytes), BitTree::new(bits, 5));
        symbols.iter().for_each(|&s| assert_eq!(tree.decode(&mut decoder), s));
    }
}
