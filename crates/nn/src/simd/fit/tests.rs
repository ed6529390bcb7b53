//! Every kernel on every instruction set of this machine, bit by bit.

use super::*;
use crate::random::Random;

/// Runs `kernel` on every instruction set: it returns the bits of everything that it computed.
fn agree(kernel: impl Fn(Isa) -> Vec<u32>) {
    let all = Isa::available();
    let reference = kernel(all[0]);
    assert!(reference.iter().filter(|&&x| x != 0).count() > reference.len() / 8);
    for isa in all {
        assert!(kernel(isa) == reference, "{}", isa.name());
    }
}

fn bits<'a>(x: impl IntoIterator<Item = &'a f32>) -> Vec<u32> {
    x.into_iter().map(|x| x.to_bits()).collect()
}

fn numbers(seed: u64, n: usize, range: f32) -> Vec<f32> {
    Random::new(seed).fill(n, range).to_vec()
}

fn integers(seed: u64, n: usize, range: f32) -> Vec<i32> {
    numbers(seed, n, range).iter().map(|x| *x as i32).collect()
}

#[test]
fn predictors_agree() {
    let places = ArmPlaces::of(16, 16);
    let w = numbers(1, places.end, 0.3);
    let source: Vec<f32> = numbers(2, 4000, 3.0);
    let at: [usize; 16] = std::array::from_fn(|i| 40 + 97 * i);
    let row = ArmRow { source: &source, at: &at, own: 2000, n: 203, weight: 0.7 };
    agree(|isa| {
        let (mut grad, mut params, mut nats) = (vec![0.0; 4000], vec![[0.0; 16]; places.end], [0.0; 16]);
        let mut sums = ArmSums { grad: &mut grad, to: &at, own: 2000, params: &mut params, nats: &mut nats };
        arm_row(isa, &w, &row, &mut sums);
        let mut price = [0.0; 16];
        arm_price(isa, &w, &row, &mut price);
        assert_eq!(price, nats);
        bits(grad.iter().chain(params.as_flattened()).chain(&nats))
    });
    let w = numbers(3, ArmPlaces::of(24, 24).end, 0.2);
    let at: [usize; 24] = std::array::from_fn(|i| 40 + 61 * i);
    let row = ArmRow { source: &source, at: &at, own: 2000, n: 100, weight: 1.0 };
    agree(|isa| {
        let (mut grad, mut params, mut nats) = (vec![0.0; 4000], vec![[0.0; 16]; w.len()], [0.0; 16]);
        arm_row_24(
            isa,
            &w,
            &row,
            &mut ArmSums { grad: &mut grad, to: &at, own: 2000, params: &mut params, nats: &mut nats },
        );
        bits(grad.iter().chain(params.as_flattened()).chain(&nats))
    });
}

#[test]
fn code_lengths_are_those_of_laplace() {
    // Contexts of 0 leave the biases: mean 0.3 and scale 2^0.5.
    let places = ArmPlaces::of(16, 16);
    let mut w = vec![0.0; places.end];
    (w[places.b3], w[places.b3 + 1]) = (0.3, 0.5);
    for y in [-3.0f32, 0.0, 0.4, 1.0, 20.0] {
        let mut source = vec![0.0; 100];
        source[50] = y;
        let row = ArmRow { source: &source, at: &[0; 16], own: 50, n: 1, weight: 1.0 };
        let mut nats = [0.0; 16];
        arm_price(Isa::detect(), &w, &row, &mut nats);
        let (b, d) = (0.5f64.exp2(), f64::from(y) - 0.3);
        let below = |x: f64| if x < 0.0 { 0.5 * (x / b).exp() } else { 1.0 - 0.5 * (-x / b).exp() };
        let right = -(below(d + 0.5) - below(d - 0.5)).ln();
        assert!((f64::from(nats[0]) - right).abs() < 1e-3 * right, "{y}: {} for {right}", nats[0]);
        assert!(nats[1..].iter().all(|&x| x == 0.0));
    }
}

