//! Jobs that do not depend on each other, on some threads.

use minlen_core::{Error, Result};
use std::sync::atomic::{AtomicUsize, Ordering};

/// What `one` makes of each number below `count`, in their order, whichever thread it is from.
///
/// # Errors
/// The first of those of `one`, once all threads have ended.
pub(crate) fn each<T: Send>(
    count: usize,
    threads: usize,
    one: impl Fn(usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    if threads < 2 || count < 2 {
        return (0..count).map(one).collect();
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let job = next.fetch_add(1, Ordering::Relaxed);
            if job >= count {
                return done;
            }
            done.push((job, one(job)));
        }
    };
    let mut found: Vec<(usize, Result<T>)> = std::thread::scope(|scope| {
        // Where the system has no thread to give, those that there are do its work.
        let start = || std::thread::Builder::new().spawn_scoped(scope, work).ok();
        let others: Vec<_> = (1..threads.min(count)).map_while(|_| start()).collect();
        let mut found = work();
        found.extend(others.into_iter().flat_map(|thread| thread.join().unwrap_or_default()));
        found
    });
    found.sort_by_key(|(job, _)| *job);
    let all: Vec<T> = found.into_iter().map(|(_, made)| made).collect::<Result<_>>()?;
    if all.len() == count { Ok(all) } else { Err(Error::usage("a thread ended before its work was done")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_errors_first() {
        let square = |x: usize| Ok(x * x);
        for threads in [1, 2, 5] {
            assert_eq!(each(4, threads, square).unwrap(), [0, 1, 4, 9]);
            assert!(each(0, threads, square).unwrap().is_empty());
            let odd = |x: usize| if x % 2 == 1 { Err(Error::usage(format!("odd {x}"))) } else { Ok(x) };
            assert!(each(6, threads, odd).unwrap_err().to_string().contains("odd 1"));
        }
    }
}
