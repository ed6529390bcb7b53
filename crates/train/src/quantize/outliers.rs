//! Weights that are far larger than the others of their row. One of them must not decide how coarsely all are rounded, nor how large
//! an error looks.

use std::ops::Range;

/// Of so many weights of a row all but the largest few say what is typical of it.
const LEAST: usize = 32;
/// A weight counts as this many times what is typical at most.
const COUNTED: f32 = 16.0;
/// The same in reports: normal weights are below.
const REPORTED: f32 = 3.0;
/// Rows with a weight of so many times what is typical are kept exactly, where there are few of them.
const APART: f32 = 4096.0;
/// One row in so many may be.
const FEW: usize = 16;
/// Beyond this, no step is fine enough for the typical weights and has a number for the largest.
const BEYOND: f32 = (1 << 20) as f32;

/// What all but the largest sixteenth of the weights of a row that are not 0 stay below; the largest one in short rows.
pub(super) fn typical(row: &[f32]) -> f32 {
    let mut sizes: Vec<f32> = row.iter().map(|w| w.abs()).filter(|size| *size > 0.0).collect();
    if sizes.len() < LEAST {
        return sizes.into_iter().fold(0.0, f32::max);
    }
    let place = (sizes.len() - 1) * 15 / 16;
    *sizes.select_nth_unstable_by(place, f32::total_cmp).1
}

/// The largest size that a weight of a row counts with where steps are chosen.
pub(super) fn counted(row: &[f32]) -> f32 {
    typical(row) * COUNTED
}

/// The same in reports, where an outlier is not to hide what became of the others.
pub(super) fn reported(row: &[f32]) -> f32 {
    typical(row) * REPORTED
}

/// What a row's weights come to when squared and added, none of them counted as larger than `most`.
pub(super) fn energy(row: &[f32], most: f32) -> f64 {
    row.iter().map(|w| f64::from(w.abs().min(most))).map(|size| size * size).sum()
}

/// How a matrix is quantized.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// These rows, which may be all of them; the others are kept exactly.
    Rows(Vec<Range<usize>>),
    /// Not at all: no steps are fit for it.
    Exact,
}

/// Whether all rows of a matrix can be quantized together, or some are better kept apart (where that is `possible`).
pub(super) fn plan(weights: &[f32], columns: usize, possible: bool) -> Plan {
    let rows = weights.len() / columns.max(1);
    let mut worst = 0f32;
    let mut odd = Vec::new();
    for (i, row) in weights.chunks(columns).enumerate() {
        let largest = row.iter().fold(0f32, |most, w| most.max(w.abs()));
        let ratio = largest / typical(row).max(f32::MIN_POSITIVE);
        worst = worst.max(ratio);
        if ratio > APART {
            odd.push(i);
        }
    }
    if possible && !odd.is_empty() && odd.len() <= (rows / FEW).max(1) {
        let starts = std::iter::once(0).chain(odd.iter().map(|row| row + 1));
        let ends = odd.iter().copied().chain(std::iter::once(rows));
        return Plan::Rows(
            starts.zip(ends).map(|(start, end)| start..end).filter(|r| !r.is_empty()).collect(),
        );
    }
    if worst > BEYOND { Plan::Exact } else { Plan::Rows(std::iter::once(0..rows).collect()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: usize, columns: usize) -> Vec<f32> {
        let mut random = crate::quantize::Random::new(9);
        (0..rows * columns).map(|_| random.normal()).collect()
    }

    fn rows(ranges: &[(usize, usize)]) -> Plan {
        Plan::Rows(ranges.iter().map(|(start, end)| *start..*end).collect())
    }

    #[test]
    fn one_outlier_is_kept_apart() {
        let mut weights = matrix(64, 128);
        assert_eq!(plan(&weights, 128, true), rows(&[(0, 64)]));
        weights[3 * 128 + 7] = 1e9;
        assert_eq!(plan(&weights, 128, true), rows(&[(0, 3), (4, 64)]));
        assert_eq!(plan(&weights, 128, false), Plan::Exact);
        // One in each row: no row can be spared, but a number for each there is.
        (0..64).for_each(|row| weights[row * 128 + 7] = 1e5);
        assert_eq!(plan(&weights, 128, true), rows(&[(0, 64)]));
        assert!(energy(&weights[..128], counted(&weights[..128])) < 128.0 * 20.0);
    }

    #[test]
    fn short_and_sparse_rows_have_no_outliers() {
        let mut weights = vec![0.0; 256];
        (weights[0], weights[1], weights[200]) = (1e-9, 1.0, -3.0);
        assert_eq!(typical(&weights), 3.0);
        assert_eq!(plan(&weights, 128, true), rows(&[(0, 2)]));
        assert_eq!(plan(&[0.0; 64], 32, true), rows(&[(0, 2)]));
    }
}
