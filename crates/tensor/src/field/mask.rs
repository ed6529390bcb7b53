//! Which cells hold the fill value.

use super::grid::Grid;
use super::word::Word;
use crate::fast::simd::{self, Task};
use minlen_core::varint::{Reader, put};
use minlen_core::{Env, Error, Result};
use minlen_entropy::rans;

/// The fill value, where it is worth a mask of its own: an extreme of the field that recurs.
pub(super) fn find<W: Word>(words: &[W]) -> Option<W> {
    let (low, high) = simd::with(simd::isa(), Extremes(words));
    if low == high || words.is_empty() {
        return None;
    }
    let (lows, highs) = simd::with(simd::isa(), Counts(words, low, high));
    let (value, times) = if highs >= lows { (high, highs) } else { (low, lows) };
    (times >= 16 && times >= words.len() / 256).then_some(value)
}

/// The least word and the greatest.
struct Extremes<'a, W>(&'a [W]);

impl<W: Word> Task for Extremes<'_, W> {
    type Out = (W, W);

    #[inline(always)]
    fn run(self) -> (W, W) {
        let first = self.0.first().copied().unwrap_or_default();
        let (mut low, mut high) = (first, first);
        for &word in self.0 {
            low = if word < low { word } else { low };
            high = if word > high { word } else { high };
        }
        (low, high)
    }
}

/// How often two words occur.
struct Counts<'a, W>(&'a [W], W, W);

impl<W: Word> Task for Counts<'_, W> {
    type Out = (usize, usize);

    #[inline(always)]
    fn run(self) -> (usize, usize) {
        let (mut lows, mut highs) = (0, 0);
        // Of so few words, counts fit words of 32 bits.
        for part in self.0.chunks(1 << 16) {
            let (mut low, mut high) = (0u32, 0u32);
            for &word in part {
                low += u32::from(word == self.1);
                high += u32::from(word == self.2);
            }
            lows += low as usize;
            highs += high as usize;
        }
        (lows, highs)
    }
}

/// One byte a cell: 1 where `words` hold `fill`.
pub(super) fn of<W: Word>(words: &[W], fill: W) -> Vec<u8> {
    let mut mask = vec![0; words.len()];
    simd::with(simd::isa(), Mask(words, fill, &mut mask));
    mask
}

/// See [`of`].
struct Mask<'a, W>(&'a [W], W, &'a mut [u8]);

impl<W: Word> Task for Mask<'_, W> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        let count = self.0.len().min(self.2.len());
        let (words, mask) = (&self.0[..count], &mut self.2[..count]);
        for i in 0..count {
            mask[i] = u8::from(words[i] == self.1);
        }
    }
}

/// Replaces masked cells by the cell before in the row, at its start by the cell in the row before.
pub(super) fn smooth<W: Word>(words: &mut [W], mask: &[u8], columns: usize) {
    let mut above = W::default();
    for (words, mask) in words.chunks_mut(columns).zip(mask.chunks(columns)) {
        let mut before = above;
        let (eights, rest) = words.as_chunks_mut::<8>();
        let (masks, masks_rest) = mask.as_chunks::<8>();
        for (words, mask) in eights.iter_mut().zip(masks) {
            match u64::from_le_bytes(*mask) {
                0 => before = words[7],
                ALL => *words = [before; 8],
                _ => before = stand_ins(words, mask, before),
            }
        }
        stand_ins(rest, masks_rest, before);
        above = words[0];
    }
}

/// A mask with all of eight cells.
const ALL: u64 = 0x0101_0101_0101_0101;

/// Replaces masked cells by the cell before, and gives the last one.
#[inline(always)]
fn stand_ins<W: Word>(words: &mut [W], mask: &[u8], mut before: W) -> W {
    for (word, &mask) in words.iter_mut().zip(mask) {
        before = if mask != 0 { before } else { *word };
        *word = before;
    }
    before
}

/// What stands in a masked cell while its neighbours are predicted.
#[inline(always)]
pub(super) fn stand_in<W: Word>(words: &[W], i: usize, columns: usize) -> W {
    let back = if i.is_multiple_of(columns) { columns } else { 1 };
    i.checked_sub(back).map_or(W::default(), |at| words[at])
}

/// Appends a mask: lengths of runs, of the mask itself or of its difference from the cells one row, plane, ... before.
pub(super) fn encode(mask: &[u8], grid: &Grid, out: &mut Vec<u8>) {
    let candidates = std::iter::once(0).chain(grid.strides.iter().copied());
    let runs = candidates.enumerate().map(|(which, back)| (which, runs(mask, back)));
    if let Some((which, bytes)) = runs.min_by_key(|(_, bytes)| bytes.len()) {
        out.push(which as u8);
        put(out, bytes.len() as u64);
        let mut coded = Vec::new();
        rans::encode_bytes(&bytes, &mut coded);
        put(out, coded.len() as u64);
        out.extend_from_slice(&coded);
    }
}

