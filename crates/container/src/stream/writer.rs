//! Writes a stream without ever seeking.

use crate::block::{RawBlock, seal_tree};
use crate::compact;
use crate::directory::DirectoryPart;
use crate::end::End;
use crate::index::{self, Row};
use crate::limits;
use crate::primitives::hash64;
use crate::section::{HEADER_LEN, Section, StreamKind, kind, stream_header};
use crate::tree::{Amendment, Tree};
use minlen_core::{Coded, Error, Limits, Result, varint};
use std::io::Write;
use xxhash_rust::xxh3::Xxh3Default;

/// Writes one stream: [`StreamWriter::new`] for bare content, [`StreamWriter::archive`] for a tree of files.
#[derive(Debug)]
pub struct StreamWriter<W: Write> {
    out: W,
    archive: bool,
    /// How the tree amends those of the streams before.
    amends: Option<Amendment>,
    /// Whether the header is written: it is with the first bytes that follow it.
    begun: bool,
    written: u64,
    content_len: u64,
    block_end: u64,
    rows: Vec<Row>,
    tree_at: Option<u64>,
    /// What the files of the tree come to.
    output: u64,
    /// Content and bytes of the streams before this one.
    before: (u64, u64),
    padded: bool,
}

/// More padding than this is not worth it: who makes files of so little for so much is told.
const MOST_PADDING: u64 = 256 << 20;

/// Bytes of a section of padding around its payload, at least: type, length, a varint, a hash, a checksum.
const LEAST_SECTION: u64 = 15;

impl<W: Write> StreamWriter<W> {
    /// Begins a stream of bare content: one nameless file.
    ///
    /// # Errors
    /// Whatever `out` says.
    pub fn new(out: W) -> Result<Self> {
        Self::begin(out, false)
    }

    /// Begins a stream whose content belongs to an archive: [`StreamWriter::write_tree`] must follow the blocks.
    ///
    /// # Errors
    /// Whatever `out` says.
    pub fn archive(out: W) -> Result<Self> {
        Self::begin(out, true)
    }

    /// Begins a stream as [`StreamWriter::archive`] does, whose tree amends those of the streams that are before it in the file.
    ///
    /// # Errors
    /// Usage for paths that a reader would refuse; whatever `out` says.
    pub fn amending(out: W, amendment: Amendment) -> Result<Self> {
        let checked = amendment.check(&Limits::none());
        checked.map_err(|e| Error::usage(format!("an amendment that nobody could read: {e}")))?;
        let mut writer = Self::begin(out, true)?;
        writer.amends = Some(amendment);
        Ok(writer)
    }

    fn begin(out: W, archive: bool) -> Result<Self> {
        let written = HEADER_LEN as u64;
        Ok(Self {
            out,
            archive,
            amends: None,
            begun: false,
            written,
            content_len: 0,
            block_end: written,
            rows: Vec::new(),
            tree_at: None,
            output: 0,
            before: (0, 0),
            padded: true,
        })
    }

    /// Tells what precedes this stream in the file, in bytes of content and of file: a reader compares the sums.
    #[must_use]
    pub fn following(mut self, content: u64, stored: u64) -> Self {
        self.before = (content, stored);
        self
    }

    /// Leaves out the padding that keeps the file within the default limits of readers: for those who read it with limits of
    /// their own.
    #[must_use]
    pub fn unpadded(mut self) -> Self {
        self.padded = false;
        self
    }

    /// Writes the next block of the content. `offset` and `raw_start` of the block are not used: its place is here.
    ///
    /// # Errors
    /// Usage for a block without content, over the limits, or after the tree; whatever the output says.
    pub fn write_block(&mut self, block: &RawBlock) -> Result<()> {
        if self.tree_at.is_some() {
            return Err(Error::usage("a block after the tree"));
        }
        let header_len = self.block_section(kind::BLOCK, block, self.content_len)?.len() as u64;
        let content = self.content_len.saturating_add(block.header.raw_len);
        self.pad_for(content, header_len + block.header.stored_len)?;
        let gap = self.written - self.block_end;
        let header_len = self.put_block(kind::BLOCK, block, self.content_len)?;
        self.content_len = self
            .content_len
            .checked_add(block.header.raw_len)
            .ok_or_else(|| Error::limit("content of over 2^64 bytes"))?;
        let (raw_len, stored_len) = (block.header.raw_len, block.header.stored_len);
        self.rows.push(Row { gap, header_len, raw_len, stored_len });
        self.block_end = self.written;
        Ok(())
    }

