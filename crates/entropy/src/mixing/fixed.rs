//! The same two layers as [`super::TwoLayerMixer`] with all sizes known to the compiler, which halves the time.

use super::simd::Vector;
use super::squash;

/// How a [`FixedMixer`] learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RatePolicy {
    /// Every set at the common rate, with weights of 14 fraction bits: they stay within ±2.
    Shared,
    /// A set that was chosen seldom learns faster (by a table), with weights of 15 fraction bits: what many inputs need.
    PerSet,
}

/// What a set that has learned `16 i` times adds to its rate, in 1/64.
static BOOST: [u8; 1024] = {
    let mut table = [0; 1024];
    let mut i = 0;
    while i < 1024 {
        table[i] = (1024 / (64 + i)) as u8;
        i += 1;
    }
    table
};

/// Weights of the last layers have 16 fraction bits and stay within ±8, so that a product with an input fits 32 bits.
const WEIGHT_MAX: i32 = (1 << 19) - 1;

/// What a set of a last layer that has learned `i` times adds to its rate.
static LAST_BOOST: [u8; 832] = {
    let mut table = [0; 832];
    let mut i = 0;
    while i < 832 {
        table[i] = (832 / (64 + i)) as u8;
        i += 1;
    }
    table
};

/// A last layer.
#[derive(Clone, Debug)]
struct Last<const S: usize> {
    weights: Vec<[i32; S]>,
    /// How often each set has learned, up to where [`LAST_BOOST`] ends.
    uses: Vec<u16>,
    at: usize,
    p: u32,
}

impl<const S: usize> Last<S> {
    #[inline(always)]
    fn boost(&mut self) -> i32 {
        let uses = &mut self.uses[self.at];
        let boost = LAST_BOOST[usize::from(*uses)];
        *uses = (*uses + 1).min(831);
        i32::from(boost)
    }
}

/// `M` inputs (a multiple of [`super::simd::LANES`]), `S` selected sets of weights, `L` last layers side by side whose answers are averaged.
#[derive(Clone, Debug)]
pub struct FixedMixer<const M: usize, const S: usize, const L: usize> {
    /// In the logistic domain; unused ones stay 0.
    inputs: [i16; M],
    weights: Vec<[i16; M]>,
    /// First set and number of sets of each selector.
    groups: [(u32, u32); S],
    chosen: [u32; S],
    policy: RatePolicy,
    /// How often each set has learned, up to where [`BOOST`] ends.
    uses: Vec<u16>,
    x: [i32; S],
    rate: i32,
    last: [Last<S>; L],
    last_rate: i32,
}

impl<const M: usize, const S: usize, const L: usize> FixedMixer<M, S, L> {
    /// A mixer whose selector `i` has `sets[i]` contexts and whose last layers have `last`. All weights of the first layer
    /// start at `start` / 2^14 (at most half of the largest).
    #[must_use]
    pub fn new(sets: [usize; S], last: [usize; L], start: i16, policy: RatePolicy) -> Self {
        let mut total = 0;
        let groups = sets.map(|count| {
            let first = total;
            total += count as u32;
            (first, count as u32)
        });
        let start = if policy == RatePolicy::PerSet { 2 * start } else { start };
        Self {
            inputs: [0; M],
            weights: vec![[start; M]; total as usize],
            groups,
            chosen: [0; S],
            policy,
            uses: vec![0; total as usize],
            x: [0; S],
            rate: 32,
            last: last.map(|n| Last {
                weights: vec![[65_536 / S.max(1) as i32; S]; n.max(1)],
                uses: vec![0; n.max(1)],
                at: 0,
                p: 32_768,
            }),
            last_rate: 2,
        }
    }

    /// Sets the learning rate of the first layer (in 1/64) and of the last.
    #[inline(always)]
    pub fn set_rates(&mut self, first: i32, last: i32) {
        self.rate = first;
        self.last_rate = last;
    }

    /// Chooses set `context` of selector `group`.
    #[inline(always)]
    pub fn choose(&mut self, group: usize, context: usize) {
        let (first, count) = self.groups[group];
        debug_assert!((context as u32) < count, "selector {group}: {context} of {count}");
        self.chosen[group] = first + (context as u32).min(count - 1);
    }

    /// Sets the inputs, two at a time.
    #[inline(always)]
    pub fn set_inputs<V: Vector>(&mut self, v: V, pair: impl Fn(usize) -> [i16; 2]) {
        v.pairs(&mut self.inputs, pair);
    }

    /// Mixes the inputs, with last layers of these contexts: the prediction in the logistic domain.
    #[inline(always)]
    pub fn mix<V: Vector>(&mut self, v: V, last: [usize; L]) -> i32 {
        let dots = v.dots(&self.inputs, &self.weights, &self.chosen);
        // The pairs were shifted by 8 already.
        let rest = if self.policy == RatePolicy::PerSet { 15 - 8 } else { 14 - 8 };
        for (x, dot) in self.x.iter_mut().zip(dots) {
            *x = (dot >> rest).clamp(-2047, 2047);
        }
        // A copy, which the compiler knows that no weights overlap.
        let inputs = self.x;
        let mut total = 0;
        for (layer, at) in self.last.iter_mut().zip(last) {
            layer.at = at.min(layer.weights.len() - 1);
            let weights = &layer.weights[layer.at];
            let sum: i32 = (0..S).map(|s| (weights[s] * inputs[s]) >> 6).sum();
            let x = ((sum + (1 << 9)) >> 10).clamp(-2047, 2047);
            layer.p = squash(x);
            total += x;
        }
        total / L as i32
    }

    /// The learning rate of each chosen set, in 1/64 of a weight's step.
    #[inline(always)]
    fn rates(&mut self) -> [i32; S] {
        if self.policy == RatePolicy::Shared {
            return [self.rate; S];
        }
        let mut rates = [0; S];
        for (rate, &set) in rates.iter_mut().zip(&self.chosen) {
            let uses = &mut self.uses[set as usize];
            let boost = BOOST[usize::from(*uses >> 4)];
            *uses = (*uses + 1).min(16_383);
            *rate = 2 * (self.rate + i32::from(boost));
        }
        rates
    }

    /// Learns the bit that came.
    #[inline(always)]
    pub fn update<V: Vector>(&mut self, v: V, bit: u32) {
        let target = (bit << 16) as i32;
        let (x, rates) = (self.x, self.rates());
        // Loops, not `map`: for many sets that is not inlined.
        let mut errors = [0; S];
        for s in 0..S {
            let miss = target - squash(x[s]) as i32;
            errors[s] = ((miss * rates[s]) >> 6).clamp(-32_767, 32_767) as i16;
        }
        v.trains(&self.inputs, &mut self.weights, &self.chosen, &errors);
        for layer in &mut self.last {
            // Less than 2^20, as rates of the last layers are 2 with 13 more at most: times an input it fits 32 bits.
            let boost = if self.policy == RatePolicy::PerSet { layer.boost() } else { 0 };
            let miss = (target - layer.p as i32) * (self.last_rate + boost);
            let weights = &mut layer.weights[layer.at];
            for s in 0..S {
                weights[s] = (weights[s] + ((x[s] * miss + (1 << 17)) >> 18)).clamp(-WEIGHT_MAX, WEIGHT_MAX);
            }
        }
    }
}
