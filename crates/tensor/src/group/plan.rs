//! What is coded of each array, and in which chunk: follows from the lengths and the copies alone.

use super::outline::{Copy, Outline};
use crate::fast::chunk::Piece;
use minlen_core::{Env, Error, Result};
use std::ops::Range;

/// Bytes of a chunk of types of one or two bytes; twice that for wider ones.
const CHUNK: usize = 256 << 10;
/// Bytes of a chunk that is coded by mixing, which learns as it goes. Larger ones would gain a thousandth and make taking out one
/// array dear.
const MIXED_CHUNK: usize = 1 << 20;

/// A piece and where it begins among all bytes of the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) at: u64,
    pub(crate) piece: Piece,
}

/// The pieces of a block in order, the chunks they fall into, and the copies.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Where each array begins.
    pub(crate) starts: Vec<u64>,
    /// In order.
    pub(crate) pieces: Vec<Placed>,
    /// Consecutive pieces.
    pub(crate) chunks: Vec<Range<usize>>,
    /// Copies, cut so that each source lies in one piece, in order of the source.
    pub(crate) copies: Vec<Copy>,
    /// Literal bytes of each array.
    pub(crate) literal: Vec<usize>,
}

impl Plan {
    /// The plan of a block of arrays of these outlines.
    ///
    /// # Errors
    /// Corrupt where copies cut units or come from copies.
    pub(crate) fn new(outlines: &[Outline], copies: &[Copy], mixed: bool, env: &Env) -> Result<Self> {
        let mut plan = Self::default();
        let mut chunker = Chunker { mixed, ..Chunker::default() };
        let (mut at, mut next) = (0u64, 0);
        for (array, &(dtype, columns, len)) in outlines.iter().enumerate() {
            plan.starts.push(at);
            let (mut position, mut literal) = (0usize, 0usize);
            let row = columns.saturating_mul(dtype.unit()).max(1);
            while position < len {
                let copy = copies.get(next).filter(|copy| copy.to < at + len as u64);
                let end = copy.map_or(len, |copy| (copy.to - at) as usize);
                if end > position {
                    let piece = Piece { array, start: position, len: end - position };
                    literal += piece.len;
                    chunker.add(at, piece, row, dtype.unit());
                }
                let Some(copy) = copy else { break };
                next += 1;
                position = usize::try_from(copy.to + copy.len - at).unwrap_or(usize::MAX);
                if position > len || end % dtype.unit() != 0 || copy.len % dtype.unit() as u64 != 0 {
                    return Err(Error::corrupt("a copy that cuts a unit or an array"));
                }
            }
            plan.literal.push(literal);
            at += len as u64;
        }
        (plan.pieces, plan.chunks) = chunker.finish();
        plan.cut_copies(copies, env)?;
        Ok(plan)
    }

    /// Cuts the copies at the ends of pieces.
    fn cut_copies(&mut self, copies: &[Copy], env: &Env) -> Result<()> {
        let mut held = Vec::new();
        for copy in copies {
            let mut done = 0;
            while done < copy.len {
                let from = copy.from + done;
                let index = self.pieces.partition_point(|p| p.at <= from);
                let inside =
                    index.checked_sub(1).map(|i| self.pieces[i]).filter(|p| from < p.at + p.piece.len as u64);
                let piece = inside.ok_or_else(|| Error::corrupt("a copy of a copy"))?;
                let len = (copy.len - done).min(piece.at + piece.piece.len as u64 - from);
                if self.copies.len().is_multiple_of(4096) {
                    held.push(env.budget.reserve(4096 * size_of::<Copy>() as u64)?);
                }
                self.copies.push(Copy { to: copy.to + done, from, len });
                done += len;
            }
        }
        self.copies.sort_by_key(|copy| (copy.from, copy.to));
        Ok(())
    }

    /// The copies from this piece.
    pub(crate) fn copies_of(&self, piece: &Placed) -> &[Copy] {
        let first = self.copies.partition_point(|copy| copy.from < piece.at);
        let count =
            self.copies[first..].partition_point(|copy| copy.from < piece.at + piece.piece.len as u64);
        &self.copies[first..first + count]
    }

