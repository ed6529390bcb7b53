//! The weighted sum and its learning.

use super::{squash, stretch::STRETCH_MAX};
use crate::binary::Bit;

/// Mixes `N` stretched predictions with one of several sets of weights.
#[derive(Clone, Debug)]
pub struct Mixer<const N: usize> {
    /// 16 fraction bits.
    weights: Vec<[i32; N]>,
    inputs: [i32; N],
    set: usize,
    rate: i32,
}

/// Weights stay within ±16.
const WEIGHT_MAX: i32 = 1 << 20;

impl<const N: usize> Mixer<N> {
    /// A mixer with `sets` sets of weights, learning at `rate` (clamped to 1..=64; 2 is slow and fine, 16 fast).
    /// All weights start at 0.3, or at 1/`N` for few inputs.
    #[must_use]
    pub fn new(sets: usize, rate: u32) -> Self {
        let weight = (65_536 / N.max(1) as i32).max(19_661);
        let mut mixer = Self { weights: vec![[weight; N]; sets.max(1)], inputs: [0; N], set: 0, rate: 1 };
        mixer.set_rate(rate);
        mixer
    }

    /// Changes the learning rate (clamped to 1..=64); a rate that falls from high to low learns best.
    pub fn set_rate(&mut self, rate: u32) {
        self.rate = rate.clamp(1, 64) as i32;
    }

    /// The weighted sum in the logistic domain, for a second layer.
    #[inline(always)]
    pub fn dot(&mut self, inputs: [i32; N], set: usize) -> i32 {
        self.inputs = inputs;
        self.set = if set < self.weights.len() { set } else { 0 };
        let weights = &self.weights[self.set];
        let sum: i64 = weights.iter().zip(&inputs).map(|(&w, &x)| i64::from(w) * i64::from(x)).sum();
        ((sum + (1 << 15)) >> 16).clamp(i64::from(-STRETCH_MAX), i64::from(STRETCH_MAX)) as i32
    }

    /// The mixed probability of a 1, in `1..=65535`, from stretched `inputs` (each in ±[`STRETCH_MAX`]) and the
    /// weights of `set` (out of range: set 0).
    #[inline(always)]
    pub fn mix(&mut self, inputs: [i32; N], set: usize) -> u32 {
        squash(self.dot(inputs, set))
    }

    /// Learns from the `bit` that came after the last [`Mixer::mix`], whose answer was `p1`.
    #[inline(always)]
    pub fn update(&mut self, bit: impl Bit, p1: u32) {
        let error = if bit.is_one() { 65_536 } else { 0 } - p1 as i32;
        let step = (error * self.rate) >> 4;
        let Some(weights) = self.weights.get_mut(self.set) else { return };
        for (w, &x) in weights.iter_mut().zip(&self.inputs) {
            let delta = x.wrapping_mul(step).wrapping_add(1 << 15) >> 16;
            *w = (*w + delta).clamp(-WEIGHT_MAX, WEIGHT_MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::stretch;
    use super::*;
    use minlen_core::testing::Rng;

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn finds_the_input_that_knows() {
        let mut rng = Rng(1);
        let mut mixer = Mixer::<3>::new(2, 8);
        let (mut cost, mut ideal) = (0.0, 0.0);
        for i in 0..60_000 {
            let truth = [3_000, 62_000, 30_000, 9_000][rng.below(4)];
            let bit = u32::from(rng.below(65_536) < truth);
            let noise = 1 + rng.below(65_535) as u32;
            let p = mixer.mix([stretch(noise), stretch(truth as u32), 0], i % 2);
            mixer.update(bit, p);
            let price = |p: f64| -(if bit == 1 { p } else { 65_536.0 - p } / 65_536.0).log2();
            if i > 10_000 {
                cost += price(f64::from(p));
                ideal += price(truth as f64);
            }
        }
        assert!(cost < ideal * 1.02, "{cost} for {ideal}");
    }

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn extremes_do_not_overflow() {
        let mut mixer = Mixer::<8>::new(1, 64);
        for i in 0..200_000u32 {
            let p = mixer.mix([STRETCH_MAX; 8], 0);
            assert!((1..=65_535).contains(&p));
            mixer.update(i / 50_000 % 2, p);
        }
    }
}
