//! Progress within a block: what slow codecs say while they work, in the units in which blocks are counted.

use minlen_core::{Env, Event, Progress};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Turns [`Event::Work`] into [`Event::Advance`] and remembers how much of the block was reported, so that the rest can be
/// reported at its end.
pub(crate) struct BlockProgress {
    outer: Arc<dyn Progress>,
    /// Raw bytes that the codecs are expected to go through: several times the block where it is coded several ways.
    expected: u64,
    /// What the block counts for in all.
    counts: u64,
    reported: AtomicU64,
    /// Raw bytes worked through so far.
    done: Mutex<u64>,
}

impl BlockProgress {
    /// A receiver for one block, and surroundings that report to it.
    pub(crate) fn new(env: &Env, expected: u64, counts: u64) -> (Arc<Self>, Env) {
        let (outer, reported, done) = (Arc::clone(&env.progress), AtomicU64::new(0), Mutex::new(0));
        let progress = Arc::new(Self { outer, expected, counts, reported, done });
        let env = env.clone().with_progress(Arc::clone(&progress) as Arc<dyn Progress>);
        (progress, env)
    }

    /// What was reported of the block so far: never more than it counts for.
    pub(crate) fn reported(&self) -> u64 {
        self.reported.load(Ordering::Relaxed)
    }
}

impl Progress for BlockProgress {
    fn event(&self, event: Event) {
        let Event::Work { bytes } = event else { return self.outer.event(event) };
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        *done = done.saturating_add(bytes).min(self.expected);
        let share = u128::from(self.counts) * u128::from(*done) / u128::from(self.expected.max(1));
        let share = share as u64;
        let more = share - self.reported.swap(share, Ordering::Relaxed);
        drop(done);
        if more > 0 {
            self.outer.event(Event::Advance { input: more, output: 0 });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Sum(AtomicU64);

    impl Progress for Sum {
        fn event(&self, event: Event) {
            if let Event::Advance { input, .. } = event {
                self.0.fetch_add(input, Ordering::Relaxed);
            }
        }
    }

    #[test]
    fn work_is_told_in_the_units_of_the_block_and_never_more_than_it_has() {
        let sum = Arc::new(Sum::default());
        let env = Env::default().with_progress(Arc::clone(&sum) as Arc<dyn Progress>);
        let (progress, inner) = BlockProgress::new(&env, 1000, 100);
        inner.work(250).unwrap();
        assert_eq!((progress.reported(), sum.0.load(Ordering::Relaxed)), (25, 25));
        inner.work(5000).unwrap();
        inner.work(1).unwrap();
        assert_eq!((progress.reported(), sum.0.load(Ordering::Relaxed)), (100, 100));
        env.cancel.cancel();
        assert!(inner.work(1).is_err());
        let (empty, inner) = BlockProgress::new(&Env::default(), 0, 0);
        inner.work(7).unwrap();
        assert_eq!(empty.reported(), 0);
    }
}
