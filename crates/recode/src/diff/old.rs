//! The old content with what is compressed in it undone: one long row of bytes that is copied from.
//!
//! First comes the content itself, then the plain text of each deflate stream in what stands before, with a few zeros between them. An encoder
//! finds the streams; a decoder is told of those that it needs, and where their text stands in the row.

use super::index::Index;
use super::near::MARGIN;
use crate::deflate::Found;
use crate::scan::{Scanner, What};
use minlen_core::varint::{Reader, put};
use minlen_core::{Env, Error, Reservation, Result};
use std::ops::Range;

/// Streams that are told of at most.
const MOST: u64 = 1 << 20;
/// Deflate makes at most so many bytes of one.
const EXPANSION: u64 = 1100;

/// A deflate stream in the row, and the place of its text there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Undone {
    /// The stream.
    packed: Range<u64>,
    /// The text.
    plain: Range<u64>,
}

/// An old content, ready to be searched.
#[derive(Debug)]
pub struct Old {
    /// The row.
    pub(super) bytes: Vec<u8>,
    /// Bytes of the content itself.
    len: u64,
    undone: Vec<Undone>,
    /// True if what is compressed in it was looked for.
    pub(super) is_undone: bool,
    pub(super) index: Index,
}

impl Old {
    /// Takes in a content, and what comes out of the deflate streams in it, at most `limit` bytes of that.
    #[must_use]
    pub fn new(content: Vec<u8>, limit: usize) -> Self {
        let (len, mut bytes) = (content.len() as u64, content);
        let (undone, index) = (Vec::new(), Index::new(&[]));
        let mut old = Self { len, undone, is_undone: limit > 0, bytes: Vec::new(), index };
        let (mut from, mut left) = (0, limit);
        // What came out may hold streams itself.
        while left > 0 && from < bytes.len() {
            let to = bytes.len();
            old.undo(&mut bytes, from..to, &mut left);
            from = to;
        }
        old.index = Index::new(&bytes);
        old.bytes = bytes;
        old
    }

    fn undo(&mut self, bytes: &mut Vec<u8>, within: Range<usize>, left: &mut usize) {
        let mut found = Vec::new();
        let mut scanner = Scanner::new(&bytes[within.clone()], *left);
        while let Some(find) = scanner.next() {
            let What::Deflate { found: stream, .. } = find.what else { continue };
            let at = within.start + find.start;
            let packed = at as u64..(at + stream.used()) as u64;
            let text = stream.into_plain();
            *left = left.saturating_sub(text.len());
            scanner.limit = *left;
            found.push((packed, text));
        }
        for (packed, text) in found {
            bytes.extend([0; MARGIN]);
            let start = bytes.len() as u64;
            bytes.extend(text);
            self.undone.push(Undone { packed, plain: start..bytes.len() as u64 });
        }
    }

    /// Bytes of the content itself.
    #[must_use]
    pub fn content_len(&self) -> u64 {
        self.len
    }

    /// About how many thousandths of `data` stand in it.
    #[must_use]
    pub fn share(&self, data: &[u8]) -> usize {
        self.index.share(&self.bytes, data)
    }

    /// What a decoder must know to have these ranges of the row, written.
    pub(super) fn places(&self, ranges: impl Iterator<Item = Range<u64>>) -> Vec<u8> {
        let mut used = vec![false; self.undone.len()];
        ranges.for_each(|range| self.mark(&range, &mut used));
        // A stream may lie in the text of an earlier one.
        for i in (0..used.len()).rev() {
            if used[i] {
                let packed = self.undone[i].packed.clone();
                self.mark(&packed, &mut used);
            }
        }
        let mut out = Vec::new();
        put(&mut out, self.len);
        put(&mut out, used.iter().filter(|used| **used).count() as u64);
        let (mut packed_end, mut plain_end) = (0, self.len);
        for (undone, _) in self.undone.iter().zip(&used).filter(|(_, used)| **used) {
            put(&mut out, undone.packed.start - packed_end);
            put(&mut out, undone.packed.end - undone.packed.start);
            put(&mut out, undone.plain.start - plain_end);
            put(&mut out, undone.plain.end - undone.plain.start);
            (packed_end, plain_end) = (undone.packed.end, undone.plain.end);
        }
        out
    }

    fn mark(&self, range: &Range<u64>, used: &mut [bool]) {
        let first = self.undone.partition_point(|undone| undone.plain.end <= range.start);
        let touched = self.undone[first..].iter().take_while(|undone| undone.plain.start < range.end);
        touched.enumerate().for_each(|(i, _)| used[first + i] = true);
    }
}

