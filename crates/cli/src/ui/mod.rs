//! What people and programs see: messages, progress, tables. Everything but results goes to standard error.

mod advice;
pub mod human;
mod meter;
pub mod report;
pub mod table;

pub use meter::Meter;
pub use report::Report;

use crate::args::{Common, Format};
use minlen::text::{safe_json, without_secrets};
use minlen::{Error, ErrorKind};
use serde_json::json;
use std::io::{IsTerminal, Write};
use std::sync::Arc;

/// The voice of the command.
pub struct Ui {
    quiet: u8,
    verbose: u8,
    /// Whether results and errors are JSON.
    pub format: Format,
    /// Progress, and the messages that arrive through it.
    pub meter: Arc<Meter>,
}

impl Ui {
    /// From the options.
    pub fn new(common: &Common, format: Format, explain: bool) -> Self {
        let meter = Meter::new(common.progress, common.quiet, explain, format == Format::Json);
        Self { quiet: common.quiet, verbose: common.verbose, format, meter: Arc::new(meter) }
    }

    /// True where results are JSON.
    pub fn json(&self) -> bool {
        self.format == Format::Json
    }

    /// Reports an error. Not even `-q` silences it, `-qq` does.
    pub fn error(&self, error: &Error) {
        if self.quiet < 2 {
            self.meter.say(&error_text(error, self.json()), None);
        }
    }

    /// Reports something that makes the exit code 2.
    pub fn warn(&self, message: &str) {
        self.meter.warn(message);
    }

    /// A line for people who asked for one with `-v`, or who sit at a terminal and did not say `-q`.
    pub fn note(&self, message: &str) {
        if self.notes() {
            self.meter.say(message, Some("notice"));
        }
    }

    /// True where notes are shown.
    pub fn notes(&self) -> bool {
        let wanted = self.verbose > 0 || std::io::stderr().is_terminal();
        self.quiet == 0 && wanted && !self.json()
    }

    /// A line for those who said `-v`.
    pub fn detail(&self, message: &str) {
        if self.verbose > 0 && self.quiet == 0 {
            self.meter.say(&format!("minlen: {message}"), Some("notice"));
        }
    }

    /// The number of warnings so far.
    pub fn warnings(&self) -> u32 {
        self.meter.warnings()
    }

    /// Whether `-v` was given.
    pub fn verbose(&self) -> bool {
        self.verbose > 0
    }
}

/// An error with its causes, and what to do about it on the command line.
pub fn line(error: &Error) -> String {
    error.line(advice::words)
}

/// The one line (or JSON object) for an error.
pub fn error_text(error: &Error, json: bool) -> String {
    if !json {
        return format!("minlen: {}", human::safe(&line(error)));
    }
    json_text(&json!({"schema": report::SCHEMA, "error": error_object(error)}).to_string())
}

/// An error for programs.
pub fn error_object(error: &Error) -> serde_json::Value {
    json!({
        "kind": kind_name(error.kind()),
        "code": error.code(),
        "exit": error.kind().exit_code(),
        "file": error.file().map(|f| f.to_string_lossy()),
        "offset": error.offset(),
        "message": line(error),
    })
}

/// JSON as it is shown: without secret keys and with escapes for what commands a terminal.
pub fn json_text(json: &str) -> String {
    let without = without_secrets(json);
    safe_json(without.as_deref().unwrap_or(json))
}

fn kind_name(kind: ErrorKind) -> String {
    format!("{kind:?}").to_lowercase()
}

/// Writes a result to standard output.
pub fn print(text: &str) -> Result<(), Error> {
    write_out(&human::safe_lines(text))
}

/// Not through [`std::io::stdout`], which takes a closed standard output for one that swallows everything.
fn write_out(text: &str) -> Result<(), Error> {
    let failed = |e| Error::io("cannot write", e).in_file("standard output");
    crate::engine::source::dup(&std::io::stdout())
        .and_then(|mut out| out.write_all(text.as_bytes()))
        .map_err(failed)
}

/// Writes a JSON result to standard output: readable, and one document per call.
pub fn print_json(value: &serde_json::Value) -> Result<(), Error> {
    print_json_text(&format!("{value:#}\n"))
}

/// Writes a piece of a JSON document to standard output.
pub fn print_json_text(text: &str) -> Result<(), Error> {
    write_out(&json_text(text))
}
