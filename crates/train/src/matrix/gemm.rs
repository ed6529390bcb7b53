//! The one place that calls `ndarray`, whose products are those of `matrixmultiply`.

use super::View;
use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2, ShapeBuilder};

/// `out = a * b + keep * out`, row by row.
///
/// # Panics
/// If the shapes do not fit: a mistake of the caller.
pub fn multiply_into(a: View<'_>, b: View<'_>, keep: f32, out: &mut [f32]) {
    let shape = (a.rows, b.columns);
    assert_eq!(a.columns, b.rows, "columns of the left factor and rows of the right one");
    assert_eq!(out.len(), shape.0 * shape.1, "the product is {} by {}", shape.0, shape.1);
    // `View::new` checked the lengths.
    if let (Ok(a), Ok(b), Ok(mut out)) = (matrix(&a), matrix(&b), ArrayViewMut2::from_shape(shape, out)) {
        general_mat_mul(1.0, &a, &b, keep, &mut out);
    }
}

fn matrix<'a>(view: &View<'a>) -> Result<ArrayView2<'a, f32>, ndarray::ShapeError> {
    ArrayView2::from_shape((view.rows, view.columns).set_f(view.transposed), view.data)
}
