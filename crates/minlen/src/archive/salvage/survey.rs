//! What is whole, partly whole and lost.

use super::super::hash::FileHash;
use super::Salvage;
use super::decode::each_block;
use super::write::Runs;
use minlen_container::crypt::LostPieces;
use minlen_container::{BlockEntry, Body, Damage, Entry, Extent, StreamInfo};
use minlen_core::{Budget, Event, Reservation, Result};
use std::collections::BTreeMap;
use std::ops::Range;

/// Says whether the member with this path is wanted.
pub type Select<'a> = &'a dyn Fn(&[u8]) -> bool;

/// What is left of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// All of it; of files, the hash is right.
    Whole,
    /// Some of it.
    Partly,
    /// Nothing.
    Lost,
}

/// A member, and what is left of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Salvaged {
    /// Its number among the entries.
    pub(super) entry: usize,
    /// Its path in the archive.
    pub path: Vec<u8>,
    /// False for a file that was looked at only because another name of it was asked for.
    pub asked: bool,
    /// What is left.
    pub state: State,
    /// Bytes of the file; 0 for all but files.
    pub len: u64,
    /// The ranges of the file that are lost.
    pub lost: Vec<Range<u64>>,
    /// True if all bytes are there but are not those that were stored.
    pub hash_differs: bool,
    /// The hash of what is left, with zeros for what is lost.
    pub(super) hash: [u8; 16],
}

/// A block that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BadBlock {
    /// Bytes of the file (for an encrypted one, of what is inside).
    pub file: Range<u64>,
    /// Bytes of the content.
    pub content: Range<u64>,
    /// What is wrong with it.
    pub error: String,
}

/// What was found of a damaged file.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Survey {
    /// Parts of the file (for an encrypted one, of what is inside) where nothing was recognised.
    pub damage: Vec<Damage>,
    /// Blocks that failed.
    pub blocks: Vec<BadBlock>,
    /// Pieces of an encrypted file that could not be read.
    pub pieces: Vec<Range<u64>>,
    /// The members that were asked for.
    pub members: Vec<Salvaged>,
    /// Ranges of content that belong to no member that is known, where the directory is not whole.
    pub nameless: Vec<Range<u64>>,
    /// Bytes of the content, as far as is known.
    pub content_len: u64,
    /// The ranges of content that are lost.
    pub lost: Vec<Range<u64>>,
    /// False if names of members may be lost.
    pub names_whole: bool,
    /// Of a single stream: true if its hash says that all of the content is what it was.
    pub content_whole: bool,
    /// Zero bytes behind the end.
    pub padding: u64,
    pub(super) runs: Vec<(Range<u64>, [u8; 16])>,
    good: Vec<bool>,
    _held: Vec<Reservation>,
}

impl Survey {
    /// True if nothing at all is wrong, but zeros behind the end.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let members = self.members.iter().all(|member| member.state == State::Whole);
        let file = self.damage.is_empty() && self.blocks.is_empty() && self.pieces.is_empty();
        members && file && self.lost.is_empty() && self.names_whole && self.content_whole
    }
}

impl Survey {
    /// True for a block that was decoded and is right.
    pub(super) fn is_good(&self, block: usize) -> bool {
        self.good.get(block) == Some(&true)
    }
}

/// A run of content that belongs to a file.
#[derive(Clone, Copy, Debug)]
struct Piece {
    content: u64,
    len: u64,
    file: usize,
    at: u64,
}

/// The members that were asked for, while blocks go by.
struct Sweep {
    files: Vec<usize>,
    pieces: Vec<Piece>,
    next: usize,
    active: Vec<Piece>,
    /// The hashes of files whose pieces come in order, by number among `files`.
    hashes: BTreeMap<usize, FileHash>,
    /// By number among `files`: whether the pieces come in order.
    ordered: Vec<bool>,
    /// The content under all pieces.
    claimed: Vec<Range<u64>>,
}

