//! Adaptive probabilities with a confidence, and the mixer of their predictions.
//!
//! Like `minlen_entropy::mixing::Mixer`, but finer in its weights, with two sets of weights in one sum, and with chosen
//! weights at the start: a pruned network of 6 KB leaves little time to learn them.

use minlen_entropy::binary::RECIPROCALS;
use minlen_entropy::mixing::{STRETCH_MAX, squash, stretch};

/// Predictions that are mixed.
pub(super) const INPUTS: usize = 19;
/// One in weights.
const ONE: i32 = 1 << 20;
/// Largest weight: 8.
const WEIGHT_MAX: i32 = 8 * ONE;

/// An adaptive probability of 22 bits and a count of 10.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell(u32);

impl Default for Cell {
    fn default() -> Self {
        Self(1 << 31)
    }
}

impl Cell {
    /// The prediction in the logistic domain, the weaker the less was seen.
    #[inline(always)]
    pub(super) fn input(self) -> i32 {
        let n = self.0 & 1023;
        let x = stretch((self.0 >> 16).max(1));
        // x * n / (n + CONFIDENCE), without a division: that is exact for products below 2^21.
        let size = (u64::from(x.unsigned_abs() * n) * u64::from(SHARES[n as usize])) >> 32;
        if x < 0 { -(size as i32) } else { size as i32 }
    }

    /// The probability of a 1, for cells that are not mixed.
    pub(super) fn p(self) -> u32 {
        (self.0 >> 16).max(1)
    }

    /// Takes a bit in. A new cell starts from what the mixture said.
    #[inline(always)]
    pub(super) fn update(&mut self, bit: u32, mixed: u32, limit: u32) {
        let n = self.0 & 1023;
        let p = if n == 0 { i64::from(mixed << 6) } else { i64::from(self.0 >> 10) };
        let target = if bit != 0 { (1 << 22) - 1 } else { 0 };
        let step = ((target - p) * i64::from(RECIPROCALS[(n + 1) as usize & 1023])) >> 16;
        self.0 = (((p + step) as u32) << 10) | if n < limit { n + 1 } else { n };
    }

    /// The same probability, as if at most `count` bits had been seen.
    pub(super) fn forget(&mut self, count: u32) {
        self.0 = (self.0 & !1023) | (self.0 & 1023).min(count);
    }
}

/// Bits after which a cell's word counts half.
const CONFIDENCE: u32 = 2;
/// 2^32 divided by each count and [`CONFIDENCE`], rounded up.
static SHARES: [u32; 1024] = {
    let (mut shares, mut n) = ([0; 1024], 0);
    while n < 1024 {
        shares[n as usize] = (1u64 << 32).div_ceil((n + CONFIDENCE) as u64) as u32;
        n += 1;
    }
    shares
};

/// Sums inputs with two of its sets of weights.
#[derive(Clone, Debug)]
pub(super) struct Mixer {
    weights: Vec<[i32; INPUTS]>,
}

impl Mixer {
    /// A mixer of `sets` sets, all with half of the weights `start` (in 1/65536), so that two sets together have them.
    pub(super) fn new(sets: usize, start: [i32; INPUTS]) -> Self {
        Self { weights: vec![start.map(|w| w * (ONE >> 16) / 2); sets] }
    }

    /// The mixed probability of a 1.
    #[inline(always)]
    pub(super) fn mix(&self, inputs: &[i32; INPUTS], sets: [usize; 2]) -> u32 {
        let (a, b) = (&self.weights[sets[0]], &self.weights[sets[1]]);
        let sum: i64 = (0..INPUTS).map(|i| i64::from(a[i] + b[i]) * i64::from(inputs[i])).sum();
        let limit = i64::from(STRETCH_MAX);
        squash(((sum + i64::from(ONE / 2)) >> 20).clamp(-limit, limit) as i32)
    }

    /// Learns the bit that came after [`Mixer::mix`] had said `p1`.
    #[inline(always)]
    pub(super) fn update(&mut self, inputs: &[i32; INPUTS], sets: [usize; 2], bit: u32, p1: u32, rate: i32) {
        let error = if bit != 0 { 65_536 } else { 0 } - p1 as i32;
        for set in sets {
            for (w, &x) in self.weights[set].iter_mut().zip(inputs) {
                let delta = (i64::from(x) * i64::from(error * rate) + (1 << 17)) >> 18;
                *w = (i64::from(*w) + delta).clamp(i64::from(-WEIGHT_MAX), i64::from(WEIGHT_MAX)) as i32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_those_of_a_division() {
        for n in 0..1024u32 {
            for p in (0..=u32::from(u16::MAX)).step_by(7) {
                let x = stretch(p.max(1));
                assert_eq!(Cell(p << 16 | n).input(), x * n as i32 / (n + CONFIDENCE) as i32, "{p} {n}");
            }
        }
    }
}
