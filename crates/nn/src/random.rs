//! Start weights: integers from a fixed generator, scaled once.

use crate::simd::Buffer;

/// SplitMix64 (Steele, Lea, Flood 2014).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in [-range, range): 24 bits, an exact conversion and one rounding.
    pub(crate) fn uniform(&mut self, range: f32) -> f32 {
        let signed = (self.next() >> 40) as i32 - (1 << 23);
        signed as f32 * (1.0 / 8_388_608.0) * range
    }

    pub(crate) fn fill(&mut self, n: usize, range: f32) -> Buffer {
        let mut all = Buffer::zeros(n);
        all.iter_mut().for_each(|x| *x = self.uniform(range));
        all
    }
}
