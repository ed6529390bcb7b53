//! What of a block comes without decoding what is costly.

use minlen_core::{Places, Reservation};

/// Pieces of a block's content, in order, with their memory.
#[derive(Default)]
pub(super) struct Around {
    parts: Places,
    _held: Option<Reservation>,
}

impl Around {
    pub(super) fn new(parts: Places, held: Reservation) -> Self {
        Self { parts, _held: Some(held) }
    }

    /// The bytes from this place on, as far as they are in one piece.
    pub(super) fn from(&self, place: u64) -> &[u8] {
        let next = self.parts.partition_point(|(start, _)| *start as u64 <= place);
        let Some((start, bytes)) = next.checked_sub(1).and_then(|i| self.parts.get(i)) else { return &[] };
        bytes.get((place - *start as u64) as usize..).unwrap_or_default()
    }
}
