//! Adaptive probability map (secondary symbol estimation).

use super::squash;
use crate::binary::Bit;

/// Steps per context: every 128th value of the logistic domain, both ends included.
const STEPS: usize = 33;

/// Maps a prediction and a context to what really came of such predictions, by interpolation between 33 steps.
#[derive(Clone, Debug)]
pub struct Apm {
    table: Vec<[u16; STEPS]>,
    context: usize,
    step: usize,
}

impl Apm {
    /// A map of `contexts` contexts that at first changes nothing.
    #[must_use]
    pub fn new(contexts: usize) -> Self {
        let identity = std::array::from_fn(|i| squash(i as i32 * 128 - 2048) as u16);
        Self { table: vec![identity; contexts.max(1)], context: 0, step: 0 }
    }

    /// The row of a context: what [`Apm::refine`] will read, to be fetched early.
    #[inline(always)]
    #[must_use]
    pub fn row(&self, context: usize) -> Option<&[u16; STEPS]> {
        self.table.get(context)
    }

    /// The refined probability of a 1, in `1..=65535`, for a stretched prediction `x` (out of range contexts: 0).
    #[inline(always)]
    pub fn refine(&mut self, x: i32, context: usize) -> u32 {
        let x = (x.clamp(-2047, 2047) + 2048) as u32;
        let (low, part) = ((x >> 7) as usize, x & 127);
        self.context = if context < self.table.len() { context } else { 0 };
        // The nearer of the two steps is the one that learns.
        self.step = low + (part >> 6) as usize;
        let row = &self.table[self.context];
        let (a, b) = (u32::from(row[low & 31]), u32::from(row[(low & 31) + 1]));
        ((a * (128 - part) + b * part) >> 7).clamp(1, 65_535)
    }

    /// Learns the `bit` that came after the last [`Apm::refine`]; `rate` (1..=15) as in
    /// [`crate::binary::Prob16::update`], 6 or 7 as a rule.
    #[inline(always)]
    pub fn update(&mut self, bit: impl Bit, rate: u32) {
        let Some(p) = self.table.get_mut(self.context).and_then(|row| row.get_mut(self.step)) else { return };
        if bit.is_one() {
            *p += ((65_536 - u32::from(*p)) >> rate) as u16;
        } else {
            *p -= *p >> rate;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::stretch;
    use super::*;
    use minlen_core::testing::Rng;

    #[test]
    fn starts_as_identity_and_learns_a_bias() {
        let mut apm = Apm::new(4);
        for p in (1..65_536).step_by(97) {
            let refined = apm.refine(stretch(p), 2);
            assert!(refined.abs_diff(p) < 1000, "{p} became {refined}");
        }
        // The model says 1/2, the truth is 9/10.
        let mut rng = Rng(1);
        for _ in 0..3000 {
            apm.refine(0, 1);
            apm.update(u32::from(rng.below(10) > 0), 6);
        }
        assert!(apm.refine(0, 1) > 54_000);
        assert_eq!(apm.refine(0, 3), 32_768);
        (0..5000).for_each(|i| {
            assert!((1..=65_535).contains(&apm.refine(i * 7 - 20_000, usize::MAX)));
            apm.update(u32::from(i < 2500), 1);
        });
    }
}
