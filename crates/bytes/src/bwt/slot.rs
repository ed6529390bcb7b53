//! What is known of one context: estimates of the same probability that forget at different speeds.
//!
//! The statistics of a sorted column drift with the contexts that it stands before, so an estimate that settles and
//! ones that follow are all of use; the mixer finds out which to trust.

use super::math::stretch;
use minlen_entropy::mixing::AdaptiveProb;

/// Bits after which the settling estimate moves by equal steps.
const LIMIT: u32 = 600;
const FOLLOW: u32 = 4;
const LATEST: u32 = 2;

/// Three estimates of P(1).
#[derive(Clone, Copy)]
pub(super) struct Slot {
    /// The mean of up to [`LIMIT`] bits.
    settled: AdaptiveProb,
    /// A moving average over some 16 bits.
    following: u16,
    /// A moving average over some 4 bits.
    latest: u16,
}

/// A context not seen yet.
pub(super) const UNKNOWN: Slot =
    Slot { settled: AdaptiveProb::new(1 << 15), following: 1 << 15, latest: 1 << 15 };

impl Slot {
    /// The logistic value of the estimate that settles.
    #[inline(always)]
    pub(super) fn settled(self) -> i16 {
        stretch(self.settled.p16())
    }

    /// The logistic value of the one over some 16 bits.
    #[inline(always)]
    pub(super) fn following(self) -> i16 {
        stretch(u32::from(self.following))
    }

    /// The logistic value of the one over some 4 bits.
    #[inline(always)]
    pub(super) fn latest(self) -> i16 {
        stretch(u32::from(self.latest))
    }

    /// Moves the first two towards `bit`.
    #[inline(always)]
    pub(super) fn update(&mut self, bit: u32) {
        self.settled.update(bit, LIMIT);
        self.following = average(self.following, bit, FOLLOW);
    }

    /// Moves the third towards `bit`.
    #[inline(always)]
    pub(super) fn update_latest(&mut self, bit: u32) {
        self.latest = average(self.latest, bit, LATEST);
    }
}

#[inline(always)]
fn average(p: u16, bit: u32, shift: u32) -> u16 {
    let target = ((bit << 16) - bit).cast_signed();
    let p = i32::from(p);
    (p + ((target - p) >> shift)) as u16
}
