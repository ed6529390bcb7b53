//! Compression of a stream of unknown length.

use crate::blocks::decode_memory;
use crate::budget::Spending;
use crate::cuts::Roll;
use crate::layout::{FileLayout, Track};
use crate::options::Options;
use crate::pipeline::Ordered;
use crate::planner::{Planned, Request};
use minlen_container::{DirectoryPart, RawBlock, StreamWriter, Tree, compact};
use minlen_core::{Advice, Detection, Env, Error, Event, Limits, Result, Span};
use std::io::{self, Write};
use std::sync::Arc;

/// Compresses everything written to it into one `.mln` stream.
///
/// Memory is bounded by the block size times the number of threads. Call [`Encoder::finish`]: a stream that is
/// merely dropped has no end and will be refused as truncated.
///
/// ```
/// use std::io::Write;
/// let mut encoder = minlen::Encoder::new(Vec::new(), &minlen::Options::new(1)?, &minlen::Env::default())?;
/// encoder.write_all(b"predict, then code")?;
/// let compressed = encoder.finish()?;
/// # Ok::<(), minlen::Error>(())
/// ```
pub struct Encoder<W: Write> {
    blocks: BlockCoder<W>,
    buffer: Vec<u8>,
    block_size: usize,
    /// Finds where blocks end by their content, if they shall.
    roll: Option<Roll>,
    hasher: blake3::Hasher,
    kind: Option<Detection>,
    /// Where the spans of the file are in the buffer.
    track: Track,
    /// Bytes of content before the buffer, and in all as far as is known.
    done: u64,
    total: Option<u64>,
    /// Spans that were replaced by others near them.
    inexact: usize,
}

impl<W: Write> Encoder<W> {
    /// Starts a stream on `out`.
    ///
    /// # Errors
    /// Usage for options that need the length of the input: see [`Encoder::with_length`].
    pub fn new(out: W, options: &Options, env: &Env) -> Result<Self> {
        Self::begin(out, options, None, env)
    }

    /// Starts a stream of `len` bytes of content, as far as is known: budgets are planned by it.
    ///
    /// ```
    /// use minlen::{Encoder, Env, Limits, Options, decompress};
    /// use std::io::Write;
    /// let lines = b"one line of a log\n".repeat(100);
    /// let mut encoder = Encoder::with_length(Vec::new(), &Options::new(1)?, lines.len() as u64, &Env::default())?;
    /// for piece in lines.chunks(7) {
    ///     encoder.write_all(piece)?;
    /// }
    /// assert_eq!(decompress(&encoder.finish()?, &Limits::default())?, lines);
    /// # Ok::<(), minlen::Error>(())
    /// ```
    ///
    /// # Errors
    /// Usage if a shape was given ([`Options::with_shape`]) that is not that of so many bytes.
    pub fn with_length(out: W, options: &Options, len: u64, env: &Env) -> Result<Self> {
        Self::begin(out, options, Some(len), env)
    }

    fn begin(out: W, options: &Options, len: Option<u64>, env: &Env) -> Result<Self> {
        if let (Some(raw), Some(len)) = (&options.raw, len) {
            FileLayout::whole(raw.dtype, &raw.shape, len)?;
        }
        let settled = options.settled(len)?;
        options.tell_level(&settled, len, env);
        let spending = Spending::new(options, len.unwrap_or(0));
        let options = &settled;
        let sizes = options.cuts(options.block_size());
        let mut writer = StreamWriter::new(out)?;
        options.embed(&mut writer)?;
        Ok(Self {
            blocks: BlockCoder::new(writer, options, spending, env),
            buffer: Vec::new(),
            block_size: sizes.map_or(options.block_size(), |sizes| sizes.most),
            roll: sizes.map(Roll::new),
            hasher: blake3::Hasher::new(),
            kind: None,
            track: Track::default(),
            done: 0,
            total: len,
            inexact: 0,
        })
    }

