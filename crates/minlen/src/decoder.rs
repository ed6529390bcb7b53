//! Decompression of a stream.

use crate::blocks::{BlockDecoder, Opened};
use crate::options::Options;
use minlen_container::{Item, RawBlock, StreamReader};
use minlen_core::{Env, Error, ErrorKind, Event, Reservation, Result};
use std::io::{self, Read};

/// Reads the content of one or several `.mln` streams in a row.
///
/// Every block is verified before any of its bytes are handed out, and the whole at the end: the last read returns an
/// error if the content is not what was compressed. An archive of files is refused: see [`crate::archive`].
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
    /// A decoder over `reader`. Threads and codecs come from `options`, limits from `env`.
    ///
    /// # Errors
    /// None today; reserved for checks of the options.
    pub fn new(reader: R, options: &Options, env: &Env) -> Result<Self> {
        Ok(Self {
            reader: StreamReader::new(reader, env),
            env: env.clone(),
            pool: BlockDecoder::new(options, env, usize::MAX),
            waiting: None,
            ends: Vec::new(),
            current: Vec::new(),
            position: 0,
            held: None,
            hasher: blake3::Hasher::new(),
            submitted: 0,
            taken: 0,
            finished: false,
            failed: false,
        })
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
                    return Ok(false);
                }
            }
        }
    }

    fn take(&mut self, decoded: Opened) {
        self.taken += 1;
        self.hasher.update(&decoded.bytes);
        let (input, output) = (decoded.stored - decoded.told, decoded.bytes.len() as u64);
        self.env.progress.event(Event::Advance { input, output });
        self.current = decoded.bytes;
        self.position = 0;
        self.held = Some(decoded.held);
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
            Some(Item::Tree(_)) => {
                return Err(Error::usage("this is an archive of files, not a single stream")
                    .remedy("extract it with `minlen decompress ARCHIVE -o FOLDER`"));
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
        if self.failed {
            return Err(io::Error::other("the stream has failed before"));
        }
        if self.position == self.current.len() {
            self.held = None;
            match self.advance() {
                Ok(true) => {}
                Ok(false) => return Ok(0),
                Err(error) => {
                    self.failed = true;
                    return Err(error.into());
                }
            }
        }
        let n = out.len().min(self.current.len() - self.position);
        out[..n].copy_from_slice(&self.current[self.position..self.position + n]);
        self.position += n;
        Ok(n)
    }
}
