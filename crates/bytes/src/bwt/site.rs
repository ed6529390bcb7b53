//! One kind of binary decision: its contexts, mixers and refinement.

use super::coder::BitCoder;
use super::math::squash;
use super::mixer::{Apm, INPUTS, Mixer};
use super::slot::{Slot, UNKNOWN};

/// Contexts of a decision. Each gives two predictions, the first four a third: 16 in all.
pub(super) const CONTEXTS: usize = 6;
/// Each weight at the start, in units of 2^-13: their sum is 1.5.
const WEIGHT: i16 = 768;

/// The tables of one kind of decision.
pub(super) struct Site {
    tables: [Vec<Slot>; CONTEXTS],
    mixers: [Mixer; 2],
    apm: Apm,
}

/// Where a decision looks: an index into each table, the sets of weights, the row of the refinement.
pub(super) struct Place {
    pub at: [usize; CONTEXTS],
    pub sets: [usize; 2],
    pub apm: usize,
}

impl Site {
    /// A site with tables of 2^bits slots (indices wrap around), and these numbers of weight sets and rows.
    pub(super) fn new(bits: [u32; CONTEXTS], sets: [usize; 2], apm: usize) -> Self {
        Self {
            tables: bits.map(|bits| vec![UNKNOWN; 1 << bits]),
            mixers: sets.map(|sets| Mixer::new(sets, WEIGHT)),
            apm: Apm::new(apm),
        }
    }

    /// Codes one decision and learns from it.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)] // one index into four arrays at once
    pub(super) fn code<K: BitCoder>(&mut self, coder: &mut K, bit: u32, place: &Place) -> u32 {
        let mut at = place.at;
        let mut inputs = [0i16; INPUTS];
        for i in 0..CONTEXTS {
            let table = &self.tables[i];
            at[i] &= table.len() - 1;
            let slot = table[at[i]];
            (inputs[2 * i], inputs[2 * i + 1]) = (slot.settled(), slot.following());
            if i < INPUTS - 2 * CONTEXTS {
                inputs[2 * CONTEXTS + i] = slot.latest();
            }
        }
        let x =
            (self.mixers[0].mix(&inputs, place.sets[0]) + self.mixers[1].mix(&inputs, place.sets[1])) >> 1;
        let p1 = (squash(x) + self.apm.refine(x, place.apm)) >> 1;
        let bit = coder.code(bit, p1.clamp(1, 65_535));
        for i in 0..CONTEXTS {
            let slot = &mut self.tables[i][at[i]];
            slot.update(bit);
            if i < INPUTS - 2 * CONTEXTS {
                slot.update_latest(bit);
            }
        }
        self.mixers[0].update(&inputs, bit);
        self.mixers[1].update(&inputs, bit);
        self.apm.update(bit);
        bit
    }
}
