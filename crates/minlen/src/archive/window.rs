//! Ranges of content out of blocks.

use super::read::Archive;
use super::sweep::decode_blocks;
use minlen_core::{Reservation, Result};
use std::ops::Range;

impl Archive {
    /// Hands out the bytes of a range of the content.
    pub(super) fn read_extent(
        &mut self,
        range: Range<u64>,
        each: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        if range.is_empty() {
            return Ok(());
        }
        let wanted = self.container.blocks_for(range.clone());
        if wanted.len() == 1 {
            return self.read_within(wanted.start, range, each);
        }
        let starts: Vec<u64> = self.container.blocks()[wanted.clone()].iter().map(|b| b.raw_start).collect();
        let first = wanted.start;
        decode_blocks(&mut self.container, wanted, &self.options, &self.env, |index, bytes| {
            let start = starts[index - first];
            let from = range.start.saturating_sub(start).min(bytes.len() as u64) as usize;
            let to = (range.end - start).min(bytes.len() as u64) as usize;
            each(&bytes[from..to])
        })
    }

    /// Reads from one block, and keeps it: small files that share a block are mostly read one after the other.
    fn read_within(
        &mut self,
        index: usize,
        range: Range<u64>,
        each: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let start = self.container.blocks()[index].raw_start;
        if self.recent.as_ref().is_none_or(|recent| recent.index != index) {
            if let Some(bytes) = self.read_part(index, range.clone())? {
                return each(&bytes);
            }
            self.recent = None;
            let mut kept = Vec::new();
            let one = std::iter::once(index);
            decode_blocks(&mut self.container, one, &self.options, &self.env, |_, bytes| {
                kept = bytes.to_vec();
                Ok(())
            })?;
            let held = self.env.budget.reserve(kept.len() as u64)?;
            self.recent = Some(Recent { index, bytes: kept, _held: held });
        }
        let Some(recent) = &self.recent else { return Ok(()) };
        let from = range.start.saturating_sub(start).min(recent.bytes.len() as u64) as usize;
        let to = (range.end - start).min(recent.bytes.len() as u64) as usize;
        each(&recent.bytes[from..to])
    }

    /// Decodes only what is wanted of a block, if its codec can and it is worth it; a block that is read again and again is
    /// better decoded once.
    fn read_part(&mut self, index: usize, range: Range<u64>) -> Result<Option<Vec<u8>>> {
        let (start, len) = {
            let block = &self.container.blocks()[index];
            (block.raw_start, block.raw_len)
        };
        let (from, to) = (range.start.saturating_sub(start), (range.end - start).min(len));
        let ids = self.container.block_header(index)?.ids;
        let [id] = ids[..] else { return Ok(None) };
        let codec = self.options.registry().codec(id)?;
        let again = self.parts.0 == index && self.parts.1 >= MOST_PARTS;
        if !codec.decodes_ranges() || again || to.saturating_sub(from) > len / 2 {
            return Ok(None);
        }
        self.parts = (index, if self.parts.0 == index { self.parts.1 + 1 } else { 1 });
        let block = self.container.read_block(index)?;
        let codec = self.options.registry().codec(id)?;
        let (raw, from, to) = (usize::try_from(len), usize::try_from(from), usize::try_from(to));
        let (Ok(raw), Ok(from), Ok(to)) = (raw, from, to) else { return Ok(None) };
        let _held = self.env.budget.reserve((to - from) as u64)?;
        let mut out = Vec::new();
        match codec.decode_range(&block.payload, raw, from..to, &self.env, &mut out) {
            Some(done) => done.map_err(|e| e.at(block.offset)).map(|()| Some(out)),
            None => Ok(None),
        }
    }
}

/// So often a block is decoded in parts before it is decoded whole.
const MOST_PARTS: usize = 12;

/// The block read last.
pub(super) struct Recent {
    index: usize,
    bytes: Vec<u8>,
    _held: Reservation,
}
