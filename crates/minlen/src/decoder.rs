//! Decompression of a stream.

use crate::options::Options;
use crate::pipeline::Ordered;
use minlen_container::{Item, RawBlock, StreamReader, open_block};
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
    options: Options,
    env: Env,
    pool: Ordered<Decoded>,
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

struct Decoded {
    bytes: Vec<u8>,
    stored: u64,
    held: Reservation,
}

/// The end of a stream: due once the block with this number has been taken.
struct PendingEnd {
    after: u64,
    hash: [u8; 32],
}

impl<R: Read> Decoder<R> {
    /// A decoder over `reader`. Threads and codecs come from `options`, limits from `env`.
    ///
    /// # Errors
    /// None today; reserved for checks of the options.
    pub fn new(reader: R, options: &Options, env: &Env) -> Result<Self> {
        Ok(Self {
            reader: StreamReader::new(reader, env),
            options: options.clone(),
            env: env.clone(),
            pool: Ordered::new(options.effective_threads()),
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

    fn take(&mut self, decoded: Decoded) {
        self.taken += 1;
        self.hasher.update(&decoded.bytes);
        self.env.progress.event(Event::Advance { input: decoded.stored, output: decoded.bytes.len() as u64 });
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
        let need = block.header.raw_len.saturating_add(block.header.stored_len);
        let held = match self.env.budget.reserve(need) {
            Ok(held) => held,
            // Blocks in flight give their memory back once they are taken; without any, the limit stands.
            Err(_) if !self.pool.is_empty() => {
                self.waiting = Some(block);
                return Ok(false);
            }
            Err(error) => return Err(error.at(block.offset)),
        };
        self.submitted += 1;
        let (registry, env) = (self.options.registry().clone(), self.env.clone());
        self.pool.submit(move || {
            let stored = block.header.stored_len;
            let bytes = open_block(&block, &registry, &env)?;
            Ok(Decoded { bytes, stored, held })
        });
        Ok(true)
    }

    fn check_ends(&mut self) -> Result<()> {
        while self.ends.first().is_some_and(|end| end.after == self.taken) {
            let end = self.ends.remove(0);
            if *self.hasher.finalize().as_bytes() != end.hash {
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
