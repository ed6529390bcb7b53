//! Opening from the end: trailer, END, index, tree.

use super::merge::Part;
use super::pieces::{Found, Piece};
use super::walk_headers::{grow_for, rows_by_walking, walk_forward};
use super::{Archive, BlockEntry, StreamInfo, merge, padding, section_at};
use crate::block::RawBlock;
use crate::compact::{self, Head};
use crate::end::{END_LETTERS, End, TRAILER_LEN};
use crate::index::{self, Row};
use crate::primitives::{Input, hash64};
use crate::section::{HEADER_LEN, MAGIC, kind, parse_stream_header};
use crate::stream::skippable_fields;
use crate::tree::{self, Amendment, Tree};
use crate::{open_tree, recovery};
use minlen_core::varint::Reader as Fields;
use minlen_core::{Advice, Env, Error, Registry, Reservation, Result};
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

impl<R: Read + Seek> Archive<R> {
    /// Opens a file by the trailer at its end.
    ///
    /// # Errors
    /// Truncated, corrupt (then `minlen repair` or [`Archive::open_by_scanning`] may help), unsupported, limit, I/O.
    pub fn open(mut inner: R, registry: &Registry, env: &Env) -> Result<Self> {
        let file_len = inner.seek(SeekFrom::End(0))?;
        let (pieces, _walked, end) = pieces(&mut inner, file_len, env)?;
        let archive = pieces.first().is_some_and(Piece::is_archive);
        if pieces.iter().any(|piece| piece.is_archive() != archive) {
            return Err(Error::corrupt("bare content and an archive in one file"));
        }
        let streams_end = pieces.last().map(Piece::next);
        let mut opening =
            Opening { blocks: Vec::new(), streams: Vec::new(), trees: Vec::new(), held: Vec::new() };
        opening.held.push(env.budget.reserve((pieces.len() * size_of::<StreamInfo>()) as u64)?);
        for piece in pieces {
            match piece {
                Piece::Full(stream) => opening.stream(&mut inner, &stream, registry, env)?,
                Piece::Compact(at, head) => opening.compact(at, &head, env)?,
            }
        }
        let tree = if archive {
            let (tree, more) = merge::merge(opening.trees, &env.budget)?;
            opening.held.extend(more);
            Some(Arc::new(tree))
        } else {
            None
        };
        Ok(Self {
            inner,
            env: env.clone(),
            file_len,
            padding: file_len - end,
            archive,
            streams: opening.streams,
            blocks: opening.blocks,
            tree,
            tree_whole: true,
            streams_end,
            _held: opening.held,
        })
    }
}

/// The streams of a file: found from the end, or, where compact ones are among them, by walking from the first. Also where
/// they end: behind that, there are zeros at most.
pub(super) fn pieces<R: Read + Seek>(
    inner: &mut R,
    file_len: u64,
    env: &Env,
) -> Result<(Vec<Piece>, Reservation, u64)> {
    let mut magic = [0; MAGIC.len()];
    inner.seek(SeekFrom::Start(0))?;
    Input::new(&mut *inner, 0).exact(&mut magic, "the magic bytes")?;
    if compact::is_compact(&magic) {
        return walk_forward(inner, file_len, env);
    }
    if magic != MAGIC {
        let mut header = [0; HEADER_LEN];
        header[..8].copy_from_slice(&magic);
        parse_stream_header(&header)?;
    }
    let error = match find_streams(inner, file_len, env) {
        Ok((found, held)) => return Ok((found, held, file_len)),
        Err(error) => error,
    };
    let end = padding::zeros_from(inner, file_len, env)?;
    if end < file_len
        && let Ok((found, held)) = find_streams(inner, end, env)
    {
        return Ok((found, held, end));
    }
    // Walking forward finds compact streams, too, or what kind of damage it is.
    match walk_forward(inner, file_len, env)? {
        found if found.0.iter().any(|piece| matches!(piece, Piece::Compact(..))) => Ok(found),
        _ => Err(error),
    }
}

struct Opening {
    blocks: Vec<BlockEntry>,
    streams: Vec<StreamInfo>,
    trees: Vec<Part>,
    held: Vec<Reservation>,
}

impl Opening {
    fn compact(&mut self, offset: u64, head: &Head, env: &Env) -> Result<()> {
        let raw_start = self.raw_end();
        let (first, raw_len) = (self.blocks.len(), head.raw_len());
        raw_start.checked_add(raw_len).ok_or_else(|| Error::corrupt("content of over 2^64 bytes"))?;
        if raw_len > 0 {
            self.held.push(env.budget.reserve(size_of::<BlockEntry>() as u64)?);
            let (stored_len, header_len) = (head.stored_len(), head.len());
            self.blocks.push(BlockEntry { raw_start, raw_len, stored_len, file_offset: offset, header_len });
        }
        let blocks = first..self.blocks.len();
        self.streams.push(StreamInfo { offset, raw_start, content_len: raw_len, content_hash: None, blocks });
        Ok(())
    }

