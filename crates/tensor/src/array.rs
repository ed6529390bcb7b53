//! Arrays as the codecs see them.
//!
//! An [`Array`] is borrowed for coding, a [`Target`] says what is wanted back. Payloads hold neither types nor shapes of the arrays of a
//! [`crate::group`]: whoever decodes names the same ones again, in the same order.

use crate::Dtype;
use std::ops::Range;

/// An array, or some rows of one, to be coded.
///
/// ```
/// use minlen_tensor::{Array, Dtype};
/// // A matrix of three rows and two columns in 16 bits.
/// let bytes = [0; 12];
/// let array = Array { dtype: Dtype::I16, columns: 2, bytes: &bytes, base: None };
/// assert_eq!(array.bytes.len() / (array.columns * array.dtype.unit()), 3);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Array<'a> {
    /// The type of its elements.
    pub dtype: Dtype,
    /// Units (see [`Dtype::unit`]) in a row, at least 1; the last row may be shorter.
    pub columns: usize,
    /// The elements, a whole number of units.
    pub bytes: &'a [u8],
    /// The array of the same type and length that this one came from, where there is one.
    pub base: Option<&'a [u8]>,
}

/// An array to be decoded.
#[derive(Debug)]
pub struct Target<'a> {
    /// The type of its elements.
    pub dtype: Dtype,
    /// Units in a row.
    pub columns: usize,
    /// Bytes of the whole array.
    pub len: usize,
    /// The base that it was coded with.
    pub base: Option<&'a [u8]>,
    /// The bytes wanted of it; empty if none are.
    pub wanted: Range<usize>,
    /// Where they go: as long as `wanted`.
    pub out: &'a mut [u8],
}
