//! Decompression of a stream.

use crate::blocks::{BlockDecoder, Opened};
use crate::options::Options;
use minlen_container::{Item, RawBlock, StreamReader};
use minlen_core::{Advice, Env, Error, ErrorKind, Event, Learned, Reservation, Result};
use std::io::{self, BufRead, Read};

/// Reads the content of `.mln` streams.
///
/// Every block is verified before any of its bytes are handed out, and the whole at the end: the last read returns an
/// error if the content is not what was compressed. An archive of files is refused: see [`crate::archive`].
///
/// Which one should I use?
///
/// * [`Decoder::new`] for a file or a pipe: everything in it is streams, one or several in a row, and anything else is an error.
/// * [`Decoder::single`] for a stream within something larger, as a message on a socket: what follows it stays unread.
/// * [`Decoder::interactive`] on top where whoever writes waits for an answer to what was read
///   ([`Encoder::flush`](crate::Encoder#method.flush) is the other side of that).
///
/// ```
/// use std::io::Read;
/// let compressed = minlen::compress(b"predict, then code", &minlen::Options::new(1)?)?;
/// let mut text = String::new();
/// minlen::Decoder::new(&compressed[..], &minlen::Options::default(), &minlen::Env::default())?
///     .read_to_string(&mut text)?;
/// assert_eq!(text, "predict, then code");
/// # Ok::<(), minlen::Error>(())
/// ```
pub struct Decoder<R: Read> {
    reader: StreamReader<R>,
    options: Options,
    env: Env,
    pool: BlockDecoder,
    waiting: Option<RawBlock>,
    ends: Vec<PendingEnd>,
    current: Vec<u8>,
    position: usize,
    held: Option<Reservation>,
    hasher: blake3::Hasher,
    submitted: u64,
    taken: u64,
    /// Bytes of the streams that were reported as progress.
    reported: u64,
    finished: bool,
    failed: bool,
}

/// The end of a stream: due once the block with this number has been taken.
struct PendingEnd {
    after: u64,
    /// Compact streams have none: the checksum of their one block covers everything.
    hash: Option<[u8; 32]>,
}

impl<R: Read> Decoder<R> {
    /// A decoder of everything in `reader`: one stream, or several in a row, whose contents follow one another. What is no stream
    /// is an error, behind one, too. Threads and codecs come from `options`, limits from `env`.
    ///
    /// ```
    /// use minlen::{Decoder, Env, Limits, Options};
    /// use std::io::Read;
    /// let small = minlen::compress(&[0; 100_000], &Options::new(1)?)?;
    /// // Limits count here, too: the read that would go beyond them fails.
    /// let env = Env::new(Limits::default().with_output(1000));
    /// let error = Decoder::new(&small[..], &Options::default(), &env)?.read_to_end(&mut Vec::new()).unwrap_err();
    /// assert_eq!(minlen::Error::from(error).kind(), minlen::ErrorKind::Limit);
    /// # Ok::<(), minlen::Error>(())
    /// ```
    ///
    /// # Errors
    /// None today; reserved for checks of the options.
    pub fn new(reader: R, options: &Options, env: &Env) -> Result<Self> {
        Ok(Self::over(StreamReader::new(reader, env), options, env))
    }

    /// A decoder of the one stream that begins here. Once it has been read to its end, `reader` stands on the byte behind it:
    /// not one more is taken from it. (Recovery data that a file may have behind a stream is no part of the stream.)
    ///
    /// ```
    /// use std::io::{BufRead, Read};
    /// use minlen::{Decoder, Env, Options};
    /// let mut message = minlen::compress(b"the body", &Options::new(1)?)?;
    /// message.extend(b"the next header\n");
    ///
    /// let mut connection = std::io::BufReader::new(&message[..]);
    /// let mut body = String::new();
    /// Decoder::single(&mut connection, &Options::default(), &Env::default())?.read_to_string(&mut body)?;
    /// let mut header = String::new();
    /// connection.read_line(&mut header)?;
    /// assert_eq!((&body[..], &header[..]), ("the body", "the next header\n"));
    /// # Ok::<(), minlen::Error>(())
    /// ```
    ///
    /// # Errors
    /// None today; reserved for checks of the options.
    pub fn single(reader: R, options: &Options, env: &Env) -> Result<Self> {
        Ok(Self::over(StreamReader::single(reader, env), options, env))
    }

    fn over(reader: StreamReader<R>, options: &Options, env: &Env) -> Self {
        Self {
            reader,
            options: options.clone(),
            env: options.informed(env),
            pool: BlockDecoder::new(options, &options.informed(env), usize::MAX),
            waiting: None,
            ends: Vec::new(),
            current: Vec::new(),
            position: 0,
            held: None,
            hasher: blake3::Hasher::new(),
            submitted: 0,
            taken: 0,
            reported: 0,
            finished: false,
            failed: false,
        }
    }

