//! Probabilities of one bit in several contexts, mixed.
//!
//! Two layers as in [`minlen_entropy::mixing::FixedMixer`], but with state that can be read and set, so that coding starts with what
//! pictures have in common.

#![allow(clippy::needless_range_loop)] // one index into several arrays at once

use minlen_entropy::binary::BitCoder;
use minlen_entropy::mixing::simd::Vector;
use minlen_entropy::mixing::{AdaptiveProb, squash, stretch_table};

/// Weight sets that weigh side by side.
pub(super) const SETS: usize = 3;
/// Fraction bits of the first weights.
const FRACTION: u32 = 14;

/// A decision in `N` contexts: where its probabilities are, and which weights to use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decision<const N: usize> {
    /// Indices of probabilities.
    pub at: [u32; N],
    /// A set for each selector.
    pub sets: [u32; SETS],
    /// The set of the last layer.
    pub last: u32,
}

/// Probabilities and weights, for `N` contexts with two inputs each; `M` is `2 N + 2`, as one input is always the same.
#[derive(Clone, Debug)]
pub(super) struct Mix<const N: usize, const M: usize> {
    pub probs: Vec<AdaptiveProb>,
    pub weights: Vec<[i16; M]>,
    pub last: Vec<[i32; SETS]>,
    first_set: [u32; SETS],
    stretch: &'static [i16; 4096],
    /// Learning rates of both layers, and the number of observations from which on probabilities move at one speed.
    pub rates: (i32, i32),
    pub limit: u32,
}

impl<const N: usize, const M: usize> Mix<N, M> {
    pub fn new(probs: usize, sets: [usize; SETS], last: usize) -> Self {
        let mut start = [0; M];
        for (i, w) in start.iter_mut().enumerate() {
            *w = if i % 2 == 0 { 3000 } else { 600 };
        }
        let mut total = 0;
        let first_set = sets.map(|n| {
            let first = total;
            total += n as u32;
            first
        });
        Self {
            probs: vec![AdaptiveProb::new(32_768); probs],
            weights: vec![start; total as usize],
            last: vec![[65_536 / SETS as i32; SETS]; last],
            first_set,
            stretch: stretch_table(),
            rates: (2, 1),
            limit: 400,
        }
    }

    /// Codes a bit and learns it; also gives the probability that it was coded with.
    #[inline(always)]
    pub fn code<V: Vector, C: BitCoder>(
        &mut self,
        _: V,
        coder: &mut C,
        bit: u32,
        decision: &Decision<N>,
    ) -> (u32, u32) {
        let mut inputs = [0i16; M];
        for i in 0..N {
            let p = self.probs[decision.at[i] as usize].p12();
            inputs[2 * i] = self.stretch[p & 4095];
            inputs[2 * i + 1] = p as i16 - 2048;
        }
        inputs[M - 2] = 256;
        let mut x = [0; SETS];
        for s in 0..SETS {
            let weights = &self.weights[(self.first_set[s] + decision.sets[s]) as usize];
            let mut sum = 0i32;
            for i in 0..M {
                sum = sum.wrapping_add(i32::from(inputs[i]) * i32::from(weights[i]));
            }
            x[s] = (sum >> FRACTION).clamp(-2047, 2047);
        }
        let last = &mut self.last[decision.last as usize];
        let sum: i32 = (0..SETS).map(|s| (last[s] * x[s]) >> 6).sum();
        let p = squash(((sum + (1 << 9)) >> 10).clamp(-2047, 2047)).clamp(24, 65_536 - 24);
        let bit = coder.code(bit, p);
        let target = (bit << 16) as i32;
        let miss = (target - p as i32) * self.rates.1;
        for s in 0..SETS {
            last[s] = (last[s] + ((x[s] * miss + (1 << 17)) >> 18)).clamp(-(1 << 19) + 1, (1 << 19) - 1);
        }
        for s in 0..SETS {
            let error = (((target - squash(x[s]) as i32) * self.rates.0) >> 7).clamp(-32_767, 32_767);
            let weights = &mut self.weights[(self.first_set[s] + decision.sets[s]) as usize];
            for i in 0..M {
                let delta = (i32::from(inputs[i]) * error + (1 << 14)) >> 15;
                weights[i] = (i32::from(weights[i]) + delta).clamp(-32_768, 32_767) as i16;
            }
        }
        for at in decision.at {
            self.probs[at as usize].update(bit, self.limit);
        }
        (bit, p)
    }
}