    fn raw_end(&self) -> u64 {
        self.streams.last().map_or(0, |s| s.raw_start + s.content_len)
    }

    fn stream<R: Read + Seek>(
        &mut self,
        r: &mut R,
        found: &Found,
        registry: &Registry,
        env: &Env,
    ) -> Result<()> {
        let raw_start = self.raw_end();
        raw_start
            .checked_add(found.end.content_len)
            .ok_or_else(|| Error::corrupt("content of over 2^64 bytes"))?;
        let (rows, _held) = rows(r, found, env)?;
        self.held.push(env.budget.reserve((rows.len() * size_of::<BlockEntry>()) as u64)?);
        let first = self.blocks.len();
        self.blocks.reserve_exact(rows.len());
        place(&rows, found, raw_start, &mut self.blocks)?;
        if let Some(back) = found.end.tree_back {
            let at = found.end_at.checked_sub(back).filter(|&at| at < found.end_at);
            let at = at.ok_or_else(|| Error::corrupt("the tree's place is impossible"))?;
            let (len, amends) = (found.end.content_len, Some(found.kind.amends));
            let (tree, held) = read_tree(r, at, Within { raw_start, len, amends }, registry, env)?;
            self.trees.push(tree);
            self.held.push(held);
            let entries: u64 = self.trees.iter().map(Part::count).sum();
            if entries > env.limits.entries {
                return Err(Error::limit(format!("over {} entries", env.limits.entries)));
            }
        }
        self.streams.push(StreamInfo {
            offset: found.start,
            raw_start,
            content_len: found.end.content_len,
            content_hash: Some(found.end.content_hash),
            blocks: first..self.blocks.len(),
        });
        Ok(())
    }
}

/// The content that a tree may be about: that of its stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Within {
    /// Where it begins in the content of the file.
    pub(super) raw_start: u64,
    /// Its length.
    pub(super) len: u64,
    /// Whether the stream amends those before it; unknown in a damaged file, where content of before may also be missing.
    pub(super) amends: Option<bool>,
}

/// Reads, decodes and shifts the tree at `at`.
pub(super) fn read_tree<R: Read + Seek>(
    r: &mut R,
    at: u64,
    within: Within,
    registry: &Registry,
    env: &Env,
) -> Result<(Part, Reservation)> {
    let (section, mut input) = section_at(r, at)?;
    if section.kind != kind::TREE {
        return Err(Error::corrupt("a section of another type where the tree should be").at(at));
    }
    let block = RawBlock::read(&section, at, &mut input, env)?;
    decode_tree(&block, within, registry, env)
}

/// Reads, decodes and shifts the copy of a part of the tree at `at`.
pub(super) fn read_copy<R: Read + Seek>(
    r: &mut R,
    at: u64,
    within: Within,
    registry: &Registry,
    env: &Env,
) -> Result<(Part, Reservation)> {
    let (section, mut input) = section_at(r, at)?;
    if section.kind != kind::DIRECTORY {
        return Err(Error::corrupt("a section of another type where a part of the tree should be").at(at));
    }
    let (len, hash) = skippable_fields(&section)?;
    let payload = input.payload(len, env)?;
    if hash64(&payload) != hash {
        return Err(Error::corrupt("the checksum of a part of the tree differs").at(at));
    }
    let block = crate::directory::parse(&payload, at)?;
    decode_tree(&block, Within { amends: Some(false), ..within }, registry, env)
}

fn decode_tree(
    block: &RawBlock,
    within: Within,
    registry: &Registry,
    env: &Env,
) -> Result<(Part, Reservation)> {
    let at = block.offset;
    let raw = open_tree(block, registry, env)?;
    let _raw = env.budget.reserve(raw.len() as u64)?;
    let amends = within.amends.unwrap_or_else(|| tree::amends(&raw));
    if !amends {
        let (mut tree, held) = Tree::decode_within(&raw, &env.limits, &env.budget).map_err(|e| e.at(at))?;
        tree.check_content(within.len).map_err(|e| e.at(at))?;
        merge::shift(&mut tree, within.raw_start);
        return Ok((Part { tree, removed: Vec::new() }, held));
    }
    let (Amendment { before, removed }, mut tree, held) =
        Amendment::decode_within(&raw, &env.limits, &env.budget).map_err(|e| e.at(at))?;
    tree.check_content(before.saturating_add(within.len)).map_err(|e| e.at(at))?;
    match within.raw_start.checked_sub(before) {
        Some(start) => merge::shift(&mut tree, start),
        None if within.amends.is_none() => merge::cut(&mut tree, before, within.raw_start, &env.budget)?,
        None => return Err(Error::corrupt("a stream that amends content which is not before it").at(at)),
    }
    Ok((Part { tree, removed }, held))
}

