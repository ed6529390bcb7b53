//! Arrays without their elements.

use crate::Dtype;

/// An array without its elements.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// The type of its elements.
    pub(crate) dtype: Dtype,
    /// Units in a row, at least 1.
    pub(crate) columns: usize,
    /// Bytes.
    pub(crate) len: usize,
    /// Bytes that are coded here, not copied from elsewhere in the block.
    pub(crate) literal: usize,
}

impl Shape {
    /// Rows, the last of them perhaps short.
    pub(crate) fn rows(&self) -> usize {
        (self.len / self.dtype.unit()).div_ceil(self.columns)
    }
}
