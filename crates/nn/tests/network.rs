//! The predictor learns, never leaves its range, and goes to a file and back.

use minlen_core::{Cancel, Env, ErrorKind, Limits};
use minlen_nn::{BitTree, ByteLstm, Config, Hint, Isa, train};
use proptest::prelude::*;

fn small() -> Config {
    Config { layers: 1, cells: 32, hints: false, ..Config::default() }
}

fn noise(n: usize, seed: u32) -> Vec<u8> {
    let mut x = seed;
    let mut next = || {
        x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (x >> 24) as u8
    };
    (0..n).map(|_| next()).collect()
}

/// Bits a byte.
fn cost(net: &mut ByteLstm, data: &[u8]) -> f64 {
    let mut bits = 0.0;
    for &byte in data {
        bits -= f64::from(net.probs()[usize::from(byte)]).log2();
        net.update(byte);
    }
    bits / data.len() as f64
}

#[test]
fn learns_a_pattern() {
    let text = b"one two three four five six seven eight nine ten ".repeat(60);
    for config in
        [small(), Config { norm: false, coupled: false, ..small() }, Config { layers: 2, ..small() }]
    {
        let mut net = ByteLstm::new(config).unwrap();
        let first = cost(&mut net, &text[..500]);
        let last = cost(&mut net, &text[500..]);
        assert!(first > 3.0 && last < 2.0, "{first} {last}");
        net.restart();
        let again = cost(&mut net, &text[..500]);
        assert!(again < 1.0, "{again}");
    }
}

#[test]
fn hostile_bytes_under_the_wildest_schedule_stay_in_range() {
    let wild = Config { rate: 0.2, rate_end: 0.2, out_scale: 100.0, keep: 0.5, clip: 100.0, ..small() };
    let mut flips = vec![0u8; 3000];
    flips.iter_mut().skip(1).step_by(2).for_each(|b| *b = 255);
    let zeros_then_one = [vec![0; 2500], vec![255; 500]].concat();
    let inputs = [vec![0; 3000], vec![255; 3000], noise(3000, 7), flips, zeros_then_one];
    for config in [small(), wild, Config { norm: true, layers: 2, ..wild }, Config { coupled: true, ..wild }]
    {
        for data in &inputs {
            let mut net = ByteLstm::new(config).unwrap();
            let mut tree = BitTree::default();
            for &byte in data {
                let probs = net.probs();
                assert!(probs.iter().all(|p| p.is_finite() && *p >= 4e-10 && *p <= 1.0));
                assert!((probs.iter().sum::<f32>() - 1.0).abs() < 1e-3);
                tree.set(probs);
                assert!((1..256).all(|known| (1..=65535).contains(&tree.p16(known))));
                assert!((1..256).all(|known| (1..=4095).contains(&tree.p12(known))));
                net.update(byte);
            }
        }
    }
}

#[test]
fn bit_predictions_are_shares_of_the_sums() {
    let mut probs = [0.5 / 255.0; 256];
    probs[0b1010_0000] = 0.5;
    let tree = BitTree::new(&probs);
    let exact = |ones: f32, all: f32| (ones / all * 65536.0) as i32;
    assert!((i32::from(tree.p16(1)) - exact(0.5 + 127.0 * 0.5 / 255.0, 1.0)).abs() <= 1);
    assert_eq!(tree.p16(0), tree.p16(1));
    assert_eq!(tree.p16(256), tree.p16(1));
    assert_eq!(BitTree::default().p16(77), 32768);
    assert_eq!(BitTree::default().p12(77), 2048);
}

#[test]
fn a_saved_network_predicts_the_same_wherever_it_is_loaded() {
    let text = b"pack my box with five dozen liquor jugs; ".repeat(40);
    for config in [small(), Config { norm: true, coupled: true, layers: 2, ..small() }] {
        let mut net = train(config, &[&text, &text[..100]], 4, &Env::default()).unwrap();
        net.reschedule(10_000, 0.004, 0.001, 20_000.0).unwrap();
        let blob = net.save();
        assert!(blob.len() < config.weights() * 11 / 10 + 4096);
        let mut a = ByteLstm::load(&blob).unwrap();
        let mut b = ByteLstm::load(&blob).unwrap();
        assert_eq!(a.save(), b.save());
        assert_eq!((a.config(), a.seen()), (net.config(), net.seen()));
        let fresh = cost(&mut ByteLstm::new(config).unwrap(), &text[..200]);
        let known = cost(&mut a, &text[..200]);
        assert!(known < 1.0 && known < fresh / 3.0, "{known} {fresh}");
        assert_eq!(cost(&mut b, &text[..200]).to_bits(), known.to_bits());
    }
}

#[test]
fn damaged_files_are_refused() {
    let blob = ByteLstm::new(Config { cells: 16, ..Config::default() }).unwrap().save();
    assert!(ByteLstm::load(&blob).is_ok());
    for end in (0..blob.len()).step_by(97).chain([0, 7, 8, blob.len() - 1]) {
        assert!(ByteLstm::load(&blob[..end]).is_err(), "{end}");
    }
    for at in (0..blob.len()).step_by(211).chain(0..80) {
        let mut bad = blob.clone();
        bad[at] ^= 0x20;
        assert!(ByteLstm::load(&bad).is_err(), "{at}");
    }
    let mut later = blob.clone();
    later[4] = 2;
    assert_eq!(ByteLstm::load(&later).unwrap_err().kind(), ErrorKind::Unsupported);
}

