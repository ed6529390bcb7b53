//! What is measured: one trait, whether the compressor is a library, a program, or minlen itself.

mod library;
mod names;
pub mod program;
pub(crate) mod spec;

pub use library::IN_PROCESS;
pub use names::{Own, Resolved, in_process, resolve, split_list};

use crate::{cpu, memory};
use minlen_core::Result;
use std::time::{Duration, Instant};

/// Where a rival runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RivalKind {
    /// One of ours, given by the caller.
    Minlen,
    /// Another's library, linked in.
    InProcess,
    /// An installed program, run on temporary files; its times contain the start of the process.
    Program,
}

impl RivalKind {
    /// The word used in tables.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Minlen => "minlen",
            Self::InProcess => "in-process",
            Self::Program => "program",
        }
    }
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Raw bytes to compressed ones.
    Compress,
    /// And back.
    Decompress,
}

/// One call to be measured.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// Which way.
    pub op: Op,
    /// The bytes that go in.
    pub input: &'a [u8],
    /// Length of the raw data (equals `input.len()` when compressing).
    pub raw_len: usize,
    /// Measure peak memory too, even if that costs time.
    pub memory: bool,
}

/// What one call gave.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The bytes that came out.
    pub bytes: Vec<u8>,
    /// Wall time of the work alone.
    pub elapsed: Duration,
    /// Processor time of the work, where it could be had. Other threads that a library starts are not in it.
    pub cpu: Option<Duration>,
    /// Peak memory in bytes, where it was asked for and could be had.
    pub peak: Option<u64>,
}

/// A compressor under measurement. Calls must be independent of each other: nothing may be kept between them.
pub trait Rival: Send + Sync {
    /// The name as it stands in tables, and as [`resolve`] reads it (`zstd:19`).
    fn name(&self) -> String;

    /// Where it runs.
    fn kind(&self) -> RivalKind;

    /// The version of the library or program, where it can be asked.
    fn version(&self) -> Option<String> {
        None
    }

    /// Compresses, on one thread.
    ///
    /// # Errors
    /// Whatever the compressor reports.
    fn compress(&self, input: &[u8]) -> Result<Vec<u8>>;

    /// Restores `raw_len` bytes, on one thread.
    ///
    /// # Errors
    /// Whatever the decompressor reports.
    fn decompress(&self, packed: &[u8], raw_len: usize) -> Result<Vec<u8>>;

    /// Runs one job and times it. Programs override this to leave out the handling of temporary files.
    ///
    /// # Errors
    /// Those of the call itself.
    fn run(&self, job: Job<'_>) -> Result<Outcome> {
        let watch = job.memory.then(memory::Watch::start).flatten();
        let (start, used) = (Instant::now(), cpu::of_thread());
        let bytes = match job.op {
            Op::Compress => self.compress(job.input)?,
            Op::Decompress => self.decompress(job.input, job.raw_len)?,
        };
        let (elapsed, cpu) = (start.elapsed(), cpu::of_thread().checked_sub(used));
        Ok(Outcome { bytes, elapsed, cpu, peak: watch.and_then(|w| w.peak()) })
    }
}

type Compress = Box<dyn Fn(&[u8]) -> Result<Vec<u8>> + Send + Sync>;
type Decompress = Box<dyn Fn(&[u8], usize) -> Result<Vec<u8>> + Send + Sync>;

/// A rival made of two closures: how the caller brings in minlen's levels and codec chains.
pub struct FnRival {
    name: String,
    kind: RivalKind,
    version: Option<String>,
    compress: Compress,
    decompress: Decompress,
}

impl FnRival {
    /// One of ours, of kind [`RivalKind::Minlen`].
    pub fn new(
        name: impl Into<String>,
        compress: impl Fn(&[u8]) -> Result<Vec<u8>> + Send + Sync + 'static,
        decompress: impl Fn(&[u8], usize) -> Result<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            kind: RivalKind::Minlen,
            version: None,
            compress: Box::new(compress),
            decompress: Box::new(decompress),
        }
    }

    /// The same with another kind.
    #[must_use]
    pub fn with_kind(mut self, kind: RivalKind) -> Self {
        self.kind = kind;
        self
    }

    /// The same with a version to be named in reports.
    #[must_use]
    pub fn with_version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Boxed, ready for a list of rivals.
    #[must_use]
    pub fn boxed(self) -> Box<dyn Rival> {
        Box::new(self)
    }
}

impl Rival for FnRival {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn kind(&self) -> RivalKind {
        self.kind
    }

    fn version(&self) -> Option<String> {
        self.version.clone()
    }

    fn compress(&self, input: &[u8]) -> Result<Vec<u8>> {
        (self.compress)(input)
    }

    fn decompress(&self, packed: &[u8], raw_len: usize) -> Result<Vec<u8>> {
        (self.decompress)(packed, raw_len)
    }
}
