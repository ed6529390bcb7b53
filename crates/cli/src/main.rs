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
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

/// Usage errors: clap's own code, 2, means "done with warnings" here.
const USAGE: u8 = 3;
/// And those of `grep`, whose exit codes are grep's.
const GREP_USAGE: u8 = 2;

fn main() -> ExitCode {
    let raw = args::named_as_a_verb(std::env::args_os().collect());
    let raw = args::help_is_a_verb(args::dash_is_stdout(raw));
    let parsed = match args::refuse_two_digits(&raw) {
        Ok(()) => Cli::try_parse_from(&raw),
        Err(message) => Err(Cli::command().error(ErrorKind::InvalidValue, message)),
    };
    match parsed {
        Ok(cli) => commands::dispatch(cli),
        Err(error) => refuse(&error, &raw),
    }
}

/// Shows help, the version, or what is wrong with the command line.
fn refuse(error: &clap::Error, raw: &[OsString]) -> ExitCode {
    if error.use_stderr() {
        let what = minlen::Error::usage(match error.kind() {
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                let asked = args::asked_for(raw);
                format!("{asked}: what is missing stands in `{asked} --help`")
            }
            _ => usage(&error.to_string(), raw),
        });
        let text = ui::error_text(&what, args::wants_json(raw));
        let _ = writeln!(std::io::stderr(), "{text}{}", table(error, raw));
        let grep = args::asked_for(raw) == "minlen grep";
        return ExitCode::from(if grep { GREP_USAGE } else { USAGE });
    }
    let plain = error.to_string();
    let shown = match ui::human::safe_lines(&plain) == plain {
        true => error.print(),
        false => write!(std::io::stderr(), "{}", ui::human::safe_lines(&plain)),
    };
    match shown.is_err() || minlen_stdio::stdout_was_closed() {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    }
}

/// What is wrong, as one line: what the parser says in several, and where more is to be had.
fn usage(said: &str, raw: &[OsString]) -> String {
    let said = said.trim().trim_start_matches("error: ");
    let end = ENDS.iter().chain([&TABLE]).filter_map(|mark| said.find(mark)).min();
    let said = said[..end.unwrap_or(said.len())].replace("\n\n  tip: ", "; ").replace("\n  tip: ", "; ");
    let words: Vec<&str> = said.split_whitespace().collect();
    let mut said = words.join(" ");
    for kind in ["argument", "value", "subcommand"] {
        said = said.replace(&format!("a similar {kind} exists:"), "did you mean");
        said = said.replace(&format!("some similar {kind}s exist:"), "did you mean one of");
    }
    let end = if said.contains("did you mean") { "?" } else { "" };
    format!("{said}{end}; see `{} --help`", args::asked_for(raw))
}

/// What the parser adds to all of its errors.
const ENDS: [&str; 2] = ["\n\nUsage:", "\n\nFor more"];
/// Where the table of levels begins, in errors that have it.
const TABLE: &str = "\n\nLevels, ";

/// The table of levels, where the error is about those, below the line.
fn table(error: &clap::Error, raw: &[OsString]) -> String {
    let said = error.to_string();
    match said.find(TABLE) {
        Some(at) if !args::wants_json(raw) => {
            let table = &said[at..];
            let end = ENDS.iter().filter_map(|mark| table.find(mark)).min();
            table[..end.unwrap_or(table.len())].trim_end().into()
        }
        _ => String::new(),
    }
}