impl Salvage {
    /// Decodes what the members that `select` names need (of all of them and everything else with `None`), and says what is left.
    ///
    /// # Errors
    /// Limit for more output than is allowed; cancelled; I/O.
    pub fn survey(&mut self, select: Option<Select<'_>>) -> Result<Survey> {
        let entries = self.archive.entries();
        let chosen = |entry: &Entry| select.is_none_or(|select| select(&entry.path));
        let asked: Vec<usize> = (0..entries.len()).filter(|&i| chosen(&entries[i])).collect();
        let mut numbers = asked.clone();
        numbers.extend(asked.iter().filter_map(|&i| match entries[i].body {
            Body::Hardlink(to) => Some(to as usize),
            _ => None,
        }));
        numbers.sort_unstable();
        numbers.dedup();
        let budget = self.archive.env.budget.clone();
        let blocks = self.archive.container.blocks().to_vec();
        let held = vec![budget.reserve((numbers.len() * 160 + blocks.len() * 64) as u64)?];
        let whole = select.is_none();
        let nameless = whole && self.is_tree() && !self.archive.container.tree_is_whole();
        let mut survey = Survey {
            names_whole: !self.is_tree() || self.archive.container.tree_is_whole(),
            content_len: self.archive.content_len(),
            padding: self.padding,
            content_whole: true,
            _held: held,
            ..Survey::default()
        };
        let unclaimed = if nameless { self.unclaimed(&entries) } else { Vec::new() };
        let mut sweep = Sweep::new(&entries, &numbers, &budget, &mut survey._held)?;
        self.check_cost(&entries, &sweep.files, if whole { &blocks } else { &[] }, &blocks)?;
        let wanted: Vec<usize> = (0..blocks.len()).filter(|&i| whole || sweep.needs(&blocks[i])).collect();
        survey.good = self.decode(&blocks, &wanted, &mut sweep, Runs::new(unclaimed), &mut survey)?;
        let gone = lost_content(&blocks, &survey.good);
        self.judge(&numbers, &asked, sweep, &gone, &mut survey)?;
        if whole {
            let end = survey.content_len;
            let known = gone.into_iter().filter(|range| range.start < end);
            survey.lost = known.map(|range| range.start..range.end.min(end)).collect();
        }
        survey.damage = if whole { self.damage.clone() } else { Vec::new() };
        survey.pieces = self.pieces.as_ref().map_or_else(Vec::new, LostPieces::ranges);
        Ok(survey)
    }

    /// Refuses more output than the limits allow, counting what blocks there are for.
    fn check_cost(
        &self,
        entries: &[Entry],
        files: &[usize],
        decoded: &[BlockEntry],
        blocks: &[BlockEntry],
    ) -> Result<()> {
        let covered = Covered::new(blocks);
        let mut cost = 0u64;
        for extent in files.iter().flat_map(|&i| entries[i].extents()) {
            let there = match *extent {
                Extent::Data { offset, len } => covered.within(offset..offset.saturating_add(len)),
                Extent::Hole { .. } => 0,
            };
            cost = cost.saturating_add(there).saturating_add((extent.len() - there) / HOLE_SHARE);
        }
        let content = decoded.iter().fold(0u64, |sum, block| sum.saturating_add(block.raw_len));
        let content = if self.is_tree() { content } else { content.max(self.archive.content_len()) };
        self.archive.check_limits(cost.max(content))
    }

