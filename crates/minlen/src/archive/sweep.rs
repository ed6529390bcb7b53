//! Decoding blocks in parallel and dealing their bytes out to the files that they belong to.

use super::ReadSeek;
use super::hash::FileHash;
use crate::blocks::BlockDecoder;
use crate::options::Options;
use minlen_container::tree::show_path;
use minlen_container::{Body, Entry, Extent};
use minlen_core::{Env, Error, Event, Reservation, Result};
use std::collections::btree_map::Entry as Slot;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

type Container<'a> = minlen_container::Archive<Box<dyn ReadSeek + 'a>>;

/// Decodes the blocks `wanted` on several threads and calls `each` with the number and bytes of every one, in order.
pub(super) fn decode_blocks(
    container: &mut Container<'_>,
    wanted: impl ExactSizeIterator<Item = usize>,
    options: &Options,
    env: &Env,
    each: impl FnMut(usize, &[u8]) -> Result<()>,
) -> Result<()> {
    decode_beginnings(container, wanted.map(|index| (index, u64::MAX)), options, env, each)
}

/// The same of blocks with how many of their first bytes are wanted: no more may be decoded where that saves time, and is not checked
/// by the block's checksum then.
fn decode_beginnings(
    container: &mut Container<'_>,
    wanted: impl ExactSizeIterator<Item = (usize, u64)>,
    options: &Options,
    env: &Env,
    mut each: impl FnMut(usize, &[u8]) -> Result<()>,
) -> Result<()> {
    let mut pool = BlockDecoder::new(options, env, wanted.len());
    let mut flying = VecDeque::new();
    for (index, bytes) in wanted {
        let entry = container.blocks()[index];
        let held = loop {
            match pool.reserve(entry.raw_len, entry.stored_len)? {
                Some(held) => break held,
                None => take(&mut pool, &mut flying, env, &mut each)?,
            }
        };
        pool.submit_beginning(container.read_block(index)?, bytes, held);
        flying.push_back(index);
    }
    while !pool.is_empty() {
        take(&mut pool, &mut flying, env, &mut each)?;
    }
    Ok(())
}

/// Small blocks next to one another are handed out together, up to about this many bytes: dealing out costs by the piece.
const RUN: usize = 64 << 10;

/// Decodes the blocks `wanted`, in order, each with how many of its first bytes are wanted, and calls `each` with runs of their content
/// and where these begin. What is not checked by checksums of blocks ([`minlen_container::open_beginning`]) has to be by others.
pub(super) fn decode_runs(
    container: &mut Container<'_>,
    wanted: Vec<(usize, u64)>,
    options: &Options,
    env: &Env,
    mut each: impl FnMut(u64, &[u8]) -> Result<()>,
) -> Result<()> {
    let _starts = env.budget.reserve((wanted.len() * size_of::<u64>()) as u64)?;
    let starts: Vec<u64> = wanted.iter().map(|&(i, _)| container.blocks()[i].raw_start).collect();
    let (mut starts, mut run, mut from) = (starts.into_iter(), Vec::new(), 0u64);
    decode_beginnings(container, wanted.into_iter(), options, env, |_, bytes| {
        let start = starts.next().unwrap_or(u64::MAX);
        if !run.is_empty() && (start != from + run.len() as u64 || run.len() + bytes.len() > RUN) {
            each(from, &run)?;
            run.clear();
        }
        if bytes.len() >= RUN {
            return each(start, bytes);
        }
        if run.is_empty() {
            from = start;
        }
        run.extend_from_slice(bytes);
        Ok(())
    })?;
    if run.is_empty() { Ok(()) } else { each(from, &run) }
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
        .event(Event::Advance { input: opened.stored - opened.reported, output: opened.bytes.len() as u64 });
    Ok(())
}

/// A run of content that belongs to a file.
#[derive(Clone, Copy, Debug)]
struct Piece {
    content: u64,
    len: u64,
    entry: u32,
    file_offset: u64,
}

/// Files whose hash is still to be checked: their pieces do not come in file order (they refer back to earlier content).
pub(super) struct Late {
    /// Their numbers among the entries.
    pub(super) numbers: Vec<u32>,
    _held: Reservation,
}

/// A file whose hash is being computed.
struct Open {
    check: Check,
    /// Where its last data byte ends.
    end: u64,
    _held: Reservation,
}

/// What a file under way takes in memory.
const OPEN_COST: u64 = size_of::<Open>() as u64 + 96;

/// Takes the number of an entry and the whole hash of its file, which was right.
pub(super) type Found<'f> = &'f mut dyn FnMut(usize, blake3::Hash);

