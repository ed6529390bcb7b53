//! What of the blocks belongs to each member: its share of their size, and their codecs.

use super::member::{BlockInfo, Member};
use minlen_container::{Entry, Extent};
use minlen_core::{Budget, Reservation, Result};
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

/// How many blocks have one minimum above them.
const GROUP: usize = 64;

/// The blocks, prepared so that a member costs as much as it has extents and codecs, however many blocks it lies in.
pub(super) struct Shares {
    /// Where the content of each block begins and ends.
    bounds: Vec<(u64, u64)>,
    /// Stored bytes of all blocks before each, and at the end of all.
    stored: Vec<u64>,
    /// The codec chains, each once.
    chains: Vec<String>,
    chain_of: Vec<u32>,
    /// One more than the last block before each that has the same chain; 0 for none.
    previous: Vec<u32>,
    /// The smallest of these in each group.
    least: Vec<u32>,
    _held: Reservation,
}

impl Shares {
    pub(super) fn new(
        blocks: impl Iterator<Item = Result<BlockInfo>>,
        count: usize,
        budget: &Budget,
    ) -> Result<Self> {
        let mut held = budget.reserve((count * (16 + 8 + 4 + 4 + 1)) as u64)?;
        let mut bounds = Vec::with_capacity(count);
        let mut stored = Vec::with_capacity(count + 1);
        let mut chain_of = Vec::with_capacity(count);
        let mut previous = Vec::with_capacity(count);
        let mut chains = Vec::new();
        let mut numbers: HashMap<String, (u32, u32)> = HashMap::new();
        let mut sum = 0u64;
        for (index, block) in blocks.enumerate() {
            let block = block?;
            bounds.push((block.raw_start, block.raw_start.saturating_add(block.raw_len)));
            stored.push(sum);
            sum = sum.saturating_add(block.stored_len);
            if !numbers.contains_key(&block.codec) {
                held.grow(2 * (block.codec.len() as u64 + 64))?;
                chains.push(block.codec.clone());
            }
            let new = chains.len().saturating_sub(1) as u32;
            let (chain, last) = numbers.entry(block.codec).or_insert((new, 0));
            chain_of.push(*chain);
            previous.push(*last);
            *last = index as u32 + 1;
        }
        stored.push(sum);
        let least = previous.chunks(GROUP).map(|group| group.iter().copied().min().unwrap_or(0)).collect();
        Ok(Self { bounds, stored, chains, chain_of, previous, least, _held: held })
    }

    /// Adds to `member` what the blocks under the extents of `entry` say.
    pub(super) fn add(&self, entry: &Entry, member: &mut Member) {
        let mut chains = BTreeSet::new();
        let mut last = 0..0;
        for extent in entry.extents() {
            let Extent::Data { offset, len } = *extent else { continue };
            let content = offset..offset.saturating_add(len);
            let blocks = self.under(&content);
            member.stored = member.stored.saturating_add(self.stored_in(&content, &blocks));
            if blocks != last {
                self.chains_of(&blocks, &mut chains);
                last = blocks;
            }
        }
        member.codecs = chains.into_iter().map(str::to_owned).collect();
    }

    fn under(&self, content: &Range<u64>) -> Range<usize> {
        let first = self.bounds.partition_point(|&(_, end)| end <= content.start);
        let end = self.bounds.partition_point(|&(start, _)| start < content.end);
        first..end.max(first)
    }

    /// The share of the stored bytes: all of the blocks between, and in proportion of the first and the last.
    fn stored_in(&self, content: &Range<u64>, blocks: &Range<usize>) -> u64 {
        let part = |index: usize| {
            let (start, end) = self.bounds[index];
            let overlap = content.end.min(end).saturating_sub(content.start.max(start));
            let stored = self.stored[index + 1] - self.stored[index];
            (u128::from(stored) * u128::from(overlap) / u128::from((end - start).max(1))) as u64
        };
        match blocks.len() {
            0 => 0,
            1 => part(blocks.start),
            _ => {
                let (first, last) = (blocks.start, blocks.end - 1);
                part(first) + (self.stored[last] - self.stored[first + 1]) + part(last)
            }
        }
    }

    /// Adds the chains of these blocks, each once: a block counts where its chain has not been since the first of them.
    fn chains_of<'s>(&'s self, blocks: &Range<usize>, chains: &mut BTreeSet<&'s str>) {
        let mut at = blocks.start;
        while at < blocks.end {
            let whole = at.is_multiple_of(GROUP) && self.least[at / GROUP] as usize > blocks.start;
            if !whole && self.previous[at] as usize <= blocks.start {
                chains.insert(&self.chains[self.chain_of[at] as usize]);
            }
            at += if whole { GROUP } else { 1 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::member::describe;
    use minlen_container::Body;

    fn block(number: u64, codec: &str) -> BlockInfo {
        let (raw_start, codec) = (number * 10, codec.into());
        BlockInfo { raw_start, raw_len: 10, stored_len: number + 1, file_offset: 0, codec }
    }

    #[test]
    fn a_member_has_the_codecs_and_its_part_of_the_size_of_the_blocks_under_it() {
        let name = |number: u64| if number == 150 { "rare" } else { ["a", "b", "c"][number as usize % 3] };
        let blocks = (0..200).map(|number| Ok(block(number, name(number))));
        let shares = Shares::new(blocks, 200, &Budget::new(1 << 20)).unwrap();
        for (offset, len, codecs, stored) in [
            (0, 10, &["a"][..], 1),
            (5, 10, &["a", "b"], 1),
            (0, 2000, &["a", "b", "c", "rare"], 200 * 201 / 2),
            (640, 20, &["b", "c"], 65 + 66),
            (1490, 30, &["b", "c", "rare"], 150 + 151 + 152),
        ] {
            let extents = vec![Extent::Data { offset, len }];
            let body = Body::File { len, hash: [0; 16], extents };
            let entry = Entry { path: b"f".to_vec(), mode: 0, mtime: None, body, meta: None };
            let mut member = describe(&entry, &[]);
            shares.add(&entry, &mut member);
            assert_eq!((&member.codecs[..], member.stored), (&codecs.map_strings()[..], stored), "{offset}");
        }
    }

    trait Strings {
        fn map_strings(&self) -> Vec<String>;
    }

    impl Strings for &[&str] {
        fn map_strings(&self) -> Vec<String> {
            self.iter().map(|s| (*s).to_string()).collect()
        }
    }
}