    /// Tells what precedes this stream where several go into one file, in bytes of content and of file: the default limits of
    /// readers are for all of them together, and what is written stays within them. Nothing may have been written before.
    #[must_use]
    pub fn following(mut self, content: u64, stored: u64) -> Self {
        self.blocks.writer = self.blocks.writer.following(content, stored);
        self
    }

    /// Tells what the file is made of that will be written ([`FileLayout::of_file`]); without this, the first block is looked at. Nothing
    /// may have been written before. Where a shape was given, that counts instead.
    ///
    /// ```
    /// use minlen::layout::{FileLayout, Parsers};
    /// use minlen::{Encoder, Env, Limits, Options, decompress};
    /// use std::io::{Cursor, Write};
    /// let wav = [&b"RIFF\x2c\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0\x44\xac\0\0\x10\xb1\x02\0\x04\0\x10\0data\x08\0\0\0"[..], &[7; 8]].concat();
    /// let layout = FileLayout::of_file(Cursor::new(&wav), &Parsers::default())?.expect("sound");
    /// let mut encoder = Encoder::new(Vec::new(), &Options::new(1)?, &Env::default())?.with_layout(&layout);
    /// encoder.write_all(&wav)?;
    /// assert_eq!(decompress(&encoder.finish()?, &Limits::default())?, wav);
    /// # Ok::<(), minlen::Error>(())
    /// ```
    #[must_use]
    pub fn with_layout(mut self, layout: &FileLayout) -> Self {
        if self.blocks.options.raw.is_some() {
            return self;
        }
        let layout = self.blocks.options.bases.found_for(layout);
        self.track.enter(Some(layout.shared()));
        self
    }

    /// The writer underneath.
    #[must_use]
    pub fn get_ref(&self) -> &W {
        self.blocks.writer.get_ref()
    }

    /// The writer underneath. What is written to it breaks the stream; taking out of a buffer what has been written so far does not.
    ///
    /// ```
    /// use minlen::{Encoder, Env, Limits, Options, decompress};
    /// use std::io::Write;
    /// let mut encoder = Encoder::new(Vec::new(), &Options::new(1)?, &Env::default())?;
    /// encoder.write_all(b"hello")?;
    /// encoder.flush()?;
    /// // What is complete can be sent while the stream goes on.
    /// let mut sent = std::mem::take(encoder.get_mut());
    /// encoder.write_all(b", world")?;
    /// sent.extend(encoder.finish()?);
    /// assert_eq!(decompress(&sent, &Limits::default())?, b"hello, world");
    /// # Ok::<(), minlen::Error>(())
    /// ```
    pub fn get_mut(&mut self) -> &mut W {
        self.blocks.writer.get_mut()
    }

    /// Codes what is left, writes the end of the stream and gives the writer back.
    ///
    /// # Errors
    /// As [`Write::write`], and whatever flushing says.
    pub fn finish(mut self) -> Result<W> {
        if self.fits_compact(self.buffer.len()) {
            let mut block = std::mem::take(&mut self.buffer);
            self.find_kind(&block);
            let spans = self.spans(&block)?;
            let spans = self.approximate(&mut block, spans, true)?;
            self.tell_exact();
            self.hasher.update(&block);
            let hash = *self.hasher.finalize().as_bytes();
            return self.blocks.finish_small(block, self.kind, spans, hash);
        }
        self.end_block(Ends::Content)?;
        if let Some(raw) = &self.blocks.options.raw {
            FileLayout::whole(raw.dtype, &raw.shape, self.done)?;
        }
        self.tell_exact();
        let hash = *self.hasher.finalize().as_bytes();
        let mut out = self.blocks.finish()?.finish(hash)?;
        out.flush()?;
        Ok(out)
    }

    /// True if the compact form may hold `len` bytes that are all of the content.
    fn fits_compact(&self, len: usize) -> bool {
        self.blocks.options.compact && !self.blocks.begun && len as u64 <= compact::MAX_CONTENT
    }

