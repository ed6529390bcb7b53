//! Levels chosen by what they cost, from a fixed table: the same options give the same bytes on every machine.

use crate::levels::{LevelInfo, levels};
use crate::options::Options;
use crate::planner::STRONG;
use minlen_core::{Env, Error, Event, Result, ids};

/// What compressing will take and give, roughly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The level of most blocks.
    pub level: u8,
    /// Seconds on the reference machine with as many threads.
    pub seconds: f64,
    /// Bytes of output.
    pub bytes: u64,
}

/// Hands out time to the blocks of an input.
#[derive(Clone, Debug)]
pub(crate) struct Spending {
    /// The levels that may be used, weakest first.
    levels: Vec<LevelInfo>,
    /// Nanoseconds left, where there is a bound.
    left: Option<u128>,
    /// Bytes still to come.
    bytes: u64,
}

impl Spending {
    /// For an input of `total` bytes.
    pub(crate) fn new(options: &Options, total: u64) -> Self {
        Self {
            levels: options.allowed((total > 0).then_some(total)),
            left: options.time.map(u128::from),
            bytes: total,
        }
    }

    /// The level of the next block, of `len` bytes: the strongest whose cost is within the block's share of what is left.
    pub(crate) fn next(&mut self, len: u64) -> u8 {
        let weakest = self.levels.first().map_or(1, |info| info.level);
        let strongest = self.levels.last().map_or(weakest, |info| info.level);
        let Some(left) = self.left else { return strongest };
        let share = left * u128::from(len) / u128::from(self.bytes.max(len).max(1));
        let cost = |info: &LevelInfo| u128::from(info.encode_ns) * u128::from(len);
        let fitting = self.levels.iter().rev().find(|info| cost(info) <= share).or(self.levels.first());
        self.left = Some(left.saturating_sub(fitting.map_or(0, cost)));
        self.bytes = self.bytes.saturating_sub(len);
        fitting.map_or(weakest, |info| info.level)
    }
}

impl Options {
    /// True where levels depend on the length of the input.
    ///
    /// ```
    /// use minlen::{Options, layout::Dtype};
    /// use std::time::Duration;
    /// assert!(!Options::new(5)?.needs_length());
    /// assert!(Options::new(5)?.with_time_budget(Duration::from_secs(60)).needs_length());
    /// # Ok::<(), minlen::Error>(())
    /// ```
    #[must_use]
    pub fn needs_length(&self) -> bool {
        self.time.is_some()
    }

    /// The levels that this may use for `total` bytes: up to the one asked for, as fast to decode as asked for, and within the
    /// memory. The weakest level always remains.
    fn allowed(&self, total: Option<u64>) -> Vec<LevelInfo> {
        let suits = |info: &&LevelInfo| {
            let fits = self.memory.is_none_or(|memory| match self.time {
                Some(_) => info.encode_memory.max(info.decode_memory) <= memory,
                None => self.least_memory(info, total) <= memory,
            });
            info.level == 1
                || (info.available && info.level <= self.level && info.decode_ns <= self.decode_ns && fits)
        };
        levels().iter().filter(suits).copied().collect()
    }

    /// The memory without which a level's codecs would not run for blocks of the size in force. The fast levels do with what there is:
    /// their blocks get smaller.
    fn least_memory(&self, info: &LevelInfo, total: Option<u64>) -> u64 {
        if info.level < STRONG || self.chain.is_some() {
            return 0;
        }
        let Ok(models) = self.registry().codec(ids::CM) else { return 0 };
        let block = Self { level: info.level, ..self.clone() }.block_size();
        let block = total.map_or(block, |total| block.min(usize::try_from(total).unwrap_or(block)));
        let model = i64::from((info.level - STRONG).min(4));
        let needed = models.memory(&models.params().with("model", model).with("prior", 1), block);
        needed.encode.max(needed.decode).saturating_add(2 * block as u64)
    }

    /// Tells whoever waits that the level is not the one asked for, where the memory is to blame.
    pub(crate) fn tell_level(&self, settled: &Self, total: Option<u64>, env: &Env) {
        let Some(memory) = self.memory.filter(|_| settled.level < self.level && self.time.is_none()) else {
            return;
        };
        let info = self.info();
        let needed = self.least_memory(info, total);
        if needed > memory {
            let mib = |bytes: u64| bytes.div_ceil(1 << 20);
            let message = format!(
                "{} needs {} MiB of memory and may use {}: {} is used, the strongest that fits",
                info.name(),
                mib(needed),
                mib(memory),
                settled.info().name()
            );
            env.progress.event(Event::Warning { message });
        }
    }

    /// These options for an input of `total` bytes: block sizes and memory are those of the level that most blocks get.
    ///
    /// # Errors
    /// Usage where there is a time budget and the length is not known.
    pub(crate) fn settled(&self, total: Option<u64>) -> Result<Self> {
        let total = match total {
            Some(total) => total,
            None if self.needs_length() => {
                return Err(Error::usage("a time budget needs to know how long the input is")
                    .remedy("name a file, or choose a level"));
            }
            None => 0,
        };
        // A cut in time leaves the level free; otherwise it is the one asked for, or less for the sake of decoding.
        let level = Spending::new(self, total).next(total);
        Ok(Self { level, ..self.clone() })
    }

