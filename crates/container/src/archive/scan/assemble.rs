//! Which stream a section belongs to, when some of its neighbours are lost.

use super::super::open::{place, rows};
use super::super::pieces::Found;
use super::super::section_at;
use super::{BlockEntry, Held};
use crate::block::BlockHeader;
use crate::compact::Head;
use crate::end::End;
use crate::index;
use crate::section::{Section, StreamKind, kind};
use minlen_core::{Env, Reservation, Result};
use std::io::{Read, Seek};

/// One stream as far as it is found.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// Where it begins: at its header, or where the first of it was found.
    pub(super) offset: u64,
    has_header: bool,
    pub(super) archive: bool,
    pub(super) content_len: u64,
    /// Its blocks; their `raw_start` is within the stream.
    pub(super) blocks: Vec<BlockEntry>,
    pub(super) tree_at: Option<u64>,
    /// Where copies of parts of the directory are.
    pub(super) copies: Vec<u64>,
    index_at: Option<u64>,
    pub(super) end: Option<End>,
    /// Where END is, if what it says of its place fits the place of the header.
    exact_end: Option<u64>,
}

/// Takes sections in the order of the file and deals them out to streams.
///
/// A header within a stream that has not ended is either the next stream, where the end of the first is lost, or that of a
/// `.mln` file stored in a block whose own header is lost. So streams are stacked: what goes on with the outer one shows that
/// the inner one lies within it, and the inner one is dropped.
pub(super) struct Assembly<'a> {
    env: &'a Env,
    open: Vec<Stream>,
    done: Vec<Stream>,
    held: [Held; 3],
}

impl<'a> Assembly<'a> {
    pub(super) fn new(env: &'a Env) -> Self {
        Self { env, open: Vec::new(), done: Vec::new(), held: Default::default() }
    }

    /// True within a stream whose end has not come.
    pub(super) fn is_open(&self) -> bool {
        self.open.last().is_some_and(|stream| stream.end.is_none())
    }

    /// All streams in the order of the file, and the memory that they take.
    pub(super) fn finish(self) -> (Vec<Stream>, Vec<Reservation>) {
        let mut streams = self.done;
        streams.extend(self.open);
        streams.sort_by_key(|stream| stream.offset);
        (streams, self.held.into_iter().flat_map(|held| held.held).collect())
    }

    pub(super) fn header(&mut self, offset: u64, archive: bool) -> Result<()> {
        self.push(Stream { offset, archive, has_header: true, ..Stream::default() })
    }

    pub(super) fn compact(&mut self, head: &Head, offset: u64) -> Result<()> {
        self.held[0].one(size_of::<Stream>(), &self.env.budget)?;
        let (stored_len, header_len, raw_len) = (head.stored_len(), head.len(), head.raw_len());
        let mut stream = Stream { offset, has_header: true, content_len: raw_len, ..Stream::default() };
        if raw_len > 0 {
            self.held[1].one(size_of::<BlockEntry>(), &self.env.budget)?;
            stream.blocks =
                vec![BlockEntry { raw_start: 0, raw_len, stored_len, file_offset: offset, header_len }];
        }
        self.done.push(stream);
        Ok(())
    }

    /// Takes any other section; false for one that breaks a rule.
    pub(super) fn section(&mut self, section: &Section, at: u64) -> Result<bool> {
        match section.kind {
            kind::BLOCK => return self.block(section, at),
            kind::TREE => {
                if self.open.last().is_none_or(|top| top.tree_at.is_some()) {
                    self.push(Stream { offset: at, ..Stream::default() })?;
                }
                if let Some(top) = self.going_on() {
                    (top.tree_at, top.archive) = (Some(at), true);
                }
            }
            kind::INDEX => {
                if let Some(top) = self.going_on() {
                    top.index_at = Some(at);
                }
            }
            kind::DIRECTORY => {
                self.held[2].one(size_of::<u64>(), &self.env.budget)?;
                if self.open.is_empty() {
                    self.push(Stream { offset: at, archive: true, ..Stream::default() })?;
                }
                if let Some(top) = self.going_on() {
                    top.copies.push(at);
                }
            }
            _ => {}
        }
        Ok(true)
    }

    fn block(&mut self, section: &Section, at: u64) -> Result<bool> {
        let Ok((header, raw_start)) = BlockHeader::parse(&section.fields) else { return Ok(false) };
        self.held[1].one(size_of::<BlockEntry>(), &self.env.budget)?;
        // A stream whose header is lost, unless one that has not ended goes on here.
        let goes_on = |stream: &Stream| stream.content_len <= raw_start;
        match self
            .open
            .iter()
            .rposition(goes_on)
            .filter(|_| raw_start > 0 || self.open.last().is_some_and(goes_on))
        {
            Some(place) => self.open.truncate(place + 1),
            None => self.push(Stream { offset: at, ..Stream::default() })?,
        }
        let Some(stream) = self.going_on() else { return Ok(false) };
        stream.content_len = raw_start + header.raw_len;
        stream.blocks.push(BlockEntry {
            raw_start,
            raw_len: header.raw_len,
            stored_len: header.stored_len,
            file_offset: at,
            header_len: section.len(),
        });
        Ok(true)
    }

