//! How a run ends: one exit code for everything that happened.

use minlen::{Error, ErrorKind};
use std::process::ExitCode;

/// Collects what happened to several inputs.
#[derive(Debug, Default)]
pub struct Tally {
    worst: u8,
    stop: Option<Stop>,
    /// Of a search: whether something was found, and whether that is all that counts.
    search: Option<(bool, bool)>,
}

/// Why nothing more is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A signal asked for it.
    Signal,
    /// Whoever read our output has gone.
    BrokenPipe,
}

impl Tally {
    /// Takes the result for one input; errors are handed to `report` unless they are quiet ones.
    pub fn add<T>(&mut self, result: Result<T, Error>, report: impl FnOnce(&Error)) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.fail(&error, report);
                None
            }
        }
    }

    fn fail(&mut self, error: &Error, report: impl FnOnce(&Error)) {
        if is_broken_pipe(error) {
            self.stop = Some(Stop::BrokenPipe);
        } else if error.kind() == ErrorKind::Cancelled {
            self.stop = Some(Stop::Signal);
        } else {
            report(error);
        }
        self.worst = self.worst.max(error.kind().exit_code());
    }

    /// True once going on makes no sense.
    pub fn stopped(&self) -> bool {
        self.stop.is_some()
    }

    /// Why, if so.
    pub fn stop(&self) -> Option<Stop> {
        self.stop
    }

    /// Takes the exit codes of grep: 0 if something was found, 1 if not, 2 after any error, unless only the first counts.
    pub fn searched(&mut self, found: bool, only: bool) {
        self.search = Some((found, only));
    }

    /// The exit code: the highest error code; without errors 2 where there were warnings.
    pub fn code(&self, warnings: u32) -> u8 {
        if let Some((found, only)) = self.search {
            return match (self.worst, found) {
                (_, true) if only => 0,
                (0, _) => u8::from(!found),
                _ => 2,
            };
        }
        match (self.worst, warnings) {
            (0, 0) => 0,
            (0, _) => 2,
            (worst, _) => worst,
        }
    }
}

/// True for the error of writing to a pipe that nobody reads any more.
fn is_broken_pipe(error: &Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let io = cause.downcast_ref::<std::io::Error>();
        if io.is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe) {
            return true;
        }
        source = cause.source();
    }
    false
}

/// Leaves with a code, or by the signal that asked for it so that shells and `make` see why.
pub fn leave(tally: &Tally, warnings: u32) -> ExitCode {
    match tally.stop() {
        Some(Stop::Signal) => crate::signals::die(),
        Some(Stop::BrokenPipe) => crate::signals::die_of_broken_pipe(),
        None => {}
    }
    ExitCode::from(tally.code(warnings))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_outrank_warnings_and_the_highest_code_wins() {
        let mut tally = Tally::default();
        assert_eq!((tally.code(0), tally.code(3)), (0, 2));
        tally.add::<()>(Err(Error::corrupt("x")), |_| {});
        tally.add::<()>(Err(Error::new(ErrorKind::Io, "x")), |_| {});
        assert_eq!(tally.code(1), 4);
    }

    #[test]
    fn broken_pipes_are_seen_through_wrapping_and_not_reported() {
        let pipe = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        let mut tally = Tally::default();
        tally.add::<()>(Err(Error::io("standard output", pipe)), |_| panic!("reported"));
        assert_eq!(tally.stop(), Some(Stop::BrokenPipe));
    }
}
