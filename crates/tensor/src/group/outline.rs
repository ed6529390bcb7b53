//! Arrays and repeats as the plan of a block sees them.

use crate::Dtype;

/// An array's type, columns and length in bytes.
pub(crate) type Outline = (Dtype, usize, usize);

/// Bytes that come from earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Copy {
    /// Where they go.
    pub(crate) to: u64,
    /// Where they are.
    pub(crate) from: u64,
    /// How many.
    pub(crate) len: u64,
}
