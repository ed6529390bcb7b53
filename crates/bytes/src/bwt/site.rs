//! One kind of binary decision: its contexts, mixers and refinement.

use super::math::squash;
use super::mixer::{Apm, Mixer};
use super::slot::{Slot, UNKNOWN};
use minlen_entropy::binary::BitCoder;

/// Contexts that a caller describes; a site looks at all of them or at some ([`pick`]).
pub(super) const CONTEXTS: usize = 6;
/// The sum of the weights at the start in units of 2^-13: 1.5.
const WEIGHTS: i16 = 768 * 16;

/// The tables of one kind of decision: `C` contexts, of which each gives two predictions and the first `N - 2 * C` a
/// third, weighed by `M` mixers.
pub(super) struct Site<const C: usize, const N: usize, const M: usize> {
    tables: [Vec<Slot>; C],
    mixers: [Mixer<N>; M],
    apm: Apm,
}

/// Where a decision looks: an index into each table, the sets of weights, the row of the refinement.
pub(super) struct Place {
    pub at: [usize; CONTEXTS],
    pub sets: [usize; 2],
    pub apm: usize,
}

/// Those of the contexts that a site of `C` looks at.
#[inline(always)]
fn pick<T: Copy, const C: usize>(all: [T; CONTEXTS]) -> [T; C] {
    const FEW: [usize; 4] = [1, 2, 4, 5];
    std::array::from_fn(|i| if C == CONTEXTS { all[i] } else { all[FEW[i % 4]] })
}

impl<const C: usize, const N: usize, const M: usize> Site<C, N, M> {
    /// A site with tables of 2^bits slots (indices wrap around), and these numbers of weight sets and rows.
    pub(super) fn new(bits: [u32; CONTEXTS], sets: [usize; 2], apm: usize) -> Self {
        Self {
            tables: pick::<u32, C>(bits).map(|bits| vec![UNKNOWN; 1 << bits]),
            mixers: std::array::from_fn(|i| Mixer::new(sets[i + 2 - M], WEIGHTS / N as i16)),
            apm: Apm::new(apm),
        }
    }

    /// Codes one decision and learns from it.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)] // one index into four arrays at once
    pub(super) fn code<K: BitCoder>(&mut self, coder: &mut K, bit: u32, place: &Place) -> u32 {
        let mut at: [usize; C] = pick(place.at);
        let mut inputs = [0i16; N];
        for i in 0..C {
            let table = &self.tables[i];
            at[i] &= table.len() - 1;
            let slot = table[at[i]];
            (inputs[2 * i], inputs[2 * i + 1]) = (slot.settled(), slot.following());
            if i < N - 2 * C {
                inputs[2 * C + i] = slot.latest();
            }
        }
        let x = self.mix(&inputs, place);
        let p1 = (squash(x) + self.apm.refine(x, place.apm)) >> 1;
        let bit = coder.code(bit, p1.clamp(1, 65_535));
        for i in 0..C {
            let slot = &mut self.tables[i][at[i]];
            slot.update(bit);
            if i < N - 2 * C {
                slot.update_latest(bit);
            }
        }
        for mixer in &mut self.mixers {
            mixer.update(&inputs, bit);
        }
        self.apm.update(bit);
        bit
    }

    /// The mean of the mixers. A site of one mixer takes the last of the sets.
    #[inline(always)]
    fn mix(&mut self, inputs: &[i16; N], place: &Place) -> i32 {
        let mut sum = 0;
        for (i, mixer) in self.mixers.iter_mut().enumerate() {
            sum += mixer.mix(inputs, place.sets[i + 2 - M]);
        }
        if M == 2 { sum >> 1 } else { sum }
    }
}
