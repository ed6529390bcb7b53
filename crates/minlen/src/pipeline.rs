//! Work in parallel, results in order: what makes the output the same for every number of threads.

use minlen_core::{Env, Error, ErrorKind, Event, Result};
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

type Job = Box<dyn FnOnce() + Send>;
type Jobs = Arc<Mutex<Receiver<Job>>>;
/// Where jobs go in, and where threads take them out.
type Queue = (Sender<Job>, Jobs);

/// How often whoever waits for a result looks whether it is still wanted.
const TICK: Duration = Duration::from_millis(50);

/// Runs jobs on a few threads and hands their results back in the order in which they were submitted.
///
/// Threads are started as jobs come, so small inputs start few. Where the system has none to give, fewer do the work, down to the
/// caller's own. The caller never waits for a job longer than until the flag is raised: what a job does may take long and
/// be deaf to it.
pub(crate) struct Ordered<T> {
    queue: Option<Queue>,
    workers: Vec<JoinHandle<()>>,
    pending: VecDeque<Pending<T>>,
    threads: usize,
    capacity: usize,
    env: Env,
}

enum Pending<T> {
    Done(Result<T>),
    Running(Receiver<Result<T>>),
}

impl<T: Send + 'static> Ordered<T> {
    /// A pool of `threads` threads at most.
    pub(crate) fn new(threads: usize, env: &Env) -> Self {
        let (send, receive) = channel::<Job>();
        // One more than the threads, so that a worker finds its next job waiting.
        let capacity = if threads <= 1 { 1 } else { threads + 1 };
        Self {
            queue: Some((send, Arc::new(Mutex::new(receive)))),
            workers: Vec::new(),
            pending: VecDeque::new(),
            threads: threads.max(1),
            capacity,
            env: env.clone(),
        }
    }

    /// Starts one more thread if there is work for it. Without any thread there is no queue.
    fn grow(&mut self) {
        let busy = self.pending.iter().filter(|pending| matches!(pending, Pending::Running(_))).count();
        let Some((_, jobs)) = &self.queue else { return };
        if busy < self.workers.len() || self.workers.len() >= self.threads {
            return;
        }
        match spawn_worker(Arc::clone(jobs)) {
            Ok(worker) => self.workers.push(worker),
            Err(error) => {
                let message = match self.workers.len() {
                    0 => format!("no thread could be started ({error}): working without any"),
                    n => format!("only {n} of {} threads could be started ({error})", self.threads),
                };
                self.env.progress.event(Event::Warning { message });
                self.threads = self.workers.len().max(1);
                self.capacity = if self.workers.len() <= 1 { 1 } else { self.threads + 1 };
                if self.workers.is_empty() {
                    self.queue = None;
                }
            }
        }
    }

    /// True when a result should be taken before the next job is submitted, which bounds the memory in flight.
    pub(crate) fn is_full(&self) -> bool {
        self.pending.len() >= self.capacity
    }

    /// True when jobs run one at a time.
    pub(crate) fn is_single(&self) -> bool {
        self.threads == 1
    }

    /// Waits until no job is running. The results stay to be taken.
    pub(crate) fn settle(&mut self) {
        for pending in &mut self.pending {
            if let Pending::Running(receive) = pending {
                *pending = Pending::Done(wait(receive, &self.env));
            }
        }
    }

    /// Lets fewer jobs be in flight from now on.
    pub(crate) fn shrink(&mut self) {
        self.capacity = (self.capacity / 2).max(1);
    }

    /// True when every result was taken.
    pub(crate) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// Hands in a job.
    pub(crate) fn submit(&mut self, job: impl FnOnce() -> Result<T> + Send + 'static) {
        self.grow();
        let Some((queue, _)) = &self.queue else {
            self.pending.push_back(Pending::Done(job()));
            return;
        };
        let (send, receive) = channel();
        let boxed: Job = Box::new(move || {
            // The receiver is gone only when the caller has given up: the result is not wanted then.
            let _ = send.send(job());
        });
        if queue.send(boxed).is_err() {
            self.pending.push_back(Pending::Done(Err(lost())));
        } else {
            self.pending.push_back(Pending::Running(receive));
        }
    }

    /// Does a short job at once on the caller's thread, in its turn.
    pub(crate) fn run_here(&mut self, job: impl FnOnce() -> Result<T>) {
        self.pending.push_back(Pending::Done(job()));
    }

    /// The oldest result, waited for; `None` when nothing is pending.
    pub(crate) fn next(&mut self) -> Option<Result<T>> {
        Some(match self.pending.pop_front()? {
            Pending::Done(result) => result,
            Pending::Running(receive) => wait(&receive, &self.env),
        })
    }
}

