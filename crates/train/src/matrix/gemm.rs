//! The one place that calls `matrixmultiply`, whose functions take pointers.
#![allow(unsafe_code)]

use super::View;

/// `out = a * b + keep * out`, row by row.
///
/// # Panics
/// If the shapes do not fit: a mistake of the caller.
pub fn multiply_into(a: View<'_>, b: View<'_>, keep: f32, out: &mut [f32]) {
    let (m, k, n) = (a.rows, a.columns, b.columns);
    assert_eq!(k, b.rows, "columns of the left factor and rows of the right one");
    assert_eq!(out.len(), m * n, "the product is {m} by {n}");
    let ((ars, acs), (brs, bcs)) = (a.strides(), b.strides());
    // SAFETY: `View::new` checked that each slice holds rows * columns values, and with these strides every index stays
    // within them; `out` holds m * n values with strides (n, 1) and is borrowed alone.
    unsafe {
        matrixmultiply::sgemm(
            m,
            k,
            n,
            1.0,
            a.data.as_ptr(),
            ars,
            acs,
            b.data.as_ptr(),
            brs,
            bcs,
            keep,
            out.as_mut_ptr(),
            n as isize,
            1,
        );
    }
}
