//! An adaptive probability map that tells the nearly certain from the certain.
//!
//! As `minlen_entropy::mixing::Apm`, but its probabilities have 32 bits: with 16 and a rate of 1/64 a map never comes nearer
//! to certainty than one in a thousand, and data that is predicted almost always pays for that with every bit.

use minlen_entropy::mixing::squash;

/// Steps per context: every 128th value of the logistic domain, both ends included.
const STEPS: usize = 33;

/// Maps a prediction and a context to what really came of such predictions, by interpolation between 33 steps.
#[derive(Clone, Debug)]
pub struct Fine {
    table: Vec<[u32; STEPS]>,
    context: usize,
    step: usize,
}

impl Fine {
    /// A map of `contexts` contexts that at first changes nothing.
    #[must_use]
    pub fn new(contexts: usize) -> Self {
        let identity = std::array::from_fn(|i| squash(i as i32 * 128 - 2048) << 16);
        Self { table: vec![identity; contexts.max(1)], context: 0, step: 0 }
    }

    /// The row of a context: what [`Fine::refine`] will read, to be fetched early.
    #[inline(always)]
    #[must_use]
    pub fn row(&self, context: usize) -> Option<&[u32; STEPS]> {
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
        let (a, b) = (row[low & 31] >> 16, row[(low & 31) + 1] >> 16);
        ((a * (128 - part) + b * part) >> 7).clamp(1, 65_535)
    }

    /// Learns the `bit` that came after the last [`Fine::refine`]: `2^-rate` of the way.
    #[inline(always)]
    pub fn update(&mut self, bit: u32, rate: u32) {
        let Some(p) = self.table.get_mut(self.context).and_then(|row| row.get_mut(self.step)) else { return };
        if bit == 1 {
            *p += (u32::MAX - *p) >> rate;
        } else {
            *p -= *p >> rate;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_near_to_certainty_and_back() {
        let mut map = Fine::new(2);
        for _ in 0..2000 {
            map.refine(0, 1);
            map.update(1, 6);
        }
        assert!(map.refine(0, 1) >= 65_530);
        assert_eq!(map.refine(0, 0), 32_768);
        for _ in 0..300 {
            map.refine(0, 1);
            map.update(0, 6);
        }
        assert!(map.refine(0, 1) < 1000);
    }
}
