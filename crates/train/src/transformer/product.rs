//! Products of matrices stored row by row, by the kernels of `matrixmultiply` (through `ndarray`, whose calls are safe).

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2, Axis, Slice};

/// A part of a matrix stored row by row: `cols` columns from `from` on of rows `stride` long.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    data: &'a [f32],
    stride: usize,
    from: usize,
    cols: usize,
}

impl<'a> View<'a> {
    /// All of a matrix with `cols` columns.
    pub(crate) fn new(data: &'a [f32], cols: usize) -> Self {
        Self { data, stride: cols, from: 0, cols }
    }

    /// Some of the columns of a matrix with rows of `stride`.
    pub(crate) fn columns(data: &'a [f32], stride: usize, from: usize, cols: usize) -> Self {
        Self { data, stride, from, cols }
    }

    fn array(&self) -> ArrayView2<'a, f32> {
        let rows = self.data.len() / self.stride.max(1);
        // The shape is that of the data: an empty view stands for what cannot be.
        let all = ArrayView2::from_shape((rows, self.stride), &self.data[..rows * self.stride]);
        let mut all = all.unwrap_or_else(|_| ArrayView2::from(&[[0f32; 0]; 0]));
        all.slice_axis_inplace(Axis(1), Slice::from(self.from..self.from + self.cols));
        all
    }
}

/// `out = alpha * a * b + beta * out`.
fn product(
    alpha: f32,
    a: ArrayView2<'_, f32>,
    b: ArrayView2<'_, f32>,
    beta: f32,
    (out, stride, from): (&mut [f32], usize, usize),
) {
    let (rows, cols) = (a.nrows(), b.ncols());
    if let Ok(mut out) = ArrayViewMut2::from_shape((rows, stride), &mut out[..rows * stride]) {
        out.slice_axis_inplace(Axis(1), Slice::from(from..from + cols));
        general_mat_mul(alpha, &a, &b, beta, &mut out);
    }
}

/// `out = alpha a b^T + beta out`: a layer's outputs from its inputs `a` and weights `b`.
pub(crate) fn nt(alpha: f32, a: View<'_>, b: View<'_>, beta: f32, out: &mut [f32]) {
    let stride = b.array().nrows();
    product(alpha, a.array(), b.array().reversed_axes(), beta, (out, stride, 0));
}

/// `out = alpha a b + beta out`.
pub(crate) fn nn(alpha: f32, a: View<'_>, b: View<'_>, beta: f32, out: &mut [f32]) {
    product(alpha, a.array(), b.array(), beta, (out, b.cols, 0));
}

/// `out[.., from..] = alpha a b + beta out[.., from..]` in rows of `stride`.
pub(crate) fn nn_into(alpha: f32, a: View<'_>, b: View<'_>, beta: f32, out: (&mut [f32], usize, usize)) {
    product(alpha, a.array(), b.array(), beta, out);
}

/// `out = alpha a^T b + beta out`: a layer's gradient from those of its outputs and its inputs.
pub(crate) fn tn(alpha: f32, a: View<'_>, b: View<'_>, beta: f32, out: &mut [f32]) {
    product(alpha, a.array().reversed_axes(), b.array(), beta, (out, b.cols, 0));
}

/// `out[.., from..] = alpha a^T b + beta out[.., from..]` in rows of `stride`.
pub(crate) fn tn_into(alpha: f32, a: View<'_>, b: View<'_>, beta: f32, out: (&mut [f32], usize, usize)) {
    product(alpha, a.array().reversed_axes(), b.array(), beta, out);
}
