//! Which cells hold the fill value.

use super::grid::Grid;
use super::word::Word;
use minlen_core::varint::{Reader, put};
use minlen_core::{Env, Error, Result};
use minlen_entropy::rans;

/// The fill value, where it is worth a mask of its own: an extreme of the field that recurs.
pub(super) fn find<W: Word>(words: &[W]) -> Option<W> {
    let (mut low, mut high) = (*words.first()?, *words.first()?);
    for &word in words {
        low = low.min(word);
        high = high.max(word);
    }
    let count = |value: W| words.iter().map(|&word| usize::from(word == value)).sum::<usize>();
    let (lows, highs) = (count(low), count(high));
    let (value, times) = if highs >= lows { (high, highs) } else { (low, lows) };
    (low != high && times >= 16 && times >= words.len() / 256).then_some(value)
}

/// One byte a cell: 1 where `words` hold `fill`.
pub(super) fn of<W: Word>(words: &[W], fill: W) -> Vec<u8> {
    words.iter().map(|&word| u8::from(word == fill)).collect()
}

/// Replaces masked cells by the cell before in the row, at its start by the cell in the row before.
pub(super) fn smooth<W: Word>(words: &mut [W], mask: &[u8], columns: usize) {
    for i in 0..words.len() {
        if mask[i] != 0 {
            words[i] = stand_in(words, i, columns);
        }
    }
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
    let mut out = Vec::new();
    let (mut run, mut value) = (0u64, 0);
    for (i, &cell) in mask.iter().enumerate() {
        let before = if back > 0 && i >= back { mask[i - back] } else { 0 };
        if cell ^ before != value {
            put(&mut out, run);
            (run, value) = (0, cell ^ before);
        }
        run += 1;
    }
    put(&mut out, run);
    out
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