    /// Codes all of `data` at once on this thread, without copying it first. Nothing may have been written before.
    pub(crate) fn code_in_place(&mut self, data: &[u8]) -> Result<()> {
        if data.len() < self.block_size && self.fits_compact(data.len()) {
            self.buffer = data.to_vec();
            return Ok(());
        }
        if self.roll.is_some() {
            return Ok(self.write_all(data)?);
        }
        self.hasher.update(data);
        let mut rest = data;
        while !rest.is_empty() {
            let window = &rest[..rest.len().min(self.block_size)];
            self.find_kind(window);
            let ends = if window.len() == rest.len() { Ends::Content } else { Ends::Full };
            let cut = self.cut(window, ends)?;
            let (block, tail) = rest.split_at(cut);
            let spans = self.track.take(cut);
            self.blocks.code_now(block, self.kind.clone(), spans)?;
            (rest, self.done) = (tail, self.done + cut as u64);
        }
        Ok(())
    }

    /// The head of the stream tells more than the middle of it does, so later blocks inherit its kind.
    fn find_kind(&mut self, block: &[u8]) {
        if self.kind.is_none() {
            self.kind = Some(self.blocks.options.planner.detect(block, block.len() as u64));
        }
    }

    /// Where to cut a block off the front of `window`.
    fn cut(&mut self, window: &[u8], ends: Ends) -> Result<usize> {
        if self.done == 0 && self.track.is_blind() {
            let layout = self.layout_of(window, matches!(ends, Ends::Content))?;
            self.track.enter(layout.map(|layout| self.blocks.options.bases.found_for(&layout).shared()));
        }
        // What of the window an earlier cut left over is in the track already.
        let known = self.track.known();
        let at = known.min(window.len());
        self.track.extend(self.done + at as u64..self.done + window.len() as u64, at);
        Ok(if matches!(ends, Ends::Full) { self.track.cut(window.len()) } else { window.len() })
    }

    /// What the file that begins with the first block is made of, or the caller's word.
    fn layout_of(&self, window: &[u8], last: bool) -> Result<Option<FileLayout>> {
        let options = &self.blocks.options;
        let total = if last { Some(window.len() as u64) } else { self.total };
        if let Some(raw) = &options.raw {
            let total = total.ok_or_else(|| {
                Error::usage("the length of the input must be known where its shape is given")
                    .remedy("give a file")
            })?;
            return FileLayout::whole(raw.dtype, &raw.shape, total).map(Some);
        }
        let parsers = options.planner.parsers();
        let found = self.kind.as_ref().and_then(|detection| match total.filter(|_| !last) {
            Some(total) => parsers.layout_of_head(window, total, detection.kind),
            None => parsers.layout_of(&window, detection.kind),
        });
        if let Some(found) = found.map(|layout| FileLayout::new(&layout)).filter(|found| !found.is_empty()) {
            return Ok(Some(found));
        }
        // With arrays to compare with, also what nobody declares is worth looking for. It is never stored inexactly.
        let look = last && options.bases.has_arrays();
        Ok(if look { parsers.guess(&window)?.map(|layout| FileLayout::new(&layout)) } else { None })
    }

    /// The spans in all of the content, `window` being all of it.
    fn spans(&mut self, window: &[u8]) -> Result<Arc<[Span]>> {
        let cut = self.cut(window, Ends::Content)?;
        Ok(self.track.take(cut))
    }

    /// Where that was asked for, replaces what may be others by what is near enough; `is_all` of a block that is all of the content.
    fn approximate(&mut self, block: &mut [u8], spans: Arc<[Span]>, is_all: bool) -> Result<Arc<[Span]>> {
        let Some(goal) = &self.blocks.options.goal else { return Ok(spans) };
        let (level, planner) = (self.blocks.options.level, &self.blocks.options.planner);
        let total = if is_all { Some(block.len() as u64) } else { self.total };
        let env = self.blocks.env.clone().with_threads(self.blocks.options.effective_threads());
        let (spans, count) = goal.approximate(block, &spans, total, planner, level, &env)?;
        self.inexact += count;
        Ok(spans)
    }

