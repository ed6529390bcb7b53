//! The table of levels: what runs, what it needs, and what it costs.
//!
//! The table is fixed: budgets of time and memory ([`crate::Options::with_time_budget`], [`crate::Options::with_memory`]) are planned by
//! it and never by a clock, which is why the same options give the same bytes on every machine.

/// What a level means: the table behind `--help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelInfo {
    /// 1..=9, or [`MAX_LEVEL`].
    pub level: u8,
    /// What runs, in a few words.
    pub engine: &'static str,
    /// Largest block in bytes: the unit of parallel work and of random access inside one file.
    pub block: usize,
    /// Files are put together into blocks of at most this many bytes.
    pub solid: usize,
    /// Working memory of one encoding thread in bytes, blocks in flight included.
    pub encode_memory: u64,
    /// Working memory of one decoding thread in bytes, blocks in flight included.
    pub decode_memory: u64,
    /// Nanoseconds a byte of encoding on one core of the reference machine: the one on which `xz -9e` takes 490 ns a byte over
    /// the set `core` (docs/benchmarks.md).
    pub encode_ns: u32,
    /// The same of decoding.
    pub decode_ns: u32,
    /// Typical size as a share of that at level 3, in thousandths.
    pub size_permille: u32,
    /// False while the level is still to come.
    pub available: bool,
}

impl LevelInfo {
    /// What it is called in messages.
    ///
    /// ```
    /// assert_eq!(minlen::Options::new(7)?.info().name(), "level 7");
    /// # Ok::<(), minlen::Error>(())
    /// ```
    #[must_use]
    pub fn name(&self) -> String {
        if self.level == MAX_LEVEL {
            "the strongest level".to_owned()
        } else {
            format!("level {}", self.level)
        }
    }
}

/// The number behind `--max`: every model, two passes.
pub const MAX_LEVEL: u8 = 10;

pub(crate) const MIB: usize = 1 << 20;

/// The strongest level that this build has.
const NEWEST: u8 = MAX_LEVEL;

/// Every level, weakest first.
///
/// ```
/// let levels = minlen::levels();
/// assert_eq!(levels[4].level, 5);
/// // From one level to the next, output gets smaller and time longer.
/// assert!(levels.windows(2).all(|pair| pair[0].size_permille > pair[1].size_permille));
/// assert!(levels.windows(2).all(|pair| pair[0].encode_ns < pair[1].encode_ns));
/// ```
#[must_use]
pub fn levels() -> &'static [LevelInfo] {
    const fn level(
        level: u8,
        engine: &'static str,
        (block, solid): (usize, usize),
        (encode_memory, decode_memory): (u64, u64),
        (encode_ns, decode_ns): (u32, u32),
        size_permille: u32,
    ) -> LevelInfo {
        LevelInfo {
            level,
            engine,
            block: block * MIB,
            solid: solid * MIB,
            encode_memory: encode_memory << 20,
            decode_memory: decode_memory << 20,
            encode_ns,
            decode_ns,
            size_permille,
            available: level <= NEWEST,
        }
    }
    const LEVELS: &[LevelInfo] = &[
        level(1, "zstd, fastest", (4, 4), (32, 32), (3, 1), 1120),
        level(2, "zstd, fast", (4, 4), (40, 32), (4, 1), 1050),
        level(3, "zstd, the default of most tools", (4, 4), (48, 32), (5, 1), 1000),
        level(4, "zstd, LZMA or BWT, as a sample says", (16, 16), (256, 128), (310, 60), 730),
        level(5, "best of LZMA, BWT, PPM and Brotli for each part", (32, 16), (640, 320), (440, 130), 660),
        level(6, "context mixing, fast", (16, 16), (256, 224), (900, 750), 612),
        level(7, "context mixing", (16, 16), (512, 448), (2400, 1900), 566),
        level(8, "deep context mixing", (16, 16), (832, 768), (9000, 8000), 545),
        level(
            9,
            "deep context mixing with a recurrent network",
            (16, 16),
            (1280, 1216),
            (36_000, 30_000),
            500,
        ),
        level(
            MAX_LEVEL,
            "all models at once, tuned to the data in a first pass",
            (16, 16),
            (1408, 1344),
            (120_000, 80_000),
            480,
        ),
    ];
    LEVELS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;
    use minlen_core::{Kind, Part, Stats};

    /// What the strongest offers of a level need for a block of its size.
    fn needed(info: &LevelInfo, kind: Kind) -> (u64, u64) {
        let options = Options::new(info.level).unwrap();
        let data = vec![b'x'; info.block];
        let stats = Stats::default();
        let part = Part::new(&data, kind, &stats);
        let registry = options.registry();
        let offers = registry.iter().flat_map(|codec| codec.propose(&part, info.level));
        offers.fold((0, 0), |(encode, decode), offer| {
            let stages = offer.chain.stages().iter();
            let memory = stages
                .filter_map(|stage| Some(registry.codec(stage.id).ok()?.memory(&stage.params, info.block)));
            memory.fold((encode, decode), |(e, d), m| (e.max(m.encode), d.max(m.decode)))
        })
    }

    #[test]
    fn the_memory_stated_is_enough_for_a_block_and_the_codecs() {
        for info in levels().iter().filter(|info| info.available && info.level >= 6) {
            for kind in [Kind::Text, Kind::Elf, Kind::Binary] {
                let (encode, decode) = needed(info, kind);
                let block = info.block as u64;
                let (stated, mib) = (info, 1 << 20);
                assert!(
                    encode + 2 * block <= stated.encode_memory,
                    "level {}: {} MiB",
                    info.level,
                    (encode + 2 * block) / mib
                );
                assert!(
                    decode + block <= stated.decode_memory,
                    "level {}: {} MiB",
                    info.level,
                    (decode + block) / mib
                );
            }
        }
    }

    #[test]
    fn levels_cost_more_and_give_less_from_one_to_the_next() {
        for pair in levels().windows(2) {
            assert!(pair[0].level + 1 == pair[1].level && pair[0].encode_ns < pair[1].encode_ns);
            assert!(pair[0].size_permille > pair[1].size_permille && pair[0].decode_ns <= pair[1].decode_ns);
        }
        assert_eq!(levels().last().map(|info| info.level), Some(MAX_LEVEL));
    }
}
