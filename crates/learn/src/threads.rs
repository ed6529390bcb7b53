//! Jobs over threads: whoever is free takes the next one, so results may depend on the job only.

use std::sync::Mutex;

/// Runs `f` for all jobs, with as many threads as there are workers; each has one of them for itself.
pub(crate) fn each<W, J>(
    workers: &mut [W],
    jobs: impl Iterator<Item = J> + Send,
    f: impl Fn(&mut W, J) + Sync,
) where
    W: Send,
    J: Send,
{
    let queue = Mutex::new(jobs);
    let work = |worker: &mut W| {
        // A thread that panics poisons the queue: the others stop, and the scope panics.
        while let Some(job) = queue.lock().ok().and_then(|mut queue| queue.next()) {
            f(worker, job);
        }
    };
    let Some((own, others)) = workers.split_first_mut() else { return };
    if others.is_empty() {
        return work(own);
    }
    std::thread::scope(|scope| {
        for worker in others {
            scope.spawn(|| work(worker));
        }
        work(own);
    });
}
