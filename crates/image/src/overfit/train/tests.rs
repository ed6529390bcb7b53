//! Gradients against differences, and equality for any number of threads.

use super::super::layout::Layout;
use super::super::network::Network;
use super::super::{Shape, pyramid};
use super::*;

/// A picture of slopes and a bright square, with a little texture.
fn target(width: usize, height: usize, colours: usize) -> Vec<Vec<f32>> {
    let pixel = |c: usize, x: usize, y: usize| {
        let square = if (5..12).contains(&x) && (4..9).contains(&y) { 0.3 } else { 0.0 };
        0.2 + 0.01 * (x + c * y) as f32 + square + 0.02 * ((x * 7 + y * 13 + c) % 5) as f32
    };
    let plane = |c| (0..width * height).map(|i| pixel(c, i % width, i / width)).collect();
    (0..colours).map(plane).collect()
}

/// Prepared networks with some of everything in them.
fn with_fit<R>(
    width: usize,
    height: usize,
    colours: usize,
    threads: usize,
    run: impl FnOnce(Fit<'_>) -> R,
) -> R {
    let shape = Shape { width, height, depth: 8, colours };
    let layout = Layout::new(&shape, 1).unwrap();
    let network = Network::new(&layout, 8);
    let mut weights = network.floats(&network.plain());
    for (k, w) in weights.iter_mut().enumerate() {
        *w += 0.05 * ((k * 37 % 101) as f32 / 50.0 - 1.0);
    }
    let target = target(width, height, colours);
    let steps = vec![0.1, 0.06, 0.03, 0.02, 0.01, 0.005, 0.002];
    let env = Env::default().with_threads(threads);
    let mut fit = Fit::new(&layout, &network, &target, &env).unwrap();
    (fit.weights, fit.steps) = (weights, steps.clone());
    fit.lambda = 3e-3;
    let axes = if colours == 3 { pyramid::axes(&target) } else { [[0.0; 3]; 3] };
    fit.latents = pyramid::latents(&layout, &target, &axes, &[[-0.02, 0.22, 0.87, -0.07]; 6], &steps, 0.0);
    run(fit)
}

const STILL: Move = Move { latents: 0.0, weights: 0.0 };
const SMOOTH: Rounding = Rounding::Soft { temperature: 0.4, noise: 0.1 };

fn total(fit: &mut Fit<'_>) -> f64 {
    let cost = fit.step(SMOOTH, STILL).unwrap();
    cost.total(f64::from(fit.lambda)) * fit.pixels as f64
}

#[test]
fn gradients_are_differences() {
    for (width, height, colours) in [(37, 21, 3), (20, 33, 1)] {
        with_fit(width, height, colours, 1, |mut fit| {
            total(&mut fit);
            let gradient = fit.weights_gradient.clone();
            let mut compared = 0;
            for i in (0..fit.weights.len()).step_by(7) {
                let (old, h) = (fit.weights[i], 1e-3);
                fit.weights[i] = old + h;
                let up = total(&mut fit);
                fit.weights[i] = old - h;
                let down = total(&mut fit);
                fit.weights[i] = old;
                let right = (up - down) / f64::from(2.0 * h);
                let got = f64::from(gradient[i]);
                // Units that turn on or off within the difference are not smooth.
                let near = (got - right).abs() < 0.05 * right.abs() + 0.03;
                compared += usize::from(near);
                assert!((got - right).abs() < 0.4 * right.abs() + 0.3, "weight {i}: {got} for {right}");
            }
            assert!(compared * 20 >= fit.weights.len() / 7 * 19, "{compared} of {}", fit.weights.len() / 7);
        });
    }
}

#[test]
fn gradients_of_latents_are_differences() {
    with_fit(37, 21, 3, 1, |mut fit| {
        total(&mut fit);
        // A step that is too small to move anything leaves the whole gradient behind.
        fit.step(SMOOTH, Move { latents: 1e-30, weights: 0.0 }).unwrap();
        let (gradient, slope) = (fit.gradient.clone(), fit.slope.clone());
        let mut checked = 0;
        for grid in &fit.layout.grids.clone() {
            for (x, y) in [(0, 0), (grid.width / 2, grid.height / 2), (grid.width - 1, grid.height - 1)] {
                let i = grid.row(y) + PAD + x;
                let (old, h) = (fit.latents[i], 4e-3);
                // Noise is drawn anew for each step that moves latents.
                fit.taken = 0;
                fit.latents[i] = old + h;
                let up = total(&mut fit);
                fit.latents[i] = old - h;
                let down = total(&mut fit);
                fit.latents[i] = old;
                let right = (up - down) / f64::from(2.0 * h);
                let got = f64::from(gradient[i] * slope[i]);
                assert!(
                    (got - right).abs() < 0.1 * right.abs() + 0.02,
                    "{grid:?} {x} {y}: {got} for {right}"
                );
                checked += 1;
            }
        }
        assert!(checked > 20);
    });
}

#[test]
fn threads_change_nothing() {
    let run = |threads| {
        with_fit(150, 70, 3, threads, |mut fit| {
            for _ in 0..3 {
                fit.step(SMOOTH, Move { latents: 0.05, weights: 0.004 }).unwrap();
            }
            let bits = |x: &[f32]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            (bits(&fit.latents), bits(&fit.weights))
        })
    };
    let one = run(1);
    assert!(one == run(2) && one == run(5));
}
