//! Random access to a whole file: one or more streams, found from the end or by scanning (docs/format/index.md).

mod header;
mod merge;
mod open;
pub(crate) mod padding;
mod pieces;
mod scan;
mod structure;
pub(crate) mod walk_headers;

use crate::block::{BlockHeader, RawBlock};
use crate::compact::{self, Head};
use crate::primitives::Input;
use crate::section::{HEADER_LEN, Section, kind};
use crate::stream::learned;
use crate::tree::Tree;
use minlen_core::{Env, Error, ErrorKind, Reservation, Result};
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

pub use scan::Damage;
pub use structure::check_structure;
pub(crate) use walk_headers::grow_for;

/// A block, as far as the index tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlockEntry {
    /// Where its content begins in the content of the whole file.
    pub raw_start: u64,
    /// Bytes of content.
    pub raw_len: u64,
    /// Bytes of payload.
    pub stored_len: u64,
    /// Where its section begins in the file.
    pub file_offset: u64,
    /// Bytes of its section header.
    pub header_len: u64,
}

impl BlockEntry {
    /// Where its content ends.
    #[must_use]
    pub fn raw_end(&self) -> u64 {
        self.raw_start.saturating_add(self.raw_len)
    }
}

/// One stream of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamInfo {
    /// Where it begins in the file.
    pub offset: u64,
    /// Where its content begins in the content of the whole file.
    pub raw_start: u64,
    /// Bytes of content.
    pub content_len: u64,
    /// BLAKE3 of its content; unknown where a scan did not find its end.
    pub content_hash: Option<[u8; 32]>,
    /// Its blocks.
    pub blocks: Range<usize>,
}

/// A file of streams, open for random access. Nothing but the tree is decoded by opening.
#[derive(Debug)]
pub struct Archive<R: Read + Seek> {
    inner: R,
    env: Env,
    file_len: u64,
    padding: u64,
    archive: bool,
    streams: Vec<StreamInfo>,
    blocks: Vec<BlockEntry>,
    tree: Option<Arc<Tree>>,
    tree_whole: bool,
    streams_end: Option<u64>,
    _held: Vec<Reservation>,
}

impl<R: Read + Seek> Archive<R> {
    /// All blocks in the order of the content.
    #[must_use]
    pub fn blocks(&self) -> &[BlockEntry] {
        &self.blocks
    }

    /// The streams in order; most files have one.
    #[must_use]
    pub fn streams(&self) -> &[StreamInfo] {
        &self.streams
    }

    /// The directory, all streams together; `None` for bare content, or where a scan did not find it.
    #[must_use]
    pub fn tree(&self) -> Option<&Tree> {
        self.tree.as_deref()
    }

    /// The same, to be kept while the archive is read from: its memory stays charged as long as the archive is there.
    #[must_use]
    pub fn shared_tree(&self) -> Option<Arc<Tree>> {
        self.tree.clone()
    }

    /// False if a scan found only copies of parts of the directory, or nothing of it: some names may be lost then.
    #[must_use]
    pub fn tree_is_whole(&self) -> bool {
        self.tree_whole
    }

    /// True if the content belongs to an archive, even if a scan did not find its tree.
    #[must_use]
    pub fn is_archive(&self) -> bool {
        self.archive
    }

    /// Bytes of content, all streams together.
    #[must_use]
    pub fn content_len(&self) -> u64 {
        self.streams.last().map_or(0, |s| s.raw_start.saturating_add(s.content_len))
    }

    /// BLAKE3 of the content of a file with one stream; see [`Archive::streams`] for more.
    #[must_use]
    pub fn content_hash(&self) -> Option<[u8; 32]> {
        match &self.streams[..] {
            [one] => one.content_hash,
            _ => None,
        }
    }

    /// Bytes of the file.
    #[must_use]
    pub fn file_len(&self) -> u64 {
        self.file_len
    }

    /// Where the last stream ends in the file: recovery data and zeros may follow. Unknown where the file was scanned.
    #[must_use]
    pub fn streams_end(&self) -> Option<u64> {
        self.streams_end
    }

    /// Zero bytes behind the end, which are no part of the file: tapes and block devices leave them.
    #[must_use]
    pub fn padding(&self) -> u64 {
        self.padding
    }

    /// What to tell people of [`Archive::padding`], if there is some.
    #[must_use]
    pub fn padding_warning(&self) -> Option<String> {
        (self.padding > 0).then(|| padding::warning(self.file_len - self.padding, self.padding))
    }

    /// Refuses a file whose output would be over the limits: to be called before decoding all of it.
    ///
    /// # Errors
    /// Limit.
    pub fn check_output(&self) -> Result<()> {
        let files = self.tree().map_or(0, Tree::output_len);
        self.env.limits.check_output(self.content_len().max(files), self.file_len)
    }

    /// The blocks that hold `content` (a range of content bytes). After a scan there may be holes between them:
    /// see [`Archive::is_complete`].
    #[must_use]
    pub fn blocks_for(&self, content: Range<u64>) -> Range<usize> {
        let first = self.blocks.partition_point(|b| b.raw_end() <= content.start);
        let end = self.blocks.partition_point(|b| b.raw_start < content.end);
        first..end.max(first)
    }