fn runs(mask: &[u8], back: usize) -> Vec<u8> {
    let mut runs = Runs { out: Vec::new(), run: 0, value: 0 };
    let first = if back == 0 { mask.len() } else { back.min(mask.len()) };
    let (eights, rest) = mask[..first].as_chunks::<8>();
    eights.iter().for_each(|cells| runs.eight(u64::from_le_bytes(*cells)));
    rest.iter().for_each(|cell| runs.one(*cell));
    let (eights, rest) = mask[first..].as_chunks::<8>();
    let (before, before_rest) = mask[..mask.len() - first].as_chunks::<8>();
    for (cells, before) in eights.iter().zip(before) {
        runs.eight(u64::from_le_bytes(*cells) ^ u64::from_le_bytes(*before));
    }
    rest.iter().zip(before_rest).for_each(|(cell, before)| runs.one(cell ^ before));
    put(&mut runs.out, runs.run);
    runs.out
}

/// Lengths of runs of equal cells.
struct Runs {
    out: Vec<u8>,
    run: u64,
    value: u8,
}

impl Runs {
    fn one(&mut self, cell: u8) {
        if cell != self.value {
            put(&mut self.out, self.run);
            (self.run, self.value) = (0, cell);
        }
        self.run += 1;
    }

    /// Eight cells, the first one in the lowest byte.
    #[inline(always)]
    fn eight(&mut self, cells: u64) {
        let mut changes = cells ^ (cells << 8 | u64::from(self.value));
        let mut done = 0;
        while changes != 0 {
            let at = u64::from(changes.trailing_zeros() / 8);
            put(&mut self.out, self.run + at - done);
            (self.run, done) = (0, at);
            changes &= changes - 1;
        }
        self.run += 8 - done;
        self.value = (cells >> 56) as u8;
    }
}

/// The mask that [`encode`] wrote; its bytes are in the caller's budget.
///
/// # Errors
/// Truncated or corrupt.
pub(super) fn decode(reader: &mut Reader<'_>, grid: &Grid, env: &Env) -> Result<Vec<u8>> {
    let which = usize::from(reader.u8()?);
    let back = match which {
        0 => 0,
        _ => *grid.strides.get(which - 1).ok_or_else(|| Error::corrupt("unknown form of a mask"))?,
    };
    let size = reader.varint_max(grid.cells as u64 * 2 + 16, "size of a mask")?;
    let _memory = env.budget.reserve(size)?;
    let coded = reader.varint_max(u64::from(u32::MAX), "size of a coded mask")?;
    let mut bytes = Vec::new();
    rans::decode_bytes(reader.bytes(coded as usize)?, size as usize, &mut bytes)?;
    let mut lengths = Reader::new(&bytes);
    let mut mask = Vec::with_capacity(grid.cells);
    let mut value = 0;
    while !lengths.is_empty() {
        let run = lengths.varint_max((grid.cells - mask.len()) as u64, "a run of a mask")?;
        mask.resize(mask.len() + run as usize, value);
        value ^= 1;
    }
    if mask.len() != grid.cells {
        return Err(Error::corrupt("a mask of another size than its field"));
    }
    if back > 0 {
        for i in back..mask.len() {
            mask[i] ^= mask[i - back];
        }
    }
    Ok(mask)
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::testing::Rng;

    #[test]
    fn eight_at_once_are_as_one_by_one() {
        let mut rng = Rng(4);
        for (len, columns) in [(0, 1), (1, 1), (7, 3), (64, 8), (1000, 13), (5000, 100), (4096, 64)] {
            let mut words: Vec<u32> = (0..len).map(|_| rng.below(1000) as u32).collect();
            let mut at = 0;
            while at < len {
                let most = 1 + rng.below(60);
                let run = 1 + rng.below(most);
                words[at..len.min(at + run)].fill(9999);
                at += run + rng.below(40);
            }
            let mask = of(&words, 9999);
            let mut right = words.clone();
            for i in (0..len).filter(|i| mask[*i] != 0) {
                right[i] = stand_in(&right, i, columns);
            }
            smooth(&mut words, &mask, columns);
            assert!(words == right, "{len} {columns}");
            for back in [0, 1, columns, 7 * columns, len] {
                let mut plain = Runs { out: Vec::new(), run: 0, value: 0 };
                for (i, &cell) in mask.iter().enumerate() {
                    plain.one(cell ^ if back > 0 && i >= back { mask[i - back] } else { 0 });
                }
                put(&mut plain.out, plain.run);
                assert_eq!(runs(&mask, back), plain.out, "{len} {back}");
            }
        }
    }
}
