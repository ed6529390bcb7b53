//! The streams that a file is made of, before their blocks are known.

use crate::compact::Head;
use crate::end::End;
use crate::section::StreamKind;

/// One stream as its END tells.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) start: u64,
    pub(super) end_at: u64,
    /// Where the first byte behind it is.
    pub(super) next: u64,
    pub(super) kind: StreamKind,
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
    /// Where the first byte behind it is.
    pub(super) fn next(&self) -> u64 {
        match self {
            Self::Full(found) => found.next,
            Self::Compact(at, head) => at.saturating_add(head.stream_len()),
        }
    }

    pub(super) fn is_archive(&self) -> bool {
        matches!(self, Self::Full(found) if found.kind.archive)
    }
}
