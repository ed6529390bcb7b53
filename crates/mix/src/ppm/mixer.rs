//! A mixer of eight predictions that the compiler turns into one vector.

use minlen_entropy::mixing::squash;

pub(super) const INPUTS: usize = 8;

/// Weights stay within ±8.
const WEIGHT_MAX: i32 = 1 << 19;

#[derive(Clone, Debug)]
pub(super) struct Mixer {
    /// 16 fraction bits.
    weights: Vec<[i32; INPUTS]>,
}

impl Mixer {
    pub(super) fn new(sets: usize, weight: i32) -> Self {
        Self { weights: vec![[weight; INPUTS]; sets] }
    }

    /// The weighted sum in the logistic domain.
    #[inline(always)]
    pub(super) fn mix(&self, inputs: &[i32; INPUTS], set: usize) -> i32 {
        let weights = &self.weights[set];
        let mut sum = 0;
        for i in 0..INPUTS {
            sum += (weights[i] * inputs[i]) >> 8;
        }
        (sum >> 8).clamp(-2047, 2047)
    }

    /// Learns the `bit` that came where `x` was predicted.
    #[inline(always)]
    pub(super) fn update(&mut self, inputs: &[i32; INPUTS], set: usize, x: i32, bit: u32, rate: i32) {
        let error = (((bit << 16) as i32 - squash(x) as i32) * rate) >> 4;
        let weights = &mut self.weights[set];
        for i in 0..INPUTS {
            weights[i] =
                (weights[i] + ((inputs[i] * error + (1 << 13)) >> 14)).clamp(-WEIGHT_MAX, WEIGHT_MAX);
        }
    }
}