    /// Decodes the blocks; gives which of them are right.
    fn decode(
        &mut self,
        blocks: &[BlockEntry],
        wanted: &[usize],
        sweep: &mut Sweep,
        mut runs: Runs,
        survey: &mut Survey,
    ) -> Result<Vec<bool>> {
        let (options, env) = (self.archive.options.clone(), self.archive.env.clone());
        let total = wanted.iter().map(|&i| blocks[i].stored_len).sum();
        env.progress.event(Event::Total { bytes: total });
        let mut good = vec![false; blocks.len()];
        let mut streams = Streams::new(if self.is_tree() { &[] } else { self.archive.container.streams() });
        each_block(&mut self.archive.container, wanted.iter().copied(), &options, &env, |index, bytes| {
            let block = &blocks[index];
            match bytes {
                Ok(bytes) => {
                    good[index] = true;
                    sweep.take(block.raw_start, bytes);
                    runs.take(block.raw_start, bytes);
                    streams.take(index, bytes);
                }
                Err(error) => {
                    let end =
                        block.file_offset.saturating_add(block.header_len).saturating_add(block.stored_len);
                    let content = block.raw_start..block.raw_end();
                    let file = block.file_offset..end;
                    survey._held.push(env.budget.reserve(256)?);
                    survey.blocks.push(BadBlock { file, content, error: error.to_string() });
                }
            }
            Ok(())
        })?;
        survey.runs = runs.finish();
        survey.nameless = survey.runs.iter().map(|(range, _)| range.clone()).collect();
        survey.content_whole = streams.are_whole();
        Ok(good)
    }

    /// Says of every member what is left.
    fn judge(
        &mut self,
        numbers: &[usize],
        asked: &[usize],
        sweep: Sweep,
        gone: &[Range<u64>],
        survey: &mut Survey,
    ) -> Result<()> {
        let entries = self.archive.entries();
        let lost = Lost(gone);
        let (files, ordered) = (sweep.files, sweep.ordered);
        let mut hashes = sweep.hashes;
        for &number in numbers {
            let entry = &entries[number];
            let mut member = Salvaged {
                entry: number,
                path: entry.path.clone(),
                asked: asked.binary_search(&number).is_ok(),
                state: State::Whole,
                len: 0,
                lost: Vec::new(),
                hash_differs: false,
                hash: [0; 16],
            };
            if let Body::File { len, hash, extents } = &entry.body {
                member.len = *len;
                member.lost = lost.of(extents);
                survey._held.push(self.archive.env.budget.reserve(member.lost.len() as u64 * 32)?);
                let file = files.binary_search(&number).unwrap_or(usize::MAX);
                member.hash = match ordered.get(file) {
                    Some(true) => {
                        let mut seen = hashes.remove(&file).unwrap_or_default();
                        seen.zeros_until(*len);
                        seen.finish()
                    }
                    _ => self.archive.hash_of(&super::write::with_holes(entry, &member.lost))?,
                };
                let data: u64 =
                    extents.iter().filter(|e| matches!(e, Extent::Data { .. })).map(Extent::len).sum();
                let gone: u64 = member.lost.iter().map(|range| range.end - range.start).sum();
                member.hash_differs = gone == 0 && member.hash != *hash;
                member.state = match gone {
                    0 if !member.hash_differs => State::Whole,
                    _ if gone >= data && data > 0 => State::Lost,
                    _ => State::Partly,
                };
            }
            survey.members.push(member);
        }
        // Other names of a file share its fate.
        for at in 0..survey.members.len() {
            if let Body::Hardlink(to) = entries[survey.members[at].entry].body {
                let target = survey.members.binary_search_by_key(&(to as usize), |member| member.entry);
                let state = target.map_or(State::Lost, |target| survey.members[target].state);
                survey.members[at].state = state;
            }
        }
        Ok(())
    }

    /// The content that no entry refers to.
    fn unclaimed(&self, entries: &[Entry]) -> Vec<Range<u64>> {
        let extents = entries.iter().flat_map(Entry::extents);
        let mut claimed: Vec<Range<u64>> = extents
            .filter_map(|extent| match *extent {
                Extent::Data { offset, len } => Some(offset..offset.saturating_add(len)),
                Extent::Hole { .. } => None,
            })
            .collect();
        claimed.sort_unstable_by_key(|range| range.start);
        let mut free = Vec::new();
        let mut at = 0;
        for range in joined(claimed.into_iter()) {
            if range.start > at {
                free.push(at..range.start);
            }
            at = range.end;
        }
        free.push(at..u64::MAX);
        free
    }
}