#[test]
fn syntheses_agree() {
    let (stride, hidden, n) = (112, 8, 75);
    for (channels, colours) in [(6, 3), (7, 3), (9, 3), (4, 1), (7, 1)] {
        let kernels = Synthesis::of(channels, colours).unwrap();
        let w = numbers(4, SynthesisPlaces::of(channels, colours, hidden).end, 0.5);
        let v = numbers(5, 9 * colours * colours + colours, 0.2);
        let x = numbers(6, channels * stride, 1.0);
        agree(|isa| {
            let (mut y, mut z) = (vec![0.0; colours * stride], vec![0.0; colours * stride]);
            (kernels.points)(isa, &w, hidden, &x, &mut y, stride, 16, n);
            (kernels.convolve)(isa, &v, [&y, &y, &y], &mut z, stride, 16, n);
            let mut dx = vec![0.0; channels * stride];
            let (mut sums, mut more) = (vec![[0.0; 16]; w.len()], vec![[0.0; 16]; v.len()]);
            (kernels.points_back)(isa, &w, hidden, &x, &z, &mut dx, stride, 16, n, &mut sums);
            (kernels.convolve_sums)(isa, [&y, &z, &y], &z, stride, 16, n, &mut more);
            where_positive(isa, &mut z, &y);
            bits(y.iter().chain(&z).chain(&dx).chain(sums.as_flattened()).chain(more.as_flattened()))
        });
        let (w, v) = (integers(7, w.len(), 900.0), integers(8, v.len(), 300.0));
        let x = integers(9, channels * stride, 4000.0);
        agree(|isa| {
            let (mut y, mut z) = (vec![0; colours * stride], vec![0; colours * stride]);
            (kernels.points_integer)(isa, &w, hidden, &x, &mut y, stride, 16, n);
            (kernels.convolve_integer)(isa, &v, [&y, &y, &y], 0, &mut z, stride, 16, n);
            y.iter().chain(&z).map(|x| x.cast_unsigned()).collect()
        });
    }
}

#[test]
fn filters_agree() {
    let (taps, x) = ([-0.02, 0.23, 0.87, -0.07], numbers(10, 4 * 128, 1.0));
    let rows = [&x[..128], &x[128..256], &x[256..384], &x[384..]];
    agree(|isa| {
        let mut out = vec![0.0; 128];
        blend(isa, &taps, rows, &mut out);
        let (mut even, mut odd, mut turn) = (vec![0.0; 128], vec![0.0; 128], vec![0.0; 150]);
        double(isa, &taps, &out, &mut even, &mut odd, 16, 75);
        interleave(isa, &even[16..91], &odd[16..91], &mut turn);
        separate(isa, &turn, &mut even[16..91], &mut odd[16..91]);
        let (mut grad, mut sums, mut sum) = (vec![0.0; 128], [[0.0; 16]; 4], [0.0; 16]);
        double_back(isa, &taps, &out, &even, &odd, &mut grad, 8, 91, &mut sums);
        blend_back(isa, 0.3, &grad.clone(), &out, &mut grad, &mut sum);
        bits(out.iter().chain(&turn).chain(&grad).chain(sums.as_flattened()).chain(&sum))
    });
    let (taps, x) = ([-48, 464, 1776, -144], integers(11, 4 * 128, 9000.0));
    let rows = [&x[..128], &x[128..256], &x[256..384], &x[384..]];
    agree(|isa| {
        let (mut out, mut wide) = (vec![0; 128], vec![0; 256]);
        blend_integer(isa, &taps, rows, &mut out);
        double_integer(isa, &taps, &out, &mut wide, 16, 75);
        out.iter().chain(&wide).map(|x| x.cast_unsigned()).collect()
    });
}

#[test]
fn latents_agree() {
    let (y, noise) = (numbers(12, 160, 4.0), numbers(13, 160, 1.0));
    let rule = Adam { rate: 0.01, keep_mean: 0.9, keep_square: 0.999, correction: 2.0, epsilon: 1e-18 };
    agree(|isa| {
        let (mut out, mut slope) = (vec![0.0; 160], vec![0.0; 160]);
        soften(isa, &y, &noise, 0.2, Softness { temperature: 0.3, gain: 0.53 }, &mut out, &mut slope);
        let (mut w, mut m, mut v) = (y.clone(), noise.clone(), vec![0.1; 160]);
        adam(isa, &mut w, &mut m, &mut v, &out, &slope, rule);
        bits(out.iter().chain(&slope).chain(&w).chain(&m).chain(&v))
    });
    let w = IntegerArm {
        w1: std::array::from_fn(|i| std::array::from_fn(|j| (i * 37 + j * 101) as i32 % 2001 - 1000)),
        b1: [90; 16],
        w2: std::array::from_fn(|i| std::array::from_fn(|j| (i * 71 + j * 13) as i32 % 801 - 400)),
        b2: [-50; 16],
        w3: std::array::from_fn(|i| std::array::from_fn(|j| (i * 7 + j * 29) as i32 % 401 - 200)),
        b3: [500, -700],
        linear: std::array::from_fn(|i| std::array::from_fn(|j| (i + j * 19) as i32 % 801 - 400)),
    };
    agree(|isa| {
        let mut all = Vec::new();
        for k in 0..20 {
            let mut out = [0; 2];
            arm_integer(isa, &w, &std::array::from_fn(|i| (i as i32 * 17 + k * 5) % 23 - 11), &mut out);
            all.extend(out.map(i32::cast_unsigned));
        }
        all
    });
}
