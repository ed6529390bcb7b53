//! Files and streams put together as blocks go by, for their hashes.

use super::super::hash::FileHash;
use super::ranges::joined;
use minlen_container::{BlockEntry, Body, Entry, Extent, StreamInfo};
use minlen_core::{Budget, Reservation, Result};
use std::collections::BTreeMap;
use std::ops::Range;

/// A run of content that belongs to a file.
#[derive(Clone, Copy, Debug)]
struct Piece {
    content: u64,
    len: u64,
    file: usize,
    at: u64,
}

/// The members that were asked for, while blocks go by.
pub(super) struct Sweep {
    pub(super) files: Vec<usize>,
    pieces: Vec<Piece>,
    next: usize,
    active: Vec<Piece>,
    /// The hashes of files whose pieces come in order, by number among `files`.
    pub(super) hashes: BTreeMap<usize, FileHash>,
    /// By number among `files`: whether the pieces come in order.
    pub(super) ordered: Vec<bool>,
    /// The content under all pieces.
    claimed: Vec<Range<u64>>,
}

impl Sweep {
    pub(super) fn new(
        entries: &[Entry],
        numbers: &[usize],
        budget: &Budget,
        held: &mut Vec<Reservation>,
    ) -> Result<Self> {
        let is_file = |&&i: &&usize| matches!(entries[i].body, Body::File { .. });
        let files: Vec<usize> = numbers.iter().filter(is_file).copied().collect();
        let count: usize = files.iter().map(|&i| entries[i].extents().len()).sum();
        held.push(budget.reserve((count * size_of::<Piece>()) as u64)?);
        let mut pieces = Vec::with_capacity(count);
        let mut ordered = Vec::with_capacity(files.len());
        for (file, &number) in files.iter().enumerate() {
            let (mut at, mut last_end, mut in_order) = (0u64, 0, true);
            for extent in entries[number].extents() {
                if let Extent::Data { offset, len } = *extent {
                    in_order &= offset >= last_end;
                    last_end = offset.saturating_add(len);
                    pieces.push(Piece { content: offset, len, file, at });
                }
                at = at.saturating_add(extent.len());
            }
            ordered.push(in_order);
        }
        pieces.sort_unstable_by_key(|piece| (piece.content, piece.file, piece.at));
        let claimed =
            joined(pieces.iter().map(|piece| piece.content..piece.content.saturating_add(piece.len)));
        Ok(Self { files, pieces, next: 0, active: Vec::new(), hashes: BTreeMap::new(), ordered, claimed })
    }

    /// True if some piece lies in the block.
    pub(super) fn needs(&self, block: &BlockEntry) -> bool {
        let next = self.claimed.partition_point(|range| range.end <= block.raw_start);
        self.claimed.get(next).is_some_and(|range| range.start < block.raw_end())
    }

    /// Deals the bytes of a block out to the hashes of the files.
    pub(super) fn take(&mut self, start: u64, bytes: &[u8]) {
        let end = start.saturating_add(bytes.len() as u64);
        while self.pieces.get(self.next).is_some_and(|piece| piece.content < end) {
            self.active.push(self.pieces[self.next]);
            self.next += 1;
        }
        for piece in &mut self.active {
            // What a lost block held is passed over.
            let skipped = start.saturating_sub(piece.content).min(piece.len);
            piece.pass(skipped);
            let n = piece.len.min(end.saturating_sub(piece.content));
            if n == 0 {
                continue;
            }
            let from = (piece.content - start) as usize;
            if self.ordered[piece.file] {
                let hash = self.hashes.entry(piece.file).or_default();
                hash.zeros_until(piece.at);
                hash.update(&bytes[from..from + n as usize]);
            }
            piece.pass(n);
        }
        self.active.retain(|piece| piece.len > 0);
    }
}

impl Piece {
    fn pass(&mut self, n: u64) {
        self.content += n;
        self.at += n;
        self.len -= n;
    }
}

/// The hashes of single streams.
pub(super) struct Streams {
    /// The number of the first block of each, and what the hash should be.
    streams: Vec<(usize, Option<[u8; 32]>)>,
    hashers: BTreeMap<usize, blake3::Hasher>,
    whole: bool,
}

impl Streams {
    pub(super) fn new(streams: &[StreamInfo]) -> Self {
        let streams = streams.iter().map(|s| (s.blocks.start, s.content_hash)).collect();
        Self { streams, hashers: BTreeMap::new(), whole: true }
    }

    /// Takes the bytes of a block; blocks come in order.
    pub(super) fn take(&mut self, block: usize, bytes: &[u8]) {
        let Some(stream) = self.streams.partition_point(|s| s.0 <= block).checked_sub(1) else { return };
        if !self.hashers.contains_key(&stream) {
            self.close();
        }
        self.hashers.entry(stream).or_default().update(bytes);
    }

    fn close(&mut self) {
        while let Some((stream, hasher)) = self.hashers.pop_first() {
            let expected = self.streams[stream].1;
            self.whole &= expected.is_none_or(|hash| *hasher.finalize().as_bytes() == hash);
        }
    }

    pub(super) fn are_whole(mut self) -> bool {
        self.close();
        self.whole
    }
}
