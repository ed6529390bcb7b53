//! Rebuilding the index of a damaged file: every section header carries a checksum, so it can be found anywhere.
//!
//! [`find`] looks for sections, [`assemble`] says which stream each belongs to, [`directory`] gets the tree from
//! whatever is left of it.

mod assemble;
mod directory;
mod find;

use super::{Archive, BlockEntry, StreamInfo, merge, padding};
use assemble::{Assembly, Stream};
use minlen_core::{Budget, Env, Error, Registry, Reservation, Result};
use std::collections::BTreeMap;
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

/// Memory for vectors that grow while a file is read, charged in steps.
#[derive(Debug, Default)]
struct Held {
    held: Vec<Reservation>,
    items: u64,
}

impl Held {
    const STEP: u64 = 1024;

    /// To be called before each push of an item of so many bytes.
    fn one(&mut self, bytes: usize, budget: &Budget) -> Result<()> {
        if self.items.is_multiple_of(Self::STEP) {
            // Twice, because vectors double.
            self.held.push(budget.reserve(2 * Self::STEP * bytes as u64)?);
        }
        self.items += 1;
        Ok(())
    }
}

impl<R: Read + Seek> Archive<R> {
    /// Opens a damaged file by looking for section headers at every byte that is not within a known section. Gives
    /// the ranges that were not recognised. Blocks with damage inside are found when they are decoded.
    ///
    /// Where the tree is lost, the copies of parts of it stand in for it: see [`Archive::tree_is_whole`].
    ///
    /// # Errors
    /// Corrupt if not one section is found; limit; I/O.
    pub fn open_by_scanning(mut inner: R, registry: &Registry, env: &Env) -> Result<(Self, Vec<Damage>)> {
        let file_len = inner.seek(SeekFrom::End(0))?;
        let end = padding::zeros_from(&mut inner, file_len, env)?;
        let mut assembly = Assembly::new(env);
        let found = find::all(&mut inner, file_len, end, &mut assembly, registry, env)?;
        let (mut streams, mut held) = assembly.finish();
        if streams.is_empty() {
            return Err(Error::corrupt("no trace of a .mln stream"));
        }
        held.extend(found.held);
        let (mut infos, mut blocks, mut trees) = (Vec::new(), Vec::new(), Vec::new());
        let (mut whole, mut raw_start) = (true, 0u64);
        for stream in &mut streams {
            stream.use_index(&mut inner, env)?;
            held.push(env.budget.reserve((stream.blocks.len() * size_of::<BlockEntry>()) as u64)?);
            let len = place(stream, &mut raw_start, &mut infos, &mut blocks);
            whole &= directory::of(&mut inner, stream, infos.last(), registry, env, &mut trees, &mut held)?;
            raw_start = raw_start.saturating_add(len);
        }
        let archive = streams.iter().any(|s| s.archive);
        let tree = if trees.is_empty() {
            None
        } else {
            let (tree, more) = merge::merge(trees, &env.budget)?;
            held.extend(more);
            Some(Arc::new(tree))
        };
        let padded = if found.padded { file_len - end } else { 0 };
        let mut damage = found.damage;
        explain(&mut damage, &blocks, &infos, file_len - padded);
        let (env, tree_whole) = (env.clone(), whole);
        let opened = Self {
            inner,
            env,
            file_len,
            padding: padded,
            archive,
            streams: infos,
            blocks,
            tree,
            tree_whole,
            streams_end: None,
            _held: held,
        };
        Ok((opened, damage))
    }
}

/// Puts the blocks of a stream behind those before it; gives the length of its content.
fn place(
    stream: &Stream,
    raw_start: &mut u64,
    infos: &mut Vec<StreamInfo>,
    blocks: &mut Vec<BlockEntry>,
) -> u64 {
    let first = blocks.len();
    for block in &stream.blocks {
        let start = raw_start.checked_add(block.raw_start).filter(|s| s.checked_add(block.raw_len).is_some());
        let Some(start) = start else { continue };
        blocks.push(BlockEntry { raw_start: start, ..*block });
    }
    let content_len = stream.content_len.min(u64::MAX - *raw_start);
    infos.push(StreamInfo {
        offset: stream.offset,
        raw_start: *raw_start,
        content_len,
        content_hash: stream
            .end
            .as_ref()
            .filter(|end| end.content_len == content_len)
            .map(|end| end.content_hash),
        blocks: first..blocks.len(),
    });
    content_len
}

/// Says which content each damaged range cost, and adds the gaps that no damaged range explains.
fn explain(damage: &mut Vec<Damage>, blocks: &[BlockEntry], streams: &[StreamInfo], end: u64) {
    let total = streams.last().map_or(0, |s| s.raw_start.saturating_add(s.content_len));
    // Where the block behind each gap is in the file, and the gap, by where it begins.
    let mut gaps: BTreeMap<u64, (u64, Range<u64>)> = BTreeMap::new();
    let mut covered = 0;
    for block in blocks {
        if block.raw_start > covered {
            gaps.insert(covered, (block.file_offset, covered..block.raw_start));
        }
        covered = covered.max(block.raw_end());
    }
    if covered < total {
        gaps.insert(covered, (end, covered..total));
    }
    let mut by_place: Vec<&BlockEntry> = blocks.iter().collect();
    by_place.sort_by_key(|block| block.file_offset);
    // The end of the content in the blocks up to each.
    let ends = by_place.iter().scan(0, |end, block| {
        *end = block.raw_end().max(*end);
        Some(*end)
    });
    let ends: Vec<u64> = ends.collect();
    for range in damage.iter_mut() {
        let next = by_place.partition_point(|b| b.file_offset < range.file.start);
        let before = next.checked_sub(1).map_or(0, |last| ends[last]);
        range.content = before..before;
        let here = |at: u64| at >= range.file.start && by_place.get(next).is_none_or(|b| at <= b.file_offset);
        if gaps.get(&before).is_some_and(|(at, _)| here(*at))
            && let Some((_, gap)) = gaps.remove(&before)
        {
            range.content = gap;
        }
    }
    damage.extend(gaps.into_values().map(|(at, content)| Damage { file: at..at, content }));
    damage.sort_by_key(|d| d.file.start);
}
