//! Blocks decoded on several threads, in order, within the memory budget.

use crate::block_progress::BlockProgress;
use crate::options::Options;
use crate::pipeline::Ordered;
use minlen_container::{BlockHeader, RawBlock, open_beginning};
use minlen_core::{CodecId, Env, Error, ErrorKind, Event, Learned, Registry, Reservation, Result};

/// A decoded block, with the memory that it and its payload took.
pub(crate) struct Opened {
    pub(crate) bytes: Vec<u8>,
    pub(crate) stored: u64,
    /// Stored bytes that were reported as progress while decoding; the rest is to be reported now.
    pub(crate) reported: u64,
    pub(crate) held: Reservation,
}

/// Bytes of a block that is not worth a thread of its own.
const SHORT: u64 = 16 << 10;

/// What a thread made of a block.
enum Attempt {
    Opened(Opened),
    /// The budget did not have enough left, maybe only because of what the other threads were using.
    Short(RawBlock, u64, Reservation, Error),
}

/// Decodes blocks in parallel and gives them back in order.
///
/// Content and payload are reserved before a block is handed to a thread; how much its codec needs besides is known only
/// there. Where that is too much for all threads together, the block is decoded again alone, and fewer run from then on.
pub(crate) struct BlockDecoder {
    pool: Ordered<Attempt>,
    registry: Registry,
    env: Env,
    inner: Env,
}

impl BlockDecoder {
    /// A decoder for about `blocks` blocks. With few of them, the codecs may use all threads, too: the largest block would
    /// else keep everybody waiting.
    pub(crate) fn new(options: &Options, env: &Env, blocks: usize) -> Self {
        let threads = options.effective_threads();
        let busy = blocks.clamp(1, threads);
        Self {
            pool: Ordered::new(busy, env),
            registry: options.registry().clone(),
            env: env.clone(),
            inner: env.clone().with_threads(if blocks / 4 <= threads { threads } else { 1 }),
        }
    }

    /// Has a learned part at hand for what is submitted from now on.
    pub(crate) fn learn(&mut self, part: &Learned) {
        for env in [&mut self.env, &mut self.inner] {
            env.resources = std::mem::take(&mut env.resources).with_learned(part.clone());
        }
    }

    /// True when a block should be taken before the next one is submitted.
    pub(crate) fn is_full(&self) -> bool {
        self.pool.is_full()
    }

    /// True when nothing is in flight.
    pub(crate) fn is_empty(&self) -> bool {
        self.pool.is_empty()
    }

    /// Takes the memory for a block, or nothing if one in flight must be taken first.
    ///
    /// # Errors
    /// Limit, if it would not fit with nothing in flight.
    pub(crate) fn reserve(&self, raw: u64, stored: u64) -> Result<Option<Reservation>> {
        if self.pool.is_full() {
            return Ok(None);
        }
        match self.env.budget.reserve(raw.saturating_add(stored)) {
            Ok(held) => Ok(Some(held)),
            Err(_) if !self.pool.is_empty() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Hands a block in, with the memory that [`BlockDecoder::reserve`] gave for it.
    pub(crate) fn submit(&mut self, block: RawBlock, held: Reservation) {
        let all = block.header.raw_len;
        self.submit_beginning(block, all, held);
    }

    /// The same for a block of which the first `wanted` bytes do; see [`open_beginning`] for what is checked.
    pub(crate) fn submit_beginning(&mut self, block: RawBlock, wanted: u64, held: Reservation) {
        let (registry, env) = (self.registry.clone(), self.inner.clone());
        let short = self.pool.is_single() && block.header.raw_len <= SHORT;
        let job = move || match open(&block, wanted, &registry, &env) {
            Ok((bytes, reported)) => {
                Ok(Attempt::Opened(Opened { bytes, stored: block.header.stored_len, reported, held }))
            }
            Err(error) if error.kind() == ErrorKind::Limit => Ok(Attempt::Short(block, wanted, held, error)),
            Err(error) => Err(error),
        };
        if short { self.pool.run_here(job) } else { self.pool.submit(job) }
    }

    /// The oldest block, waited for; `None` when nothing is in flight.
    pub(crate) fn next(&mut self) -> Option<Result<Opened>> {
        match self.pool.next()? {
            Ok(Attempt::Opened(opened)) => Some(Ok(opened)),
            Ok(Attempt::Short(_, _, _, error)) if self.pool.is_single() => Some(Err(error)),
            Ok(Attempt::Short(block, wanted, held, _)) => Some(self.alone(&block, wanted, held)),
            Err(error) => Some(Err(error)),
        }
    }

    fn alone(&mut self, block: &RawBlock, wanted: u64, held: Reservation) -> Result<Opened> {
        self.pool.settle();
        self.pool.shrink();
        let (bytes, reported) = open(block, wanted, &self.registry, &self.inner)?;
        Ok(Opened { bytes, stored: block.header.stored_len, reported, held })
    }
}

/// About how much memory decoding a block takes, its codecs at their defaults.
pub(crate) fn decode_memory(header: &BlockHeader, registry: &Registry) -> u64 {
    let len_of = |stage: usize| if stage == 0 { header.raw_len } else { header.inner[stage - 1] };
    let need = |(stage, id): (usize, &CodecId)| {
        let codec = registry.codec(*id).ok()?;
        let len = usize::try_from(len_of(stage)).ok()?;
        Some(codec.memory(&codec.params(), len).decode)
    };
    let codecs = header.ids.iter().enumerate().filter_map(need).max().unwrap_or(0);
    let between = header.inner.iter().fold(0, |sum: u64, len| sum.saturating_add(*len));
    let data = header.raw_len.saturating_add(header.stored_len).saturating_add(between);
    data.saturating_add(codecs)
}

/// The content of one block, decoded on this thread by codecs that may use all of them; what it counts for is reported as
/// progress. The caller has the memory of both.
pub(crate) fn open_alone(block: &RawBlock, options: &Options, env: &Env) -> Result<Vec<u8>> {
    env.check()?;
    let inner = env.clone().with_threads(options.effective_threads());
    let (bytes, reported) = open(block, block.header.raw_len, options.registry(), &inner)?;
    let (input, output) = (block.header.stored_len - reported, bytes.len() as u64);
    env.progress.event(Event::Advance { input, output });
    Ok(bytes)
}

/// The first `wanted` bytes of a block or more, as [`open_alone`]; see [`open_beginning`] for what is checked.
pub(crate) fn open_first(block: &RawBlock, wanted: u64, options: &Options, env: &Env) -> Result<Vec<u8>> {
    env.check()?;
    let inner = env.clone().with_threads(options.effective_threads());
    let (bytes, reported) = open(block, wanted, options.registry(), &inner)?;
    let (input, output) = (block.header.stored_len - reported, bytes.len() as u64);
    env.progress.event(Event::Advance { input, output });
    Ok(bytes)
}

/// The first `wanted` bytes of a block or more, and how many of its stored bytes were reported as progress on the way.
fn open(block: &RawBlock, wanted: u64, registry: &Registry, env: &Env) -> Result<(Vec<u8>, u64)> {
    let (progress, env) = BlockProgress::new(env, block.header.raw_len, block.header.stored_len);
    Ok((open_beginning(block, wanted, registry, &env)?, progress.reported()))
}
