use super::*;
use crate::testdata::{entropy_bytes, skewed, sparse};
use minlen_core::testing::Rng;

#[test]
fn known_bytes() {
    let mut encoder = Encoder::new();
    (0..20u32).for_each(|i| encoder.encode(i % 4 * 2, 1 + i % 2, 3));
    assert_eq!(encoder.finish(), [12, 195, 48, 197, 108, 73, 144]);
    assert!(Encoder::new().finish().is_empty());
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn random_intervals_round_trip() {
    let mut rng = Rng(11);
    for case in 0..300 {
        let steps: Vec<(u32, u32, u32)> = (0..rng.below(3000))
            .map(|_| {
                let total = 1 + rng.below(65_536) as u32;
                let cum = if case % 3 == 0 { total - 1 } else { rng.below(total as usize) as u32 };
                (cum, 1 + rng.below((total - cum) as usize) as u32, total)
            })
            .collect();
        let mut encoder = Encoder::append_to(vec![7]);
        steps.iter().for_each(|&(cum, freq, total)| encoder.encode_total(cum, freq, total));
        let bytes = encoder.finish();
        let mut decoder = Decoder::new(&bytes[1..]);
        for &(cum, freq, total) in &steps {
            let target = decoder.target_total(total);
            assert!((cum..cum + freq).contains(&target), "case {case}");
            decoder.advance(cum, freq);
        }
        assert!(!decoder.overrun());
    }
}

#[test]
fn carries_run_through_held_bytes() {
    // The highest interval again and again makes 0xff bytes; a small step at the end carries through them.
    for n in 0..60 {
        for last in [0u32, 200, 255] {
            let mut encoder = Encoder::new();
            (0..n).for_each(|_| encoder.encode(255, 1, 8));
            encoder.encode(last, 1, 8);
            let bytes = encoder.finish();
            let mut decoder = Decoder::new(&bytes);
            for _ in 0..n {
                assert_eq!(decoder.target(8), 255);
                decoder.advance(255, 1);
            }
            assert_eq!(decoder.target(8), last);
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn static_and_adaptive_megabytes_are_within_a_thousandth_of_entropy() {
    for input in [skewed(1 << 20, 3), sparse(1 << 20, 3).iter().map(|&b| b % 83).collect()] {
        let ideal = entropy_bytes(&input);
        let cdf = StaticCdf::from_bytes(&input, 16).unwrap();
        let (mut fixed, mut learning) = (Encoder::new(), Encoder::new());
        // Unseen symbols keep 1 in 65,536 each, which a source of half a bit would notice: give it no more than it has.
        let alphabet = 1 + usize::from(input.iter().copied().max().unwrap());
        let mut adaptive = AdaptiveCdf::new(alphabet, 1);
        for &byte in &input {
            cdf.encode(&mut fixed, usize::from(byte));
            adaptive.encode(&mut learning, usize::from(byte));
        }
        let (fixed, learning) = (fixed.finish(), learning.finish());
        assert!((fixed.len() as f64) < ideal * 1.001, "static: {} for {ideal}", fixed.len());
        // What learning costs stands in for the table: about log2(n) / 2 bits for each symbol in use.
        assert!((learning.len() as f64) < ideal * 1.001 + 500.0, "adaptive: {} for {ideal}", learning.len());
        let (mut a, mut b) = (Decoder::new(&fixed), Decoder::new(&learning));
        let mut adaptive = AdaptiveCdf::new(alphabet, 1);
        for &byte in &input {
            assert_eq!(cdf.decode(&mut a), usize::from(byte));
            assert_eq!(adaptive.decode(&mut b), usize::from(byte));
        }
        assert!(!a.overrun() && !b.overrun());
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn noise_does_not_panic() {
    let mut rng = Rng(1);
    let noise: Vec<u8> = (0..200).map(|_| rng.next_u64() as u8).collect();
    let mut decoder = Decoder::new(&noise);
    let mut cdf = AdaptiveCdf::new(300, 40);
    (0..5000).for_each(|_| assert!(cdf.decode(&mut decoder) < 300));
    assert!(decoder.overrun());
    let fixed = StaticCdf::from_counts(&[3, 0, 5, 1], 4).unwrap();
    let mut decoder = Decoder::new(&noise);
    (0..500).for_each(|_| assert!([0, 2, 3].contains(&fixed.decode(&mut decoder))));
}
