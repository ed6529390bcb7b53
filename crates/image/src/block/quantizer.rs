//! Steps, and dependent quantization: two quantizers between which the parities of the levels before decide.
//!
//! The states and their transitions are those of H.266 (7.3.11.11), after Fischer, Marcellin and Wang, "Trellis-coded vector
//! quantization" (1991): odd multiples of the step belong to one quantizer, even ones to the other, and both have 0.

/// Largest number of a quantizer.
pub const QUANTIZER_MAX: u16 = 383;
/// Fraction bits of a step.
const FRACTION: u32 = 6;
/// Largest magnitude of a level; nothing larger can come of samples.
pub(super) const LEVEL_MAX: i32 = 1 << 21;

/// `2^(i / 32)` with 16 fraction bits.
const STEPS: [u32; 32] = {
    // 2^(1/32) with 62 fraction bits, by five square roots.
    let mut root = 2u128 << 62;
    let mut i = 0;
    while i < 5 {
        root = (root << 62).isqrt();
        i += 1;
    }
    let mut steps = [0; 32];
    let mut power = 1u128 << 62;
    let mut i = 0;
    while i < 32 {
        steps[i] = ((power + (1 << 45)) >> 46) as u32;
        power = (power * root) >> 62;
        i += 1;
    }
    steps
};

/// How coefficients become levels and levels coefficients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quantizer {
    /// The step, with [`FRACTION`] bits.
    step: i64,
    /// Whether levels depend on those before.
    pub dependent: bool,
    /// Octave of the number, for contexts.
    pub octave: usize,
}

impl Quantizer {
    /// The quantizer with this number, for values of `bits` bits: 32 to an octave, from 1 at 12 bits.
    pub fn new(number: u16, bits: u32, dependent: bool) -> Self {
        let number = u32::from(number.min(QUANTIZER_MAX));
        let step = u64::from(STEPS[number as usize & 31]) << (number >> 5) << (bits - 12);
        // Of dependent quantization a step is half the distance of the points of one quantizer, and the same rate needs about 2/3.
        let step = if dependent { step * 43 / 64 } else { step };
        let step = (step >> (16 - FRACTION)).max(1) as i64;
        Self { step, dependent, octave: (number as usize >> 5).min(11) }
    }

    /// The step as a number.
    pub fn step(self) -> f32 {
        self.step as f32 / (1 << FRACTION) as f32
    }

    /// The step in whole units; of dependent quantization the one of plain quantization that has the same rate.
    pub fn unit(self) -> i32 {
        let step = if self.dependent { self.step * 64 / 43 } else { self.step };
        (step >> FRACTION).max(1) as i32
    }

    /// The coefficient of a level in this state.
    #[inline(always)]
    pub fn value(self, level: i32, state: usize) -> i32 {
        let multiple =
            if self.dependent { 2 * level - if state > 1 { level.signum() } else { 0 } } else { level };
        let value = (i64::from(multiple) * self.step + (1 << (FRACTION - 1))) >> FRACTION;
        value.clamp(-(1 << 22), 1 << 22) as i32
    }

    /// The state after a level.
    #[inline(always)]
    pub fn next(self, state: usize, level: i32) -> usize {
        const NEXT: [[usize; 2]; 4] = [[0, 2], [2, 0], [1, 3], [3, 1]];
        if self.dependent { NEXT[state & 3][level as usize & 1] } else { 0 }
    }
}
