//! Decoding blocks in parallel and dealing their bytes out to the files that they belong to.

use super::ReadSeek;
use super::hash::FileHash;
use crate::blocks::BlockDecoder;
use crate::options::Options;
use minlen_container::{Body, Entry, Extent};
use minlen_core::{Env, Error, Event, Result};
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

type Container = minlen_container::Archive<Box<dyn ReadSeek>>;

/// Decodes the blocks `wanted` on several threads and calls `each` with the number and bytes of every one, in order.
pub(super) fn decode_blocks(
    container: &mut Container,
    wanted: impl ExactSizeIterator<Item = usize>,
    options: &Options,
    env: &Env,
    mut each: impl FnMut(usize, &[u8]) -> Result<()>,
) -> Result<()> {
    let mut pool = BlockDecoder::new(options, env, wanted.len());
    let mut flying = VecDeque::new();
    for index in wanted {
        let entry = container.blocks()[index];
        let held = loop {
            match pool.reserve(entry.raw_len, entry.stored_len)? {
                Some(held) => break held,
                None => take(&mut pool, &mut flying, env, &mut each)?,
            }
        };
        pool.submit(container.read_block(index)?, held);
        flying.push_back(index);
    }
    while !pool.is_empty() {
        take(&mut pool, &mut flying, env, &mut each)?;
    }
    Ok(())
}

fn take(
    pool: &mut BlockDecoder,
    flying: &mut VecDeque<usize>,
    env: &Env,
    each: &mut impl FnMut(usize, &[u8]) -> Result<()>,
) -> Result<()> {
    let (Some(opened), Some(index)) = (pool.next(), flying.pop_front()) else { return Ok(()) };
    let opened = opened?;
    env.check()?;
    each(index, &opened.bytes)?;
    env.progress
        .event(Event::Advance { input: opened.stored - opened.told, output: opened.bytes.len() as u64 });
    Ok(())
}

/// A run of content that belongs to a file.
#[derive(Clone, Copy, Debug)]
struct Piece {
    content: u64,
    len: u64,
    entry: usize,
    file_offset: u64,
}

/// Decodes every block that the files `wanted` (entry numbers) need, once, and calls `write(entry, offset, bytes)` for
/// every piece of them. Checks each file's hash as its bytes go by.
///
/// Returns the files whose pieces do not come in file order (they refer back to earlier content): those are complete, but
/// their hash is still to be checked.
pub(super) fn sweep(
    container: &mut Container,
    entries: &[Entry],
    wanted: &[usize],
    options: &Options,
    env: &Env,
    mut write: impl FnMut(usize, u64, &[u8]) -> Result<()>,
) -> Result<Vec<usize>> {
    let mut pieces = Vec::new();
    let mut unordered = Vec::new();
    let mut checks: BTreeMap<usize, Check> = BTreeMap::new();
    for &entry in wanted {
        let ordered = collect_pieces(&entries[entry], entry, &mut pieces);
        if !ordered {
            unordered.push(entry);
        } else if !has_data(&entries[entry]) {
            Check::default().finish(&entries[entry])?;
        }
    }
    pieces.sort_by_key(|piece| (piece.content, piece.entry, piece.file_offset));
    let blocks = needed_blocks(container, &pieces);
    let starts: Vec<u64> = container.blocks().iter().map(|b| b.raw_start).collect();
    let mut next = 0;
    let mut active: Vec<Piece> = Vec::new();
    decode_blocks(container, blocks.into_iter(), options, env, |index, bytes| {
        let (start, end) = (starts[index], starts[index] + bytes.len() as u64);
        while next < pieces.len() && pieces[next].content < end {
            active.push(pieces[next]);
            next += 1;
        }
        for piece in &mut active {
            let n = piece.len.min(end - piece.content);
            let from = (piece.content - start) as usize;
            let data = &bytes[from..from + n as usize];
            write(piece.entry, piece.file_offset, data)?;
            if unordered.binary_search(&piece.entry).is_err() {
                let check = checks.entry(piece.entry).or_default();
                check.update(piece.file_offset, data);
                if check.0.at() == data_end(&entries[piece.entry]) {
                    checks.remove(&piece.entry).unwrap_or_default().finish(&entries[piece.entry])?;
                }
            }
            piece.content += n;
            piece.file_offset += n;
            piece.len -= n;
        }
        active.retain(|piece| piece.len > 0);
        Ok(())
    })?;
    if next < pieces.len() || !active.is_empty() {
        return Err(Error::corrupt("a file refers to content that is not in the archive"));
    }
    Ok(unordered)
}

/// Adds the pieces of an entry; true if they lie in the content in file order.
fn collect_pieces(entry: &Entry, number: usize, pieces: &mut Vec<Piece>) -> bool {
    let mut file_offset = 0;
    let mut last_end = 0;
    let mut ordered = true;
    for extent in extents(entry) {
        match *extent {
            Extent::Data { offset, len } => {
                ordered &= offset >= last_end;
                last_end = offset.saturating_add(len);
                if len > 0 {
                    pieces.push(Piece { content: offset, len, entry: number, file_offset });
                }
                file_offset += len;
            }
            Extent::Hole { len } => file_offset += len,
        }
    }
    ordered
}

fn extents(entry: &Entry) -> &[Extent] {
    match &entry.body {
        Body::File { extents, .. } => extents,
        _ => &[],
    }
}

fn has_data(entry: &Entry) -> bool {
    extents(entry).iter().any(|e| matches!(e, Extent::Data { len, .. } if *len > 0))
}

/// Where the last data byte of the file ends: from there on only a hole can follow.
fn data_end(entry: &Entry) -> u64 {
    let mut at = 0;
    let mut end = 0;
    for extent in extents(entry) {
        match *extent {
            Extent::Data { len, .. } => {
                at += len;
                if len > 0 {
                    end = at;
                }
            }
            Extent::Hole { len } => at += len,
        }
    }
    end
}

/// The blocks under the pieces (sorted by content), each once, in order.
fn needed_blocks(container: &Container, pieces: &[Piece]) -> Vec<usize> {
    let mut blocks = Vec::new();
    let mut done = 0;
    for piece in pieces {
        let range: Range<usize> = container.blocks_for(piece.content..piece.content + piece.len);
        blocks.extend(range.start.max(done)..range.end.max(done));
        done = range.end.max(done);
    }
    blocks
}

/// A file's hash as its bytes go by.
#[derive(Default)]
pub(super) struct Check(FileHash);

impl Check {
    /// Takes the bytes at a file offset; what lies between is a hole.
    pub(super) fn update(&mut self, offset: u64, bytes: &[u8]) {
        self.0.zeros_until(offset);
        self.0.update(bytes);
    }

    /// Compares with what the archive says.
    pub(super) fn finish(mut self, entry: &Entry) -> Result<()> {
        let Body::File { len, hash, .. } = &entry.body else { return Ok(()) };
        self.0.zeros_until(*len);
        if self.0.finish() == *hash {
            return Ok(());
        }
        Err(Error::corrupt(format!(
            "{}: the content does not match its hash",
            String::from_utf8_lossy(&entry.path)
        )))
    }
}
