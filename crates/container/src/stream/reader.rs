//! Reads streams in order, from anything that can be read.

use crate::archive::grow_for;
use crate::archive::padding;
use crate::archive::walk_headers::garbage;
use crate::block::{BlockHeader, RawBlock};
use crate::compact::{self, Head};
use crate::end::{END_LETTERS, End, TRAILER_LEN};
use crate::index::{self, Row};
use crate::limits;
use crate::primitives::{Input, hash64};
use crate::recovery;
use crate::section::{HEADER_LEN, MAGIC, Section, kind, parse_stream_header};
use minlen_core::varint::Reader as Fields;
use minlen_core::{Env, Error, Event, Reservation, Result};
use std::io::Read;

/// What comes next in a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Item {
    /// A stream begins. Files may hold several; their contents follow one another.
    StreamStart {
        /// True if the content belongs to an archive.
        archive: bool,
    },
    /// A block of the content, in order.
    Block(RawBlock),
    /// The coded directory of an archive: open it with [`crate::open_tree`], then [`crate::Tree::decode`].
    Tree(RawBlock),
    /// A learned part that later blocks may name: the bytes of its file.
    Learned(Vec<u8>),
    /// The stream is complete. The caller compares the hash with that of the bytes it decoded.
    End {
        /// Bytes of content of this stream.
        content_len: u64,
        /// BLAKE3 of the content; compact streams have none.
        content_hash: Option<[u8; 32]>,
    },
}

/// Reads one or more streams, checking everything but the content itself: order, places, index, lengths, limits.
///
/// Memory: one block's payload at a time, and 32 bytes per block for checking the index.
#[derive(Debug)]
pub struct StreamReader<R: Read> {
    input: Input<R>,
    env: Env,
    total: u64,
    state: State,
    archive: Option<bool>,
    /// Whether the end of the first stream is the end.
    single: bool,
}

#[derive(Debug)]
enum State {
    /// At the beginning of the file.
    First,
    /// Within a stream.
    Within(Box<Stream>),
    /// After the head of a compact stream that begins at this byte.
    Compact(u64, Box<Head>),
    /// After the content of a compact stream, of so many bytes.
    CompactEnd(u64),
    /// After an END.
    Between,
    /// At the end of the file, or after an error.
    Done,
}

#[derive(Debug)]
struct Stream {
    start: u64,
    archive: bool,
    content_len: u64,
    block_end: u64,
    rows: Vec<Row>,
    /// The memory of the rows.
    held: Reservation,
    tree_at: Option<u64>,
    index_at: Option<u64>,
}

impl<R: Read> StreamReader<R> {
    /// A reader from the first byte of `inner` to its last: streams in a row follow one another, and whatever is no stream is an
    /// error. Limits on output and ratio are those of `env`.
    pub fn new(inner: R, env: &Env) -> Self {
        let input = Input::new(inner, 0);
        Self { input, env: env.clone(), total: 0, state: State::First, archive: None, single: false }
    }

    /// A reader of one stream, which takes from `inner` what belongs to that stream and not one byte more. Recovery data, which
    /// stands behind a stream, is left where it is.
    pub fn single(inner: R, env: &Env) -> Self {
        Self { single: true, ..Self::new(inner, env) }
    }

    /// Bytes read so far.
    pub fn position(&self) -> u64 {
        self.input.pos
    }

    /// The reader underneath.
    pub fn get_ref(&self) -> &R {
        &self.input.inner
    }

