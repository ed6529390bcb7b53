use super::decode::decode_body;
use super::rdo::{Goal, round};
use super::*;
use minlen_core::testing::Rng;
use minlen_core::{Env, Limits};
use proptest::prelude::*;

/// Integers about Laplace distributed, a share of `zeros` in 1024 being 0, in rows of different density.
fn matrix(rows: usize, columns: usize, zeros: usize, spread: usize, seed: u64) -> Layer {
    let mut rng = Rng(seed);
    let integers = (0..rows * columns).map(|i| {
        let dense = (i / columns).is_multiple_of(3) && columns > 3;
        if rng.below(1024) < zeros + usize::from(!dense) * (1024 - zeros) / 2 {
            return 0;
        }
        let size = (0..4).map(|_| rng.below(spread)).sum::<usize>() as i32 / 2;
        if rng.below(2) == 0 { size } else { -size }
    });
    Layer::new(rows, columns, integers.collect())
}

fn trip(network: &Network) -> usize {
    let bytes = encode(network).unwrap();
    assert_eq!(bytes, encode(network).unwrap());
    assert!(decode(&bytes, &Env::default()).unwrap() == *network);
    bytes.len()
}

fn some() -> Network {
    let mut first = matrix(6, 24, 600, 3, 1);
    (first.height, first.width) = (3, 4);
    first.biases = vec![0, -3, 700, 1, 0, 5];
    first.bias_step = -100;
    let mut second = matrix(5, 6, 100, 40, 2);
    second.levels = Levels::Uniform(vec![-16, -20, -3, 4, 0]);
    let mut third = Layer::new(1, 5, vec![1, 0, -1, 2, 0]);
    third.levels = Levels::Codebook { positive: vec![0x3f80, 0x7f81], negative: vec![0xbf80] };
    Network { label: b"test".to_vec(), layers: vec![first, second, third] }
}

#[test]
fn networks_come_back() {
    trip(&Network::default());
    trip(&some());
    for (rows, columns) in [(0, 0), (0, 7), (7, 0), (1, 1), (1, 300), (300, 1), (17, 40)] {
        for (zeros, spread) in [(1024, 1), (1000, 2), (0, 1), (0, 9), (512, 4000)] {
            trip(&Network { label: vec![], layers: vec![matrix(rows, columns, zeros, spread, 7); 2] });
        }
    }
    let mut extreme = Layer::new(1, 3, vec![INTEGER_MAX, -INTEGER_MAX, 15]);
    extreme.levels = Levels::Uniform(vec![STEP_MAX]);
    extreme.bias_step = 0;
    trip(&Network { label: vec![], layers: vec![extreme] });
}

#[test]
fn sizes_are_near_the_entropy() {
    // 40,000 places, 2 % of them ones of either sign: 0.161 bits of entropy a place.
    let mut rng = Rng(3);
    let ones =
        (0..40_000).map(|_| [0, 1, -1][usize::from(rng.below(50) == 0) * (1 + rng.below(2))]).collect();
    let size = trip(&Network { label: vec![], layers: vec![Layer::new(200, 200, ones)] });
    assert!(size < 880, "{size} for 807");
    // Uniform in -8..8: 4 bits and a little.
    let dense = (0..40_000).map(|_| rng.below(17) as i32 - 8).collect();
    let size = trip(&Network { label: vec![], layers: vec![Layer::new(200, 200, dense)] });
    assert!(size < 20_700, "{size} for 20,437");
}

#[test]
fn pricer_agrees_with_the_file() {
    let network = some();
    let mut pricer = Pricer::new();
    let mut bits = 0.0;
    for layer in &network.layers {
        pricer.begin(layer).unwrap();
        for &q in &layer.integers {
            let cost = pricer.cost(q);
            let paid = pricer.commit(q);
            assert!(q.abs() >= 15 || (cost - paid).abs() < 1e-3, "{q}: {cost} and {paid}");
            bits += paid;
        }
    }
    let bytes = encode(&network).unwrap().len() as f32;
    assert!(bits / 8.0 < bytes && bits / 8.0 > bytes - 80.0, "{} of {bytes}", bits / 8.0);
}

