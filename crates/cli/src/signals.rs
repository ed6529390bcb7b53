//! SIGINT, SIGTERM and SIGHUP: the first asks the running operation to stop, which removes its temporary files;
//! the second leaves at once. Afterwards the process dies by the signal, as shells expect.

use minlen::{Cancel, Error};
use rustix::termios::{self, OptionalActions, Termios};
use signal_hook::consts::{SIGHUP, SIGINT, SIGPIPE, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Mutex, PoisonError};

static RECEIVED: AtomicI32 = AtomicI32::new(0);
/// The terminal's settings while a passphrase is being typed without echo.
static PROMPT: Mutex<Option<Termios>> = Mutex::new(None);

/// Watches for signals; they raise `cancel`.
pub fn watch(cancel: Cancel) -> Result<(), Error> {
    let mut signals =
        Signals::new([SIGINT, SIGTERM, SIGHUP]).map_err(|e| Error::io("cannot watch for signals", e))?;
    std::thread::spawn(move || {
        for signal in signals.forever() {
            let again = RECEIVED.swap(signal, Ordering::SeqCst) != 0;
            cancel.cancel();
            if restore_echo() || again {
                die();
            }
        }
    });
    Ok(())
}

/// Dies by the signal that was received.
pub fn die() {
    let signal = RECEIVED.load(Ordering::SeqCst);
    if signal != 0 {
        let _ = emulate_default_handler(signal);
    }
}

/// Dies as a program does that never heard of ignoring SIGPIPE.
pub fn die_of_broken_pipe() {
    let _ = emulate_default_handler(SIGPIPE);
}

/// Runs `read` with the terminal's echo off.
pub fn without_echo<T>(tty: &std::fs::File, read: impl FnOnce() -> T) -> Result<T, Error> {
    let failed = |e: rustix::io::Errno| Error::io("cannot set the terminal", e.into());
    let before = termios::tcgetattr(tty).map_err(failed)?;
    let mut silent = before.clone();
    silent.local_modes.remove(termios::LocalModes::ECHO);
    *lock() = Some(before);
    let result = termios::tcsetattr(tty, OptionalActions::Flush, &silent).map_err(failed).map(|()| read());
    restore_echo();
    result
}

/// Puts the terminal back; false if nothing was being typed.
fn restore_echo() -> bool {
    let Some(before) = lock().take() else { return false };
    if let Ok(tty) = std::fs::File::open("/dev/tty") {
        let _ = termios::tcsetattr(&tty, OptionalActions::Now, &before);
    }
    true
}

fn lock() -> std::sync::MutexGuard<'static, Option<Termios>> {
    PROMPT.lock().unwrap_or_else(PoisonError::into_inner)
}