    /// What compressing `total` bytes that look like `sample` will take and give, by the table of levels: for people who
    /// wait. Costs what level 3 takes for the sample.
    ///
    /// `sample` should be typical: the first 64 KiB of a file will do for a guess, pieces from all over it are better. Neither figure is a
    /// promise.
    ///
    /// ```
    /// let text = b"whatever it predicts it need not store ".repeat(100);
    /// let estimate = minlen::Options::new(5)?.estimate(&text, 1_000_000_000);
    /// assert_eq!(estimate.level, 5);
    /// assert!(estimate.bytes < 100_000_000 && estimate.seconds > 100.0);
    /// # Ok::<(), minlen::Error>(())
    /// ```
    #[must_use]
    pub fn estimate(&self, sample: &[u8], total: u64) -> Estimate {
        let level = self.settled(Some(total)).map_or(self.level, |options| options.level);
        let all = levels();
        let info = all.iter().find(|info| info.level == level).copied().unwrap_or(all[0]);
        // Blocks are what runs in parallel.
        let block = self.block.map_or(info.block, |block| block.min(info.block)) as u64;
        let threads = (self.effective_threads() as u64).min(total.div_ceil(block.max(1))).max(1) as f64;
        let env = Env::default();
        let probe = self.planner.probe(sample, &env) as f64 / sample.len().max(1) as f64;
        // Noise does not get smaller at any level.
        let share = if probe > 0.98 { 1.0 } else { probe * f64::from(info.size_permille) / 1000.0 };
        Estimate {
            level,
            seconds: total as f64 * f64::from(info.encode_ns) / 1e9 / threads,
            bytes: (total as f64 * share) as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn spent(options: &Options, blocks: &[u64]) -> Vec<u8> {
        let mut spending = Spending::new(options, blocks.iter().sum());
        blocks.iter().map(|&len| spending.next(len)).collect()
    }

    #[test]
    fn every_block_gets_what_its_share_of_the_time_allows() {
        let options = Options::new(5).unwrap();
        assert_eq!(spent(&options, &[1000; 3]), [5; 3]);
        let within = |ms| options.clone().with_time_budget(Duration::from_millis(ms));
        let blocks = [1 << 20; 4];
        assert_eq!(spent(&within(10_000), &blocks), [5; 4]);
        assert_eq!(spent(&within(1), &blocks), [1; 4]);
        let mixed = spent(&within(1500), &blocks);
        assert!(mixed.contains(&4) && mixed.contains(&5), "{mixed:?}");
        let cost: u64 = mixed.iter().map(|&l| u64::from(levels()[usize::from(l) - 1].encode_ns) << 20).sum();
        assert!(cost <= 1_500_000_000);
    }

    #[test]
    fn decoding_and_memory_bound_the_level() {
        let options = Options::new(5).unwrap();
        assert_eq!(options.clone().with_decode_speed(5_000_000).settled(None).unwrap().level, 5);
        assert_eq!(options.clone().with_decode_speed(100_000_000).settled(None).unwrap().level, 3);
        assert_eq!(options.clone().with_decode_speed(u64::MAX).settled(None).unwrap().level, 1);
        let hour = options.clone().with_time_budget(Duration::from_secs(3600));
        assert_eq!(hour.clone().with_memory(300 << 20).settled(Some(1000)).unwrap().level, 4);
        assert_eq!(options.with_memory(300 << 20).settled(None).unwrap().level, 5);
        assert!(hour.settled(None).is_err());
    }

    #[test]
    fn a_level_that_does_not_fit_gives_way_to_the_strongest_that_does() {
        let level = |asked: u8, mib: u64, total| {
            Options::new(asked).unwrap().with_memory(mib << 20).settled(total).unwrap().level
        };
        for asked in [6, 7, 8, 9, crate::MAX_LEVEL] {
            assert_eq!(level(asked, 4096, None), asked);
            assert_eq!(level(asked, 8, None), 5);
            // Little data needs no more than much.
            assert!((1..40).all(|n| level(asked, n * 50, Some(1000)) >= level(asked, n * 50, None)));
            let fitting: Vec<u8> = (1..40).map(|n| level(asked, n * 50, None)).collect();
            assert!(fitting.is_sorted() && fitting.last() == Some(&asked), "{fitting:?}");
        }
        assert_eq!(level(3, 1, None), 3);
    }

    #[test]
    fn estimates_are_of_the_right_size() {
        let text = b"whatever it predicts it need not store ".repeat(2000);
        let estimate = Options::new(5).unwrap().estimate(&text, 1_000_000_000);
        assert_eq!(estimate.level, 5);
        assert!(estimate.bytes < 100_000_000 && estimate.seconds > 100.0);
        let noise = minlen_core::testing::random_case(0, 100_000);
        assert_eq!(Options::default().estimate(&noise, 1000).bytes, 1000);
    }
}
