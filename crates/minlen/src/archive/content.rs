//! The content of an archive as it is written: files in, blocks out.

use super::contents::Contents;
use super::dedup::{CHUNK, Dedup};
use super::hash::{self, FileHash};
use crate::block_coder::BlockCoder;
use crate::budget::Spending;
use crate::cuts::Sizes;
use crate::layout::{FileLayout, Track};
use crate::options::Options;
use fastcdc::v2020::{FastCDC, StreamCDC};
use minlen_container::walk::Item;
use minlen_container::{Extent, StreamWriter, Tree};
use minlen_core::{Detection, Env, Error, Result};
use std::io::{Read, Write};

/// Zeros hashed between two looks at the stop flag.
const ZEROS_AT_ONCE: u64 = 16 << 20;

/// Ranges of up to so many bytes are read at once.
const AT_ONCE: u64 = 1 << 20;

/// Puts files together into blocks and hands the blocks to the coder.
///
/// Which files share a block is planned before ([`super::groups`]); a group that is longer than a block is cut.
pub(super) struct Content<'a, W: Write> {
    coder: BlockCoder<W>,
    buffer: Vec<u8>,
    /// Room for a small file.
    room: Vec<u8>,
    /// What the group at hand is, where it is known.
    kind: Option<Detection>,
    len: u64,
    hasher: blake3::Hasher,
    block: usize,
    /// Sizes of blocks that end where their content says so, if they shall.
    cuts: Option<Sizes>,
    dedup: Option<Dedup<'a>>,
    env: Env,
    /// Where the spans of the files are in the buffer.
    track: Track,
}

/// What became of a file.
pub(super) enum Added {
    Stored(Stored),
    /// It could not be read to its end.
    Unreadable(Error),
}

/// What a file turned into.
pub(super) struct Stored {
    pub(super) len: u64,
    pub(super) hash: [u8; 16],
    pub(super) extents: Vec<Extent>,
    /// Bytes that were not stored before.
    pub(super) fresh: u64,
}

impl<'a, W: Write> Content<'a, W> {
    /// An empty content for the stream of `writer`, of blocks of at most `block` bytes, which will come from `contents`.
    pub(super) fn new(
        writer: StreamWriter<W>,
        contents: &'a dyn Contents,
        options: &Options,
        spending: Spending,
        block: usize,
        env: &Env,
    ) -> Self {
        let cuts = options.cuts(block);
        Self {
            coder: BlockCoder::new(writer, options, spending, env).embedding(),
            buffer: Vec::new(),
            room: Vec::new(),
            kind: None,
            len: 0,
            hasher: blake3::Hasher::new(),
            block: cuts.map_or(block, |sizes| sizes.most),
            cuts,
            dedup: options.dedup.then(|| Dedup::new(contents)),
            env: env.clone(),
            track: Track::default(),
        }
    }

    /// Begins a file.
    fn enter(&mut self, number: usize, item: &Item, layout: Option<&FileLayout>) {
        self.track.enter(layout.map(FileLayout::shared));
        if let Some(dedup) = &mut self.dedup {
            dedup.enter_file(number, item.state);
        }
    }

    /// Adds the file of an item, with its number, all of whose bytes are at hand.
    pub(super) fn add_bytes(
        &mut self,
        (number, item): (usize, &Item),
        bytes: &[u8],
        layout: Option<&FileLayout>,
    ) -> Result<Stored> {
        self.enter(number, item, layout);
        let (mut extents, mut fresh) = (Vec::new(), 0);
        for chunk in FastCDC::new(bytes, CHUNK.0, CHUNK.1, CHUNK.2) {
            let data = &bytes[chunk.offset..chunk.offset + chunk.length];
            fresh += self.add_chunk(data, chunk.offset as u64, &mut extents)?;
        }
        Ok(Stored { len: bytes.len() as u64, hash: hash::of_all(bytes), extents, fresh })
    }

    /// Adds the file of an item, with its number: `ranges` are offset and length of its parts that are not holes, in
    /// order, each to be read through `open`; `size` its length with the holes; `layout` what it is made of. A file that ends
    /// earlier than it should is stored as long as it is: nothing is made up.
    pub(super) fn add_file<R: Read>(
        &mut self,
        (number, item): (usize, &Item),
        size: u64,
        ranges: &[(u64, u64)],
        layout: Option<&FileLayout>,
        mut open: impl FnMut(u64, u64) -> Result<R>,
    ) -> Result<Added> {
        self.enter(number, item, layout);
        let mut file = FileBuilder::default();
        let mut whole = true;
        for &(start, len) in ranges {
            file.hole_until(start, &self.env)?;
            let mut at = start;
            let reader = match open(start, len) {
                Ok(reader) => reader,
                // What was read of the file so far stays in the content, and nothing refers to it.
                Err(error) => return Ok(Added::Unreadable(error)),
            };
            if let Err(error) = self.add_range(reader, len, &mut at, &mut file)? {
                return Ok(Added::Unreadable(Error::io("reading", error).in_file(&item.source)));
            }
            whole = at - start == len;
            if !whole {
                break;
            }
        }
        if whole {
            file.hole_until(size, &self.env)?;
        }
        Ok(Added::Stored(file.finish()))
    }

