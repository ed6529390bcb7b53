//! What of a damaged encrypted file could not be read.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// The ranges of an encrypted file that could not be read; clones share them.
#[derive(Clone, Debug, Default)]
pub struct LostPieces(Arc<Mutex<Vec<Range<u64>>>>);

impl LostPieces {
    /// Those that were met so far, in order.
    #[must_use]
    pub fn ranges(&self) -> Vec<Range<u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    #[cfg(feature = "age")]
    pub(super) fn add(&self, range: Range<u64>) {
        let mut lost = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = lost.partition_point(|known| known.start < range.start);
        let known = lost[..next].last().is_some_and(|last| last.end >= range.end)
            || lost.get(next).is_some_and(|same| same.start == range.start);
        if known {
            return;
        }
        match next.checked_sub(1).and_then(|i| lost.get_mut(i)) {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => lost.insert(next, range),
        }
    }
}
