//! Compression of a stream of unknown length.

use crate::block_coder::BlockCoder;
use crate::block_progress::BlockProgress;
use crate::budget::Spending;
use crate::cuts::Roll;
use crate::layout::{FileLayout, Track};
use crate::options::Options;
use minlen_container::{StreamWriter, compact};
use minlen_core::{Detection, Env, Error, Event, Result, Span};
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
    /// True while all that was written is kept, since it is a picture that is to be stored inexactly.
    keeps_all: bool,
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
        options.tell_model(env);
        Ok(Self {
            blocks: BlockCoder::new(StreamWriter::new(out)?, options, spending, env).embedding(),
            buffer: Vec::new(),
            block_size: sizes.map_or(options.block_size(), |sizes| sizes.most),
            roll: sizes.map(Roll::new),
            hasher: blake3::Hasher::new(),
            kind: None,
            track: Track::default(),
            done: 0,
            total: len,
            inexact: 0,
            keeps_all: false,
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
        #[cfg(feature = "pictures")]
        if self.keeps_all {
            self.replace_picture()?;
        }
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
        // Finding what is near takes about as long as coding it, or much longer.
        let len = block.len() as u64;
        let (told, env) = BlockProgress::new(&self.blocks.env, len, len / 2);
        let env = env.with_threads(self.blocks.options.effective_threads());
        let (spans, count) = goal.approximate(block, &spans, total, planner, level, &env)?;
        self.blocks.ahead = told.reported();
        self.inexact += count;
        Ok(spans)
    }

    /// True if what is written is a picture to be stored inexactly, of which `data` comes next.
    #[cfg(feature = "pictures")]
    fn is_picture(&self, data: &[u8]) -> bool {
        let options = &self.blocks.options;
        // What the user says of the content, or how to code it, counts.
        let chained =
            || options.chain.as_ref().is_none_or(|chain| crate::picture::method_of(chain).is_some());
        let may_be = || {
            options.raw.is_none()
                && options.model.is_none()
                && chained()
                && options.target().is_some_and(crate::picture::has)
        };
        let begins = || self.done == 0 && !self.blocks.begun && self.buffer.is_empty();
        self.keeps_all || may_be() && begins() && crate::picture::is_picture(data)
    }

    #[cfg(not(feature = "pictures"))]
    fn is_picture(&self, _data: &[u8]) -> bool {
        false
    }

    /// Puts a picture near it in the place of the picture that was written, with all of it as one block.
    #[cfg(feature = "pictures")]
    fn replace_picture(&mut self) -> Result<()> {
        use crate::picture::near;
        let Some(target) = self.blocks.options.target() else { return Ok(()) };
        let file = std::mem::take(&mut self.buffer);
        let env = self.blocks.env.clone().with_threads(self.blocks.options.effective_threads());
        let (told, inner) = BlockProgress::new(&env, file.len() as u64, file.len() as u64 / 2);
        let Some(near) = near(&file, &target, &self.blocks.options, &inner)? else {
            self.blocks.ahead = told.reported();
            self.buffer = file;
            self.inexact += 1;
            return Ok(());
        };
        let message = format!(
            "{} -> {} bytes",
            near.told,
            near.span.description.as_ref().map_or(0, |it| it.payload.len())
        );
        self.blocks.env.progress.event(Event::Notice { message });
        self.inexact += 1;
        // What is coded is of another length than what was given.
        let left = file.len() as u64 - told.reported();
        self.blocks.env = crate::block_progress::rescaled(&self.blocks.env, near.bytes.len() as u64, left);
        self.track.enter(Some(Arc::from([near.span])));
        self.block_size = near.bytes.len() + 1;
        self.buffer = near.bytes;
        Ok(())
    }

    /// Says so if a bound was given, and nothing could be inexact.
    fn tell_exact(&self) {
        if self.blocks.options.goal.is_some() && self.inexact == 0 {
            let message = match self.blocks.options.model() {
                Some(_) => "no records of the codec file's shape and type are declared: stored exactly",
                None => {
                    "neither a picture nor an array of 32- or 64-bit little-endian floats: stored exactly"
                }
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
        if self.is_picture(data) {
            self.keeps_all = true;
            if self.buffer.len() + data.len() > PICTURE_MAX {
                return Err(Error::limit("a picture of over 1 GiB").remedy("store it exactly").into());
            }
            self.buffer.extend_from_slice(data);
            return Ok(data.len());
        }
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
        // What somebody waits for cannot be a picture that is looked at as a whole.
        self.keeps_all = false;
        self.end_block(Ends::Flush)?;
        Ok(self.blocks.flush()?)
    }
}

/// Bytes of a picture that is to be stored inexactly, at most.
const PICTURE_MAX: usize = 1 << 30;

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
