//! Progress within a block: what slow codecs say while they work, in the units in which blocks are counted.

pub(crate) use minlen_core::Scaled;
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

/// Passes over so much of what is told of a block: it was told before the block was coded.
pub(crate) struct Ahead {
    outer: Arc<dyn Progress>,
    left: AtomicU64,
}

impl Ahead {
    /// A receiver that passes over `bytes`, and surroundings that tell it.
    pub(crate) fn new(env: &Env, bytes: u64) -> (Arc<Self>, Env) {
        let ahead = Arc::new(Self { outer: Arc::clone(&env.progress), left: AtomicU64::new(bytes) });
        let env = env.clone().with_progress(Arc::clone(&ahead) as Arc<dyn Progress>);
        (ahead, env)
    }

    /// What of `input` is told: less what is still to be passed over.
    pub(crate) fn rest(&self, input: u64) -> u64 {
        let less = |left: u64| Some(left.saturating_sub(input));
        let before = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).unwrap_or_default();
        input.saturating_sub(before)
    }
}

impl Progress for Ahead {
    fn event(&self, event: Event) {
        match event {
            Event::Advance { input, output } => {
                let input = self.rest(input);
                if input > 0 || output > 0 {
                    self.outer.event(Event::Advance { input, output });
                }
            }
            other => self.outer.event(other),
        }
    }
}

/// Surroundings in which `inner` bytes that are coded are told as `counts` of the input.
#[cfg(feature = "pictures")]
pub(crate) fn rescaled(env: &Env, inner: u64, counts: u64) -> Env {
    let outer = Arc::clone(&env.progress);
    env.clone().with_progress(Arc::new(Rescaled { outer, inner, counts, done: Mutex::default() }))
}

/// Tells bytes that are coded in place of the input as bytes of the input.
#[cfg(feature = "pictures")]
struct Rescaled {
    outer: Arc<dyn Progress>,
    inner: u64,
    counts: u64,
    /// Bytes coded so far, and what was told of them.
    done: Mutex<(u64, u64)>,
}

#[cfg(feature = "pictures")]
impl Progress for Rescaled {
    fn event(&self, event: Event) {
        let Event::Advance { input, output } = event else { return self.outer.event(event) };
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.0 = done.0.saturating_add(input).min(self.inner);
        let share = (u128::from(self.counts) * u128::from(done.0) / u128::from(self.inner.max(1))) as u64;
        let input = share - done.1;
        done.1 = share;
        drop(done);
        self.outer.event(Event::Advance { input, output });
    }
}

/// Takes what a planner reports of its blocks for a [`Scaled`].
pub(crate) struct Blocks(pub(crate) Arc<Scaled>);

impl Progress for Blocks {
    fn event(&self, event: Event) {
        if let Event::Advance { input, .. } = event {
            self.0.add(input);
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
        let (whole, outer) = BlockProgress::new(&Env::default(), 100, 100);
        let (scaled, inner) = Scaled::new(&outer, 1000, 100);
        inner.work(505).unwrap();
        assert_eq!((whole.reported(), scaled.rest()), (50, 50));
        Blocks(Arc::clone(&scaled)).event(Event::Advance { input: 9000, output: 1 });
        assert_eq!((whole.reported(), scaled.rest()), (100, 0));
        let (empty, inner) = BlockProgress::new(&Env::default(), 0, 0);
        inner.work(7).unwrap();
        assert_eq!(empty.reported(), 0);
    }
    /// The largest step of the progress, in hundredths of all of it.
    fn largest_step(run: impl FnOnce(&Env)) -> u64 {
        #[derive(Default)]
        struct Steps(Mutex<Vec<u64>>);
        impl Progress for Steps {
            fn event(&self, event: Event) {
                if let Event::Advance { input, .. } = event {
                    self.0.lock().unwrap().push(input);
                }
            }
        }
        let steps = Arc::new(Steps::default());
        run(&Env::default().with_progress(Arc::clone(&steps) as Arc<dyn Progress>));
        let steps = steps.0.lock().unwrap();
        steps.iter().max().unwrap() * 100 / steps.iter().sum::<u64>()
    }

    #[test]
    #[cfg(feature = "default")]
    fn progress_goes_on_within_a_block_at_every_slow_level_and_both_ways() {
        let line = |i: u32| format!("{} {:x} and so on, {}\n", i * 7919 % 1013, i * i, i % 17).into_bytes();
        let text: Vec<u8> = (0..20_000).flat_map(line).collect();
        for level in [4, 5, 6] {
            let options = crate::Options::new(level).unwrap();
            let mut packed = Vec::new();
            let step = largest_step(|env| packed = crate::compress_with(&text, &options, env).unwrap());
            assert!(step < 60, "level {level}: {step} %");
            let step = largest_step(|env| {
                assert!(crate::decompress_with(&packed, &options, env).unwrap() == text);
            });
            assert!(step < 60, "level {level}, decoding: {step} %");
        }
    }
}
