//! Rebuilding the index of a damaged file: every section header carries a checksum, so it can be found anywhere.

use super::open::read_tree;
use super::walk_headers::payload_len;
use super::{Archive, BlockEntry, StreamInfo, merge};
use crate::block::BlockHeader;
use crate::compact::{self, Head};
use crate::end::{END_LETTERS, End, TRAILER_LEN};
use crate::primitives::Input;
use crate::section::{HEADER_LEN, MAGIC, Section, kind, parse_stream_header};
use crate::tree::Tree;
use minlen_core::{Env, Error, Registry, Reservation, Result};
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

/// A part of a file where no section was recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Bytes of the file.
    pub file: Range<u64>,
    /// Bytes of the content that are missing because of it, as far as the blocks around it tell.
    pub content: Range<u64>,
}

/// Bytes that a section header has at most.
const LOOK: usize = 6 + crate::limits::MAX_FIELDS;
const WINDOW: usize = 1 << 20;

impl<R: Read + Seek> Archive<R> {
    /// Opens a damaged file by looking for section headers at every byte that is not within a known section. Gives
    /// the ranges that were not recognised. Blocks with damage inside are found when they are decoded.
    ///
    /// # Errors
    /// Corrupt if not one section is found; I/O.
    pub fn open_by_scanning(mut inner: R, registry: &Registry, env: &Env) -> Result<(Self, Vec<Damage>)> {
        let file_len = inner.seek(SeekFrom::End(0))?;
        let window = Window { r: &mut inner, file_len, start: 0, bytes: Vec::new() };
        let mut scan = Scan { window, streams: Vec::new(), blocks: Vec::new(), damage: Vec::new() };
        scan.run(env)?;
        let Scan { mut streams, blocks, mut damage, .. } = scan;
        if streams.is_empty() {
            return Err(Error::corrupt("no trace of a .mln stream"));
        }
        let archive = streams.iter().any(|s| s.archive);
        let (mut trees, mut held) = (Vec::new(), Vec::new());
        for stream in &mut streams {
            if let Some((tree, memory)) = scanned_tree(&mut inner, stream, registry, env, &mut damage)? {
                trees.push(tree);
                held.push(memory);
            }
        }
        held.push(env.budget.reserve((blocks.len() * size_of::<BlockEntry>()) as u64)?);
        let tree = if trees.is_empty() {
            None
        } else {
            let (tree, more) = merge::merge(trees, &env.budget)?;
            held.extend(more);
            Some(Arc::new(tree))
        };
        let streams = streams.into_iter().map(|s| s.info).collect();
        let (env, _held) = (env.clone(), held);
        Ok((Self { inner, env, file_len, archive, streams, blocks, tree, _held }, damage))
    }
}

fn scanned_tree<R: Read + Seek>(
    r: &mut R,
    stream: &mut Found,
    registry: &Registry,
    env: &Env,
    damage: &mut Vec<Damage>,
) -> Result<Option<(Tree, Reservation)>> {
    let Some(at) = stream.tree_at else { return Ok(None) };
    // Without its end the stream may be longer than the blocks found: the tree is believed then.
    let len = if stream.info.content_hash.is_some() { stream.info.content_len } else { u64::MAX };
    match read_tree(r, at, stream.info.raw_start, len, registry, env) {
        Ok(tree) => Ok(Some(tree)),
        Err(e) if e.kind() == minlen_core::ErrorKind::Io => Err(e),
        Err(_) => {
            damage.push(Damage { file: at..at + 1, content: 0..0 });
            Ok(None)
        }
    }
}

/// One stream as far as it is found.
struct Found {
    info: StreamInfo,
    archive: bool,
    closed: bool,
    tree_at: Option<u64>,
}

struct Scan<'a, R> {
    window: Window<'a, R>,
    streams: Vec<Found>,
    blocks: Vec<BlockEntry>,
    damage: Vec<Damage>,
}

