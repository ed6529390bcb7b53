//! The fast form: Lorenzo prediction and static bins.

use super::grid::Grid;
use super::lorenzo::{self, Along, Rows};
use super::word::Word;
use super::{bins, mask};
use minlen_core::varint::{Reader, put};
use minlen_core::{Env, Error, Result};

/// Appends the words of a field.
///
/// # Errors
/// Cancelled.
pub(super) fn encode<W: Word>(mut words: Vec<W>, grid: &Grid, env: &Env, out: &mut Vec<u8>) -> Result<()> {
    let cells = put_mask(&mut words, grid, out);
    let along = lorenzo::choose(&words, cells.as_deref(), grid);
    out.push(along.code());
    let rows = Rows::new(grid, along);
    let mut base = vec![W::default(); grid.columns];
    let mut encoder = bins::Encoder::new();
    for row in 0..grid.rows() {
        if row % 1024 == 0 {
            env.check()?;
        }
        let waiting = encoder.waiting();
        let start = waiting.len();
        waiting.resize(start + grid.columns, W::default());
        rows.difference(&words, row, &mut base, &mut waiting[start..]);
        if let Some(mask) = &cells {
            let mask = &mask[row * grid.columns..][..grid.columns];
            let mut kept = start;
            for (i, &m) in mask.iter().enumerate() {
                waiting[kept] = waiting[start + i];
                kept += usize::from(m == 0);
            }
            waiting.truncate(kept);
        }
        encoder.flush(out);
    }
    encoder.finish(out);
    Ok(())
}

/// Appends whether there is a fill value, it and its mask; and takes it out of the words.
pub(super) fn put_mask<W: Word>(words: &mut [W], grid: &Grid, out: &mut Vec<u8>) -> Option<Vec<u8>> {
    let fill = mask::find(words);
    out.push(u8::from(fill.is_some()));
    let fill = fill?;
    put(out, fill.wide());
    let cells = mask::of(words, fill);
    mask::encode(&cells, grid, out);
    mask::smooth(words, &cells, grid.columns);
    Some(cells)
}

/// What [`put_mask`] wrote: the fill value and its mask.
///
/// # Errors
/// Truncated or corrupt.
pub(super) fn get_mask<W: Word>(
    reader: &mut Reader<'_>,
    grid: &Grid,
    env: &Env,
) -> Result<Option<(W, Vec<u8>)>> {
    match reader.u8()? {
        0 => Ok(None),
        1 => {
            let fill = reader.varint_max(u64::MAX >> (64 - W::BITS), "the fill value")?;
            Ok(Some((W::narrow(fill), mask::decode(reader, grid, env)?)))
        }
        _ => Err(Error::corrupt("unknown number of fill values")),
    }
}

/// How many cells are masked.
pub(super) fn masked(cells: &[u8]) -> usize {
    cells.iter().map(|&m| usize::from(m)).sum()
}

/// The words that [`encode`] wrote.
///
/// # Errors
/// Truncated or corrupt; over a limit.
pub(super) fn decode<W: Word>(reader: &mut Reader<'_>, grid: &Grid, env: &Env) -> Result<Vec<W>> {
    let _memory = env.budget.reserve(grid.cells as u64 * (u64::from(W::BITS / 4) + 2))?;
    let mask = get_mask::<W>(reader, grid, env)?;
    let along = Along::from_code(reader.u8()?, grid)
        .ok_or_else(|| Error::corrupt("prediction along a dimension too many"))?;
    let masked = mask.as_ref().map_or(0, |(_, cells)| masked(cells));
    let residuals: Vec<W> = bins::decode(reader, grid.cells - masked)?;
    let rows = Rows::new(grid, along);
    let mut words = vec![W::default(); grid.cells];
    let mut base = vec![W::default(); grid.columns];
    let mut used = 0;
    for row in 0..grid.rows() {
        if row % 1024 == 0 {
            env.check()?;
        }
        match &mask {
            None => {
                rows.restore(&mut words, row, &mut base, &residuals[row * grid.columns..][..grid.columns]);
            }
            Some((_, cells)) => {
                used += rows.restore_masked(&mut words, row, &mut base, &residuals[used..], cells);
            }
        }
    }
    if let Some((fill, cells)) = &mask {
        words.iter_mut().zip(cells).for_each(|(word, &m)| *word = if m == 0 { *word } else { *fill });
    }
    Ok(words)
}
