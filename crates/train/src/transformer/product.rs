//! Products of matrices stored row by row, also of some of their columns.

use minlen_learn::matrix::{Matrix, multiply, multiply_into};
use std::borrow::Cow;

/// A matrix stored row by row.
#[derive(Clone)]
pub(crate) struct View<'a> {
    data: Cow<'a, [f32]>,
    rows: usize,
    cols: usize,
}

impl<'a> View<'a> {
    /// All of a matrix with `cols` columns.
    pub(crate) fn new(data: &'a [f32], cols: usize) -> Self {
        let rows = data.len() / cols.max(1);
        Self { data: Cow::Borrowed(&data[..rows * cols]), rows, cols }
    }

    /// Some of the columns of a matrix with rows of `stride`, from `from` on: a copy.
    pub(crate) fn columns(data: &[f32], stride: usize, from: usize, cols: usize) -> Self {
        let rows = data.chunks_exact(stride);
        let (count, part) = (rows.len(), rows.flat_map(|row| &row[from..from + cols]).copied().collect());
        Self { data: Cow::Owned(part), rows: count, cols }
    }

    fn see(&self) -> Matrix<'_> {
        Matrix::new(&self.data, self.rows, self.cols)
    }
}

/// `a b^T`: a layer's outputs from its inputs `a` and weights `b`.
pub(crate) fn nt(a: &View<'_>, b: &View<'_>) -> Vec<f32> {
    multiply(a.see(), b.see().t())
}

/// `a b`.
pub(crate) fn nn(a: &View<'_>, b: &View<'_>) -> Vec<f32> {
    multiply(a.see(), b.see())
}

/// `a^T b`.
pub(crate) fn tn(a: &View<'_>, b: &View<'_>) -> Vec<f32> {
    multiply(a.see().t(), b.see())
}

/// Adds `a^T b` to `out`: a layer's gradient from those of its outputs and its inputs.
pub(crate) fn add_tn(a: &View<'_>, b: &View<'_>, out: &mut [f32]) {
    multiply_into(a.see().t(), b.see(), 1.0, out);
}

/// Puts the columns of `part` times `factor` into rows of `stride`, from column `from` on.
pub(crate) fn place(part: &[f32], cols: usize, factor: f32, out: &mut [f32], stride: usize, from: usize) {
    for (row, out) in part.chunks_exact(cols).zip(out.chunks_exact_mut(stride)) {
        out[from..from + cols].iter_mut().zip(row).for_each(|(to, value)| *to = factor * value);
    }
}