    /// Reads no block before the one at hand was given out. Otherwise a decoder of several threads ([`Options::with_threads`]) fills
    /// them all with blocks first, and waits for bytes that whoever writes may not send before hearing an answer. The threads
    /// then share the work of a block, as far as its codec can. To be called before anything is read.
    #[must_use]
    pub fn interactive(mut self) -> Self {
        self.pool = BlockDecoder::new(&self.options, &self.env, 1);
        self
    }

    /// The reader underneath.
    pub fn get_ref(&self) -> &R {
        self.reader.get_ref()
    }

    /// The reader underneath. What is read from it before the end of the stream is missing here.
    pub fn get_mut(&mut self) -> &mut R {
        self.reader.get_mut()
    }

    /// Gives the reader back. After the end of a [`Decoder::single`] stream it stands right behind the stream; before the end, some
    /// bytes may have been read ahead and are lost.
    pub fn into_inner(self) -> R {
        self.reader.into_inner()
    }

    /// Everything to the end, without a copy where there is one block only.
    pub(crate) fn read_all(mut self) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        while self.advance()? {
            if out.is_empty() {
                out = std::mem::take(&mut self.current);
            } else {
                out.extend_from_slice(&self.current);
            }
            self.position = 0;
            self.current.clear();
            self.held = None;
        }
        Ok(out)
    }

    /// Fills the pool, then takes the next block. False at the end of the last stream.
    fn advance(&mut self) -> Result<bool> {
        loop {
            while !self.finished && !self.pool.is_full() && self.ends.is_empty() {
                if !self.read_item()? {
                    break;
                }
            }
            self.env.check()?;
            if let Some(decoded) = self.pool.next() {
                self.take(decoded?);
                self.check_ends()?;
                if !self.current.is_empty() {
                    return Ok(true);
                }
            } else {
                self.check_ends()?;
                if self.finished {
                    self.tell_rest();
                    return Ok(false);
                }
            }
        }
    }

    fn take(&mut self, decoded: Opened) {
        self.taken += 1;
        self.hasher.update(&decoded.bytes);
        let (input, output) = (decoded.stored - decoded.reported, decoded.bytes.len() as u64);
        self.env.progress.event(Event::Advance { input, output });
        self.reported += decoded.stored;
        self.current = decoded.bytes;
        self.position = 0;
        self.held = Some(decoded.held);
    }

    /// Tells what stood around the blocks, so that everything reported is everything that was read.
    fn tell_rest(&mut self) {
        let input = self.reader.position().saturating_sub(self.reported);
        self.reported += input;
        if input > 0 {
            self.env.progress.event(Event::Advance { input, output: 0 });
        }
    }

    /// Reads one section; false when the memory is spoken for and a block must be taken first.
    fn read_item(&mut self) -> Result<bool> {
        if let Some(block) = self.waiting.take() {
            return self.submit(block);
        }
        match self.reader.next()? {
            None => self.finished = true,
            Some(Item::Block(block)) => return self.submit(block),
            Some(Item::End { content_hash, .. }) => {
                self.ends.push(PendingEnd { after: self.submitted, hash: content_hash });
            }
            Some(Item::Learned(file)) => {
                let hash = *blake3::hash(&file).as_bytes();
                self.pool.learn(&Learned::new(file, hash));
            }
            Some(Item::Tree(_)) => {
                return Err(Error::usage("this is an archive of files, not a single stream")
                    .advise(Advice::ReadArchive));
            }
            Some(_) => {}
        }
        Ok(true)
    }

    fn submit(&mut self, block: RawBlock) -> Result<bool> {
        match self.pool.reserve(block.header.raw_len, block.header.stored_len) {
            Ok(Some(held)) => {
                self.submitted += 1;
                self.pool.submit(block, held);
                Ok(true)
            }
            Ok(None) => {
                self.waiting = Some(block);
                Ok(false)
            }
            Err(error) => Err(error.at(block.offset)),
        }
    }

    fn check_ends(&mut self) -> Result<()> {
        while self.ends.first().is_some_and(|end| end.after == self.taken) {
            let end = self.ends.remove(0);
            if end.hash.is_some_and(|hash| *self.hasher.finalize().as_bytes() != hash) {
                return Err(Error::new(ErrorKind::Corrupt, "the content does not match its BLAKE3 hash")
                    .remedy("do not use the output"));
            }
            self.hasher.reset();
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        let there = self.fill_buf()?;
        let n = out.len().min(there.len());
        out[..n].copy_from_slice(&there[..n]);
        self.consume(n);
        Ok(n)
    }
}

/// The buffer is the block at hand.
impl<R: Read> BufRead for Decoder<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.failed {
            return Err(io::Error::other("the stream has failed before"));
        }
        if self.position == self.current.len() {
            self.held = None;
            // At the end there is nothing at hand any more.
            self.current.clear();
            self.position = 0;
            if let Err(error) = self.advance() {
                self.failed = true;
                return Err(error.into());
            }
        }
        Ok(&self.current[self.position..])
    }

    fn consume(&mut self, amount: usize) {
        self.position = self.current.len().min(self.position + amount);
    }
}
