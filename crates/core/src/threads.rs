//! Jobs that do not depend on each other, on some threads: whoever is free takes the next one, and the results do not tell who it was.

use crate::Result;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What `one` makes of each number below `count`, in their order, by these workers at once; each has a thread, the first the caller's.
///
/// # Errors
/// The first of those of `one`, once all threads have ended.
pub fn each<W: Send, T: Send>(
    workers: &mut [W],
    count: usize,
    one: impl Fn(&mut W, usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let (one, next) = (&one, &AtomicUsize::new(0));
    let work = move |worker: &mut W| {
        let mut done = Vec::new();
        loop {
            let job = next.fetch_add(1, Ordering::Relaxed);
            if job >= count {
                return done;
            }
            done.push((job, one(worker, job)));
        }
    };
    let Some((first, others)) = workers.split_first_mut() else { return Ok(Vec::new()) };
    let mut found = std::thread::scope(|scope| {
        let start = |worker| std::thread::Builder::new().spawn_scoped(scope, move || work(worker)).ok();
        // Where the system has no thread to give, those that there are do its work.
        let threads: Vec<_> = others.iter_mut().take(count.saturating_sub(1)).map_while(start).collect();
        let mut found = work(first);
        for thread in threads {
            match thread.join() {
                Ok(more) => found.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        found
    });
    found.sort_by_key(|(job, _)| *job);
    found.into_iter().map(|(_, made)| made).collect()
}

/// The same on so many threads, which need nothing of their own.
///
/// # Errors
/// As [`each`].
pub fn in_order<T: Send>(
    count: usize,
    threads: usize,
    one: impl Fn(usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    each(&mut vec![(); threads.min(count).max(1)], count, |(), job| one(job))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[test]
    fn results_come_in_order_and_errors_first() {
        let square = |x: usize| Ok(x * x);
        for threads in [1, 2, 5] {
            assert_eq!(in_order(4, threads, square).unwrap(), [0, 1, 4, 9]);
            assert!(in_order(0, threads, square).unwrap().is_empty());
            let odd = |x: usize| if x % 2 == 1 { Err(Error::usage(format!("odd {x}"))) } else { Ok(x) };
            assert!(in_order(6, threads, odd).unwrap_err().to_string().contains("odd 1"));
        }
    }

    #[test]
    fn every_job_is_done_once_by_one_of_the_workers() {
        let mut done = vec![0; 3];
        let add = |worker: &mut usize, job: usize| {
            *worker += 1;
            Ok(job)
        };
        assert_eq!(each(&mut done, 50, add).unwrap(), (0..50).collect::<Vec<_>>());
        assert_eq!(done.iter().sum::<usize>(), 50);
    }
}