    /// True if every byte of `content` is in some block.
    #[must_use]
    pub fn is_complete(&self, content: Range<u64>) -> bool {
        let mut covered = content.start;
        for block in &self.blocks[self.blocks_for(content.clone())] {
            if block.raw_start > covered {
                return false;
            }
            covered = block.raw_end();
        }
        covered >= content.end
    }

    /// The learned parts that the file itself holds for its blocks: the bytes of each one's file. Also whether something before the
    /// blocks is damaged: it is left out, and whoever needs it will miss it.
    ///
    /// # Errors
    /// I/O; limit.
    pub fn read_learned(&mut self) -> Result<(Vec<Vec<u8>>, bool)> {
        let (mut parts, mut damaged) = (Vec::new(), false);
        for i in 0..self.streams.len() {
            let stream = &self.streams[i];
            let mut at = stream.offset.saturating_add(HEADER_LEN as u64);
            // What a compact stream has begins with it.
            let end = self.blocks.get(stream.blocks.clone()).and_then(<[_]>::first);
            let end = end.map_or(0, |block| block.file_offset);
            while at < end {
                match self.learned_at(at) {
                    Ok(Some((part, next))) => {
                        at = next;
                        parts.push(part);
                    }
                    Ok(None) => break,
                    Err(error) if matches!(error.kind(), ErrorKind::Io | ErrorKind::Limit) => {
                        return Err(error);
                    }
                    Err(_) => {
                        damaged = true;
                        break;
                    }
                }
            }
        }
        Ok((parts, damaged))
    }

    /// The learned part in the section at `at`, if one is there, and where the section ends.
    fn learned_at(&mut self, at: u64) -> Result<Option<(Vec<u8>, u64)>> {
        let (section, mut input) = section_at(&mut self.inner, at)?;
        if section.kind != kind::LEARNED {
            return Ok(None);
        }
        let part = learned(&section, &mut input, &self.env)?;
        Ok(Some((part, input.pos)))
    }

    /// Reads block `i` and checks its header against the index. Decode it with [`crate::open_block`].
    ///
    /// # Errors
    /// Usage for a number that is too high; corrupt, truncated, I/O.
    pub fn read_block(&mut self, i: usize) -> Result<RawBlock> {
        self.read_block_in(i, Vec::new())
    }

    /// The same, with the payload in the memory of `room`.
    ///
    /// # Errors
    /// As [`Archive::read_block`].
    pub fn read_block_in(&mut self, i: usize, room: Vec<u8>) -> Result<RawBlock> {
        let entry = *self.blocks.get(i).ok_or_else(|| Error::usage(format!("there is no block {i}")))?;
        let misfit = || Error::corrupt("a block that does not fit the index").at(entry.file_offset);
        if let Some((head, mut input)) = compact_at(&mut self.inner, entry.file_offset)? {
            if (head.raw_len(), head.stored_len()) != (entry.raw_len, entry.stored_len) {
                return Err(misfit());
            }
            let block = head.block(entry.file_offset, &mut input)?.ok_or_else(misfit)?;
            return Ok(RawBlock { raw_start: entry.raw_start, ..block });
        }
        let stream = self.streams.partition_point(|s| s.blocks.end <= i);
        let base = self.streams.get(stream).map_or(0, |s| s.raw_start);
        let (section, mut input) = section_at(&mut self.inner, entry.file_offset)?;
        let (header, raw_start) = parse_block(&section, kind::BLOCK, entry.file_offset)?;
        if (header.raw_len, header.stored_len) != (entry.raw_len, entry.stored_len)
            || base.checked_add(raw_start) != Some(entry.raw_start)
        {
            return Err(misfit());
        }
        let payload = input.payload_of_index(room, header.stored_len, &self.env)?;
        Ok(RawBlock { header, payload, offset: entry.file_offset, raw_start: entry.raw_start })
    }

    /// The reader underneath. Where it stands does not matter to the archive.
    pub fn reader(&mut self) -> &mut R {
        &mut self.inner
    }

    /// Gives the reader back.
    pub fn into_inner(self) -> R {
        self.inner
    }
}

/// The head of the compact stream at `offset`, if one is there, and an input right after it.
fn compact_at<R: Read + Seek>(r: &mut R, offset: u64) -> Result<Option<(Head, Input<&mut R>)>> {
    r.seek(SeekFrom::Start(offset))?;
    let mut input = Input::new(r, offset);
    let begin = input.array("a section")?;
    if !compact::is_compact(&begin) {
        return Ok(None);
    }
    let head = Head::read(&begin, &mut input).map_err(|e| e.at(offset))?;
    Ok(Some((head, input)))
}

/// The section header at `offset`, and an input right after it.
fn section_at<R: Read + Seek>(r: &mut R, offset: u64) -> Result<(Section, Input<&mut R>)> {
    r.seek(SeekFrom::Start(offset))?;
    let mut input = Input::new(r, offset);
    let [kind] = input.array("a section")?;
    let section = Section::read(kind, &mut input)?;
    Ok((section, input))
}

fn parse_block(section: &Section, expected: u8, offset: u64) -> Result<(BlockHeader, u64)> {
    if section.kind != expected {
        return Err(Error::corrupt("a section of another type than expected").at(offset));
    }
    BlockHeader::parse(&section.fields).map_err(|e| e.at(offset))
}

#[cfg(test)]
mod tests;