    /// Takes an END that begins at `at`; false if it is none.
    pub(super) fn end(&mut self, section: &Section, at: u64) -> Result<bool> {
        let parsed = [false, true]
            .into_iter()
            .find_map(|archive| End::parse(&section.fields, archive).ok().map(|end| (archive, end)));
        let Some((archive, end)) = parsed else { return Ok(false) };
        let start = at.checked_sub(end.stream_len);
        let ours = |s: &Stream| s.has_header && Some(s.offset) == start;
        let may_be = |s: &Stream| !s.has_header && start.is_some_and(|at| at <= s.offset);
        if let Some(place) = self.open.iter().rposition(ours).or_else(|| self.open.iter().rposition(may_be)) {
            self.open.truncate(place + 1);
            if let Some(mut stream) = self.open.pop() {
                // What began within it lies within it.
                self.done.retain(|other| other.offset < stream.offset);
                stream.offset = start.unwrap_or(stream.offset);
                stream.close(archive, end, Some(at));
                self.done.push(stream);
            }
            return Ok(true);
        }
        match self.open.last_mut() {
            // Bytes were put in or cut out before; or this is the end of a file stored in a block, and the right one follows.
            Some(top) if top.content_len <= end.content_len => top.close(archive, end, None),
            Some(_) => {}
            None => {
                let offset = start.unwrap_or(at);
                self.push(Stream { offset, ..Stream::default() })?;
                if let Some(mut stream) = self.open.pop() {
                    stream.close(archive, end, None);
                    self.done.push(stream);
                }
            }
        }
        Ok(true)
    }

    fn push(&mut self, stream: Stream) -> Result<()> {
        self.held[0].one(size_of::<Stream>(), &self.env.budget)?;
        self.open.push(stream);
        Ok(())
    }

    /// The innermost open stream, which goes on: what began within it lies within it.
    fn going_on(&mut self) -> Option<&mut Stream> {
        let top = self.open.last_mut()?;
        while self.done.last().is_some_and(|last| last.offset > top.offset) {
            self.done.pop();
        }
        Some(top)
    }
}

impl Stream {
    fn close(&mut self, archive: bool, end: End, at: Option<u64>) {
        self.archive |= archive;
        self.exact_end = at;
        if let (Some(at), Some(back)) = (at, end.tree_back) {
            self.tree_at = at.checked_sub(back).or(self.tree_at);
        }
        if let (Some(at), true) = (at, end.index_back > 0) {
            self.index_at = at.checked_sub(end.index_back).or(self.index_at);
        }
        self.end = Some(end);
    }

    /// Takes the table of blocks at its word where it can be read: it knows blocks whose headers are lost, and no others.
    pub(super) fn use_index<R: Read + Seek>(&mut self, r: &mut R, env: &Env) -> Result<()> {
        if let Some(end) = &self.end {
            self.content_len = self.content_len.max(end.content_len);
        }
        if let (Some(end_at), Some(end)) = (self.exact_end, &self.end)
            && end.index_back > 0
        {
            let kind = StreamKind { archive: self.archive, amends: false };
            let found = Found { start: self.offset, end_at, next: end_at, kind, end: end.clone() };
            let mut placed = Vec::new();
            let read = rows(r, &found, env).and_then(|(rows, _)| place(&rows, &found, 0, &mut placed));
            if read.is_ok() {
                // What was moved is where it was found.
                placed.iter_mut().for_each(|block| *block = self.found(block).unwrap_or(*block));
                (self.blocks, self.content_len) = (placed, end.content_len);
                return Ok(());
            }
        }
        let Some(at) = self.index_at else { return Ok(()) };
        let Ok((section, mut input)) = section_at(r, at) else { return Ok(()) };
        if section.kind != kind::INDEX {
            return Ok(());
        }
        let Ok((rows, _held)) = index::read(&section, &mut input, env) else { return Ok(()) };
        let mut raw_start = 0u64;
        let mut kept = Vec::new();
        for row in rows {
            let (raw_len, stored_len) = (row.raw_len, row.stored_len);
            kept.extend(self.found(&BlockEntry {
                raw_start,
                raw_len,
                stored_len,
                file_offset: 0,
                header_len: 0,
            }));
            raw_start = raw_start.saturating_add(raw_len);
        }
        (self.blocks, self.content_len) = (kept, raw_start);
        Ok(())
    }

    /// The block that was found with this content, wherever it is. Blocks are in the order of their content.
    fn found(&self, wanted: &BlockEntry) -> Option<BlockEntry> {
        let at = self.blocks.binary_search_by_key(&wanted.raw_start, |block| block.raw_start).ok()?;
        let block = self.blocks[at];
        ((block.raw_len, block.stored_len) == (wanted.raw_len, wanted.stored_len)).then_some(block)
    }
}
