//! Where spans are in blocks that are filled piece by piece.

use minlen_core::Span;
use std::ops::Range;
use std::sync::Arc;

/// Follows the spans of files into blocks, and says where a block is best cut.
#[derive(Default)]
pub(crate) struct Track {
    file: Option<Arc<[Span]>>,
    pieces: Vec<Piece>,
    known: usize,
}

/// Consecutive bytes of a span in the block.
struct Piece {
    file: Arc<[Span]>,
    index: usize,
    /// Offset of the first byte in the span.
    from: u64,
    /// Where it is in the block.
    at: usize,
    len: usize,
}

impl Piece {
    fn span(&self) -> Option<&Span> {
        self.file.get(self.index)
    }
}

impl Track {
    /// Bytes from the front of the block that were looked at.
    pub(crate) fn known(&self) -> usize {
        self.known
    }

    /// From here on, what comes is of a file with these spans.
    pub(crate) fn enter(&mut self, file: Option<Arc<[Span]>>) {
        self.file = file;
    }

    /// True if nothing is known of the file at hand.
    pub(crate) fn is_blind(&self) -> bool {
        self.file.is_none()
    }

    /// The bytes `range` of the file come to stand at `at` in the block.
    pub(crate) fn extend(&mut self, range: Range<u64>, at: usize) {
        self.known = at + (range.end - range.start) as usize;
        let Some(file) = self.file.clone() else { return };
        let first = file.partition_point(|span| span.end() <= range.start);
        for (index, span) in file.iter().enumerate().skip(first) {
            if span.start >= range.end {
                break;
            }
            let (from, to) = (span.start.max(range.start), span.end().min(range.end));
            let place = at + (from - range.start) as usize;
            self.add(&file, index, from - span.start, place, (to - from) as usize);
        }
    }

    fn add(&mut self, file: &Arc<[Span]>, index: usize, from: u64, at: usize, len: usize) {
        if let Some(last) = self.pieces.last_mut()
            && Arc::ptr_eq(&last.file, file)
            && last.index == index
            && last.at + last.len == at
            && last.from + last.len as u64 == from
        {
            last.len += len;
            return;
        }
        self.pieces.push(Piece { file: Arc::clone(file), index, from, at, len });
    }

    /// The best place at or before `end` to cut the block: between two rows where it would go through a span.
    pub(crate) fn cut(&self, end: usize) -> usize {
        let Some(piece) = self.pieces.iter().rev().find(|piece| piece.at < end) else { return end };
        let through =
            |span: &&Span| end <= piece.at + piece.len && piece.from + ((end - piece.at) as u64) < span.len;
        let Some(span) = piece.span().filter(through) else { return end };
        let inside = (end - piece.at) as u64;
        let to_row = (piece.from + inside) % span.row();
        let to_unit = (piece.from + inside) % span.unit();
        // A row longer than half of what there is would leave too small a block.
        let back = if to_row < (end as u64) / 2 && to_row < inside { to_row } else { to_unit.min(inside) };
        let cut = end - back as usize;
        if cut == 0 { end } else { cut }
    }

    /// The spans in the first `cut` bytes, which leave the block.
    pub(crate) fn take(&mut self, cut: usize) -> Arc<[Span]> {
        self.known = self.known.saturating_sub(cut);
        let mut rest = Vec::new();
        let mut spans = Vec::new();
        for mut piece in std::mem::take(&mut self.pieces) {
            if piece.at + piece.len > cut {
                let gone = cut.saturating_sub(piece.at);
                rest.push(Piece {
                    file: Arc::clone(&piece.file),
                    index: piece.index,
                    from: piece.from + gone as u64,
                    at: (piece.at + gone) - cut,
                    len: piece.len - gone,
                });
                piece.len = gone;
            }
            spans.extend(
                piece.span().and_then(|span| span.part(piece.from, piece.len as u64, piece.at as u64)),
            );
        }
        self.pieces = rest;
        spans.into()
    }
}
