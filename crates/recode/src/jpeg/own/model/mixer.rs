//! Weighs predictions: several sets of weights, each chosen by its own context, and a last one that weighs their answers
//! (gated mixing: Mattern, "Mixing strategies in data compression", DCC 2012).
//!
//! Plain loops over 16-bit numbers, which the compiler turns into vector instructions.

use minlen_entropy::mixing::squash;

/// Inputs come in multiples of this many.
const LANES: usize = 16;
/// Bits dropped from each pair's product before summing, so that no sum can overflow.
const PAIR_SHIFT: u32 = 8;
/// Fraction bits of a weight.
const FRACTION: u32 = 14;
/// Sets that are chosen at once.
pub(super) const CHOSEN: usize = 5;

/// The network's weights.
pub(super) struct Mixer {
    pub(super) inputs: Vec<i16>,
    weights: Vec<i16>,
    /// First set of each selector, and where the chosen one starts.
    first: [usize; CHOSEN],
    chosen: [usize; CHOSEN],
    answers: [i32; CHOSEN],
    last: Vec<[i32; CHOSEN]>,
    last_set: usize,
    p: u32,
    rate: i32,
}

/// Learning rates fall from the first to the second, in 1/65536 of 1/64.
const RATE_START: i32 = 30 << 16;
const RATE_END: i32 = 4 << 16;

impl Mixer {
    /// Weights for `inputs` inputs, with so many sets for each selector and for the last layer.
    pub(super) fn new(inputs: usize, sets: [usize; CHOSEN], last: usize, start: i16) -> Self {
        let n = inputs.div_ceil(LANES) * LANES;
        let (mut first, mut total) = ([0; CHOSEN], 0);
        for (first, count) in first.iter_mut().zip(sets) {
            *first = total;
            total += count;
        }
        Self {
            inputs: vec![0; n],
            weights: vec![start; n * total],
            first,
            chosen: [0; CHOSEN],
            answers: [0; CHOSEN],
            last: vec![[65_536 / CHOSEN as i32; CHOSEN]; last],
            last_set: 0,
            p: 32_768,
            rate: RATE_START,
        }
    }

    /// Mixes the inputs with these sets: the prediction in the logistic domain.
    #[inline(always)]
    pub(super) fn mix(&mut self, sets: [usize; CHOSEN], last: usize) -> i32 {
        let n = self.inputs.len();
        let mut sum = 0i64;
        self.last_set = last;
        let weights = self.last.get(last).copied().unwrap_or_default();
        for s in 0..CHOSEN {
            self.chosen[s] = (self.first[s] + sets[s]) * n;
            let row = self.weights.get(self.chosen[s]..self.chosen[s] + n).unwrap_or_default();
            let answer = (dot(&self.inputs, row) >> (FRACTION - PAIR_SHIFT)).clamp(-2047, 2047);
            self.answers[s] = answer;
            sum += i64::from(weights[s]) * i64::from(answer);
        }
        let x = ((sum + (1 << 15)) >> 16).clamp(-2047, 2047) as i32;
        self.p = squash(x);
        x
    }

    /// Learns the bit that came.
    #[inline(always)]
    pub(super) fn update(&mut self, bit: u32) {
        self.rate += (RATE_END - self.rate) >> 14;
        let target = (bit << 16) as i32;
        let n = self.inputs.len();
        for s in 0..CHOSEN {
            let miss = target - squash(self.answers[s]) as i32;
            let error = ((miss * (self.rate >> 16)) >> 6).clamp(-32_767, 32_767) as i16;
            if let Some(row) = self.weights.get_mut(self.chosen[s]..self.chosen[s] + n) {
                train(&self.inputs, row, error);
            }
        }
        let miss = i64::from(target - self.p as i32) * 3;
        if let Some(weights) = self.last.get_mut(self.last_set) {
            for (w, &x) in weights.iter_mut().zip(&self.answers) {
                *w += ((i64::from(x) * miss + (1 << 17)) >> 18) as i32;
            }
        }
    }
}

#[inline(always)]
fn dot(x: &[i16], w: &[i16]) -> i32 {
    let mut sums = [0i32; LANES / 2];
    for (x, w) in x.as_chunks::<LANES>().0.iter().zip(w.as_chunks::<LANES>().0) {
        for i in 0..LANES / 2 {
            let pair =
                i32::from(x[2 * i]) * i32::from(w[2 * i]) + i32::from(x[2 * i + 1]) * i32::from(w[2 * i + 1]);
            sums[i] += pair >> PAIR_SHIFT;
        }
    }
    sums.iter().sum()
}

#[inline(always)]
fn train(x: &[i16], w: &mut [i16], error: i16) {
    for (x, w) in x.as_chunks::<LANES>().0.iter().zip(w.as_chunks_mut::<LANES>().0) {
        for i in 0..LANES {
            let delta = (i32::from(x[i]) * i32::from(error) + (1 << 14)) >> 15;
            w[i] = (i32::from(w[i]) + delta).clamp(-32_768, 32_767) as i16;
        }
    }
}
