//! Tables, frequencies and costs against floats of 64 bits.

use super::*;
use minlen_entropy::range::{Decoder, Encoder};
use xxhash_rust::xxh3::xxh3_64;

fn hash(table: &[u32]) -> String {
    let bytes: Vec<u8> = table.iter().flat_map(|x| x.to_le_bytes()).collect();
    format!("{:016x}", xxh3_64(&bytes))
}

#[test]
fn tables_are_pinned_and_near_the_functions() {
    for (k, &tail) in tails().iter().enumerate() {
        let exact = 2f64.powi(31) / (1.0 + (k as f64 / 32.0).exp());
        assert!((f64::from(tail) - exact).abs() < 0.6 + 1e-6 * exact * 5.0, "{k}");
    }
    assert!(tails().is_sorted_by(|a, b| a > b));
    for (k, &power) in powers().iter().enumerate() {
        let exact = 2f64.powf(31.0 - k as f64 / 256.0);
        assert!((f64::from(power) / exact - 1.0).abs() < 1e-6, "{k}");
    }
    for (k, &fraction) in FRACTIONS.iter().enumerate() {
        assert!((fraction as f64 - 2f64.powf(30.0 - k as f64 / 8.0)).abs() <= 0.5);
    }
    assert_eq!([hash(tails()), hash(powers())], ["c0a9dea7e941fc0e", "ce90c0d47101230c"]);
}

/// The chance of every value, with the ends' tails, in floats.
fn exact(components: &[Component], most: u16) -> Vec<f64> {
    let sum: f64 = components.iter().map(|c| f64::from(c.weight)).sum();
    let below = |x: f64| -> f64 {
        let one = |c: &Component| {
            let z = (x - f64::from(c.mean) / 64.0) / 2f64.powf(f64::from(c.scale) / 8.0 - 6.0);
            f64::from(c.weight) / sum / (1.0 + (-z).exp())
        };
        components.iter().map(one).sum()
    };
    let most = i32::from(most);
    let edge = |q: i32| {
        if q <= -most {
            0.0
        } else if q > most {
            1.0
        } else {
            below(f64::from(q) - 0.5)
        }
    };
    (-most..=most).map(|q| edge(q + 1) - edge(q)).collect()
}

/// A grid of mixtures.
fn grid() -> Vec<(Vec<Component>, u16)> {
    let mut all = Vec::new();
    for most in [1, 15, 63, 500, MOST] {
        for scale in (0..=SCALE_MAX).step_by(9).chain([SCALE_MAX]) {
            for mean in [0, 37, -64 * i32::from(most) / 2, 64 * i32::from(most) + 5] {
                let one = Component { mean, scale, weight: 30_000 };
                let two = Component { mean: 90 - mean / 3, scale: scale / 2 + 20, weight: 9_001 };
                let three = Component { mean: -mean, scale: 200, weight: 1 };
                all.push((vec![one], most));
                all.push((vec![one, two], most));
                all.push((vec![three, one, two, Component { scale: 40, ..one }], most));
            }
        }
    }
    all
}

#[test]
fn frequencies_are_whole_and_every_target_is_found() {
    for (components, most) in grid() {
        let mixture = Mixture::new(&components, most).unwrap();
        let most = i32::from(most);
        let mut next = 0;
        for q in -most..=most {
            let (start, size) = mixture.interval(q);
            assert!(start == next && size >= 1, "{components:?} {q}");
            next = start + size;
            assert!(mixture.find(start) == q && mixture.find(next - 1) == q);
        }
        assert_eq!(next, 1 << TOTAL_BITS);
        assert_eq!(mixture.interval(most + 9), mixture.interval(most));
        assert_eq!(mixture.interval(i32::MIN), mixture.interval(-most));
    }
}

#[test]
fn costs_are_those_of_the_floats() {
    for (mut components, most) in grid() {
        components.iter_mut().for_each(|c| c.scale = c.scale.min(SCALE_MAX));
        let mixture = Mixture::new(&components, most).unwrap();
        let (values, mut ideal, mut floored, mut real) = (f64::from(2 * u32::from(most) + 1), 0.0, 0.0, 0.0);
        for (k, p) in exact(&components, most).into_iter().enumerate() {
            let (_, size) = mixture.interval(k as i32 - i32::from(most));
            ideal -= p * if p > 0.0 { p.log2() } else { 0.0 };
            floored -= p * ((p * (65_536.0 - values) + 1.0) / 65_536.0).log2();
            real -= p * (f64::from(size) / 65_536.0).log2();
        }
        // What rounding and tables cost; a millibit where nearly nothing is left to code.
        assert!(real < floored * 1.005 + 0.001, "{components:?} {most}: {real} for {floored}");
        // What the floor costs: its share of the total.
        let share = -(1.0 - values / 65_536.0).log2();
        assert!(real < (ideal + share) * 1.005 + 0.001, "{components:?} {most}: {real} for {ideal}");
        if values < 64.0 && ideal > 0.5 {
            assert!(real < ideal * 1.005, "{components:?} {most}: {real} for {ideal}");
        }
    }
}

#[test]
fn values_pass_through_the_range_coder() {
    let all = grid();
    let values: Vec<i32> = (0..20_000).map(|k: i32| (k * 7919 % 101 - 50) * (k % 5)).collect();
    let mut encoder = Encoder::new();
    for (q, (components, most)) in values.iter().zip(all.iter().cycle()) {
        let (start, size) = Mixture::new(components, *most).unwrap().interval(*q);
        encoder.encode(start, size, TOTAL_BITS);
    }
    let bytes = encoder.finish();
    let mut decoder = Decoder::new(&bytes);
    for (q, (components, most)) in values.iter().zip(all.iter().cycle()) {
        let mixture = Mixture::new(components, *most).unwrap();
        let found = mixture.find(decoder.target(TOTAL_BITS));
        let (start, size) = mixture.interval(found);
        decoder.advance(start, size);
        assert_eq!(found, (*q).clamp(-i32::from(*most), i32::from(*most)));
    }
    assert!(!decoder.overrun() && decoder.consumed() == bytes.len());
}

#[test]
fn wild_parameters_are_harmless_or_refused() {
    let wild = Component { mean: i32::MIN, scale: 255, weight: 0 };
    let mixture = Mixture::new(&[wild, Component { mean: i32::MAX, ..wild }], 9).unwrap();
    assert_eq!((-9..=9).map(|q| mixture.interval(q).1).sum::<u32>(), 65_536);
    // Equal weights where none has any.
    assert!(mixture.interval(-9).1.abs_diff(mixture.interval(9).1) < 200);
    assert!(Mixture::new(&[], 9).is_err());
    assert!(Mixture::new(&[wild; 5], 9).is_err());
    assert!(Mixture::new(&[wild], MOST + 1).is_err());
    assert_eq!(Mixture::new(&[wild], 0).unwrap().interval(0), (0, 65_536));
}

#[test]
fn weights_fall_by_octaves() {
    assert_eq!(weights(&[100, 100, 100, 100]), [65_535; 4]);
    let w = weights(&[512, 0, 256, 384]);
    assert_eq!((w[0], w[1], w[2]), (65_535, 16_384, 32_768));
    assert!(w[3].abs_diff(46_341) <= 1);
    assert_eq!(weights(&[i16::MIN, i16::MAX]), [1, 65_535, 0, 0]);
    assert_eq!(weights(&[]), [0; 4]);
}
