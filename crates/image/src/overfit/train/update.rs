//! Rounding of latents while they are trained, and the steps of Adam.

use super::super::layout::PAD;
use super::{Fit, cut, run};
use minlen_core::Result;
use minlen_nn::fit::{self, Adam, Softness};

/// How latents become integers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) enum Rounding {
    /// To the nearest one; the gradient passes.
    Hard,
    /// Softly, with noise.
    Soft {
        /// How soft.
        temperature: f32,
        /// The standard deviation of noise.
        noise: f32,
    },
}

/// What moves in a step, and how far: 0 for not at all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in super::super) struct Move {
    pub latents: f32,
    pub weights: f32,
}

/// The nearest integer, as f32 rounds: halves to even ones.
pub(in super::super) fn nearest(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0;
    (x + ROUND) - ROUND
}

/// e^x for x <= 0, from a product of squares: what `1 - 2 / (e^(2x) + 1)` needs.
fn exp(x: f32) -> f32 {
    // (1 + x / 2^16)^(2^16) in f64: relative error x^2 / 2^17.
    let mut y = 1.0 + f64::from(x) / 65536.0;
    for _ in 0..16 {
        y *= y;
    }
    y as f32
}

/// For a temperature: `1 / (2 tanh(1 / 2T))`.
fn softness(temperature: f32) -> Softness {
    let fall = exp(-(1.0 / temperature).min(40.0));
    Softness { temperature, gain: (1.0 + fall) / (2.0 * (1.0 - fall)) }
}

/// Noise of about a normal distribution with deviation 1, from the place and the step alone: four uniform numbers added.
fn noise(place: usize, step: u32) -> f32 {
    let mut x = (place as u64) << 32 | u64::from(step);
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^= x >> 31;
    let sum = (x & 0xffff) + (x >> 16 & 0xffff) + (x >> 32 & 0xffff) + (x >> 48);
    // The sum has mean 131,070 and deviation 65,536 / sqrt(3).
    (sum as f32 - 131_070.0) * (1.732_050_8 / 65_536.0)
}

const KEEP_MEAN: f32 = 0.9;
const KEEP_SQUARE: f32 = 0.999;
/// For weights: they see the same picture at every step.
const KEEP_WEIGHTS: (f32, f32) = (0.9, 0.99);
const EPSILON: f32 = 1e-18;

fn adam(rate: f32, keep: (f32, f32), steps: u32) -> Adam {
    let power = |x: f32| (0..steps.min(20_000)).fold(1.0f32, |p, _| p * x);
    Adam {
        rate: rate / (1.0 - power(keep.0)),
        keep_mean: keep.0,
        keep_square: keep.1,
        correction: 1.0 / (1.0 - power(keep.1)),
        epsilon: EPSILON,
    }
}

impl Fit<'_> {
    /// Rounds all latents.
    pub(super) fn round(&mut self, rounding: Rounding) -> Result<()> {
        let (layout, isa, step) = (self.layout, self.isa, self.taken);
        let spans = self.strip_spans();
        let mut rounded = std::mem::take(&mut self.rounded);
        let mut slope = std::mem::take(&mut self.slope);
        let pieces = cut(&mut rounded, spans.iter().cloned()).into_iter();
        let pieces = pieces.zip(cut(&mut slope, spans.iter().cloned())).zip(&self.strips).zip(&spans);
        let latents = &self.latents;
        run(self.threads, pieces.collect(), |(((out, slope), strip), span)| {
            let grid = &layout.grids[strip.grid];
            let y = &latents[span.clone()];
            match rounding {
                Rounding::Hard => {
                    out.iter_mut().zip(y).for_each(|(out, y)| *out = nearest(*y));
                    slope.fill(1.0);
                }
                Rounding::Soft { temperature, noise: deviation } => {
                    let mut drawn = vec![0.0; grid.stride];
                    let rows = out.chunks_exact_mut(grid.stride).zip(slope.chunks_exact_mut(grid.stride));
                    for (k, (out, slope)) in rows.enumerate() {
                        let from = span.start + k * grid.stride;
                        let row = drawn[PAD..PAD + grid.width].iter_mut().enumerate();
                        row.for_each(|(x, drawn)| *drawn = noise(from + x, step));
                        let y = &latents[from..from + grid.stride];
                        fit::soften(isa, y, &drawn, deviation, softness(temperature), out, slope);
                    }
                }
            }
        })?;
        (self.rounded, self.slope) = (rounded, slope);
        Ok(())
    }

    /// Adds the gradient through channels to that of code length, and moves.
    pub(super) fn update(&mut self, moves: Move) -> Result<()> {
        if moves.latents > 0.0 {
            self.taken += 1;
            self.move_latents(moves.latents)?;
        }
        if moves.weights > 0.0 {
            self.taken_weights += 1;
            self.move_weights(moves.weights);
        }
        Ok(())
    }

    fn move_latents(&mut self, rate: f32) -> Result<()> {
        let rule = adam(rate, (KEEP_MEAN, KEEP_SQUARE), self.taken);
        let spans = self.strip_spans();
        let mut latents = std::mem::take(&mut self.latents);
        let [mut mean, mut square] = std::mem::take(&mut self.moments);
        let mut gradient = std::mem::take(&mut self.gradient);
        let piece = |all| cut(all, spans.iter().cloned()).into_iter();
        let pieces =
            piece(&mut latents).zip(piece(&mut mean)).zip(piece(&mut square)).zip(piece(&mut gradient));
        let pieces = pieces.zip(&self.strips).zip(&spans);
        run(self.threads, pieces.collect(), |(((((y, m), v), g), strip), span)| {
            let grid = &self.layout.grids[strip.grid];
            let step = self.steps[grid.level];
            for (row, g) in strip.rows.clone().zip(g.chunks_exact_mut(grid.stride)) {
                let channel = self.channel_gradient(grid.level, grid.channel, row);
                g[PAD..].iter_mut().zip(channel).for_each(|(g, d)| *g += step * d);
                g[..PAD].fill(0.0);
                g[PAD + grid.width..].fill(0.0);
            }
            fit::adam(self.isa, y, m, v, g, &self.slope[span.clone()], rule);
        })?;
        (self.latents, self.gradient, self.moments) = (latents, gradient, [mean, square]);
        Ok(())
    }

    fn move_weights(&mut self, rate: f32) {
        let rule = adam(rate, KEEP_WEIGHTS, self.taken_weights);
        let [mean, square] = &mut self.weights_moments;
        let all = self.weights.iter_mut().zip(mean).zip(square).zip(&self.weights_gradient);
        for (((w, m), v), g) in all {
            *m = rule.keep_mean * *m + (1.0 - rule.keep_mean) * g;
            *v = rule.keep_square * *v + (1.0 - rule.keep_square) * (g * g);
            *w -= rule.rate * *m / ((rule.correction * *v + rule.epsilon).sqrt());
        }
        self.hold_weights();
    }

    /// Keeps weights where integers can hold them and sums cannot overflow.
    fn hold_weights(&mut self) {
        let a = &self.network.arm;
        let inner = 0.9;
        for range in [a.w2..a.b2, a.w3..a.b3] {
            self.weights[range].iter_mut().for_each(|w| *w = w.clamp(-inner, inner));
        }
        self.weights.iter_mut().for_each(|w| *w = w.clamp(-7.9, 7.9));
    }
}