/// The row as a decoder knows it.
#[derive(Debug)]
pub struct Places {
    len: u64,
    undone: Vec<Undone>,
}

impl Places {
    /// What [`super::Expression::places`] says.
    ///
    /// # Errors
    /// Corrupt or truncated for anything else.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let len = reader.varint_max(1 << 48, "diff: the length of the base")?;
        let count = reader.varint_max(MOST, "diff: streams in the base")?;
        let (mut packed_end, mut plain_end) = (0u64, len);
        let mut undone = Vec::new();
        for _ in 0..count {
            let mut next = |end: u64| {
                let start = end + reader.varint_max(1 << 48, "diff: a place in the base")?;
                let len = reader.varint_max(1 << 40, "diff: a stream in the base")?;
                Ok::<_, Error>(start..start + len)
            };
            let (packed, plain) = (next(packed_end)?, next(plain_end)?);
            let most = (packed.end - packed.start).saturating_mul(EXPANSION);
            if packed.end > plain_end || plain.end > 1 << 48 || plain.end - plain.start > most {
                return Err(Error::corrupt("diff: a stream in the base that cannot be there"));
            }
            (packed_end, plain_end) = (packed.end, plain.end);
            undone.push(Undone { packed, plain });
        }
        Ok(Self { len, undone })
    }

    /// Where the row ends, as far as it is known.
    pub(super) fn end(&self) -> u64 {
        self.undone.last().map_or(self.len, |last| last.plain.end) + MARGIN as u64
    }
}

/// Reads the row.
pub(super) struct Row<'r> {
    places: &'r Places,
    content: &'r dyn Fn(Range<u64>) -> Result<Vec<u8>>,
    /// The texts that were needed so far.
    texts: Vec<Option<Vec<u8>>>,
    env: &'r Env,
    held: Vec<Reservation>,
}

impl<'r> Row<'r> {
    pub(super) fn new(
        places: &'r Places,
        content: &'r dyn Fn(Range<u64>) -> Result<Vec<u8>>,
        env: &'r Env,
    ) -> Self {
        let texts = vec![None; places.undone.len()];
        Self { places, content, texts, env, held: Vec::new() }
    }

    /// These bytes; zeros where nothing is known of the row.
    pub(super) fn read(&mut self, range: Range<u64>) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        if range.start < self.places.len {
            let wanted = range.start..range.end.min(self.places.len);
            let len = wanted.end - wanted.start;
            out = (self.content)(wanted)?;
            if out.len() as u64 != len {
                return Err(Error::corrupt("diff: the base is shorter than it was"));
            }
        }
        out.resize((range.end - range.start) as usize, 0);
        let undone = &self.places.undone;
        let first = undone.partition_point(|undone| undone.plain.end <= range.start);
        let last = undone.partition_point(|undone| undone.plain.start < range.end);
        for i in first..last.max(first) {
            let plain = self.places.undone[i].plain.clone();
            let (from, to) = (plain.start.max(range.start), plain.end.min(range.end));
            let text = self.text(i)?;
            let part = text.get((from - plain.start) as usize..(to - plain.start) as usize);
            let place = out.get_mut((from - range.start) as usize..(to - range.start) as usize);
            if let (Some(part), Some(place)) = (part, place) {
                place.copy_from_slice(part);
            }
        }
        Ok(out)
    }

    fn text(&mut self, i: usize) -> Result<&[u8]> {
        if self.texts[i].is_none() {
            self.env.check()?;
            let Undone { packed, plain } = self.places.undone[i].clone();
            let (from, len) = (packed.end - packed.start, plain.end - plain.start);
            // The tokens of the stream are held beside its text while it is read.
            let _working = self.env.budget.reserve(from.saturating_add(len.saturating_mul(8)))?;
            self.held.push(self.env.budget.reserve(len)?);
            let bytes = self.read(packed)?;
            let found = Found::at(&bytes, len as usize, &mut 0);
            let text = found.filter(|found| found.used() == bytes.len()).map(Found::into_plain);
            let text = text.filter(|text| text.len() as u64 == len);
            self.texts[i] =
                Some(text.ok_or_else(|| Error::corrupt("diff: the base holds no such deflate stream"))?);
        }
        Ok(self.texts[i].as_deref().unwrap_or_default())
    }
}
