//! Scales of rows and columns: how large the values of each are in the mean, in even steps of a logarithm.

use super::Scales;
use crate::Dtype;
use crate::fast::form::Values;
use crate::fast::shape::Shape;
use crate::fast::survey::Counts;
use crate::fast::table::{entropy_q8, log2_q8};

/// The largest scale of a row or column.
const LARGEST: i64 = 31;
/// Bits times 256 that one more context is taken to cost.
const CONTEXT_COST: u64 = 40 * 256;

/// The size of what each byte of the first stream stands for, in about quarters of an octave; negative for none (zeros).
pub(super) fn sizes(dtype: Dtype, values: &Values, counts: &Counts) -> Option<[i16; 256]> {
    let size = |byte: usize| -> i16 {
        match (dtype, values) {
            (_, Values::Window(_)) => {
                if byte < 4 {
                    -1
                } else {
                    byte as i16
                }
            }
            // Eighths.
            (Dtype::F16, _) => {
                if byte < 8 {
                    -1
                } else {
                    byte as i16 / 2
                }
            }
            _ if dtype.is_float() => {
                if byte == 0 {
                    -1
                } else {
                    4 * byte as i16
                }
            }
            _ => {
                let most = counts.iter().max().copied().unwrap_or(0);
                let zero = counts.iter().position(|count| *count == most).unwrap_or(0);
                // Modulo 256: two's complement and unsigned alike.
                let apart = (byte as u8).wrapping_sub(zero as u8) as i8;
                (log2_q8(1 + 4 * u32::from(apart.unsigned_abs())) / 64) as i16
            }
        }
    };
    let known = matches!(values, Values::Plain | Values::Window(_)) && dtype.weights() == 1;
    known.then(|| std::array::from_fn(size))
}

/// What was found for an array: scales, and the counts of its symbols in each context.
pub(super) struct Found {
    pub(super) scales: Scales,
    pub(super) counts: Vec<Counts>,
}

/// The symbols of an array with the places of their units.
pub(super) struct Placed<'a> {
    /// Runs of symbols, and the number of the unit of the first one.
    pub(super) runs: Vec<(usize, &'a [u8])>,
    pub(super) columns: usize,
}

impl Placed<'_> {
    /// Calls with every row, first column and symbols of it.
    fn rows(&self, mut each: impl FnMut(usize, usize, &[u8])) {
        for &(first, symbols) in &self.runs {
            let mut done = 0;
            while done < symbols.len() {
                let (row, column) = ((first + done) / self.columns, (first + done) % self.columns);
                let count = (self.columns - column).min(symbols.len() - done);
                each(row, column, &symbols[done..done + count]);
                done += count;
            }
        }
    }

    /// Means of sizes times 16 by row, or by column after subtracting those of the rows; `None` where there are none.
    fn means(&self, len: usize, sizes: &[i16; 256], rows: Option<&[Option<i64>]>) -> Vec<Option<i64>> {
        let mut sums = vec![(0i64, 0i64); len];
        self.rows(|row, column, symbols| {
            let base = rows.map(|rows| rows[row].unwrap_or(0));
            for (i, &symbol) in symbols.iter().enumerate() {
                let size = i64::from(sizes[usize::from(symbol)]);
                if size >= 0 {
                    let sum = &mut sums[if base.is_some() { column + i } else { row }];
                    sum.0 += 16 * size - base.unwrap_or(0);
                    sum.1 += 1;
                }
            }
        });
        sums.into_iter().map(|(sum, count)| (count > 0).then(|| sum.div_euclid(count))).collect()
    }

    fn count(&self, scales: &Scales) -> Vec<Counts> {
        let mut counts = vec![[0u32; 256]; 2 * LARGEST as usize + 1];
        self.rows(|row, column, symbols| {
            let base = scales.rows[row];
            for (symbol, scale) in symbols.iter().zip(&scales.columns[column..]) {
                counts[usize::from(base + scale)][usize::from(*symbol)] += 1;
            }
        });
        counts
    }
}

/// Means in steps, from the least one on; all 0 with a step of 0.
fn quantized(means: &[Option<i64>], step: i64) -> Vec<u8> {
    let known = || means.iter().flatten().copied();
    let (least, most) = (known().min().unwrap_or(0), known().max().unwrap_or(0));
    if step == 0 {
        return vec![0; means.len()];
    }
    let step = step.max((most - least) / LARGEST + 1);
    means.iter().map(|mean| mean.map_or(0, |mean| ((mean - least) / step).min(LARGEST) as u8)).collect()
}

/// Bits times 256 that scales take: their differences.
fn scale_cost(scales: &[u8]) -> u64 {
    let mut counts = [0u32; 256];
    scales.iter().for_each(|scale| counts[usize::from(*scale)] += 1);
    entropy_q8(&counts)
}

/// The scales that save most, if any do: of rows, columns or both, in steps of half an octave, a quarter or an eighth.
pub(super) fn find(placed: &Placed<'_>, shape: &Shape, sizes: &[i16; 256], all: &Counts) -> Option<Found> {
    let units = shape.len / shape.dtype.unit();
    let (rows, width) = (shape.rows(), shape.columns.min(units));
    if rows < 2 && width < 2 {
        return None;
    }
    let row_means = placed.means(rows, sizes, None);
    let column_means = placed.means(width, sizes, Some(&row_means));
    let overall = placed.means(width, sizes, Some(&vec![Some(0); rows]));
    let (mut best, mut least) = (None, entropy_q8(all));
    for step in [8, 16, 32] {
        for (by_row, by_column) in [(true, true), (true, false), (false, true)] {
            let means = if by_row { &column_means } else { &overall };
            let scales = Scales {
                rows: quantized(&row_means, if by_row { step } else { 0 }),
                columns: quantized(means, if by_column { step } else { 0 }),
            };
            let counts = placed.count(&scales);
            let used = counts.iter().filter(|counts| counts.iter().any(|count| *count > 0));
            let cost = scale_cost(&scales.rows)
                + scale_cost(&scales.columns)
                + used.map(|counts| entropy_q8(counts) + CONTEXT_COST).sum::<u64>();
            if cost < least {
                (best, least) = (Some(Found { scales, counts }), cost);
            }
        }
    }
    best
}
