//! Work in parallel, results in order: what makes the output the same for every number of threads.

use minlen_core::{Error, ErrorKind, Result};
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

type Job = Box<dyn FnOnce() + Send>;

/// Runs jobs on a few threads and hands their results back in the order in which they were submitted.
///
/// With one thread, a job runs at once on the caller's thread and nothing is spawned.
pub(crate) struct Ordered<T> {
    queue: Option<Sender<Job>>,
    workers: Vec<JoinHandle<()>>,
    pending: VecDeque<Pending<T>>,
    capacity: usize,
}

enum Pending<T> {
    Done(Result<T>),
    Running(Receiver<Result<T>>),
}

impl<T: Send + 'static> Ordered<T> {
    /// A pool of `threads` threads.
    pub(crate) fn new(threads: usize) -> Self {
        if threads <= 1 {
            return Self { queue: None, workers: Vec::new(), pending: VecDeque::new(), capacity: 1 };
        }
        let (queue, jobs) = channel::<Job>();
        let jobs = Arc::new(Mutex::new(jobs));
        let workers = (0..threads).map(|_| spawn_worker(Arc::clone(&jobs))).collect();
        // One more than the threads, so that a worker finds its next job waiting.
        Self { queue: Some(queue), workers, pending: VecDeque::new(), capacity: threads + 1 }
    }

    /// True when a result should be taken before the next job is submitted, which bounds the memory in flight.
    pub(crate) fn is_full(&self) -> bool {
        self.pending.len() >= self.capacity
    }

    /// True when jobs run one at a time.
    pub(crate) fn is_single(&self) -> bool {
        self.queue.is_none()
    }

    /// Waits until no job is running. The results stay to be taken.
    pub(crate) fn settle(&mut self) {
        for pending in &mut self.pending {
            if let Pending::Running(receive) = pending {
                *pending = Pending::Done(receive.recv().unwrap_or_else(|_| Err(lost())));
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
        let Some(queue) = &self.queue else {
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

    /// The oldest result, waited for; `None` when nothing is pending.
    pub(crate) fn next(&mut self) -> Option<Result<T>> {
        Some(match self.pending.pop_front()? {
            Pending::Done(result) => result,
            // The sender vanishes without a word only if the job panicked: a bug, reported as an error.
            Pending::Running(receive) => receive.recv().unwrap_or_else(|_| Err(lost())),
        })
    }
}

fn lost() -> Error {
    Error::new(ErrorKind::Io, "a worker thread stopped unexpectedly; please report this as a bug")
}

fn spawn_worker(jobs: Arc<Mutex<Receiver<Job>>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
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
            let _ = worker.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_for_every_thread_count() {
        for threads in [1, 2, 5] {
            let mut pool = Ordered::new(threads);
            let mut seen = Vec::new();
            for i in 0..40u64 {
                if pool.is_full() {
                    seen.push(pool.next().unwrap().unwrap());
                }
                pool.submit(move || {
                    std::thread::sleep(std::time::Duration::from_micros((i * 7919) % 300));
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
        let mut pool: Ordered<u8> = Ordered::new(2);
        pool.submit(|| panic!("expected by this test"));
        pool.submit(|| Ok(7));
        assert!(pool.next().unwrap().is_err());
        assert_eq!(pool.next().unwrap().unwrap(), 7);
    }
}
