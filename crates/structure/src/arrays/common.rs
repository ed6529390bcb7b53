//! What the parsers of arrays share: limits, and arrays that fit their bytes.

use minlen_core::layout::{Dtype, Span};
use minlen_core::{Error, Result};

/// Arrays that one file may hold.
pub(super) const MAX_TENSORS: usize = 1 << 18;
/// Dimensions that one array may have.
pub(super) const MAX_RANK: usize = 64;
/// Bytes of a name that are kept. Formats let many arrays point to one name, so this times the arrays bounds the memory.
pub(super) const MAX_NAME: usize = 512;

/// Bytes of an array of this shape, or `None` if that is absurd. A row must be whole units.
pub(crate) fn byte_len(dtype: Dtype, shape: &[u64]) -> Option<u64> {
    let per = dtype.weights() as u64;
    if shape.last().copied().unwrap_or(1) % per != 0 {
        return None;
    }
    let weights = shape.iter().try_fold(1u64, |all, dim| all.checked_mul(*dim))?;
    (weights / per).checked_mul(dtype.unit() as u64)
}

/// An array whose length is known from elsewhere: the shape is kept if it fits, else it becomes one row, else plain bytes; what does
/// not fit is declared as unknown, unless the caller says more.
pub(crate) fn fitted(name: String, dtype: Dtype, shape: Vec<u64>, start: u64, len: u64) -> Span {
    if byte_len(dtype, &shape) == Some(len) {
        return Span::array(name, dtype, shape, start, len);
    }
    let unit = dtype.unit() as u64;
    let (dtype, shape) = match len % unit {
        0 => (dtype, vec![len / unit * dtype.weights() as u64]),
        _ => (Dtype::Bytes, vec![len]),
    };
    Span::array(name, dtype, shape, start, len).undeclared()
}

/// Appends, up to the limit.
pub(crate) fn push(tensors: &mut Vec<Span>, tensor: Span) -> Result<()> {
    if tensors.len() >= MAX_TENSORS {
        return Err(Error::limit(format!("more than {MAX_TENSORS} arrays in one file")).at(tensor.start));
    }
    tensors.push(tensor);
    Ok(())
}

/// Text of a name: what is not UTF-8 is replaced, what is too long cut off.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.get(..MAX_NAME).unwrap_or(bytes)).into_owned()
}