    /// Says so if a bound was given, and nothing could be inexact.
    fn tell_exact(&self) {
        if self.blocks.options.goal.is_some() && self.inexact == 0 {
            let message = match self.blocks.options.model() {
                Some(_) => "no records of the codec file's shape and type are declared: stored exactly",
                None => "no array of 32- or 64-bit little-endian floats is declared: stored exactly",
            };
            let message = message.into();
            self.blocks.env.progress.event(Event::Notice { message });
        }
    }

    fn end_block(&mut self, ends: Ends) -> Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let mut block = std::mem::take(&mut self.buffer);
        self.find_kind(&block);
        let cut = self.cut(&block, ends)?;
        self.buffer = Vec::with_capacity(self.block_size.min(block.len()));
        self.buffer.extend_from_slice(&block[cut..]);
        block.truncate(cut);
        let spans = self.track.take(cut);
        let spans = self.approximate(&mut block, spans, matches!(ends, Ends::Content) && self.done == 0)?;
        self.hasher.update(&block);
        self.done += cut as u64;
        self.blocks.submit(block, self.kind.clone(), spans)
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let room = self.block_size - self.buffer.len();
        let taken = data.len().min(room);
        let len = self.buffer.len();
        if let Some(cut) = self.roll.as_mut().and_then(|roll| roll.cut(len, &data[..taken])) {
            self.buffer.extend_from_slice(&data[..cut]);
            self.end_block(Ends::Flush)?;
            return Ok(cut);
        }
        self.buffer.extend_from_slice(&data[..taken]);
        if self.buffer.len() == self.block_size {
            self.end_block(Ends::Full)?;
        }
        Ok(taken)
    }

    /// Ends the block at hand, waits until all that was written so far is coded and written, and flushes the output: whoever reads
    /// the other end can decode all of it now. The stream goes on. Where nothing was written since the last time, only the output
    /// is flushed.
    ///
    /// This is for conversations, where the other side has to hear something before it answers. Every block stands alone, so many
    /// small ones cost size: a stream that nobody waits for is best left to [`Encoder::finish`], which writes everything.
    ///
    /// ```
    /// use minlen::{Decoder, Encoder, Env, Options};
    /// use std::io::{BufRead, Write};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (here, there) = UnixStream::pair()?;
    /// let mut encoder = Encoder::new(here, &Options::new(1)?, &Env::default())?;
    /// let mut decoder = Decoder::single(there, &Options::default(), &Env::default())?.interactive();
    /// for request in ["what is it\n", "and what is it worth\n"] {
    ///     encoder.write_all(request.as_bytes())?;
    ///     encoder.flush()?;
    ///     let mut line = String::new();
    ///     decoder.read_line(&mut line)?;
    ///     assert_eq!(line, request);
    /// }
    /// # Ok::<(), minlen::Error>(())
    /// ```
    fn flush(&mut self) -> io::Result<()> {
        self.end_block(Ends::Flush)?;
        Ok(self.blocks.flush()?)
    }
}

/// Why a block ends where it does.
#[derive(Clone, Copy)]
enum Ends {
    /// There is no more room. It may end a little earlier, and leave something to the next.
    Full,
    /// What there is, is wanted now.
    Flush,
    /// The content ends.
    Content,
}

/// Nanoseconds from which on the only block is coded on a thread of its own, so that the caller hears when to stop.
const WORTH_A_THREAD: usize = 100_000_000;

/// Plans and codes blocks on several threads and writes them in order.
pub(crate) struct BlockCoder<W: Write> {
    pub(crate) options: Options,
    pool: Ordered<Job>,
    writer: StreamWriter<W>,
    env: Env,
    /// True once a block was handed in.
    begun: bool,
    /// Which level each block gets.
    spending: Spending,
    /// True once it was said that a block takes more memory than readers have by default.
    reported: bool,
    /// Whether it was said that something did not fit into the memory.
    short: bool,
    /// Bytes of the copies of parts of the directory that were written.
    copies: u64,
}

