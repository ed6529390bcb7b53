//! Ranges of content out of blocks.

use super::around::Around;
use super::read::Archive;
use super::recent::BLOCK_COST;
use super::sweep::{Check, decode_blocks};
use crate::blocks::{open_alone, open_first};
use minlen_container::{Entry, Extent};
use minlen_core::{ErrorKind, Reservation, Result};
use std::ops::Range;

impl Archive<'_> {
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
        // Of the outermost blocks only some may be wanted; those between are decoded in parallel.
        let bounds = |index: usize| {
            let block = &self.container.blocks()[index];
            (block.raw_start, block.raw_end())
        };
        let (first, last) = (bounds(wanted.start), bounds(wanted.end - 1));
        let mut whole = wanted.clone();
        if range.start > first.0 {
            whole.start += 1;
        }
        if range.end < last.1 {
            whole.end -= 1;
        }
        if whole.start > wanted.start {
            self.read_within(wanted.start, range.start..first.1, each)?;
        }
        self.read_blocks(whole.clone(), each)?;
        if whole.end < wanted.end {
            self.read_within(whole.end, last.0..range.end, each)?;
        }
        Ok(())
    }

    /// Hands out all of these blocks, which are next to one another.
    fn read_blocks(
        &mut self,
        mut blocks: Range<usize>,
        each: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let all = self.container.blocks()[blocks.clone()].iter();
        // For little, threads cost more than they give.
        if all.map(|block| block.raw_len).sum::<u64>() < PARALLEL {
            return blocks.into_iter().try_for_each(|index| {
                let block = self.container.blocks()[index];
                self.read_within(index, block.raw_start..block.raw_end(), each)
            });
        }
        loop {
            let mut refused = false;
            let done = decode_blocks(
                &mut self.container,
                blocks.clone(),
                &self.options,
                &self.env,
                |index, bytes| {
                    blocks.start = index + 1;
                    each(bytes).inspect_err(|_| refused = true)
                },
            );
            match done {
                // Blocks that are kept may be what the memory is missing.
                Err(e) if e.kind() == ErrorKind::Limit && !refused && self.recent.drop_oldest() => {}
                done => return done,
            }
        }
    }

    /// Fills the front of `buffer` with what stands at `at` in the content, as far as that comes without decoding what is costly;
    /// returns how many bytes that are.
    pub(super) fn read_around(&mut self, at: u64, buffer: &mut [u8]) -> usize {
        let index = self.container.blocks_for(at..at.saturating_add(1)).start;
        let block = self.container.blocks().get(index);
        // Where a block is missing, the next one begins later.
        let Some(inside) = block.and_then(|block| at.checked_sub(block.raw_start)) else { return 0 };
        if !self.around.contains_key(&index) {
            // What fails here, as for want of memory, is for the usual way of reading to report.
            let around = self.decode_around(index).unwrap_or_default();
            self.around.insert(index, around);
        }
        let Some(around) = self.around.get(&index) else { return 0 };
        let rest = around.from(inside);
        let len = rest.len().min(buffer.len());
        buffer[..len].copy_from_slice(&rest[..len]);
        len
    }

    fn decode_around(&mut self, index: usize) -> Result<Around> {
        let [id] = self.container.block_header(index)?.ids[..] else { return Ok(Around::default()) };
        if self.options.registry().codec(id)?.ranges().is_none() {
            return Ok(Around::default());
        }
        let raw = self.container.blocks()[index].raw_len;
        let block = self.container.read_block_in(index, std::mem::take(&mut self.room))?;
        let codec = self.options.registry().codec(id)?;
        let Ok(raw) = usize::try_from(raw) else { return Ok(Around::default()) };
        let parts = codec.ranges().map(|codec| codec.decode_between(&block.payload, raw, &self.env));
        self.room = block.payload;
        let Some(parts) = parts else { return Ok(Around::default()) };
        let parts = parts.map_err(|e| e.at(block.offset))?;
        let len: usize = parts.iter().map(|(_, bytes)| bytes.len()).sum();
        let held = self.env.budget.reserve(len as u64)?;
        Ok(Around::new(parts, held))
    }

    /// Reads from one block, and keeps it if all of it was decoded.
    fn read_within(
        &mut self,
        index: usize,
        range: Range<u64>,
        each: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let start = self.container.blocks()[index].raw_start;
        let cut = |bytes: &[u8]| {
            let len = bytes.len() as u64;
            range.start.saturating_sub(start).min(len) as usize..(range.end - start).min(len) as usize
        };
        if let Some(bytes) = self.recent.get(index) {
            return each(&bytes[cut(bytes)]);
        }
        if let Some(bytes) = self.read_part(index, range.clone())? {
            return each(&bytes);
        }
        let (bytes, held) = self.decode(index)?;
        let bytes = self.recent.keep(index, bytes, held, &self.env.budget);
        each(&bytes[cut(bytes)])
    }

    /// Decodes a block; where the memory does not do, without those that are kept.
    fn decode(&mut self, index: usize) -> Result<(Vec<u8>, Reservation)> {
        self.recent.spend(self.container.blocks()[index].raw_len)?;
        loop {
            match self.decode_within_memory(index) {
                Err(e) if e.kind() == ErrorKind::Limit && self.recent.drop_oldest() => {}
                done => return done,
            }
        }
    }

    fn decode_within_memory(&mut self, index: usize) -> Result<(Vec<u8>, Reservation)> {
        let entry = self.container.blocks()[index];
        let held = self.env.budget.reserve(entry.raw_len.saturating_add(BLOCK_COST))?;
        let _payload = self.env.budget.reserve(entry.stored_len)?;
        let block = self.container.read_block_in(index, std::mem::take(&mut self.room))?;
        let opened = open_alone(&block, &self.options, &self.env);
        self.room = block.payload;
        Ok((opened?, held))
    }

    /// A whole file that lies in one piece within one block, by decoding the block up to there only, if its codec can; checked by the
    /// file's own hash. Whoever comes to a block a second time is better off with all of it decoded.
    pub(super) fn read_early(&mut self, entry: &Entry) -> Result<Option<Vec<u8>>> {
        let [Extent::Data { offset, len }] = *entry.extents() else { return Ok(None) };
        let Some(range) = offset.checked_add(len).map(|end| offset..end) else { return Ok(None) };
        let blocks = self.container.blocks_for(range.clone());
        if blocks.len() != 1 || self.recent.get(blocks.start).is_some() || !self.begun.insert(blocks.start) {
            return Ok(None);
        }
        let (index, block) = (blocks.start, self.container.blocks()[blocks.start]);
        let (from, to) = (range.start.saturating_sub(block.raw_start), range.end - block.raw_start);
        let [id] = self.container.block_header(index)?.ids[..] else { return Ok(None) };
        if to > block.raw_len - block.raw_len / 8 || self.options.registry().codec(id)?.sequential().is_none()
        {
            return Ok(None);
        }
        self.recent.spend(to)?;
        let _held = self.env.budget.reserve(to.saturating_add(block.stored_len))?;
        let raw = self.container.read_block_in(index, std::mem::take(&mut self.room))?;
        let bytes = open_first(&raw, to, &self.options, &self.env);
        self.room = raw.payload;
        let bytes = bytes?;
        let file = usize::try_from(from).ok().zip(usize::try_from(to).ok());
        let file = file.and_then(|(from, to)| bytes.get(from..to)).unwrap_or_default();
        let mut check = Check::default();
        check.update(0, file);
        // What is damaged is found, and named, where all is decoded.
        Ok(check.finish(entry).is_ok().then(|| file.to_vec()))
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
        if codec.ranges().is_none() || again || to.saturating_sub(from) > len / 2 {
            return Ok(None);
        }
        self.parts = (index, if self.parts.0 == index { self.parts.1 + 1 } else { 1 });
        self.recent.spend(self.container.blocks()[index].stored_len)?;
        let block = self.container.read_block_in(index, std::mem::take(&mut self.room))?;
        let codec = self.options.registry().codec(id)?;
        let (raw, from, to) = (usize::try_from(len), usize::try_from(from), usize::try_from(to));
        let (Ok(raw), Ok(from), Ok(to)) = (raw, from, to) else { return Ok(None) };
        let _held = self.env.budget.reserve((to - from) as u64)?;
        let mut out = Vec::new();
        let done = codec.ranges().map(|c| c.decode_range(&block.payload, raw, from..to, &self.env, &mut out));
        self.room = block.payload;
        match done {
            Some(done) => done.map_err(|e| e.at(block.offset)).map(|()| Some(out)),
            None => Ok(None),
        }
    }
}

/// From so many bytes on, blocks are decoded on several threads.
const PARALLEL: u64 = 1 << 20;

/// So often a block is decoded in parts before it is decoded whole.
const MOST_PARTS: usize = 12;