impl<R: Read + Seek> Scan<'_, R> {
    fn run(&mut self, env: &Env) -> Result<()> {
        let mut pos = 0;
        let mut lost_from = None;
        while pos < self.window.file_len {
            let raw_before = self.raw_end();
            match self.section(pos)? {
                Some(next) => {
                    self.note(lost_from.take(), pos, raw_before);
                    pos = next;
                    env.check()?;
                }
                None => {
                    lost_from.get_or_insert(pos);
                    pos += 1;
                }
            }
        }
        let raw = self.raw_end();
        let open = self.streams.last().is_some_and(|s| !s.closed);
        self.note(lost_from.or(open.then_some(pos)), pos, raw);
        Ok(())
    }

    fn note(&mut self, from: Option<u64>, to: u64, raw_before: u64) {
        let raw_now = match self.blocks.last() {
            Some(last) if last.file_offset == to => last.raw_start,
            _ => self.raw_end(),
        };
        if let Some(from) = from {
            self.damage.push(Damage { file: from..to, content: raw_before..raw_now.max(raw_before) });
        } else if raw_now > raw_before && self.blocks.last().is_some_and(|b| b.file_offset == to) {
            self.damage.push(Damage { file: to..to, content: raw_before..raw_now });
        }
    }

    fn raw_end(&self) -> u64 {
        self.streams.last().map_or(0, |s| s.info.raw_start.saturating_add(s.info.content_len))
    }

    /// Where the section at `pos` ends, if there is one.
    fn section(&mut self, pos: u64) -> Result<Option<u64>> {
        let look = self.window.at(pos)?;
        if let Some(header) = look.first_chunk::<HEADER_LEN>().filter(|h| h.starts_with(&MAGIC)) {
            let Ok(archive) = parse_stream_header(header) else { return Ok(None) };
            self.begin(pos, archive);
            return Ok(Some(pos + HEADER_LEN as u64));
        }
        if compact::is_compact(look) {
            return self.compact(pos);
        }
        let Some(section) = Some(look).filter(|l| plausible(l)).and_then(Section::parse) else {
            return Ok(None);
        };
        let after = pos + section.len();
        if section.kind == kind::END {
            return self.end(&section, after);
        }
        let Ok(len) = payload_len(&section) else { return Ok(None) };
        let Some(next) = after.checked_add(len).filter(|&next| next <= self.window.file_len) else {
            return Ok(None);
        };
        Ok(self.known(&section, pos).then_some(next))
    }

    /// A whole compact stream. Its head has no checksum of its own: whether it is one shows when it is decoded.
    fn compact(&mut self, pos: u64) -> Result<Option<u64>> {
        let look = self.window.at(pos)?;
        let Some((begin, rest)) = look.split_first_chunk::<4>() else { return Ok(None) };
        let Ok(head) = Head::read(begin, &mut Input::new(rest, pos + 4)) else { return Ok(None) };
        let next = pos + head.stream_len();
        if next > self.window.file_len || self.streams.last().is_some_and(|s| !s.closed) {
            return Ok(None);
        }
        self.begin(pos, false);
        let (stored_len, header_len, raw_len) = (head.stored_len(), head.len(), head.raw_len());
        if let Some(stream) = self.streams.last_mut() {
            stream.closed = true;
            stream.info.content_len = raw_len;
            let raw_start = stream.info.raw_start;
            if raw_len > 0 && raw_start.checked_add(raw_len).is_some() {
                stream.info.blocks.end += 1;
                self.blocks.push(BlockEntry { raw_start, raw_len, stored_len, file_offset: pos, header_len });
            }
        }
        Ok(Some(next))
    }

    fn begin(&mut self, offset: u64, archive: bool) {
        let raw_start = self.raw_end();
        let blocks = self.blocks.len()..self.blocks.len();
        let info = StreamInfo { offset, raw_start, content_len: 0, content_hash: None, blocks };
        self.streams.push(Found { info, archive, closed: false, tree_at: None });
    }

    /// The stream that a section at `offset` belongs to: a new one if the header was lost.
    fn current(&mut self, offset: u64) -> Option<&mut Found> {
        if self.streams.last().is_none_or(|s| s.closed) {
            self.begin(offset, false);
        }
        self.streams.last_mut()
    }

    fn known(&mut self, section: &Section, pos: u64) -> bool {
        match section.kind {
            kind::BLOCK => self.block(section, pos),
            kind::TREE => {
                if let Some(stream) = self.current(pos) {
                    stream.tree_at = Some(pos);
                    stream.archive = true;
                }
                true
            }
            _ => true,
        }
    }

    fn block(&mut self, section: &Section, pos: u64) -> bool {
        let Ok((header, raw_start)) = BlockHeader::parse(&section.fields) else { return false };
        let len = self.current(pos).map_or(0, |s| s.info.content_len);
        if raw_start < len {
            self.begin(pos, false);
        }
        let count = self.blocks.len();
        let Some(stream) = self.streams.last_mut() else { return false };
        let Some(start) = stream.info.raw_start.checked_add(raw_start) else { return false };
        if start.checked_add(header.raw_len).is_none() {
            return false;
        }
        stream.info.content_len = raw_start + header.raw_len;
        stream.info.blocks.end = count + 1;
        self.blocks.push(BlockEntry {
            raw_start: start,
            raw_len: header.raw_len,
            stored_len: header.stored_len,
            file_offset: pos,
            header_len: section.len(),
        });
        true
    }

    fn end(&mut self, section: &Section, after: u64) -> Result<Option<u64>> {
        let parsed = [false, true]
            .into_iter()
            .find_map(|archive| End::parse(&section.fields, archive).ok().map(|end| (archive, end)));
        let Some((archive, end)) = parsed else { return Ok(None) };
        if let Some(stream) = self.current(after) {
            stream.archive |= archive;
            if end.content_len >= stream.info.content_len {
                stream.info.content_len = end.content_len;
                stream.info.content_hash = Some(end.content_hash);
            }
            stream.closed = true;
        }
        let look = self.window.at(after)?;
        let right = look.get(1..TRAILER_LEN) == Some(&END_LETTERS[..]);
        Ok(Some(after + if right { TRAILER_LEN as u64 } else { 0 }))
    }
}