    /// The pieces that are coded of each array.
    pub(crate) fn by_array(&self) -> Vec<Vec<Piece>> {
        let mut pieces = vec![Vec::new(); self.starts.len()];
        self.pieces.iter().for_each(|placed| pieces[placed.piece.array].push(placed.piece));
        pieces
    }
}

/// Cuts pieces into chunks, at ends of rows where those are short enough.
#[derive(Debug, Default)]
struct Chunker {
    pieces: Vec<Placed>,
    chunks: Vec<Range<usize>>,
    /// First piece of the open chunk, and the bytes in it.
    first: usize,
    filled: usize,
    mixed: bool,
}

impl Chunker {
    fn close(&mut self) {
        if self.first < self.pieces.len() {
            self.chunks.push(self.first..self.pieces.len());
        }
        self.first = self.pieces.len();
        self.filled = 0;
    }

    /// Adds a piece of the array that begins at `base`, of rows of `row` bytes.
    fn add(&mut self, base: u64, piece: Piece, row: usize, unit: usize) {
        let size = match unit {
            _ if self.mixed => MIXED_CHUNK,
            ..=2 => CHUNK,
            _ => 2 * CHUNK,
        };
        // A large piece begins a chunk, so that a change before it moves none of them.
        if piece.len >= size / 2 && !self.mixed {
            self.close();
        }
        let mut piece = piece;
        while piece.len > 0 {
            let room = size.saturating_sub(self.filled).max(unit);
            let mut take = piece.len;
            if piece.len > room + size / 4 {
                let end = (piece.start + room) / row * row;
                take = if end > piece.start { end - piece.start } else { room / unit * unit };
            }
            let part = Piece { len: take, ..piece };
            self.pieces.push(Placed { at: base + piece.start as u64, piece: part });
            self.filled += take;
            piece.start += take;
            piece.len -= take;
            if self.filled >= size || piece.len > 0 {
                self.close();
            }
        }
    }

    fn finish(mut self) -> (Vec<Placed>, Vec<Range<usize>>) {
        self.close();
        (self.pieces, self.chunks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dtype;

    #[test]
    fn chunks_cover_what_is_not_copied() {
        let outlines = [
            (Dtype::F32, 100, 4000),
            (Dtype::Bf16, 1000, 3_000_000),
            (Dtype::F32, 9, 4 * 90),
            (Dtype::I8, 3, 7),
        ];
        let copies = [
            Copy { to: 4000 + 2_000_000, from: 400, len: 2000 },
            Copy { to: 3_004_000, from: 2_000_000, len: 360 },
        ];
        let plan = Plan::new(&outlines, &copies, false, &Env::default()).unwrap();
        assert_eq!(plan.literal, [4000, 2_998_000, 0, 7]);
        assert_eq!(plan.pieces.iter().map(|p| p.piece.len).sum::<usize>(), 4000 + 2_998_000 + 7);
        assert!(plan.pieces.windows(2).all(|w| w[0].at + w[0].piece.len as u64 <= w[1].at));
        assert_eq!(plan.chunks.last().unwrap().end, plan.pieces.len());
        assert!(plan.pieces.iter().all(|p| p.piece.array != 1 || p.piece.start % 2000 == 0));
        assert_eq!(plan.copies_of(&plan.pieces[0]), [Copy { to: 2_004_000, from: 400, len: 2000 }]);
        assert!(Plan::new(&outlines, &[Copy { to: 4001, from: 0, len: 2 }], false, &Env::default()).is_err());
        assert!(Plan::new(&outlines, &[Copy { to: 3998, from: 0, len: 4 }], false, &Env::default()).is_err());
        let chained = [copies[0], Copy { to: 3_004_000, from: 2_004_000, len: 360 }];
        assert!(Plan::new(&outlines, &chained, false, &Env::default()).is_err());
    }
}
