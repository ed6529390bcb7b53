//! Two layers of mixing: several sets of weights, each chosen by its own context, weigh all inputs; a last set weighs
//! their answers (gated mixing: Mattern, "Mixing strategies in data compression", DCC 2012, and the PAQ8 family).

use super::simd::{self, Isa, LANES, Vector};
use super::squash;

/// Weights have this many fraction bits: they stay within ±2.
const FRACTION: u32 = 14;

/// Two layers of mixing whose sizes are known at run time.
#[derive(Clone, Debug)]
pub struct TwoLayerMixer {
    isa: Isa,
    inputs: Vec<i16>,
    used: usize,
    weights: Vec<i16>,
    /// First set of each selector, and the number of its sets.
    groups: Vec<(u32, u32)>,
    chosen: Vec<u32>,
    dots: Vec<i32>,
    errors: Vec<i16>,
    /// Learning rate in 1/16, and the final layer's.
    rate: i32,
    last: Last,
}

/// The final layer: few inputs, 32-bit weights with 16 fraction bits.
#[derive(Clone, Debug)]
struct Last {
    weights: Vec<i32>,
    start: usize,
    x: Vec<i32>,
    p: u32,
    rate: i32,
}

impl TwoLayerMixer {
    /// A mixer for up to `inputs` inputs, with one selector for each of `sets` (its number of contexts), and a last layer
    /// with `last` contexts.
    #[must_use]
    pub fn new(inputs: usize, sets: &[usize], last: usize, start: i16) -> Self {
        let n = inputs.div_ceil(LANES) * LANES;
        let mut groups = Vec::new();
        let mut total = 0;
        for &count in sets {
            groups.push((total, count as u32));
            total += count as u32;
        }
        let s = sets.len();
        Self {
            isa: simd::isa(),
            inputs: vec![0; n],
            used: 0,
            weights: vec![start; n * total as usize],
            groups,
            chosen: vec![0; s],
            dots: vec![0; s],
            errors: vec![0; s],
            rate: 32,
            last: Last {
                weights: vec![65_536 / s.max(1) as i32; s * last.max(1)],
                start: 0,
                x: vec![0; s],
                p: 32_768,
                rate: 4,
            },
        }
    }

    /// The instructions to run it with, by [`simd::with`].
    #[must_use]
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// Sets the learning rates: of the first layer (in 1/64) and of the last.
    pub fn set_rates(&mut self, first: i32, last: i32) {
        self.rate = first;
        self.last.rate = last;
    }

    /// Gives input `input` this weight in all sets, in 2^-14.
    pub fn set_weights(&mut self, input: usize, weight: i16) {
        let n = self.inputs.len();
        self.weights.iter_mut().skip(input).step_by(n.max(1)).for_each(|w| *w = weight);
    }

    /// Adds an input in the logistic domain.
    #[inline(always)]
    pub fn add(&mut self, x: i16) {
        if let Some(slot) = self.inputs.get_mut(self.used) {
            *slot = x;
        }
        self.used += 1;
    }

    /// All inputs, to be set at once.
    #[inline(always)]
    pub fn inputs_mut(&mut self) -> &mut [i16] {
        &mut self.inputs
    }

    /// Chooses set `context` of selector `group`.
    #[inline(always)]
    pub fn choose(&mut self, group: usize, context: usize) {
        if let (Some(&(first, count)), Some(chosen)) = (self.groups.get(group), self.chosen.get_mut(group)) {
            debug_assert!((context as u32) < count, "selector {group}: {context} of {count}");
            *chosen = first + (context as u32).min(count - 1);
        }
    }

    /// Mixes: the prediction in the logistic domain.
    #[inline(always)]
    pub fn mix<V: Vector>(&mut self, v: V, last: usize) -> i32 {
        self.used = 0;
        simd::dots_any(v, &self.inputs, &self.weights, &self.chosen, &mut self.dots);
        let n = self.last.x.len();
        self.last.start = last * n;
        let Some(weights) = self.last.weights.get(self.last.start..self.last.start + n) else { return 0 };
        let mut sum = 0i64;
        for ((x, &dot), &w) in self.last.x.iter_mut().zip(&self.dots).zip(weights) {
            // The pairs were shifted by 8 already.
            *x = (dot >> (FRACTION - 8)).clamp(-2047, 2047);
            sum += i64::from(w) * i64::from(*x);
        }
        let x = ((sum + (1 << 15)) >> 16).clamp(-2047, 2047) as i32;
        self.last.p = squash(x);
        x
    }

    /// Learns the bit that came.
    #[inline(always)]
    pub fn update<V: Vector>(&mut self, v: V, bit: u32) {
        let target = (bit << 16) as i32;
        for (error, &x) in self.errors.iter_mut().zip(&self.last.x) {
            let miss = target - squash(x) as i32;
            *error = ((miss * self.rate) >> 6).clamp(-32_767, 32_767) as i16;
        }
        simd::trains_any(v, &self.inputs, &mut self.weights, &self.chosen, &self.errors);
        let n = self.last.x.len();
        let miss = (target - self.last.p as i32) * self.last.rate;
        if let Some(weights) = self.last.weights.get_mut(self.last.start..self.last.start + n) {
            for (w, &x) in weights.iter_mut().zip(&self.last.x) {
                *w += ((i64::from(x) * i64::from(miss) + (1 << 17)) >> 18) as i32;
            }
        }
    }
}
