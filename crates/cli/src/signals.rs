//! SIGINT, SIGTERM and SIGHUP: the first asks the running operation to stop, which removes its temporary files;
//! the second leaves at once. Afterwards the process dies by the signal, as shells expect.
//!
//! An operation that hears nothing, since it waits for the other end of a pipe or for a library, is not waited for.

use minlen::container::remove_unfinished;
use minlen::{Cancel, Error};
use rustix::termios::{self, OptionalActions, Termios};
use signal_hook::consts::{SIGHUP, SIGINT, SIGPIPE, SIGTERM, SIGXFSZ};
use signal_hook::flag;
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

static RECEIVED: LazyLock<Arc<AtomicUsize>> = LazyLock::new(Arc::default);
/// The terminal's settings while a passphrase is being typed without echo.
static PROMPT: Mutex<Option<Termios>> = Mutex::new(None);

/// How long the operation may take to notice, and how long to clean up once it has.
const NOTICE: Duration = Duration::from_millis(300);
const CLEANING: Duration = Duration::from_secs(10);
const TICK: Duration = Duration::from_millis(20);

/// Watches for signals; they raise `cancel`. A file that grows beyond what the system allows is an error of writing, and not the end.
pub fn watch(cancel: Cancel) -> Result<(), Error> {
    let failed = |e| Error::io("cannot watch for signals", e);
    flag::register(SIGXFSZ, Arc::default()).map_err(failed)?;
    let signals = Signals::new(heard()).map_err(failed)?;
    let attending = cancel.clone();
    let watcher = std::thread::Builder::new().name("minlen-signals".into());
    match watcher.spawn(move || attend(signals, &attending)) {
        Ok(_) => Ok(()),
        Err(_) => watch_without_thread(&cancel).map_err(failed),
    }
}

/// The signals that end a run: that of a terminal that goes away only where nobody said to ignore it, as `nohup` does.
fn heard() -> Vec<i32> {
    let ignored = std::fs::read_to_string("/proc/self/status").ok().and_then(|status| {
        let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
        u64::from_str_radix(line.trim(), 16).ok()
    });
    let hangup = ignored.unwrap_or(0) & 1 << (SIGHUP - 1) == 0;
    [SIGINT, SIGTERM].into_iter().chain(hangup.then_some(SIGHUP)).collect()
}

fn attend(mut signals: Signals, cancel: &Cancel) {
    let Some(signal) = signals.forever().next() else { return };
    receive(signal);
    cancel.cancel();
    if restore_echo() {
        end();
    }
    let start = Instant::now();
    loop {
        std::thread::sleep(TICK);
        let patience = if cancel.is_noticed() { CLEANING } else { NOTICE };
        if signals.pending().next().is_some() || start.elapsed() > patience {
            end();
        }
    }
}

/// Where there is no thread to be had: the first signal raises the flag, the second has its usual effect.
fn watch_without_thread(cancel: &Cancel) -> std::io::Result<()> {
    for signal in heard() {
        flag::register_conditional_default(signal, cancel.flag())?;
        flag::register_usize(signal, Arc::clone(&RECEIVED), usize::try_from(signal).unwrap_or(0))?;
        flag::register(signal, cancel.flag())?;
    }
    Ok(())
}

fn receive(signal: i32) {
    RECEIVED.store(usize::try_from(signal).unwrap_or(0), Ordering::SeqCst);
}

/// Ends the process whatever it is doing.
fn end() {
    remove_unfinished();
    die();
}

/// Dies by the signal that was received.
pub fn die() {
    let signal = i32::try_from(RECEIVED.load(Ordering::SeqCst)).unwrap_or(0);
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
