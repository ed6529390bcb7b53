//! Progress of work within work.

use crate::{Env, Event, Progress};
use std::sync::{Arc, Mutex, PoisonError};

/// Tells the work on what came out of a part as work on the part itself: so much of one is so much of the other.
///
/// ```
/// use minlen_core::{Env, Scaled};
/// // Ten steps are worth 1000 bytes.
/// let (scaled, inner) = Scaled::new(&Env::default(), 10, 1000);
/// inner.work(4)?;
/// assert_eq!(scaled.rest(), 600);
/// # Ok::<(), minlen_core::Error>(())
/// ```
pub struct Scaled {
    outer: Arc<dyn Progress>,
    /// Bytes that are worked on, and what they count for.
    inner: u64,
    counts: u64,
    /// Bytes worked on so far, and what was told of them.
    done: Mutex<(u64, u64)>,
}

impl Scaled {
    /// A receiver, and surroundings that tell it what `inner` bytes come to, which count for `counts` of the part.
    #[must_use]
    pub fn new(env: &Env, inner: u64, counts: u64) -> (Arc<Self>, Env) {
        let outer = Arc::clone(&env.progress);
        let scaled = Arc::new(Self { outer, inner, counts, done: Mutex::default() });
        let env = env.clone().with_progress(Arc::clone(&scaled) as Arc<dyn Progress>);
        (scaled, env)
    }

    /// What was not told yet.
    #[must_use]
    pub fn rest(&self) -> u64 {
        self.counts - self.done.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    /// Takes note that `bytes` more are done.
    pub fn add(&self, bytes: u64) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.0 = done.0.saturating_add(bytes).min(self.inner);
        let share = u128::from(self.counts) * u128::from(done.0) / u128::from(self.inner.max(1));
        let more = (share as u64) - done.1;
        done.1 = share as u64;
        drop(done);
        if more > 0 {
            self.outer.event(Event::Work { bytes: more });
        }
    }
}

/// Nothing but work goes on: messages would be about other bytes than those of the input.
impl Progress for Scaled {
    fn event(&self, event: Event) {
        if let Event::Work { bytes } = event {
            self.add(bytes);
        }
    }
}