/// A file whose checksum is right may still hold any number.
#[test]
fn forged_numbers_are_refused_or_harmless() {
    let blob = ByteLstm::new(Config { cells: 16, ..Config::default() }).unwrap().save();
    let body = blob.len() - 8;
    for at in (5..160).chain(body - 1100..body - 4) {
        for value in [f32::NAN, f32::INFINITY, -1.0, 1e30, f32::MIN_POSITIVE / 8.0] {
            let mut forged = blob[..body].to_vec();
            forged[at..at + 4].copy_from_slice(&value.to_le_bytes());
            forged.extend(xxhash_rust::xxh3::xxh3_64(&forged).to_le_bytes());
            if let Ok(mut net) = ByteLstm::load(&forged) {
                (0..40).for_each(|byte| net.update(byte));
                assert!(net.probs().iter().all(|p| p.is_finite() && *p > 0.0));
            }
        }
    }
}

#[test]
fn bad_shapes_are_refused_and_memory_is_told() {
    let c = Config::default();
    for bad in [
        Config { layers: 0, ..c },
        Config { layers: 5, ..c },
        Config { cells: 100, ..c },
        Config { cells: 0, ..c },
        Config { horizon: 1, ..c },
        Config { rate: f32::NAN, ..c },
        Config { rate_end: 1.0, ..c },
        Config { half_life: 0.0, ..c },
        Config { out_scale: 0.0, ..c },
        Config { out_every: 0, ..c },
        Config { out_every: c.horizon + 1, ..c },
        Config { keep: 1.0, ..c },
        Config { clip: f32::INFINITY, ..c },
    ] {
        assert_eq!(ByteLstm::new(bad).unwrap_err().kind(), ErrorKind::Usage);
    }
    assert!(ByteLstm::new(c).unwrap().reschedule(0, 0.5, 0.1, 1.0).is_err());
    assert!((1 << 20..4 << 20).contains(&c.memory()));
}

#[test]
fn hints_are_learned_and_a_restart_forgets_the_past() {
    let config = Config { hints: true, ..small() };
    let data = noise(4003, 3);
    let mut net = ByteLstm::new(config).unwrap();
    let mut bits = 0.0;
    for (at, pair) in data.windows(2).enumerate() {
        if at > 3000 {
            bits -= f64::from(net.probs()[usize::from(pair[0])]).log2() / 999.0;
        }
        net.update_with(pair[0], Some(Hint { byte: pair[1], trust: 200 }));
    }
    assert!(bits < 4.0, "{bits} of 8");
    let mut other = net.clone();
    other.update_with(7, Some(Hint { byte: 9, trust: 1 }));
    // Before the next change of weights the past is all that differs.
    net.restart();
    other.restart();
    assert_eq!(net.probs(), other.probs());
}

#[test]
fn training_can_be_stopped() {
    let cancel = Cancel::default();
    cancel.cancel();
    let env = Env::new(Limits::default()).with_cancel(cancel);
    assert_eq!(train(small(), &[b"abc"], 1, &env).unwrap_err().kind(), ErrorKind::Cancelled);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_bytes_any_shape(
        data in proptest::collection::vec(any::<u8>(), 0..200),
        layers in 1usize..4,
        gates in any::<(bool, bool)>(),
        horizon in 2usize..20,
    ) {
        let (coupled, norm) = gates;
        let config = Config { layers, coupled, norm, horizon, out_every: horizon.div_ceil(2), cells: 16, ..Config::default() };
        let all = Isa::available();
        let mut nets = [all[0], all[all.len() - 1]].map(|isa| ByteLstm::with_isa(config, isa).unwrap());
        for &byte in &data {
            nets.iter_mut().for_each(|net| net.update(byte));
        }
        let [a, b] = nets;
        prop_assert_eq!(a.probs().map(f32::to_bits), b.probs().map(f32::to_bits));
        prop_assert_eq!(a.save(), b.save());
        prop_assert_eq!(a.expected(), b.expected());
    }

    #[test]
    fn bits_multiply_to_the_byte(raw in proptest::collection::vec(1u32..100_000, 256), byte in any::<u8>()) {
        let sum: u32 = raw.iter().sum();
        let probs: [f32; 256] = std::array::from_fn(|k| raw[k] as f32 / sum as f32);
        let tree = BitTree::new(&probs);
        let mut product = 1.0f64;
        let mut known = 1u32;
        for k in (0..8).rev() {
            let bit = u32::from(byte >> k) & 1;
            let one = f64::from(tree.p16(known)) / 65536.0;
            product *= if bit == 1 { one } else { 1.0 - one };
            known = 2 * known + bit;
        }
        let expected = f64::from(probs[usize::from(byte)]);
        prop_assert!((product - expected).abs() < 0.03 * expected + 1e-3);
    }
}
