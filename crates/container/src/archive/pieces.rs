//! The streams that a file is made of, before their blocks are known.

use crate::compact::Head;
use crate::end::End;

/// One stream as its END tells.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) start: u64,
    pub(super) end_at: u64,
    pub(super) archive: bool,
    pub(super) end: End,
}

/// A stream that was found by walking.
#[derive(Debug)]
pub(super) enum Piece {
    Full(Found),
    /// Where it begins, and its head.
    Compact(u64, Box<Head>),
}

impl Piece {
    pub(super) fn is_archive(&self) -> bool {
        matches!(self, Self::Full(found) if found.archive)
    }
}
