//! What a caller can ask for.

use crate::planner::Planner;
use minlen_core::{Chain, Error, Registry, Result};
use std::sync::Arc;

/// What a level means: the table behind `--help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelInfo {
    /// 1..=9.
    pub level: u8,
    /// What runs, in a few words.
    pub engine: &'static str,
    /// Largest block in bytes: the unit of parallel work and of random access inside one file.
    pub block: usize,
    /// Small files are put together into blocks of at most this many bytes.
    pub solid: usize,
    /// Working memory of one encoding thread in bytes, blocks in flight included.
    pub encode_memory: u64,
    /// Working memory of one decoding thread in bytes, blocks in flight included.
    pub decode_memory: u64,
    /// False while the level is still to come.
    pub available: bool,
}

const MIB: usize = 1 << 20;

/// Every level, weakest first.
#[must_use]
pub fn levels() -> &'static [LevelInfo] {
    const fn level(
        level: u8,
        engine: &'static str,
        block: usize,
        solid: usize,
        mem: (u64, u64),
    ) -> LevelInfo {
        let (encode_memory, decode_memory) = (mem.0 << 20, mem.1 << 20);
        LevelInfo { level, engine, block, solid, encode_memory, decode_memory, available: level <= 5 }
    }
    const LEVELS: &[LevelInfo] = &[
        level(1, "zstd, fastest", 4 * MIB, 4 * MIB, (32, 32)),
        level(2, "zstd, fast", 4 * MIB, 4 * MIB, (40, 32)),
        level(3, "zstd, the default of most tools", 4 * MIB, 4 * MIB, (48, 32)),
        level(4, "zstd, LZMA or BWT, as a sample says", 16 * MIB, 4 * MIB, (256, 128)),
        level(5, "best of LZMA, BWT and Brotli for each part", 32 * MIB, 4 * MIB, (640, 320)),
        level(6, "fast context mixing (not in this version)", 8 * MIB, 8 * MIB, (0, 0)),
        level(7, "context mixing (not in this version)", 8 * MIB, 8 * MIB, (0, 0)),
        level(8, "deep context mixing (not in this version)", 8 * MIB, 8 * MIB, (0, 0)),
        level(9, "deep context mixing with a network (not in this version)", 8 * MIB, 8 * MIB, (0, 0)),
    ];
    LEVELS
}

/// Every codec of this build.
#[must_use]
pub fn registry() -> Registry {
    let mut registry = Registry::new();
    for codec in minlen_bytes::codecs() {
        registry.register(codec);
    }
    registry
}

/// How to compress. Cheap to clone.
///
/// ```
/// let options = minlen::Options::new(3)?.with_threads(2).with_codec("lzma:level=9")?;
/// # Ok::<(), minlen::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    pub(crate) level: u8,
    pub(crate) chain: Option<Chain>,
    pub(crate) threads: usize,
    pub(crate) memory: Option<u64>,
    pub(crate) block: Option<usize>,
    pub(crate) dedup: bool,
    pub(crate) times: bool,
    pub(crate) compact: bool,
    pub(crate) planner: Arc<Planner>,
}

impl Default for Options {
    /// Level 5, the strongest of this version that any machine can afford.
    fn default() -> Self {
        Self {
            level: 5,
            chain: None,
            threads: 1,
            memory: None,
            block: None,
            dedup: true,
            times: true,
            compact: true,
            planner: Arc::new(Planner::new(registry())),
        }
    }
}

impl Options {
    /// Options for a level, 1..=9.
    ///
    /// # Errors
    /// Usage for another number; unsupported for a level that is still to come.
    pub fn new(level: u8) -> Result<Self> {
        let info = levels()
            .get(usize::from(level).wrapping_sub(1))
            .ok_or_else(|| Error::usage(format!("there is no level {level}")).remedy("levels are 1 to 9"))?;
        if !info.available {
            return Err(
                Error::unsupported(format!("level {level}: {}", info.engine)).remedy("use -5 or lower")
            );
        }
        Ok(Self { level, ..Self::default() })
    }

    /// Codes every part with this chain (`name[:key=value,...][+name...]`) instead of planning.
    ///
    /// # Errors
    /// Usage for an unknown codec, key or value.
    pub fn with_codec(mut self, chain: &str) -> Result<Self> {
        self.chain = Some(Chain::parse(chain, self.planner.registry())?);
        Ok(self)
    }

    /// How many threads to use; 0 for all cores. The output is the same for every number.
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Keeps the working memory under this many bytes by running fewer threads and smaller blocks.
    #[must_use]
    pub fn with_memory(mut self, bytes: u64) -> Self {
        self.memory = Some(bytes);
        self
    }

    /// Largest block in bytes, instead of the level's: smaller means finer random access and less memory.
    #[must_use]
    pub fn with_block_size(mut self, bytes: usize) -> Self {
        self.block = Some(bytes.clamp(4096, 256 * MIB));
        self
    }

    /// Whether an archive stores equal files and equal chunks once (default: yes).
    #[must_use]
    pub fn with_dedup(mut self, dedup: bool) -> Self {
        self.dedup = dedup;
        self
    }

    /// Whether an archive records modification times (default: yes).
    #[must_use]
    pub fn with_times(mut self, times: bool) -> Self {
        self.times = times;
        self
    }

    /// Whether small single streams are written in the compact form, which has a dozen bytes around the coded content
    /// instead of some eighty, and no BLAKE3 (default: yes). Archives never are.
    #[must_use]
    pub fn with_compact(mut self, compact: bool) -> Self {
        self.compact = compact;
        self
    }

    /// Uses these codecs instead of the built-in ones.
    #[must_use]
    pub fn with_registry(mut self, registry: Registry) -> Self {
        self.planner = Arc::new(Planner::new(registry));
        self
    }

    /// The level.
    #[must_use]
    pub fn level(&self) -> u8 {
        self.level
    }

    /// The table entry of the level.
    #[must_use]
    pub fn info(&self) -> &'static LevelInfo {
        &levels()[usize::from(self.level) - 1]
    }

    /// Whether small single streams are written in the compact form.
    #[must_use]
    pub fn compact(&self) -> bool {
        self.compact
    }

    /// The codecs in use.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        self.planner.registry()
    }

    /// Threads that will really run: the number asked for, bounded by the cores (for 0) and by the memory.
    #[must_use]
    pub fn effective_threads(&self) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let wanted = if self.threads == 0 { cores } else { self.threads };
        let fit = self.memory.map_or(usize::MAX, |m| (m / self.info().encode_memory.max(1)) as usize);
        wanted.min(fit).max(1)
    }

    /// The block size in force. Depends on the level, the asked-for size and the memory bound only, never on the
    /// number of threads, so that the output does not either.
    pub(crate) fn block_size(&self) -> usize {
        let block = self.block.unwrap_or(self.info().block);
        match self.memory {
            Some(memory) => block.min((memory / 24).try_into().unwrap_or(usize::MAX)).max(4096),
            None => block,
        }
    }

    /// The size up to which small files share a block.
    pub(crate) fn solid_size(&self) -> usize {
        self.info().solid.min(self.block_size())
    }
}
