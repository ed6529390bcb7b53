//! The `minlen` command: a thin binary over the library.
//!
//! [`args`] is what was typed, [`plan`] what it means, [`commands`] has one file per verb, [`engine`] is the piping
//! between files and the library, [`ui`] is what people see, [`exit`] how it all ends.

mod args;
mod commands;
mod engine;
mod exit;
mod plan;
mod signals;
mod ui;

use args::Cli;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use std::io::Write;
use std::process::ExitCode;

/// Usage errors: clap's own code, 2, means "done with warnings" here.
const USAGE: u8 = 3;

fn main() -> ExitCode {
    let raw = args::help_is_a_verb(args::dash_is_stdout(std::env::args_os().collect()));
    let parsed = match args::refuse_two_digits(&raw) {
        Ok(()) => Cli::try_parse_from(&raw),
        Err(message) => Err(Cli::command().error(ErrorKind::InvalidValue, message)),
    };
    match parsed {
        Ok(cli) => commands::dispatch(cli),
        Err(error) => refuse(&error, args::wants_json(&raw)),
    }
}

/// Shows help, the version, or what is wrong with the command line.
fn refuse(error: &clap::Error, json: bool) -> ExitCode {
    let plain = error.to_string();
    let shown = if error.use_stderr() && json {
        let what = minlen::Error::usage(plain.trim().trim_start_matches("error: "));
        writeln!(std::io::stderr(), "{}", ui::error_text(&what, true))
    } else if ui::human::safe_lines(&plain) == plain {
        error.print()
    } else {
        write!(std::io::stderr(), "{}", ui::human::safe_lines(&plain))
    };
    match error.use_stderr() {
        true => ExitCode::from(USAGE),
        false if shown.is_err() || minlen_stdio::stdout_was_closed() => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    }
}
