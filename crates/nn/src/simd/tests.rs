//! Every kernel on every instruction set of this machine against the plain arrays, bit by bit, and against f64.

use super::lanes::{LANES, Lanes, Plain};
use super::*;
use crate::random::Random;
use crate::simd::train::Rms;

fn filled(random: &mut Random, n: usize, range: f32) -> Buffer {
    random.fill(n, range)
}

fn bits(x: &[f32]) -> Vec<u32> {
    x.iter().map(|x| x.to_bits()).collect()
}

/// Runs `kernel` on every instruction set: it returns everything that it computed.
fn agree(kernel: impl Fn(Isa) -> Vec<f32>) {
    let all = Isa::available();
    let reference = bits(&kernel(all[0]));
    assert!(reference.iter().any(|&x| x != 0));
    for isa in all {
        assert_eq!(bits(&kernel(isa)), reference, "{}", isa.name());
    }
}

const RULE: Rms = Rms { rate: 0.01, keep: 0.99, correction: 3.0, epsilon: 1e-9 };

#[test]
fn kernels_agree_on_every_instruction_set() {
    // 144 = 9 vectors: every tile width of the gradient kernel; 5 steps: a full group of four and a rest.
    for (rows, n, seed) in [(16, 48, 1), (32, 144, 2), (128, 512, 3), (96, 256, 4)] {
        let mut random = Random::new(seed);
        let (w, v) = (filled(&mut random, rows * n, 0.5), filled(&mut random, rows * n, 1e-3));
        let (xs, ds) = (filled(&mut random, 5 * rows, 1.0), filled(&mut random, 5 * n, 0.3));
        agree(|isa| {
            let mut y = ds[..n].to_vec();
            matvec(isa, &mut y, &w, &xs[..rows]);
            let mut out = xs[..5 * rows].to_vec();
            dot_rows(isa, &mut out[..rows], &w, &ds[..n]);
            let mut many = xs.to_vec();
            dot_rows_many(isa, &mut many, &w, &ds, n);
            assert_eq!(bits(&many[..rows]), bits(&out[..rows]));
            let (mut w, mut v) = (w.clone(), v.clone());
            v.iter_mut().for_each(|x| *x = x.abs());
            outer_rms(isa, &mut w, &mut v, &xs, &ds, n, RULE);
            step_rms(isa, &mut w[..n], &mut v[..n], &ds[..n], RULE);
            [&y[..], &many[..], &w[..], &v[..]].concat()
        });
        agree(|isa| {
            let mut z = ds[..n].to_vec();
            let inverse = normalise(isa, &mut z);
            let mut d = ds[n..2 * n].to_vec();
            normalise_back(isa, &mut d, &z, inverse);
            let (mut gains, mut biases) = (z.clone(), d.clone());
            affine_back(isa, &mut d, &z, &xs[..n.min(xs.len())], &mut gains, &mut biases);
            affine(isa, &mut z, &gains, &biases);
            add(isa, &mut z, &d);
            [z, d, gains, biases].concat()
        });
    }
}

#[test]
fn cells_agree_and_survive_extremes() {
    let n = 32;
    for gates in [3, 4] {
        for range in [1e-30, 1e-3, 3.0, 1e9] {
            let mut random = Random::new(9);
            let z = filled(&mut random, gates * n, range);
            let (old, dh) = (filled(&mut random, n, 1.0), filled(&mut random, n, range));
            agree(|isa| {
                let (mut act, mut new, mut tc, mut h) =
                    (z.to_vec(), vec![0.0; n], vec![0.0; n], vec![0.0; n]);
                forward(isa, &mut act, &old, &mut new, &mut tc, &mut h);
                let (mut dz, mut dc) = (vec![0.0; gates * n], vec![0.0; n]);
                backward(isa, &mut dz, &mut dc, &dh, &act, &old, &tc, 2.0);
                let all = [act, new, tc, h, dz, dc].concat();
                assert!(all.iter().all(|x| x.is_finite() && (*x == 0.0 || x.is_normal())));
                all
            });
        }
    }
}

#[test]
fn softmax_has_a_floor_and_agrees() {
    for logits in [vec![0.0; 256], vec![1e9; 256], (0..256).map(|k| (k * k) as f32).collect::<Vec<_>>()] {
        agree(|isa| {
            let mut p = vec![0.0; 256];
            softmax(isa, &mut p, &logits);
            assert!(p.iter().all(|p| (4e-10..=1.0).contains(p)), "{p:?}");
            assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-4);
            p
        });
    }
}

#[test]
fn matrix_kernels_compute_what_they_say() {
    let (rows, n, steps) = (24, 48, 3);
    let mut random = Random::new(5);
    let w = filled(&mut random, rows * n, 0.5);
    let (xs, ds) = (filled(&mut random, steps * rows, 1.0), filled(&mut random, steps * n, 1.0));
    let isa = Isa::detect();
    let (mut y, mut dx) = (vec![0.0; n], vec![0.0; rows]);
    matvec(isa, &mut y, &w, &xs[..rows]);
    dot_rows(isa, &mut dx, &w, &ds[..n]);
    let at = |i: usize, j: usize| f64::from(w[i * n + j]);
    for (j, y) in y.iter().enumerate() {
        let exact: f64 = (0..rows).map(|i| at(i, j) * f64::from(xs[i])).sum();
        assert!((f64::from(*y) - exact).abs() < 1e-4);
    }
    for (i, dx) in dx.iter().enumerate() {
        let exact: f64 = (0..n).map(|j| at(i, j) * f64::from(ds[j])).sum();
        assert!((f64::from(*dx) - exact).abs() < 1e-4);
    }
    let (mut w2, mut v2) = (w.clone(), Buffer::zeros(rows * n));
    outer_rms(isa, &mut w2, &mut v2, &xs, &ds, n, RULE);
    for i in 0..rows {
        for j in 0..n {
            let g: f64 = (0..steps).map(|t| f64::from(xs[t * rows + i]) * f64::from(ds[t * n + j])).sum();
            let v = 0.01 * g * g;
            assert!((f64::from(v2[i * n + j]) - v).abs() < 1e-5);
            let moved = at(i, j) - 0.01 * g / (3.0 * v + 1e-9).sqrt();
            assert!((f64::from(w2[i * n + j]) - moved).abs() < 1e-5, "{i} {j}");
        }
    }
}

#[test]
fn functions_are_accurate() {
    let l = Plain;
    let one = |f: fn(Plain, [f32; LANES]) -> [f32; LANES], x: f32| f64::from(f(l, l.splat(x))[0]);
    for k in -4000..=4000 {
        let x = k as f32 / 100.0;
        let e = f64::from(x).exp();
        assert!((one(math::exp, x) / e - 1.0).abs() < 4e-6, "exp {x}: {}", one(math::exp, x) / e - 1.0);
        assert!((one(math::sigmoid, x) - 1.0 / (1.0 + 1.0 / e)).abs() < 1e-6);
        assert!((one(math::tanh, x) - f64::from(x).tanh()).abs() < 1e-6);
        let root = 1.0 / f64::from(x.abs() + 1e-12).sqrt();
        assert!((one(math::rsqrt, x.abs() + 1e-12) / root - 1.0).abs() < 1e-5);
    }
    for x in [1e30, -1e30, 0.0, -0.0, 1e-40] {
        let v = one(math::sigmoid, x);
        assert!((0.0..=1.0).contains(&v), "sigmoid {x} = {v}");
    }
}
