//! Whether the standard streams were open when the process began.
//!
//! A shell's `>&-` closes standard output. Then the next file that is opened would become it, so Rust's runtime opens `/dev/null` in
//! its place, and whatever is written vanishes with success. This crate comes first: before `main` and before the runtime,
//! it opens `/dev/null` in place of a closed stream the wrong way round, so that using it is an error.

#![cfg(unix)]

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::sync::atomic::{AtomicU8, Ordering};

/// One bit for each of the three.
static CLOSED: AtomicU8 = AtomicU8::new(0);

ctor::declarative::ctor! {
    /// Only system calls, since nothing of the runtime is there yet.
    #[ctor(unsafe)]
    fn fill_closed_streams() {
        let streams = [rustix::stdio::stdin(), rustix::stdio::stdout(), rustix::stdio::stderr()];
        for (number, stream) in streams.into_iter().enumerate() {
            if rustix::io::fcntl_getfd(stream) == Err(Errno::BADF) {
                CLOSED.fetch_or(1 << number, Ordering::Relaxed);
                let wrong_way = if number == 0 { OFlags::WRONLY } else { OFlags::RDONLY };
                // The lowest number that is free is that of the stream.
                if let Ok(null) = rustix::fs::open("/dev/null", wrong_way, Mode::empty()) {
                    std::mem::forget(null);
                }
            }
        }
    }
}

/// True if standard output was closed.
#[must_use]
pub fn stdout_was_closed() -> bool {
    CLOSED.load(Ordering::Relaxed) & 2 != 0
}

/// True if standard input was closed.
#[must_use]
pub fn stdin_was_closed() -> bool {
    CLOSED.load(Ordering::Relaxed) & 1 != 0
}