    /// The reader underneath. What is read from it within a stream is missing there.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.input.inner
    }

    /// Gives the reader back. It stands right behind the last item that was read.
    pub fn into_inner(self) -> R {
        self.input.inner
    }

    /// The next item, or `None` at the end of the file. After an error, `None`.
    ///
    /// # Errors
    /// Truncated, corrupt, unsupported; limit before a block is read whose content would be too much.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Item>> {
        let state = std::mem::replace(&mut self.state, State::Done);
        self.env.check()?;
        match state {
            State::First => self.start(None),
            State::Within(stream) => self.within(stream),
            State::Compact(at, head) => self.compact(at, *head),
            State::CompactEnd(content_len) => Ok(Some(self.compact_end(content_len))),
            State::Between if self.single => Ok(None),
            State::Between => self.between(),
            State::Done => Ok(None),
        }
    }

    fn start(&mut self, first: Option<u8>) -> Result<Option<Item>> {
        let at = self.input.pos - u64::from(first.is_some());
        let mut header = [0; HEADER_LEN];
        let known = usize::from(first.is_some());
        header[0] = first.unwrap_or(0);
        self.input.exact(&mut header[known..4], "the magic bytes").map_err(|e| e.at(at))?;
        let begin = [header[0], header[1], header[2], header[3]];
        if compact::is_compact(&begin) {
            let head = Head::read(&begin, &mut self.input).map_err(|e| e.at(at))?;
            self.bare_or_archive(false, at)?;
            self.state = State::Compact(at, Box::new(head));
            return Ok(Some(Item::StreamStart { archive: false }));
        }
        self.input.exact(&mut header[4..8], "the magic bytes").map_err(|e| e.at(at))?;
        if header[..8] == MAGIC {
            self.input.exact(&mut header[8..], "the stream header")?;
        }
        let archive = parse_stream_header(&header).map_err(|e| e.at(at))?.archive;
        self.bare_or_archive(archive, at)?;
        self.state = State::Within(Box::new(Stream {
            start: at,
            archive,
            content_len: 0,
            block_end: self.input.pos,
            rows: Vec::new(),
            held: self.env.budget.reserve(0)?,
            tree_at: None,
            index_at: None,
        }));
        Ok(Some(Item::StreamStart { archive }))
    }

    /// All streams of a file are of the same kind.
    fn bare_or_archive(&mut self, archive: bool, at: u64) -> Result<()> {
        if *self.archive.get_or_insert(archive) != archive {
            return Err(Error::corrupt("bare content and an archive in one file").at(at));
        }
        Ok(())
    }

    fn compact(&mut self, at: u64, head: Head) -> Result<Option<Item>> {
        let (raw_len, stored_len) = (head.raw_len(), head.stored_len());
        let after = self.input.pos.saturating_add(stored_len);
        let over = || Error::limit("content of over 2^64 bytes");
        self.total = self.total.checked_add(raw_len).ok_or_else(over)?;
        self.env.limits.check_output(self.total, after)?;
        let block = head.block(at, &mut self.input).map_err(|e| e.at(at))?;
        Ok(Some(match block {
            Some(block) => {
                self.state = State::CompactEnd(raw_len);
                Item::Block(block)
            }
            None => self.compact_end(0),
        }))
    }

    fn compact_end(&mut self, content_len: u64) -> Item {
        self.state = State::Between;
        Item::End { content_len, content_hash: None }
    }

    fn between(&mut self) -> Result<Option<Item>> {
        loop {
            let at = self.input.pos;
            match self.input.byte_or_end()? {
                None => return Ok(None),
                Some(first) if first == MAGIC[0] => return self.start(Some(first)),
                Some(kind::RECOVERY) => {
                    let section = Section::read(kind::RECOVERY, &mut self.input)?;
                    let len = recovery::payload_len(&section).map_err(|e| e.at(at))?;
                    self.input.skip(len)?;
                }
                Some(0) => return self.padding(at).map(|()| None),
                Some(_) => return Err(garbage(at)),
            }
        }
    }

    /// Reads zeros from byte `at` to the end of the file: what tapes leave behind a file is told and passed over.
    fn padding(&mut self, at: u64) -> Result<()> {
        let mut window = vec![0; 1 << 16];
        loop {
            self.env.check()?;
            let n = match self.input.inner.read(&mut window) {
                Ok(n) => n,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(e.into()),
            };
            if let Some(other) = window[..n].iter().position(|&byte| byte != 0) {
                return Err(garbage(self.input.pos + other as u64));
            }
            self.input.pos += n as u64;
            if n == 0 {
                break;
            }
        }
        let message = padding::warning(at, self.input.pos - at);
        self.env.progress.event(Event::Warning { message });
        Ok(())
    }

    fn within(&mut self, mut stream: Box<Stream>) -> Result<Option<Item>> {
        loop {
            let at = self.input.pos;
            let [first] = self.input.array("a stream without its end")?;
            let section = Section::read(first, &mut self.input)?;
            let item = match first {
                kind::BLOCK => Some(self.block(&section, at, &mut stream).map_err(|e| e.at(at))?),
                kind::TREE => Some(self.tree(&section, at, &mut stream).map_err(|e| e.at(at))?),
                kind::INDEX => {
                    self.index(&section, at, &mut stream).map_err(|e| e.at(at))?;
                    None
                }
                kind::END => {
                    let item = self.end(&section, at, &stream).map_err(|e| e.at(at))?;
                    self.state = State::Between;
                    return Ok(Some(item));
                }
                kind::LEARNED => {
                    let bytes = learned(&section, &mut self.input, &self.env).map_err(|e| e.at(at))?;
                    Some(Item::Learned(bytes))
                }
                _ => {
                    pass_over(&section, &mut self.input).map_err(|e| e.at(at))?;
                    None
                }
            };
            if item.is_some() {
                self.state = State::Within(stream);
                return Ok(item);
            }
        }
    }

    fn block(&mut self, section: &Section, at: u64, stream: &mut Stream) -> Result<Item> {
        let (header, raw_start) = BlockHeader::parse(&section.fields)?;
        if raw_start != stream.content_len || stream.tree_at.is_some() || stream.index_at.is_some() {
            return Err(Error::corrupt("a block that is not in its place"));
        }
        let after = self.input.pos.saturating_add(header.stored_len);
        let over = || Error::limit("content of over 2^64 bytes");
        self.total = self.total.checked_add(header.raw_len).ok_or_else(over)?;
        self.env.limits.check_output(self.total, after)?;
        stream.content_len += header.raw_len;
        grow_for(&mut stream.rows, &mut stream.held)?;
        stream.rows.push(Row {
            gap: at - stream.block_end,
            header_len: section.len(),
            raw_len: header.raw_len,
            stored_len: header.stored_len,
        });
        stream.block_end = after;
        RawBlock::read(section, at, &mut self.input, &self.env).map(Item::Block)
    }

    fn tree(&mut self, section: &Section, at: u64, stream: &mut Stream) -> Result<Item> {
        if !stream.archive || stream.tree_at.is_some() || stream.index_at.is_some() {
            return Err(Error::corrupt("a tree that is not in its place"));
        }
        stream.tree_at = Some(at);
        RawBlock::read(section, at, &mut self.input, &self.env).map(Item::Tree)
    }

    fn index(&mut self, section: &Section, at: u64, stream: &mut Stream) -> Result<()> {
        let (rows, _held) = index::read(section, &mut self.input, &self.env)?;
        if stream.index_at.replace(at).is_some() || rows != stream.rows {
            return Err(Error::corrupt("the index does not fit the blocks"));
        }
        Ok(())
    }

    fn end(&mut self, section: &Section, at: u64, stream: &Stream) -> Result<Item> {
        let end = End::parse(&section.fields, stream.archive)?;
        let back = |place: Option<u64>| place.map_or(0, |p| at - p);
        let seen = End {
            content_len: stream.content_len,
            stream_len: at - stream.start,
            index_back: back(stream.index_at),
            tree_back: stream.archive.then(|| back(stream.tree_at)),
            content_hash: end.content_hash,
        };
        if end != seen || end.tree_back == Some(0) {
            return Err(Error::corrupt("the end does not fit what came before it"));
        }
        let trailer: [u8; TRAILER_LEN] = self.input.array("the trailer")?;
        if u64::from(trailer[0]) != section.len() || trailer[1..] != END_LETTERS {
            return Err(Error::corrupt("a wrong trailer"));
        }
        Ok(Item::End { content_len: end.content_len, content_hash: Some(end.content_hash) })
    }
}

