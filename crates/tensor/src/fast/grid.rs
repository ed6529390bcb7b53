//! A table for decoding in vector registers.
//!
//! The slots are cut into granules of at most two symbols each: every 64 slots into as many, of equal size, as that takes. As
//! slots lie in order of frequency, most granules are large, and there are few: a lookup by the upper bits of a slot, then one
//! by granule, a comparison, and lookups by the symbol's place in the order give all that decoding needs.

use super::table::{Freqs, SLOTS, order};

/// Slots that are cut alike.
const BLOCK: usize = 64;
/// The most symbols.
const SYMBOLS: usize = 128;
/// The most granules.
const GRANULES: usize = 256;

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    /// For each block of 64 slots: by how much a slot's lower bits are shifted, and what is left of them: its granule in the block.
    pub(crate) shift: [u8; SLOTS / BLOCK],
    /// As above.
    pub(crate) mask: [u8; SLOTS / BLOCK],
    /// The first granule of the block.
    pub(crate) base: [u8; SLOTS / BLOCK],
    /// For each granule: the place of its first symbol in the order.
    pub(crate) first: [u8; GRANULES],
    /// Lower byte of the last slot of the first symbol, 255 where there is no other.
    pub(crate) limit: [u8; GRANULES],
    /// By place: the symbol.
    pub(crate) symbol: [u8; SYMBOLS],
    /// Frequency, low bytes and high ones.
    pub(crate) freq: [[u8; SYMBOLS]; 2],
    /// First slot, low bytes and high ones.
    pub(crate) start: [[u8; SYMBOLS]; 2],
}

impl Grid {
    /// The grid of a table; `None` if there are too many symbols or granules.
    pub(crate) fn new(freqs: &Freqs) -> Option<Self> {
        let order = order(freqs);
        if order.len() > SYMBOLS {
            return None;
        }
        let mut grid = Self {
            shift: [0; SLOTS / BLOCK],
            mask: [0; SLOTS / BLOCK],
            base: [0; SLOTS / BLOCK],
            first: [0; GRANULES],
            limit: [u8::MAX; GRANULES],
            symbol: [0; SYMBOLS],
            freq: [[0; SYMBOLS]; 2],
            start: [[0; SYMBOLS]; 2],
        };
        let (mut places, mut start) = ([0u8; SLOTS], 0);
        for (place, &symbol) in order.iter().enumerate() {
            let freq = freqs[usize::from(symbol)];
            grid.symbol[place] = symbol;
            for half in 0..2 {
                grid.freq[half][place] = freq.to_le_bytes()[half];
                grid.start[half][place] = (start as u16).to_le_bytes()[half];
            }
            places[start..][..usize::from(freq)].fill(place as u8);
            start += usize::from(freq);
        }
        let mut granules = 0;
        for (number, block) in places.as_chunks::<BLOCK>().0.iter().enumerate() {
            let few = |shift: &u32| block.chunks_exact(1 << shift).all(|g| g[g.len() - 1] - g[0] < 2);
            // Two slots never have more than two symbols.
            let shift = (1..=BLOCK.ilog2()).rev().find(few).unwrap_or(1);
            let count = BLOCK >> shift;
            if granules + count > GRANULES {
                return None;
            }
            (grid.shift[number], grid.mask[number]) = (shift as u8, count as u8 - 1);
            grid.base[number] = granules as u8;
            for (i, granule) in block.chunks_exact(1 << shift).enumerate() {
                grid.first[granules + i] = granule[0];
                let same = granule.iter().take_while(|place| **place == granule[0]).count();
                if same < granule.len() {
                    grid.limit[granules + i] = (number * BLOCK + (i << shift) + same - 1) as u8;
                }
            }
            granules += count;
        }
        Some(grid)
    }

    /// What a slot holds, as [`super::table::slots`] has it.
    pub(crate) fn entry(&self, slot: usize) -> u32 {
        let block = slot / BLOCK;
        let granule = self.base[block] + (slot as u8 & 63) / (1 << self.shift[block]);
        let granule = usize::from(granule);
        let place = usize::from(self.first[granule] + u8::from(slot as u8 > self.limit[granule]));
        let word =
            |table: &[[u8; SYMBOLS]; 2]| u32::from(u16::from_le_bytes([table[0][place], table[1][place]]));
        let rank = slot as u32 - word(&self.start);
        u32::from(self.symbol[place]) << 24 | (word(&self.freq) - 1) << 12 | rank
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::{normalise, slots};
    use super::*;
    use minlen_core::testing::Rng;

    #[test]
    fn grids_are_as_the_slots() {
        let mut rng = Rng(7);
        let mut made = 0;
        for symbols in [1, 2, 3, 30, 40, 64, 90, 127, 128, 129, 256] {
            for halved in [1, 2, 4, 8, 50] {
                let counts: [u32; 256] = std::array::from_fn(|i| {
                    let much = (1 << 24) >> (i / halved).min(24);
                    if i < symbols { 1 + much + rng.below(much as usize + 1) as u32 } else { 0 }
                });
                let freqs = normalise(&counts);
                let (grid, mut all) = (Grid::new(&freqs), Vec::new());
                slots(&freqs, &mut all);
                made += usize::from(grid.is_some());
                assert!(grid.is_none() || symbols <= SYMBOLS);
                for (slot, entry) in all.iter().enumerate() {
                    assert!(
                        grid.as_ref().is_none_or(|grid| grid.entry(slot) == *entry),
                        "{symbols} {halved}"
                    );
                }
            }
        }
        assert!(made > 30, "{made}");
    }
}
