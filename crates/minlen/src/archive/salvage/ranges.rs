//! Which content is there, which is lost, and what that means for a file.

use minlen_container::{BlockEntry, Entry, Extent};
use minlen_core::{Budget, Reservation, Result};
use std::ops::Range;

/// Ranges in the order of their starts, with those that touch as one.
pub(super) fn joined(ranges: impl Iterator<Item = Range<u64>>) -> Vec<Range<u64>> {
    let mut out: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match out.last_mut() {
            Some(last) if last.end >= range.start => last.end = last.end.max(range.end),
            _ => out.push(range),
        }
    }
    out
}

/// The content that no entry refers to.
pub(super) fn unclaimed(entries: &[Entry]) -> Vec<Range<u64>> {
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

/// How much of a range is in blocks.
pub(super) struct Covered {
    starts: Vec<u64>,
    /// Bytes in blocks before each, and in all.
    before: Vec<u64>,
}

impl Covered {
    pub(super) fn new(blocks: &[BlockEntry]) -> Self {
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

    pub(super) fn within(&self, range: Range<u64>) -> u64 {
        self.until(range.end).saturating_sub(self.until(range.start))
    }
}

/// The content that is in no good block.
pub(super) fn lost_content(blocks: &[BlockEntry], good: &[bool]) -> Vec<Range<u64>> {
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

/// Lost ranges of a file for which memory is reserved at once.
const RANGES: usize = 32;

/// Lost content, in order.
pub(super) struct Lost<'a>(pub(super) &'a [Range<u64>]);

impl Lost<'_> {
    /// The ranges of a file that are lost.
    pub(super) fn of(
        &self,
        extents: &[Extent],
        budget: &Budget,
        held: &mut Vec<Reservation>,
    ) -> Result<Vec<Range<u64>>> {
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
                        _ => {
                            if out.len().is_multiple_of(RANGES) {
                                held.push(budget.reserve((2 * RANGES * size_of::<Range<u64>>()) as u64)?);
                            }
                            out.push(from..to);
                        }
                    }
                }
            }
            at = at.saturating_add(extent.len());
        }
        Ok(out)
    }
}
