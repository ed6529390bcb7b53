//! Adaptive probability map (secondary symbol estimation).

use super::{simd, squash};

/// Steps per context: every 128th value of the logistic domain, both ends included.
const STEPS: usize = 33;

/// How finely an [`Apm`] keeps its probabilities.
pub trait Precision: Copy + PartialEq {
    /// What no probability is.
    const ZERO: Self;

    /// A probability of `p1`/65536.
    fn new(p1: u32) -> Self;
    /// The probability of a 1, of 65536.
    fn p(self) -> u32;
    /// Moves by `2^-rate` of the distance towards `bit`.
    fn update(&mut self, bit: u32, rate: u32);
}

impl Precision for u16 {
    const ZERO: Self = 0;

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
    const ZERO: Self = 0;

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

/// The 33 steps of a context, in a shape that the standard library makes of zeroed memory: it does so for up to 16 items.
type Row<P> = [[P; 11]; 3];

/// Maps a prediction and a context to what really came of such predictions, by interpolation between 33 steps.
#[derive(Debug)]
pub struct Apm<P = u16> {
    /// The steps of each context, zeros before it is used for the first time: pages that hold zeros only cost nothing, and of a large
    /// map most contexts are never used.
    table: Vec<Row<P>>,
    /// The steps of a context that changes nothing.
    identity: Row<P>,
    context: usize,
    step: usize,
}

/// As copying, but pages of zeros stay untouched.
impl<P: Precision> Clone for Apm<P> {
    fn clone(&self) -> Self {
        let mut table = vec![[[P::ZERO; 11]; 3]; self.table.len()];
        for (to, from) in table.iter_mut().zip(&self.table) {
            if from[0][0] != P::ZERO {
                *to = *from;
            }
        }
        Self { table, ..*self }
    }
}

impl<P: Precision> Apm<P> {
    /// A map of `contexts` contexts that at first changes nothing.
    #[must_use]
    pub fn new(contexts: usize) -> Self {
        let mut identity = [[P::ZERO; 11]; 3];
        for (i, p) in identity.as_flattened_mut().iter_mut().enumerate() {
            *p = P::new(squash(i as i32 * 128 - 2048));
        }
        Self { table: vec![[[P::ZERO; 11]; 3]; contexts.max(1)], identity, context: 0, step: 0 }
    }

    /// Asks for the memory that [`Apm::refine`] will read.
    #[inline(always)]
    pub fn prefetch(&self, context: usize) {
        let Some(row) = self.table.get(context) else { return };
        let (row, line) = (row.as_flattened(), 64 / size_of::<P>());
        for i in 0..STEPS.div_ceil(line) {
            simd::fetch(&row[i * line]);
        }
    }

    /// The refined probability of a 1, in `1..=65535`, for a stretched prediction `x` (out of range contexts: 0).
    #[inline(always)]
    pub fn refine(&mut self, x: i32, context: usize) -> u32 {
        let x = (x.clamp(-2047, 2047) + 2048) as u32;
        let (low, part) = ((x >> 7) as usize & 31, x & 127);
        self.context = if context < self.table.len() { context } else { 0 };
        // The nearer of the two steps is the one that learns.
        self.step = low + (part >> 6) as usize;
        let row = &mut self.table[self.context];
        if row[0][0] == P::ZERO {
            *row = self.identity;
        }
        let row = row.as_flattened();
        let (a, b) = (row[low].p(), row[low + 1].p());
        ((a * (128 - part) + b * part) >> 7).clamp(1, 65_535)
    }

    /// Learns the `bit` that came after the last [`Apm::refine`]; `rate` (1..=15) as in
    /// [`crate::binary::Prob16::update`], 6 or 7 as a rule.
    #[inline(always)]
    pub fn update(&mut self, bit: u32, rate: u32) {
        let Some(row) = self.table.get_mut(self.context) else { return };
        if let Some(p) = row.as_flattened_mut().get_mut(self.step) {
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
    fn a_copy_knows_the_same() {
        let mut map: Apm = Apm::new(1000);
        for i in 0..5000 {
            map.refine(i % 4000 - 2000, i as usize * 7 % 300);
            map.update(u32::from(i % 3 == 0), 5);
        }
        let mut copy = map.clone();
        for i in 0..5000 {
            assert_eq!(
                map.refine(i % 4000 - 2000, i as usize % 1000),
                copy.refine(i % 4000 - 2000, i as usize % 1000)
            );
        }
    }

    #[test]
    fn no_probability_is_mistaken_for_a_context_that_was_never_used() {
        fn check<P: Precision + std::fmt::Debug>() {
            for rate in 1..=15 {
                let mut map = Apm::<P>::new(1);
                for _ in 0..300_000 {
                    map.refine(-2047, 0);
                    map.update(0, rate);
                }
                assert_ne!(map.table[0][0][0], P::ZERO, "rate {rate}");
            }
        }
        check::<u16>();
        check::<u32>();
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