/// Passes over a skippable section; refuses one that must be understood.
fn pass_over<R: Read>(section: &Section, input: &mut Input<R>) -> Result<()> {
    if !kind::is_skippable(section.kind) {
        return Err(
            Error::unsupported(format!("section type {:#04x}", section.kind)).remedy("get a newer minlen")
        );
    }
    let (len, hash) = skippable_fields(section)?;
    if input.skip(len)? != hash {
        return Err(Error::corrupt("a skippable section's checksum differs"));
    }
    Ok(())
}

/// The payload of a section that holds a learned part.
///
/// # Errors
/// Corrupt if it is not what its hash says; limit.
pub(crate) fn learned<R: Read>(section: &Section, input: &mut Input<R>, env: &Env) -> Result<Vec<u8>> {
    let (len, hash) = skippable_fields(section)?;
    if len > limits::MAX_LEARNED {
        return Err(Error::limit(format!("a learned part of {len} bytes")));
    }
    let bytes = input.payload(len, env)?;
    if hash64(&bytes) != hash {
        return Err(Error::corrupt("the checksum of a learned part differs"));
    }
    Ok(bytes)
}

/// Length and hash of a skippable section's payload.
pub(crate) fn skippable_fields(section: &Section) -> Result<(u64, u64)> {
    let mut fields = Fields::new(&section.fields);
    let len = fields.varint_max(limits::MAX_SKIPPABLE, "a skippable length")?;
    let hash = fields.u64()?;
    if !fields.is_empty() {
        return Err(Error::corrupt("a skippable header has bytes left over"));
    }
    Ok((len, hash))
}