/// The result of a job, unless nobody wants it any more.
fn wait<T>(receive: &Receiver<Result<T>>, env: &Env) -> Result<T> {
    loop {
        match receive.recv_timeout(TICK) {
            Ok(result) => return result,
            Err(RecvTimeoutError::Timeout) => env.check()?,
            // The sender vanishes without a word only if the job panicked: a bug, reported as an error.
            Err(RecvTimeoutError::Disconnected) => return Err(lost()),
        }
    }
}

fn lost() -> Error {
    Error::new(ErrorKind::Io, "a worker thread stopped unexpectedly; please report this as a bug")
}

fn spawn_worker(jobs: Jobs) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("minlen-worker".into()).spawn(move || {
        loop {
            // The guard is dropped before the job runs, else the workers would take turns.
            let job = match jobs.lock() {
                Ok(receiver) => receiver.recv(),
                Err(_) => return,
            };
            match job {
                // A panic in a job must not take the pool down: its sender is dropped, and `next` reports it.
                Ok(job) => drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(job))),
                Err(_) => return,
            }
        }
    })
}

impl<T> Drop for Ordered<T> {
    fn drop(&mut self) {
        drop(self.queue.take());
        self.pending.clear();
        for worker in self.workers.drain(..) {
            // Threads of a run that was stopped may be busy for long with what nobody wants: they are left to themselves.
            if !self.env.cancel.is_cancelled() {
                let _ = worker.join();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_for_every_thread_count() {
        for threads in [1, 2, 5] {
            let mut pool = Ordered::new(threads, &Env::default());
            let mut seen = Vec::new();
            for i in 0..40u64 {
                if pool.is_full() {
                    seen.push(pool.next().unwrap().unwrap());
                }
                pool.submit(move || {
                    std::thread::sleep(Duration::from_micros((i * 7919) % 300));
                    Ok(i)
                });
            }
            while let Some(result) = pool.next() {
                seen.push(result.unwrap());
            }
            assert_eq!(seen, (0..40).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_panicking_job_is_an_error_and_the_pool_lives_on() {
        let mut pool: Ordered<u8> = Ordered::new(2, &Env::default());
        pool.submit(|| panic!("expected by this test"));
        pool.submit(|| Ok(7));
        assert!(pool.next().unwrap().is_err());
        assert_eq!(pool.next().unwrap().unwrap(), 7);
    }
    #[test]
    fn a_raised_flag_is_heard_while_jobs_are_deaf() {
        for threads in [1, 3] {
            let env = Env::default();
            let mut pool: Ordered<u8> = Ordered::new(threads, &env);
            pool.submit(|| {
                std::thread::sleep(Duration::from_secs(20));
                Ok(1)
            });
            let cancel = env.cancel.clone();
            let raising = std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(20));
                cancel.cancel();
            });
            let start = std::time::Instant::now();
            assert_eq!(pool.next().unwrap().unwrap_err().kind(), ErrorKind::Cancelled);
            drop(pool);
            assert!(start.elapsed() < Duration::from_secs(5) && env.cancel.is_noticed());
            raising.join().unwrap();
        }
    }

    #[test]
    fn threads_are_started_only_for_work_that_is_there() {
        let mut pool: Ordered<u8> = Ordered::new(40_000, &Env::default());
        for i in 0..3 {
            pool.submit(move || Ok(i));
        }
        assert!(pool.workers.len() <= 3);
        assert_eq!((0..3).map(|_| pool.next().unwrap().unwrap()).collect::<Vec<_>>(), [0, 1, 2]);
    }
}
