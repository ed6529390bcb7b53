//! Adaptive probability map (secondary symbol estimation).

use super::squash;

/// Steps per context: every 128th value of the logistic domain, both ends included.
const STEPS: usize = 33;

/// How finely an [`Apm`] keeps its probabilities.
pub trait Precision: Copy {
    /// A probability of `p1`/65536.
    fn new(p1: u32) -> Self;
    /// The probability of a 1, of 65536.
    fn p(self) -> u32;
    /// Moves by `2^-rate` of the distance towards `bit`.
    fn update(&mut self, bit: u32, rate: u32);
}

impl Precision for u16 {
    #[inline(always)]
    fn new(p1: u32) -> Self {
        p1 as Self
    }

    #[inline(always)]
    fn p(self) -> u32 {
        self.into()
    }

    #[inline(always)]
    fn update(&mut self, bit: u32, rate: u32) {
        if bit != 0 {
            *self += ((65_536 - u32::from(*self)) >> rate) as Self;
        } else {
            *self -= *self >> rate;
        }
    }
}

/// With 16 bits and a rate of 1/64 a map never comes nearer to certainty than one in a thousand, and data that is nearly always
/// predicted rightly pays for that with every bit; 32 tell the nearly certain from the certain.
impl Precision for u32 {
    #[inline(always)]
    fn new(p1: u32) -> Self {
        p1 << 16
    }

    #[inline(always)]
    fn p(self) -> u32 {
        self >> 16
    }

    #[inline(always)]
    fn update(&mut self, bit: u32, rate: u32) {
        if bit != 0 {
            *self += (Self::MAX - *self) >> rate;
        } else {
            *self -= *self >> rate;
        }
    }
}

/// Maps a prediction and a context to what really came of such predictions, by interpolation between 33 steps.
#[derive(Clone, Debug)]
pub struct Apm<P = u16> {
    table: Vec<[P; STEPS]>,
    context: usize,
    step: usize,
}

impl<P: Precision> Apm<P> {
    /// A map of `contexts` contexts that at first changes nothing.
    #[must_use]
    pub fn new(contexts: usize) -> Self {
        let identity = std::array::from_fn(|i| P::new(squash(i as i32 * 128 - 2048)));
        Self { table: vec![identity; contexts.max(1)], context: 0, step: 0 }
    }

    /// The row of a context: what [`Apm::refine`] will read, to be fetched early.
    #[inline(always)]
    #[must_use]
    pub fn row(&self, context: usize) -> Option<&[P; STEPS]> {
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
        let (a, b) = (row[low & 31].p(), row[(low & 31) + 1].p());
        ((a * (128 - part) + b * part) >> 7).clamp(1, 65_535)
    }

    /// Learns the `bit` that came after the last [`Apm::refine`]; `rate` (1..=15) as in
    /// [`crate::binary::Prob16::update`], 6 or 7 as a rule.
    #[inline(always)]
    pub fn update(&mut self, bit: u32, rate: u32) {
        if let Some(p) = self.table.get_mut(self.context).and_then(|row| row.get_mut(self.step)) {
            p.update(bit, rate);
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
        let mut apm: Apm = Apm::new(4);
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

    #[test]
    fn comes_near_to_certainty_and_back() {
        let mut map = Apm::<u32>::new(2);
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