/// What a thread made.
enum Job {
    Parts(Vec<Planned>),
    /// A block that was coded before.
    Block(Box<RawBlock>),
    Directory(DirectoryPart),
}

/// The highest level for copies of the directory.
const COPY_LEVEL: u8 = 5;
/// Copies of the directory take at most such a share of the archive.
const COPIES_SHARE: u64 = 1000;

impl<W: Write> BlockCoder<W> {
    pub(crate) fn new(writer: StreamWriter<W>, options: &Options, spending: Spending, env: &Env) -> Self {
        let pool = Ordered::new(options.effective_threads(), env);
        if options.bases.is_too_large() {
            let message =
                "the base is too large for the memory allowed: only arrays are stored as differences from it"
                    .into();
            env.progress.event(Event::Advised { message, advice: Advice::MoreMemory });
        }
        let (options, mut env) = (options.clone(), options.informed(env));
        // What the surroundings have is there to be read with; that something needs a base, whoever writes it must have asked for.
        env.resources.bases = options.bases.bases();
        Self { options, pool, writer, env, begun: false, spending, reported: false, short: false, copies: 0 }
    }

    /// Hands in a block; waits for the oldest one in flight when there are enough.
    pub(crate) fn submit(
        &mut self,
        block: Vec<u8>,
        known: Option<Detection>,
        spans: Arc<[Span]>,
    ) -> Result<()> {
        self.env.check()?;
        self.begun = true;
        while self.pool.is_full() {
            self.write_oldest()?;
        }
        let planner = Arc::clone(&self.options.planner);
        let request = self.request(block.len(), known);
        let env = self.env.clone().with_layout(spans);
        self.pool.submit(move || planner.code(&block, &request, &env).map(Job::Parts));
        Ok(())
    }

    /// Hands in a block that is coded, which goes behind those handed in before.
    pub(crate) fn put_block(&mut self, block: RawBlock) -> Result<()> {
        self.env.check()?;
        self.begun = true;
        while self.pool.is_full() {
            self.write_oldest()?;
        }
        self.pool.submit(move || Ok(Job::Block(Box::new(block))));
        Ok(())
    }

    /// Hands in a copy of a part of the directory, which goes behind the blocks handed in before. Where all copies would be more than a
    /// thousandth of the archive, it is left out.
    pub(crate) fn put_directory(&mut self, part: Tree) -> Result<()> {
        self.env.check()?;
        while self.pool.is_full() {
            self.write_oldest()?;
        }
        let planner = Arc::clone(&self.options.planner);
        let memory = self.options.memory;
        // Names and numbers are small; what is slow would hold up the blocks.
        let request = Request {
            level: self.options.level.min(COPY_LEVEL),
            chain: None,
            memory,
            known: None,
            decode_ns: u32::MAX,
        };
        let env = self.env.clone();
        self.pool.submit(move || {
            DirectoryPart::new(&part, |bytes| planner.code_whole(bytes, &request, &env)).map(Job::Directory)
        });
        Ok(())
    }

    /// Codes a block on this thread. Nothing may be in flight.
    fn code_now(&mut self, block: &[u8], known: Option<Detection>, spans: Arc<[Span]>) -> Result<()> {
        self.env.check()?;
        self.begun = true;
        let request = self.request(block.len(), known);
        let parts = self.options.planner.code(block, &request, &self.env.clone().with_layout(spans))?;
        self.write(parts)
    }