/// Decodes every block that the files among `entries` need, once, and checks each file's hash as its bytes go by.
pub(super) fn sweep(
    container: &mut Container<'_>,
    entries: &[Entry],
    found: Found<'_>,
    options: &Options,
    env: &Env,
) -> Result<Late> {
    let (pieces, late, _held) = collect(entries, found, env)?;
    let _blocks = env.budget.reserve((container.blocks().len() * size_of::<(usize, u64)>()) as u64)?;
    // All of each block, so that its checksum is compared.
    let blocks = needed_blocks(container, &pieces).into_iter().map(|index| (index, u64::MAX)).collect();
    let (mut next, mut active): (usize, Vec<Piece>) = (0, Vec::new());
    let mut open: BTreeMap<u32, Box<Open>> = BTreeMap::new();
    decode_runs(container, blocks, options, env, |start, bytes| {
        let end = start.saturating_add(bytes.len() as u64);
        while pieces.get(next).is_some_and(|piece| piece.content < end) {
            active.push(pieces[next]);
            next += 1;
        }
        for piece in &mut active {
            let n = piece.len.min(end - piece.content);
            let from = (piece.content - start) as usize;
            if let Some(hash) = check_piece(&mut open, piece, &bytes[from..from + n as usize], entries, env)?
            {
                found(piece.entry as usize, hash);
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
    Ok(late)
}

/// Goes on with the hash of the file that a piece belongs to; compares it at the end, and gives it.
fn check_piece(
    open: &mut BTreeMap<u32, Box<Open>>,
    piece: &Piece,
    data: &[u8],
    entries: &[Entry],
    env: &Env,
) -> Result<Option<blake3::Hash>> {
    let entry = &entries[piece.entry as usize];
    if piece.file_offset == 0 && data.len() as u64 == data_end(entry) {
        let mut check = Check::default();
        check.update(0, data);
        return check.finish(entry).map(Some);
    }
    let file = match open.entry(piece.entry) {
        Slot::Occupied(there) => there.into_mut(),
        Slot::Vacant(free) => {
            let _held = env.budget.reserve(OPEN_COST)?;
            free.insert(Box::new(Open { check: Check::default(), end: data_end(entry), _held }))
        }
    };
    file.check.update(piece.file_offset, data);
    if file.check.0.at() == file.end
        && let Some(done) = open.remove(&piece.entry)
    {
        return done.check.finish(entry).map(Some);
    }
    Ok(None)
}

/// The pieces of all files whose content comes in file order, sorted by content; the other files; and the memory of the pieces.
/// Files without data are checked here. What makes files late is needed all the same: their blocks are decoded.
fn collect(entries: &[Entry], found: Found<'_>, env: &Env) -> Result<(Vec<Piece>, Late, Reservation)> {
    let count: usize = entries.iter().map(|entry| entry.extents().len()).sum();
    // Once more for those that are under way.
    let held = env.budget.reserve((2 * count * size_of::<Piece>()) as u64)?;
    let mut pieces = Vec::with_capacity(count);
    let unordered = |entry: &&Entry| !is_ordered(entry);
    let late_held = env.budget.reserve((entries.iter().filter(unordered).count() * 4) as u64)?;
    let mut late = Late { numbers: Vec::new(), _held: late_held };
    for (number, entry) in entries.iter().enumerate() {
        if !is_ordered(entry) {
            late.numbers.push(number as u32);
        } else if data_end(entry) == 0 {
            let hash = Check::default().finish(entry)?;
            if matches!(entry.body, Body::File { .. }) {
                found(number, hash);
            }
        } else {
            collect_pieces(entry, number as u32, &mut pieces);
        }
    }
    pieces.sort_unstable_by_key(|piece: &Piece| (piece.content, piece.entry, piece.file_offset));
    Ok((pieces, late, held))
}

/// True if the pieces of a file lie in the content in file order.
fn is_ordered(entry: &Entry) -> bool {
    let data = entry.extents().iter().filter_map(|extent| match *extent {
        Extent::Data { offset, len } => Some((offset, offset.saturating_add(len))),
        Extent::Hole { .. } => None,
    });
    data.clone().zip(data.skip(1)).all(|(one, next)| next.0 >= one.1)
}

fn collect_pieces(entry: &Entry, number: u32, pieces: &mut Vec<Piece>) {
    let mut file_offset = 0;
    for extent in entry.extents() {
        if let Extent::Data { offset, len } = *extent {
            pieces.push(Piece { content: offset, len, entry: number, file_offset });
        }
        file_offset += extent.len();
    }
}

/// Where the last data byte of the file ends: from there on only a hole can follow.
fn data_end(entry: &Entry) -> u64 {
    let (mut at, mut end) = (0, 0);
    for extent in entry.extents() {
        at += extent.len();
        if matches!(extent, Extent::Data { .. }) {
            end = at;
        }
    }
    end
}

/// The blocks under the pieces (sorted by content), each once, in order.
fn needed_blocks(container: &Container<'_>, pieces: &[Piece]) -> Vec<usize> {
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

    /// Compares with what the archive says; gives the whole hash.
    pub(super) fn finish(mut self, entry: &Entry) -> Result<blake3::Hash> {
        let Body::File { len, hash, .. } = &entry.body else { return Ok(self.0.whole()) };
        self.0.zeros_until(*len);
        if self.0.is(hash) {
            return Ok(self.0.whole());
        }
        Err(Error::corrupt(format!("{}: the content does not match its hash", show_path(&entry.path))))
    }
}