/// The streams of a file, first to last.
fn find_streams<R: Read + Seek>(r: &mut R, file_len: u64, env: &Env) -> Result<(Vec<Piece>, Reservation)> {
    let (mut found, mut held) = (Vec::new(), env.budget.reserve(0)?);
    let mut pos = file_len;
    while pos > 0 {
        env.check()?;
        let trailer_at = pos.checked_sub(TRAILER_LEN as u64).ok_or_else(|| bad_trailer(pos))?;
        r.seek(SeekFrom::Start(trailer_at))?;
        let trailer: [u8; TRAILER_LEN] = Input::new(&mut *r, trailer_at).array("the trailer")?;
        let head_at = trailer_at.checked_sub(u64::from(trailer[0])).ok_or_else(|| bad_trailer(pos))?;
        let size = u64::from(trailer[0]);
        if trailer[1..] == END_LETTERS {
            let stream = stream_by_end(r, head_at, size)?;
            pos = stream.start;
            grow_for(&mut found, &mut held)?;
            found.push(Piece::Full(stream));
        } else if trailer[1..] == recovery::LETTERS {
            pos = recovery::section_start(r, head_at, pos)?;
        } else {
            return Err(bad_trailer(pos));
        }
    }
    if found.is_empty() {
        return Err(Error::truncated("an empty file"));
    }
    found.reverse();
    Ok((found, held))
}

fn bad_trailer(pos: u64) -> Error {
    Error::corrupt("no trailer: cut off, damaged or followed by something else")
        .at(pos)
        .advise(Advice::RepairOrSalvage)
}

fn stream_by_end<R: Read + Seek>(r: &mut R, end_at: u64, size: u64) -> Result<Found> {
    let (section, _) = section_at(r, end_at)?;
    if section.kind != kind::END || section.len() != size {
        return Err(Error::corrupt("a trailer without an end").at(end_at));
    }
    let mut fields = Fields::new(&section.fields);
    let (_content_len, stream_len) = (fields.varint()?, fields.varint()?);
    let start = end_at
        .checked_sub(stream_len)
        .filter(|_| stream_len >= HEADER_LEN as u64)
        .ok_or_else(|| Error::corrupt("a stream that begins before the file").at(end_at))?;
    r.seek(SeekFrom::Start(start))?;
    let header = Input::new(&mut *r, start).array("the stream header")?;
    let kind = parse_stream_header(&header).map_err(|e| e.at(start))?;
    let end = End::parse(&section.fields, kind.archive).map_err(|e| e.at(end_at))?;
    let next = end_at.saturating_add(size).saturating_add(TRAILER_LEN as u64);
    Ok(Found { start, end_at, next, kind, end })
}

pub(super) fn rows<R: Read + Seek>(r: &mut R, found: &Found, env: &Env) -> Result<(Vec<Row>, Reservation)> {
    if found.end.index_back == 0 {
        return rows_by_walking(r, found, env);
    }
    let at = found.end_at - found.end.index_back;
    let (section, mut input) = section_at(r, at)?;
    if section.kind != kind::INDEX {
        return Err(Error::corrupt("a section of another type where the index should be").at(at));
    }
    index::read(&section, &mut input, env).map_err(|e| e.at(at))
}

/// Turns rows into entries with places, all within the stream.
pub(super) fn place(rows: &[Row], found: &Found, raw_start: u64, out: &mut Vec<BlockEntry>) -> Result<()> {
    let mut offset = found.start + HEADER_LEN as u64;
    let mut raw = 0u64;
    let wrong = || Error::corrupt("the index does not fit the stream").at(found.end_at);
    for row in rows {
        let file_offset = offset.checked_add(row.gap).ok_or_else(wrong)?;
        let end = file_offset.checked_add(row.header_len).and_then(|e| e.checked_add(row.stored_len));
        offset = end.filter(|&end| end <= found.end_at).ok_or_else(wrong)?;
        out.push(BlockEntry {
            raw_start: raw_start.checked_add(raw).ok_or_else(wrong)?,
            raw_len: row.raw_len,
            stored_len: row.stored_len,
            file_offset,
            header_len: row.header_len,
        });
        raw = raw.checked_add(row.raw_len).filter(|_| row.raw_len > 0).ok_or_else(wrong)?;
    }
    if raw != found.end.content_len {
        return Err(wrong());
    }
    Ok(())
}
