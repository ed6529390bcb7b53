//! The one place that calls `ndarray`, whose products are those of `matrixmultiply`.
//!
//! Their sums are taken in the order of the kernel for the processor: the same on every run on one machine and for any
//! number of threads (each product is computed by one), not the same on machines with other instruction sets.

use crate::math;
use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2, ShapeBuilder};

/// A matrix in a slice: element (i, j) at `i * strides.0 + j * strides.1`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matrix<'a> {
    data: &'a [f32],
    rows: usize,
    columns: usize,
    strides: (usize, usize),
}

impl<'a> Matrix<'a> {
    /// Row by row without gaps.
    pub(crate) fn new(data: &'a [f32], rows: usize, columns: usize) -> Self {
        Self::spaced(data, rows, columns, columns)
    }

    /// Row by row, with `stride` values from one row to the next.
    pub(crate) fn spaced(data: &'a [f32], rows: usize, columns: usize, stride: usize) -> Self {
        Self { data, rows, columns, strides: (stride, 1) }
    }

    /// The transpose, without moving anything.
    pub(crate) fn t(self) -> Self {
        let strides = (self.strides.1, self.strides.0);
        Self { data: self.data, rows: self.columns, columns: self.rows, strides }
    }

    fn view(&self) -> Result<ArrayView2<'a, f32>, ndarray::ShapeError> {
        ArrayView2::from_shape((self.rows, self.columns).strides(self.strides), self.data)
    }

    fn at(&self, i: usize, j: usize) -> f32 {
        self.data[i * self.strides.0 + j * self.strides.1]
    }
}

/// Under this many multiplications the library's preparations cost more than the product.
const TINY: usize = 256;

/// `out = a * b + keep * out`, row by row; with `keep` 0 whatever `out` held is ignored.
pub(crate) fn multiply(a: Matrix<'_>, b: Matrix<'_>, keep: f32, out: &mut [f32]) {
    multiply_spaced(a, b, keep, out, b.columns);
}

/// The same into rows that are `stride` values apart.
pub(crate) fn multiply_spaced(a: Matrix<'_>, b: Matrix<'_>, keep: f32, out: &mut [f32], stride: usize) {
    assert_eq!(a.columns, b.rows, "columns of the left factor and rows of the right one");
    let (m, n) = (a.rows, b.columns);
    if m == 0 || n == 0 {
        return;
    }
    if a.columns == 0 || m * n * a.columns <= TINY {
        return small(a, b, keep, out, stride);
    }
    let (left, right) = (a.view(), b.view());
    if let (Ok(left), Ok(right), Ok(mut target)) =
        (left, right, ArrayViewMut2::from_shape((m, n).strides((stride, 1)), &mut *out))
    {
        return general_mat_mul(1.0, &left, &right, keep, &mut target);
    }
    // Slices that are too short for their shapes: the mistake shows here.
    small(a, b, keep, out, stride);
}

fn small(a: Matrix<'_>, b: Matrix<'_>, keep: f32, out: &mut [f32], stride: usize) {
    let contiguous = a.strides.1 == 1 && b.strides.0 == 1;
    for i in 0..a.rows {
        for j in 0..b.columns {
            let sum = if contiguous {
                let row = &a.data[i * a.strides.0..][..a.columns];
                math::dot(row, &b.data[j * b.strides.1..][..a.columns])
            } else {
                (0..a.columns).map(|k| a.at(i, k) * b.at(k, j)).sum()
            };
            let place = &mut out[i * stride + j];
            *place = if keep == 0.0 { sum } else { sum + keep * *place };
        }
    }
}
