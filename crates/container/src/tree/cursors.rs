//! Places in the content where a file is likely to begin: the ends of recent extents, most recent first.
//!
//! Files of one kind lie together in the content while paths are in another order, so each kind has its own place
//! to go on from; a short move-to-front list of such places makes almost every start one small number.

use crate::limits::MAX_CURSORS;
use std::collections::VecDeque;

/// The list; it begins with the start of the content of the stream.
pub(super) struct Cursors(VecDeque<u64>);

impl Cursors {
    pub(super) fn new(start: u64) -> Self {
        Self(VecDeque::from([start]))
    }

    /// The code of an extent's start: 1 + position in the list, or 0 for a start that is not in it.
    pub(super) fn code(&self, offset: u64) -> u64 {
        self.0.iter().position(|&place| place == offset).map_or(0, |at| at as u64 + 1)
    }

    /// The start for a code over 0.
    pub(super) fn start(&self, code: u64) -> Option<u64> {
        let at = usize::try_from(code.checked_sub(1)?).ok()?;
        self.0.get(at).copied()
    }

    /// To be told of each extent in turn, with its code.
    pub(super) fn moved(&mut self, code: u64, end: u64) {
        if code > 0 {
            self.0.remove(code as usize - 1);
        } else if self.0.len() >= MAX_CURSORS {
            self.0.pop_back();
        }
        self.0.push_front(end);
    }
}
