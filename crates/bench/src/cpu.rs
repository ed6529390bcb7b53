//! Processor time of the calling thread: what a call cost whatever else the machine was doing.

use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// Processor time that this thread has used so far.
#[must_use]
pub fn of_thread() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hint::black_box;

    #[test]
    fn work_counts_and_sleep_does_not() {
        let start = of_thread();
        std::thread::sleep(Duration::from_millis(60));
        assert!(of_thread() - start < Duration::from_millis(40));
        let mut n = 1u64;
        while of_thread() - start < Duration::from_millis(5) {
            n = black_box(n.wrapping_mul(3));
        }
    }
}