    /// Adds what `reader` gives, at most `len` bytes, which begin at `at` in the file; the inner error is that of reading.
    fn add_range(
        &mut self,
        mut reader: impl Read,
        len: u64,
        at: &mut u64,
        file: &mut FileBuilder,
    ) -> Result<std::io::Result<()>> {
        if len > AT_ONCE {
            for chunk in StreamCDC::new(reader, CHUNK.0, CHUNK.1, CHUNK.2) {
                match chunk {
                    Ok(chunk) => self.add_part(&chunk.data, at, file)?,
                    Err(error) => return Ok(Err(error.into())),
                }
            }
            return Ok(Ok(()));
        }
        // For little, the memory of a stream would cost more than the reading.
        let mut room = std::mem::take(&mut self.room);
        if (room.len() as u64) < len {
            room.resize(len as usize, 0);
        }
        let read = read_up_to(&mut reader, &mut room[..len as usize]);
        if let Ok(read) = read {
            let bytes = &room[..read];
            for chunk in FastCDC::new(bytes, CHUNK.0, CHUNK.1, CHUNK.2) {
                self.add_part(&bytes[chunk.offset..chunk.offset + chunk.length], at, file)?;
            }
        }
        self.room = room;
        Ok(read.map(|_| ()))
    }

    fn add_part(&mut self, chunk: &[u8], at: &mut u64, file: &mut FileBuilder) -> Result<()> {
        file.fresh += self.add_chunk(chunk, *at, &mut file.extents)?;
        file.hash.update(chunk);
        *at += chunk.len() as u64;
        Ok(())
    }

    /// Bytes of content that were handed to the coder.
    pub(super) fn handed_in(&self) -> u64 {
        self.len - self.buffer.len() as u64
    }

    /// Puts a copy of a part of the directory behind the blocks that were handed to the coder.
    pub(super) fn put_directory(&mut self, part: Tree) -> Result<()> {
        self.coder.put_directory(part)
    }

    /// Codes what is left and gives the writer back, with the hash of the content.
    pub(super) fn finish(mut self) -> Result<(StreamWriter<W>, [u8; 32])> {
        self.flush()?;
        Ok((self.coder.finish()?, *self.hasher.finalize().as_bytes()))
    }

    /// Begins a group: what was added before goes into other blocks than what follows. `kind` is what the group is, where
    /// that is known, `len` about how many bytes it has.
    pub(super) fn begin_group(&mut self, kind: Option<Detection>, len: u64) -> Result<()> {
        self.flush()?;
        self.kind = kind;
        // Growing by and by would copy it again and again.
        self.buffer.reserve_exact(usize::try_from(len).unwrap_or(self.block).min(self.block));
        Ok(())
    }

    /// Stores a chunk, or refers to an equal one. Returns how many bytes are new.
    fn add_chunk(&mut self, chunk: &[u8], file_offset: u64, extents: &mut Vec<Extent>) -> Result<u64> {
        let len = chunk.len() as u64;
        let recent_start = self.len - self.buffer.len() as u64;
        if let Some(dedup) = &mut self.dedup
            && let Some(key) = Dedup::key(chunk)
        {
            if let Some(offset) = dedup.find(key, chunk, &self.buffer, recent_start) {
                append_extent(extents, offset, len);
                return Ok(0);
            }
            dedup.remember(key, chunk.len(), self.len, file_offset);
        }
        append_extent(extents, self.len, len);
        self.push(chunk, file_offset)?;
        if self.cuts.is_some_and(|sizes| sizes.ends_at(chunk, self.buffer.len())) {
            self.flush()?;
        }
        Ok(len)
    }

    fn push(&mut self, mut bytes: &[u8], mut at: u64) -> Result<()> {
        self.len += bytes.len() as u64;
        while !bytes.is_empty() {
            let n = bytes.len().min(self.block - self.buffer.len());
            self.track.extend(at..at + n as u64, self.buffer.len());
            self.buffer.extend_from_slice(&bytes[..n]);
            (bytes, at) = (&bytes[n..], at + n as u64);
            if self.buffer.len() == self.block {
                self.flush_to(self.track.cut(self.block))?;
            }
        }
        Ok(())
    }

    /// Hands in what is left.
    pub(super) fn flush(&mut self) -> Result<()> {
        self.flush_to(self.buffer.len())
    }

    /// Hands in the first `cut` bytes of the buffer.
    fn flush_to(&mut self, cut: usize) -> Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let rest = self.buffer.split_off(cut);
        let block = std::mem::replace(&mut self.buffer, rest);
        let spans = self.track.take(cut);
        // Much at once is hashed several times as fast as file after file.
        self.hasher.update(&block);
        self.coder.submit(block, self.kind.clone(), spans)
    }
}

/// Fills `room` as far as `reader` has bytes; how many that were.
pub(super) fn read_up_to(reader: &mut (impl Read + ?Sized), room: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < room.len() {
        match reader.read(&mut room[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Appends a data extent, or lengthens the last one where the new one follows it directly.
pub(super) fn append_extent(extents: &mut Vec<Extent>, offset: u64, len: u64) {
    if let Some(Extent::Data { offset: last, len: last_len }) = extents.last_mut()
        && *last + *last_len == offset
    {
        *last_len += len;
        return;
    }
    extents.push(Extent::Data { offset, len });
}

#[derive(Default)]
struct FileBuilder {
    extents: Vec<Extent>,
    hash: FileHash,
    fresh: u64,
}

impl FileBuilder {
    /// A hole may have terabytes: hashing its zeros can be stopped.
    fn hole_until(&mut self, end: u64, env: &Env) -> Result<()> {
        if end > self.hash.at() {
            self.extents.push(Extent::Hole { len: end - self.hash.at() });
        }
        while self.hash.at() < end {
            env.check()?;
            self.hash.zeros_until(end.min(self.hash.at() + ZEROS_AT_ONCE));
        }
        Ok(())
    }

    fn finish(self) -> Stored {
        Stored { len: self.hash.at(), hash: self.hash.finish(), extents: self.extents, fresh: self.fresh }
    }
}