/// A quick look, before a checksum is computed: the type, and a length of fields that it can have.
fn plausible(look: &[u8]) -> bool {
    match look {
        [kind::BLOCK | kind::TREE, len, ..] => (12..=80).contains(len),
        [kind::INDEX, len, ..] => (10..=28).contains(len),
        [kind::RECOVERY, len, ..] => *len == 45,
        [kind::END, len, ..] => (35..=72).contains(len),
        [kind, len, ..] if kind::is_skippable(*kind) => (9..=18).contains(len),
        _ => false,
    }
}

/// A part of the file in memory that moves along.
struct Window<'a, R> {
    r: &'a mut R,
    file_len: u64,
    start: u64,
    bytes: Vec<u8>,
}

impl<R: Read + Seek> Window<'_, R> {
    /// At least a header's bytes from `pos` on, fewer only at the end of the file.
    fn at(&mut self, pos: u64) -> Result<&[u8]> {
        let wanted = (self.file_len - pos.min(self.file_len)).min(LOOK as u64);
        if pos < self.start || pos + wanted > self.start + self.bytes.len() as u64 {
            self.r.seek(SeekFrom::Start(pos))?;
            self.bytes.clear();
            self.r.by_ref().take(WINDOW as u64).read_to_end(&mut self.bytes)?;
            self.start = pos;
        }
        let at = (pos - self.start) as usize;
        Ok(self.bytes.get(at..).unwrap_or(&[]))
    }
}