/// Ranges in the order of their starts, with those that touch as one.
fn joined(ranges: impl Iterator<Item = Range<u64>>) -> Vec<Range<u64>> {
    let mut out: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match out.last_mut() {
            Some(last) if last.end >= range.start => last.end = last.end.max(range.end),
            _ => out.push(range),
        }
    }
    out
}

/// This many bytes of hole count as one byte of output.
const HOLE_SHARE: u64 = 1024;

impl Sweep {
    fn new(
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
    fn needs(&self, block: &BlockEntry) -> bool {
        let next = self.claimed.partition_point(|range| range.end <= block.raw_start);
        self.claimed.get(next).is_some_and(|range| range.start < block.raw_end())
    }

    /// Deals the bytes of a block out to the hashes of the files.
    fn take(&mut self, start: u64, bytes: &[u8]) {
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
struct Streams {
    /// The number of the first block of each, and what the hash should be.
    streams: Vec<(usize, Option<[u8; 32]>)>,
    hashers: BTreeMap<usize, blake3::Hasher>,
    whole: bool,
}

impl Streams {
    fn new(streams: &[StreamInfo]) -> Self {
        let streams = streams.iter().map(|s| (s.blocks.start, s.content_hash)).collect();
        Self { streams, hashers: BTreeMap::new(), whole: true }
    }

    /// Takes the bytes of a block; blocks come in order.
    fn take(&mut self, block: usize, bytes: &[u8]) {
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

    fn are_whole(mut self) -> bool {
        self.close();
        self.whole
    }
}

/// How much of a range is in blocks.
struct Covered {
    starts: Vec<u64>,
    /// Bytes in blocks before each, and in all.
    before: Vec<u64>,
}

impl Covered {
    fn new(blocks: &[BlockEntry]) -> Self {
        let starts = blocks.iter().map(|b| b.raw_start).collect();
        let mut before = vec![0u64];
        for block in blocks {
            let last = before.last().copied().unwrap_or(0);
            before.push(last.saturating_add(block.raw_len));
        }
        Self { starts, before }
    }

    fn until(&self, at: u64) -> u64 {
        let next = self.starts.partition_point(|&start| start < at);
        let Some(last) = next.checked_sub(1) else { return 0 };
        let len = self.before[last + 1] - self.before[last];
        self.before[last].saturating_add((at - self.starts[last]).min(len))
    }

    fn within(&self, range: Range<u64>) -> u64 {
        self.until(range.end).saturating_sub(self.until(range.start))
    }
}

/// The content that is in no good block.
fn lost_content(blocks: &[BlockEntry], good: &[bool]) -> Vec<Range<u64>> {
    let mut lost: Vec<Range<u64>> = Vec::new();
    let mut at = 0;
    for (block, _) in blocks.iter().zip(good).filter(|(_, good)| **good) {
        if block.raw_start > at {
            lost.push(at..block.raw_start);
        }
        at = at.max(block.raw_end());
    }
    lost.push(at..u64::MAX);
    lost
}

/// Lost content, in order.
struct Lost<'a>(&'a [Range<u64>]);

impl Lost<'_> {
    /// The ranges of a file that are lost.
    fn of(&self, extents: &[Extent]) -> Vec<Range<u64>> {
        let mut out: Vec<Range<u64>> = Vec::new();
        let mut at = 0u64;
        for extent in extents {
            if let Extent::Data { offset, len } = *extent {
                let end = offset.saturating_add(len);
                let first = self.0.partition_point(|range| range.end <= offset);
                for range in self.0[first..].iter().take_while(|range| range.start < end) {
                    let (from, to) =
                        (range.start.max(offset) - offset + at, range.end.min(end) - offset + at);
                    match out.last_mut() {
                        Some(last) if last.end == from => last.end = to,
                        _ => out.push(from..to),
                    }
                }
            }
            at = at.saturating_add(extent.len());
        }
        out
    }
}