    /// Writes the directory of an archive; `code` compresses its serialised form, or what of that can be made smaller.
    ///
    /// # Errors
    /// Usage for a tree that a reader would refuse, a second tree, or a stream that is no archive; whatever `code`
    /// and the output say.
    pub fn write_tree(&mut self, tree: &Tree, code: impl FnOnce(&[u8]) -> Result<Coded>) -> Result<()> {
        if !self.archive || self.tree_at.is_some() {
            return Err(Error::usage("a tree goes once into a stream begun with StreamWriter::archive"));
        }
        let before = self.amends.as_ref().map_or(0, |amendment| amendment.before);
        let content = before.saturating_add(self.content_len);
        let checked = tree.check(&Limits::none()).and_then(|()| tree.check_content(content));
        checked.map_err(|e| Error::usage(format!("a tree that nobody could read: {e}")))?;
        let encoded = self.amends.as_ref().map_or_else(|| tree.encoded(), |amends| amends.encoded(tree));
        let block = seal_tree(&encoded, code)?;
        self.tree_at = Some(self.written);
        self.output = tree.output_len();
        self.put_block(kind::TREE, &block, block.raw_start)?;
        Ok(())
    }

    /// Puts zeros into the stream where `output` would be out of all proportion to the file, `more` bytes from here.
    fn pad_for(&mut self, output: u64, more: u64) -> Result<()> {
        let mut missing = self.missing(output, more);
        // What takes that much would be refused by the disk first.
        if missing > MOST_PADDING {
            return Ok(());
        }
        while missing > 0 {
            let before = self.written;
            self.zeros(missing.min(limits::MAX_SKIPPABLE).saturating_sub(LEAST_SECTION))?;
            missing = missing.saturating_sub(self.written - before);
        }
        Ok(())
    }

    fn missing(&self, output: u64, more: u64) -> u64 {
        let (content, stored) = self.before;
        let stored = stored.saturating_add(self.written).saturating_add(more);
        if self.padded { Limits::padding(content.saturating_add(output), stored) } else { 0 }
    }

    /// A section of padding with a payload of `len` zeros.
    fn zeros(&mut self, len: u64) -> Result<()> {
        const ZEROS: [u8; 4096] = [0; 4096];
        let pieces = || (0..len).step_by(ZEROS.len()).map(|at| &ZEROS[..(len - at).min(4096) as usize]);
        let mut hasher = Xxh3Default::new();
        pieces().for_each(|piece| hasher.update(piece));
        let mut fields = Vec::new();
        varint::put(&mut fields, len);
        fields.extend(hasher.digest().to_le_bytes());
        self.put(&Section::bytes(kind::PADDING, &fields)?)?;
        pieces().try_for_each(|piece| self.put(piece))
    }

    /// Writes a copy of a part of the directory: entries whose content is written already. Readers pass over it; a scan of a
    /// damaged file uses it where TREE is lost.
    ///
    /// # Errors
    /// Usage for a tree that a reader would refuse, or a stream that is no archive; whatever the output says.
    pub fn write_directory(&mut self, part: &DirectoryPart) -> Result<()> {
        if !self.archive || part.reach > self.content_len {
            return Err(Error::usage("a part of the directory before the content of its files"));
        }
        self.skippable(kind::DIRECTORY, &part.payload)
    }

    /// Writes a learned part that blocks name, so that no other file is needed for them.
    ///
    /// # Errors
    /// Usage after anything else was written, but another of these; or over 64 MiB; whatever the output says.
    pub fn write_learned(&mut self, part: &[u8]) -> Result<()> {
        let first = self.rows.is_empty() && self.tree_at.is_none();
        if !first || part.len() as u64 > limits::MAX_LEARNED {
            return Err(Error::usage("a learned part goes before the blocks, and has up to 64 MiB"));
        }
        self.skippable(kind::LEARNED, part)
    }

