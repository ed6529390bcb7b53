//! Limits on what a decoder may use, and the shared memory budget that enforces them.

use crate::{Advice, Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const MIB: u64 = 1 << 20;

/// Writers keep below this many bytes of output per byte of file: a little less than what readers allow by default, which
/// leaves room for what is not counted beforehand.
const WRITTEN_RATIO: u64 = 4_064;

/// What decoding may cost. The defaults are safe for files from strangers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Working memory in bytes over all threads together (default 2 GiB).
    pub memory: u64,
    /// Decoded bytes in total (default: no bound but the ratio).
    pub output: u64,
    /// Decoded bytes per compressed byte, once more than [`Limits::ratio_floor`] bytes come out (default 4,096; what minlen
    /// writes stays below: see [`Limits::padding`]).
    pub ratio: u64,
    /// Output below this many bytes is never refused for its ratio (default 64 MiB).
    pub ratio_floor: u64,
    /// Nesting of folders or of containers (default 256).
    pub depth: u32,
    /// Entries in an archive (default 16 million).
    pub entries: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 2048 * MIB,
            output: u64::MAX,
            ratio: 4_096,
            ratio_floor: 64 * MIB,
            depth: 256,
            entries: 1 << 24,
        }
    }
}

impl Limits {
    /// No limit at all: for data that you wrote yourself.
    #[must_use]
    pub fn none() -> Self {
        Self {
            memory: u64::MAX,
            output: u64::MAX,
            ratio: u64::MAX,
            ratio_floor: u64::MAX,
            depth: u32::MAX,
            entries: u64::MAX,
        }
    }

    /// Sets [`Limits::memory`].
    #[must_use]
    pub fn with_memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// Sets [`Limits::output`].
    #[must_use]
    pub fn with_output(mut self, bytes: u64) -> Self {
        self.output = bytes;
        self
    }

    /// Sets [`Limits::ratio`]; 0 means no bound.
    #[must_use]
    pub fn with_ratio(mut self, ratio: u64) -> Self {
        self.ratio = if ratio == 0 { u64::MAX } else { ratio };
        self
    }

    /// How many bytes a writer must add to `stored` so that `output` is in proportion to it for a reader with the default
    /// limits: what default options write, default options read, and bombs still cost their sender a 4,000th of what
    /// they do.
    #[must_use]
    pub fn padding(output: u64, stored: u64) -> u64 {
        if output <= Self::default().ratio_floor {
            return 0;
        }
        output.div_ceil(WRITTEN_RATIO).saturating_sub(stored)
    }

    /// Refuses a total output that is over the limit, or out of proportion to the compressed size.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Limit`], with the [`Advice`] to raise it.
    pub fn check_output(&self, output: u64, compressed: u64) -> Result<()> {
        if output > self.output {
            return Err(Error::limit(format!(
                "{output} bytes of output are over the limit of {}",
                self.output
            ))
            .advise(Advice::MoreOutput));
        }
        let bounded = self.ratio < u64::MAX && output > self.ratio_floor;
        if bounded && output / compressed.max(1) >= self.ratio {
            return Err(Error::limit(format!(
                "{compressed} bytes would expand to {output}: more than {} to 1",
                self.ratio
            ))
            .advise(Advice::AnyRatio));
        }
        Ok(())
    }
}

/// A memory budget shared by all threads of one operation (the idea of jxl-oxide's allocation tracker).
///
/// Code that is about to allocate memory whose size comes from the input calls [`Budget::reserve`] first and
/// holds the returned [`Reservation`] for as long as the memory lives.
#[derive(Clone, Debug)]
pub struct Budget {
    used: Arc<AtomicU64>,
    limit: u64,
}

impl Budget {
    /// A budget of `limit` bytes.
    #[must_use]
    pub fn new(limit: u64) -> Self {
        Self { used: Arc::new(AtomicU64::new(0)), limit }
    }

    /// Takes `bytes` from the budget until the reservation is dropped.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Limit`] if the budget does not have that much left.
    pub fn reserve(&self, bytes: u64) -> Result<Reservation> {
        let taken = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
            used.checked_add(bytes).filter(|&sum| sum <= self.limit)
        });
        match taken {
            Ok(_) => Ok(Reservation { budget: self.clone(), bytes }),
            Err(used) => Err(Error::limit(format!(
                "needs {bytes} bytes of memory, and {used} of the {} allowed are in use",
                self.limit
            ))
            .advise(Advice::MoreMemory)),
        }
    }

    /// Bytes reserved at this moment.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// The size of the budget in bytes.
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.limit
    }
}

/// Memory taken from a [`Budget`]; given back on drop.
#[derive(Debug)]
pub struct Reservation {
    budget: Budget,
    bytes: u64,
}

impl Reservation {
    /// Takes `bytes` more from the same budget.
    ///
    /// # Errors
    /// As [`Budget::reserve`]; then nothing has changed.
    pub fn grow(&mut self, bytes: u64) -> Result<()> {
        let mut more = self.budget.reserve(bytes)?;
        self.bytes += std::mem::take(&mut more.bytes);
        Ok(())
    }

    /// Bytes that it holds.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budget_gives_back_on_drop_and_refuses_over_the_limit() {
        let budget = Budget::new(100);
        let first = budget.reserve(80).unwrap();
        assert!(budget.reserve(21).is_err());
        drop(first);
        let _second = budget.reserve(100).unwrap();
        assert!(budget.reserve(u64::MAX).is_err());
        assert_eq!(budget.used(), 100);
    }

    #[test]
    fn a_reservation_grows_within_the_budget_and_is_given_back_whole() {
        let budget = Budget::new(100);
        let mut held = budget.reserve(10).unwrap();
        held.grow(90).unwrap();
        assert!(held.grow(1).is_err());
        assert_eq!((held.bytes(), budget.used()), (100, 100));
        drop(held);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn padded_output_is_within_the_default_limits() {
        let limits = Limits::default();
        for output in [64 * MIB, 64 * MIB + 1, 100 * MIB, 1 << 40] {
            let stored = 100;
            let all = stored + Limits::padding(output, stored);
            assert!(limits.check_output(output, all).is_ok(), "{output}");
            assert!(
                limits.clone().with_ratio(4_000).check_output(output, all + 80).is_err()
                    || output == 64 * MIB
            );
        }
        assert_eq!(Limits::padding(1 << 30, 1 << 20), 0);
    }

    #[test]
    fn bombs_are_refused_by_ratio_only_past_the_floor() {
        let limits = Limits::default();
        assert!(limits.check_output(64 * MIB, 1).is_ok());
        assert!(limits.check_output(1 << 30, 40_000).is_err());
        assert!(limits.check_output(1 << 30, 1 << 20).is_ok());
        assert!(limits.with_ratio(0).check_output(1 << 40, 1).is_ok());
    }
}
