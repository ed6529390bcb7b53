//! Logistic mixing and secondary estimation, in integers.
//!
//! Source: Mahoney, "Adaptive weighing of context models for lossless data compression" (2005) for mixing;
//! Shkarin's secondary symbol estimation as described in Mahoney, "Data Compression Explained" (2013).

use super::math::{MAX, squash};

/// Weighs `N` predictions, with one set of weights per context. Weights are in units of 2^-13, so at most 4.
pub(super) struct Mixer<const N: usize> {
    weights: Vec<[i16; N]>,
    set: usize,
    /// The mixture that the error is taken from.
    dot: i32,
}

impl<const N: usize> Mixer<N> {
    /// A mixer with `sets` sets of equal weights.
    pub(super) fn new(sets: usize, weight: i16) -> Self {
        Self { weights: vec![[weight; N]; sets], set: 0, dot: 0 }
    }

    /// The logistic value of the mixture.
    #[inline(always)]
    pub(super) fn mix(&mut self, inputs: &[i16; N], set: usize) -> i32 {
        self.set = set;
        // Sums of products of 16-bit numbers are what SIMD units do fastest.
        let products = inputs.iter().zip(&self.weights[set]).map(|(&x, &w)| i32::from(x) * i32::from(w));
        self.dot = (products.fold(0i32, i32::wrapping_add) >> 13).clamp(-MAX, MAX);
        self.dot
    }

    /// Moves the weights of the set last used against the error: by 1/64 of error times input, with the error in
    /// units of 1 and the input in natural units.
    #[inline(always)]
    pub(super) fn update(&mut self, inputs: &[i16; N], bit: u32) {
        let error = ((bit << 16).cast_signed() - squash(self.dot).cast_signed()) >> 1;
        for (w, &x) in self.weights[self.set].iter_mut().zip(inputs) {
            let step = ((i32::from(x) * error) >> 16) as i16;
            *w = w.saturating_add((step + 4) >> 3);
        }
    }
}

/// Corrects a probability by what happened when it was given in the same context before.
pub(super) struct Apm {
    slots: Vec<u16>,
    at: usize,
}

const STEPS: usize = 22;
/// Logistic units between slots.
const STEP: u32 = 256;
const SHIFT: u32 = 6;

impl Apm {
    /// One row per context.
    pub(super) fn new(contexts: usize) -> Self {
        let row: Vec<u16> = (0..=STEPS as i32).map(|i| squash(i * STEP.cast_signed() - MAX) as u16).collect();
        Self { slots: row.repeat(contexts), at: 0 }
    }

    /// The corrected probability for logistic value `x`, between the two nearest slots.
    #[inline(always)]
    pub(super) fn refine(&mut self, x: i32, context: usize) -> u32 {
        let x = (x + MAX).cast_unsigned();
        let (index, part) = (x / STEP, x % STEP);
        let base = context * (STEPS + 1) + index as usize;
        let (a, b) = (u32::from(self.slots[base]), u32::from(self.slots[base + 1]));
        self.at = base + usize::from(part > STEP / 2);
        (a * (STEP - part) + b * part) / STEP
    }

    /// Moves the nearer of the two slots last used.
    #[inline(always)]
    pub(super) fn update(&mut self, bit: u32) {
        let slot = &mut self.slots[self.at];
        let target = ((bit << 16) - bit).cast_signed();
        *slot = (i32::from(*slot) + ((target - i32::from(*slot)) >> SHIFT)) as u16;
    }
}