#[test]
fn rounding_trades_error_for_bits() {
    let mut rng = Rng(5);
    let weights: Vec<f32> = (0..4000).map(|_| (rng.below(2001) as f32 - 1000.0) / 1000.0).collect();
    let size = |lambda: f32| {
        let mut layers = vec![Layer::new(40, 100, vec![1; 4000])];
        layers[0].levels = Levels::Uniform(vec![-32]);
        round(&mut layers, &[Goal { weights: &weights, importance: &[], lambda }]).unwrap();
        let error: f32 =
            layers[0].weights().unwrap().iter().zip(&weights).map(|(a, b)| (a - b) * (a - b)).sum();
        (trip(&Network { label: vec![], layers }), error)
    };
    let (exact, small) = (size(0.0), size(0.02));
    assert!(exact.1 < 4000.0 / 16.0 / 12.0 * 1.1 && small.1 > exact.1 && small.0 < exact.0 * 9 / 10);
}

#[test]
fn misfits_are_refused() {
    let good = matrix(4, 6, 0, 3, 1);
    let refuse = |change: fn(&mut Layer)| {
        let mut layer = good.clone();
        change(&mut layer);
        assert!(encode(&Network { label: vec![], layers: vec![layer] }).is_err());
    };
    refuse(|layer| layer.rows = 5);
    refuse(|layer| layer.height = 0);
    refuse(|layer| layer.width = 4);
    refuse(|layer| layer.integers[0] = INTEGER_MAX + 1);
    refuse(|layer| layer.biases = vec![1]);
    refuse(|layer| layer.levels = Levels::Uniform(vec![1, 2]));
    refuse(|layer| layer.levels = Levels::Uniform(vec![STEP_MAX + 1]));
    refuse(|layer| layer.levels = Levels::Codebook { positive: vec![], negative: vec![] });
}

#[test]
fn hostile_bytes_end_in_errors() {
    let bytes = encode(&some()).unwrap();
    let env = Env::new(Limits::default().with_memory(64 << 20));
    for cut in 0..bytes.len() {
        assert!(decode(&bytes[..cut], &env).is_err());
    }
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(decode(&flipped, &env).is_err(), "bit {bit}");
        // Past the checksum anything but a panic or wild memory is fine.
        drop(decode_body(&flipped[4..bytes.len() - 4], &env));
        drop(decode_body(&flipped[4..bytes.len() - 4 - bit % 7], &env));
    }
    let mut huge = vec![0, 1, 0];
    minlen_core::varint::put(&mut huge, 1 << 16);
    minlen_core::varint::put(&mut huge, 1 << 16);
    assert!(decode_body(&huge, &env).is_err());
}

proptest! {
    #[test]
    fn any_layer_comes_back(
        rows in 0usize..12, columns in 0usize..12, seed: u64, zeros in 0usize..1025, spread in 1usize..60,
        label: Vec<u8>, biases: bool, step in -STEP_MAX..=STEP_MAX,
    ) {
        let mut layer = matrix(rows, columns, zeros, spread, seed);
        layer.levels = Levels::Uniform(vec![step; if seed.is_multiple_of(2) { 1 } else { rows }]);
        if biases {
            layer.biases = (0..rows as i32).map(|i| i * i * 997 - 5).collect();
        }
        trip(&Network { label, layers: vec![layer.clone(), layer] });
    }

    #[test]
    fn any_codebook_and_picture_come_back(
        rows in 1usize..9, planes in 1usize..4, height in 1usize..5, width in 1usize..5, seed: u64,
        positive in proptest::collection::vec(any::<u16>(), 0..12), negative in proptest::collection::vec(any::<u16>(), 0..12),
    ) {
        let mut layer = matrix(rows, planes * height * width, 300, 9, seed);
        if !(height == 1 && width == layer.columns) {
            (layer.height, layer.width) = (height, width);
        }
        let (low, high) = (-(negative.len() as i32), positive.len() as i32);
        layer.integers.iter_mut().for_each(|q| *q = (*q).clamp(low, high));
        layer.levels = Levels::Codebook { positive, negative };
        trip(&Network { label: vec![], layers: vec![layer] });
    }
}
