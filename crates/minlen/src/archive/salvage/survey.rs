//! What is whole, partly whole and lost.

use super::Salvage;
use super::decode::each_block;
use super::pieces::{Runs, with_holes};
use super::ranges::{Covered, Lost, lost_content, unclaimed};
use super::sweep::{Streams, Sweep};
use minlen_container::crypt::LostPieces;
use minlen_container::{BlockEntry, Body, Damage, Entry, Extent};
use minlen_core::{Error, Event, Reservation, Result};
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

impl Salvaged {
    /// Says how much is left of a file whose lost ranges are known.
    fn judge(&mut self, extents: &[Extent], is_right: bool) {
        let data: u64 = extents.iter().filter(|e| matches!(e, Extent::Data { .. })).map(Extent::len).sum();
        let gone: u64 = self.lost.iter().map(|range| range.end - range.start).sum();
        self.hash_differs = gone == 0 && !is_right;
        self.state = match gone {
            0 if !self.hash_differs => State::Whole,
            _ if gone >= data && data > 0 => State::Lost,
            _ => State::Partly,
        };
    }
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

impl BadBlock {
    fn new(block: &BlockEntry, error: &Error) -> Self {
        let end = block.file_offset.saturating_add(block.header_len).saturating_add(block.stored_len);
        let (file, content) = (block.file_offset..end, block.raw_start..block.raw_end());
        Self { file, content, error: format!("{error:#}") }
    }
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

impl Salvage<'_> {
    /// Decodes what the members that `select` names need (of all of them and everything else with `None`), and says what is left.
    ///
    /// Memory grows with the number of blocks and members, never with their sizes. `select` is asked once for each path whose name is left.
    ///
    /// # Errors
    /// Limit for more output than is allowed; cancelled; I/O.
    pub fn survey(&mut self, select: Option<Select<'_>>) -> Result<Survey> {
        let tree = self.archive.entries();
        let entries = &tree.entries[..];
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
        let paths: usize = numbers.iter().map(|&i| entries[i].path.len()).sum();
        let held = vec![budget.reserve((numbers.len() * 160 + paths + blocks.len() * 64) as u64)?];
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
        let unclaimed = if nameless { unclaimed(entries) } else { Vec::new() };
        let mut sweep = Sweep::new(entries, &numbers, &budget, &mut survey._held)?;
        self.check_cost(entries, &sweep.files, if whole { &blocks } else { &[] }, &blocks)?;
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
                    survey._held.push(env.budget.reserve(256)?);
                    survey.blocks.push(BadBlock::new(block, &error));
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
        let tree = self.archive.entries();
        let entries = &tree.entries[..];
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
                member.lost = lost.of(extents, &self.archive.env.budget, &mut survey._held)?;
                let file = files.binary_search(&number).unwrap_or(usize::MAX);
                let seen = match ordered.get(file) {
                    Some(true) => {
                        let mut seen = hashes.remove(&file).unwrap_or_default();
                        seen.zeros_until(*len);
                        seen
                    }
                    _ => self.archive.hash_of(&with_holes(entry, &member.lost))?,
                };
                member.hash = seen.finish();
                member.judge(extents, seen.is(hash));
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
}

/// This many bytes of hole count as one byte of output.
const HOLE_SHARE: u64 = 1024;