    /// Writes data of your own that readers who do not know `id` (0x80..=0xBF) pass over.
    ///
    /// # Errors
    /// Usage for another id or over 1 GiB; whatever the output says.
    pub fn skippable(&mut self, id: u8, payload: &[u8]) -> Result<()> {
        if !kind::is_skippable(id) || payload.len() as u64 > limits::MAX_SKIPPABLE {
            return Err(Error::usage(format!("section type {id:#04x} of {} bytes", payload.len())));
        }
        let mut fields = Vec::new();
        varint::put(&mut fields, payload.len() as u64);
        fields.extend(hash64(payload).to_le_bytes());
        self.put(&Section::bytes(id, &fields)?)?;
        self.put(payload)
    }

    /// Writes the whole stream in its compact form, if that can hold it: nothing was written before, and all of the content
    /// is this one block, or there is none. Otherwise the writer comes back, and nothing has changed.
    ///
    /// # Errors
    /// Whatever the output says.
    pub fn finish_compact(mut self, block: Option<&RawBlock>) -> Result<std::result::Result<W, Self>> {
        let (raw, stored) = block.map_or((0, 0), |block| (block.header.raw_len, block.header.stored_len));
        // The compact form has no room for padding; after much content and few bytes it may be needed.
        let full = self.begun || self.archive || self.missing(raw, stored) > 0;
        let small = if full { None } else { compact::bytes(block)? };
        let Some(bytes) = small else { return Ok(Err(self)) };
        self.out.write_all(&bytes)?;
        self.out.flush()?;
        Ok(Ok(self.out))
    }

    /// Writes index and end, flushes, and gives the output back. `content_hash` is the BLAKE3 of the content.
    ///
    /// # Errors
    /// Usage for an archive without a tree; whatever the output says.
    pub fn finish(mut self, content_hash: [u8; 32]) -> Result<W> {
        if self.archive && self.tree_at.is_none() {
            return Err(Error::usage("an archive without a tree"));
        }
        let index = if self.rows.len() > 1 { index::bytes(&self.rows)? } else { Vec::new() };
        if self.archive {
            // Files may share their content, and all of them together are what a reader looks at.
            self.pad_for(self.output.max(self.content_len), index.len() as u64)?;
        }
        let index_at = self.written;
        self.put(&index)?;
        let end = End {
            content_len: self.content_len,
            stream_len: self.written,
            index_back: self.written - index_at,
            tree_back: self.tree_at.map(|at| self.written - at),
            content_hash,
        };
        self.put(&end.bytes()?)?;
        self.out.flush()?;
        Ok(self.out)
    }

    /// Flushes the output: what was written so far is on its way. The stream goes on.
    ///
    /// # Errors
    /// Whatever the output says.
    pub fn flush(&mut self) -> Result<()> {
        Ok(self.out.flush()?)
    }

    /// The output underneath.
    #[must_use]
    pub fn get_ref(&self) -> &W {
        &self.out
    }

    /// The output underneath. What is written to it within a stream breaks the stream; taking out what has been written does not.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.out
    }

    /// Bytes of content so far.
    #[must_use]
    pub fn content_len(&self) -> u64 {
        self.content_len
    }

    /// Bytes written so far.
    #[must_use]
    pub fn stored_len(&self) -> u64 {
        self.written
    }

    fn put_block(&mut self, kind: u8, block: &RawBlock, raw_start: u64) -> Result<u64> {
        if block.header.stored_len != block.payload.len() as u64 {
            return Err(Error::usage("a block whose payload does not fit its header"));
        }
        let header = self.block_section(kind, block, raw_start)?;
        self.put(&header)?;
        self.put(&block.payload)?;
        Ok(header.len() as u64)
    }

    fn block_section(&self, kind: u8, block: &RawBlock, raw_start: u64) -> Result<Vec<u8>> {
        Section::bytes(kind, &block.header.fields(raw_start)?)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        if !self.begun {
            self.begun = true;
            let kind = StreamKind { archive: self.archive, amends: self.amends.is_some() };
            self.out.write_all(&stream_header(kind))?;
        }
        self.out.write_all(bytes)?;
        self.written += bytes.len() as u64;
        Ok(())
    }
}
