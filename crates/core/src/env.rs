//! What surrounds a codec call: limits, memory budget, progress and cancellation.

use crate::{Account, Advice, Budget, Error, ErrorKind, Limits, Resources, Result, Span};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ThreadId;

/// Something worth telling a person who waits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The total number of input bytes is now known.
    Total {
        /// Bytes in all.
        bytes: u64,
    },
    /// More bytes went in and came out since the last event.
    Advance {
        /// Input bytes finished.
        input: u64,
        /// Output bytes produced.
        output: u64,
    },
    /// A codec has worked through more raw bytes of a long block: see [`Env::work`]. Whoever runs the codec turns this into
    /// [`Event::Advance`]; other receivers may ignore it.
    Work {
        /// Raw bytes since the last of these events.
        bytes: u64,
    },
    /// One part was coded: the line that `--explain` prints.
    Explain {
        /// The line, without a line end.
        line: String,
    },
    /// Something that was asked for and that the user should hear of, as how far off inexact numbers are.
    Notice {
        /// The message.
        message: String,
    },
    /// Something that is not an error but that the user should know (exit code 2).
    Warning {
        /// The message.
        message: String,
    },
    /// A warning about which something can be done.
    Advised {
        /// The message.
        message: String,
        /// What can be done.
        advice: Advice,
    },
}

/// Receives [`Event`]s; called from several threads.
pub trait Progress: Send + Sync {
    /// Takes one event. Must be quick.
    fn event(&self, event: Event);
}

/// Ignores every event.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn event(&self, _event: Event) {}
}

/// A flag that stops a running operation from another thread or a signal handler.
#[derive(Clone, Debug)]
pub struct Cancel(Arc<Flag>);

#[derive(Debug)]
struct Flag {
    raised: Arc<AtomicBool>,
    noticed: AtomicBool,
    /// The thread that made the flag: the one whose notice counts.
    owner: ThreadId,
}

impl Default for Cancel {
    fn default() -> Self {
        let owner = std::thread::current().id();
        Self(Arc::new(Flag { raised: Arc::default(), noticed: AtomicBool::new(false), owner }))
    }
}

impl Cancel {
    /// Asks the operation to stop at the next block.
    pub fn cancel(&self) {
        self.0.raised.store(true, Ordering::Relaxed);
    }

    /// True once [`Cancel::cancel`] was called.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        let raised = self.0.raised.load(Ordering::Relaxed);
        if raised && std::thread::current().id() == self.0.owner {
            self.0.noticed.store(true, Ordering::Relaxed);
        }
        raised
    }

    /// True once the thread that made the flag has found it raised, and so is about to stop: until then it may be waiting for
    /// something that never comes.
    #[must_use]
    pub fn is_noticed(&self) -> bool {
        self.0.noticed.load(Ordering::Relaxed)
    }

    /// The bare flag, for a signal handler.
    #[must_use]
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0.raised)
    }
}

/// The surroundings of an operation. Cheap to clone; clones share the budget and the flag.
///
/// ```
/// use minlen_core::{Cancel, Env, Limits};
/// let stop = Cancel::default();
/// let env = Env::new(Limits::default().with_memory(64 << 20)).with_cancel(stop.clone()).with_threads(2);
/// assert!(env.check().is_ok());
/// stop.cancel();
/// assert!(env.check().is_err());
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Env {
    /// What decoding may cost.
    pub limits: Limits,
    /// The memory budget, of [`Limits::memory`] bytes.
    pub budget: Budget,
    /// Where all reads with these surroundings are counted together, if they are: see [`Env::accounting`].
    pub account: Option<Account>,
    /// The stop flag.
    pub cancel: Cancel,
    /// Where events go.
    pub progress: Arc<dyn Progress>,
    /// Threads that one codec call may use. The result never depends on it.
    pub threads: usize,
    /// What the data of this call is made of, as far as that is known: spans of one kind are in order and without overlaps, those of
    /// different kinds are different readings of the same bytes.
    pub layout: Arc<[Span]>,
    /// What is at hand besides the data.
    pub resources: Resources,
}

impl Default for Env {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Env {
    /// Surroundings with these limits, no progress and a flag nobody raises.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let budget = Budget::new(limits.memory);
        Self {
            limits,
            budget,
            account: None,
            cancel: Cancel::default(),
            progress: Arc::new(NoProgress),
            threads: 1,
            layout: Arc::from([]),
            resources: Resources::default(),
        }
    }

    /// The same, with everything that is read from one file from now on held to the limits on output together. Without it
    /// every call stands alone, as suits an archive that stays open for days.
    #[must_use]
    pub fn accounting(mut self) -> Self {
        self.account = Some(Account::default());
        self
    }

    /// Refuses `bytes` of output from a file of `compressed` bytes that are over the limits, alone or together with what was
    /// claimed before.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`].
    pub fn claim(&self, bytes: u64, compressed: u64) -> Result<()> {
        match &self.account {
            Some(account) => account.claim(bytes, compressed, &self.limits),
            None => self.limits.check_output(bytes, compressed),
        }
    }

    /// The same with a progress receiver.
    #[must_use]
    pub fn with_progress(mut self, progress: Arc<dyn Progress>) -> Self {
        self.progress = progress;
        self
    }

    /// The same with a stop flag.
    #[must_use]
    pub fn with_cancel(mut self, cancel: Cancel) -> Self {
        self.cancel = cancel;
        self
    }

    /// The same for data that is made of these spans.
    #[must_use]
    pub fn with_layout(mut self, spans: Arc<[Span]>) -> Self {
        self.layout = spans;
        self
    }

    /// The same for data of which nothing is known.
    #[must_use]
    pub fn without_layout(self) -> Self {
        self.with_layout(Arc::from([]))
    }

    /// The same with these resources, and those from before that are not among them.
    #[must_use]
    pub fn with_resources(mut self, resources: Resources) -> Self {
        self.resources = resources.or(&self.resources);
        self
    }

    /// The same with this many threads for one codec call.
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// To be called between units of work.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`] once the flag is up.
    pub fn check(&self) -> Result<()> {
        if self.cancel.is_cancelled() {
            return Err(Error::new(ErrorKind::Cancelled, "stopped on request"));
        }
        Ok(())
    }

    /// To be called by a codec that is slow, in both directions, every 64 KiB or so: `bytes` more of the raw data are
    /// done. Keeps the progress bar moving within a block and lets a run be stopped there.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`] once the flag is up.
    pub fn work(&self, bytes: u64) -> Result<()> {
        self.progress.event(Event::Work { bytes });
        self.check()
    }
}

impl std::fmt::Debug for Env {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Env")
            .field("limits", &self.limits)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}