    /// Codes all of the content at once: in the compact form where it is one part, else in the full one.
    fn finish_small(
        mut self,
        content: Vec<u8>,
        known: Option<Detection>,
        spans: Arc<[Span]>,
        hash: [u8; 32],
    ) -> Result<W> {
        let env = self.env.clone().with_layout(spans).with_threads(self.options.effective_threads());
        let request = self.request(content.len(), known);
        let planner = Arc::clone(&self.options.planner);
        let ns = crate::levels::levels()[usize::from(request.level) - 1].encode_ns as usize;
        let parts = if content.len().saturating_mul(ns) < WORTH_A_THREAD {
            planner.code(&content, &request, &env)?
        } else {
            self.pool.submit(move || planner.code(&content, &request, &env).map(Job::Parts));
            match self.pool.next().transpose()? {
                Some(Job::Parts(parts)) => parts,
                _ => Vec::new(),
            }
        };
        if parts.len() <= 1 {
            match self.writer.finish_compact(parts.first().map(|part| &part.block))? {
                Ok(out) => {
                    warn_if_short(&parts, &self.env);
                    parts.iter().for_each(|part| tell(part, &self.env));
                    return Ok(out);
                }
                Err(writer) => self.writer = writer,
            }
        }
        self.write(parts)?;
        let mut out = self.writer.finish(hash)?;
        out.flush()?;
        Ok(out)
    }

    fn request(&mut self, len: usize, known: Option<Detection>) -> Request {
        let (level, decode_ns) = (self.spending.next(len as u64), self.options.decode_ns);
        let (chain, memory) = (self.options.chain.clone(), self.options.memory);
        Request { level, chain, memory, known, decode_ns }
    }

    fn write_oldest(&mut self) -> Result<()> {
        match self.pool.next() {
            Some(job) => match job? {
                Job::Parts(parts) => self.write(parts),
                Job::Block(block) => self.writer.write_block(&block),
                Job::Directory(part) => self.write_directory(&part),
            },
            None => Ok(()),
        }
    }

    fn write_directory(&mut self, part: &DirectoryPart) -> Result<()> {
        let copies = self.copies.saturating_add(part.stored_len());
        if copies > self.writer.stored_len() / COPIES_SHARE {
            return Ok(());
        }
        self.copies = copies;
        self.writer.write_directory(part)
    }

    fn write(&mut self, parts: Vec<Planned>) -> Result<()> {
        self.short = self.short || warn_if_short(&parts, &self.env);
        for part in parts {
            self.writer.write_block(&part.block)?;
            tell(&part, &self.env);
            self.tell_memory(&part);
        }
        Ok(())
    }

    /// Says once what a reader has to ask for. The planner avoids such blocks; a codec that was named may make them.
    fn tell_memory(&mut self, part: &Planned) {
        let need = decode_memory(&part.block.header, self.options.registry());
        if need > Limits::default().memory && !self.reported {
            self.reported = true;
            let mib = need.div_ceil(1 << 20);
            let message = format!("blocks of this size and codec take {mib} MiB to decode");
            let advice = Advice::ReadWithMemory { bytes: need };
            self.env.progress.event(Event::Advised { message, advice });
        }
    }

    /// Writes everything in flight, and flushes the output.
    fn flush(&mut self) -> Result<()> {
        self.write_all()?;
        self.writer.flush()
    }

    fn write_all(&mut self) -> Result<()> {
        while !self.pool.is_empty() {
            self.write_oldest()?;
        }
        Ok(())
    }

    /// Writes everything in flight; the stream is still without its end.
    pub(crate) fn finish(mut self) -> Result<StreamWriter<W>> {
        self.write_all()?;
        Ok(self.writer)
    }
}

/// Says so if codecs were passed over because of the memory.
fn warn_if_short(parts: &[Planned], env: &Env) -> bool {
    let short = parts.iter().any(|part| part.short);
    if short {
        let message =
            "some data is coded more weakly than asked for, or stored: the memory allowed is too little for more".into();
        env.progress.event(Event::Warning { message });
    }
    short
}

/// What was made of a part.
fn tell(part: &Planned, env: &Env) {
    let header = &part.block.header;
    env.progress.event(Event::Explain { line: part.explain() });
    env.progress.event(Event::Advance { input: header.raw_len - part.reported, output: header.stored_len });
}
