//! What files of either form begin with.

use crate::compact::is_compact;
use crate::section::MAGIC;

/// True if `bytes` begin like a stream, compact or not (at least the first 8 are needed).
#[must_use]
pub fn is_mln(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC) || is_compact(bytes)
}
