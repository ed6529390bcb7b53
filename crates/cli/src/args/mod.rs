//! What was typed: the one definition behind the parser, `--help`, the man pages and the completions.
//!
//! What it *means* (which file becomes which, with which limits) is decided in [`crate::plan`].

mod groups;
mod help;
mod levels;
mod models;
mod value;
mod verbs;

pub use groups::{Common, EncodeArgs, InputArgs, KeyArgs, LimitArgs, SealArgs};
pub use levels::LevelArgs;
pub use models::{Eval, Quantize, Rebase, TrainNetwork, TrainPrior, TrainWhat};
pub use value::{Format, ProgressMode, Range};
pub use verbs::{
    Analyze, Bare, Bench, BenchFormat, Cat, Codecs, Compress, Decompress, Extract, Generate, GenerateWhat,
    Info, List, Repair, Test, Verb,
};

use clap::{Parser, builder::styling};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "minlen",
    version,
    about = "An intelligent compressor for any data, exact by default",
    long_about = help::ABOUT,
    after_help = help::short_examples(),
    after_long_help = help::examples(),
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    max_term_width = 110,
    styles = STYLES,
)]
pub struct Cli {
    /// The verb, if one was given first.
    #[command(subcommand)]
    pub verb: Option<Verb>,
    /// The gzip-style flags otherwise.
    #[command(flatten)]
    pub bare: Bare,
}

const STYLES: styling::Styles = styling::Styles::styled()
    .header(styling::AnsiColor::Green.on_default().bold())
    .usage(styling::AnsiColor::Green.on_default().bold())
    .literal(styling::AnsiColor::Cyan.on_default().bold());

/// True where the raw arguments ask for JSON: needed for errors found before the arguments are understood.
pub fn wants_json(raw: &[std::ffi::OsString]) -> bool {
    raw.iter().any(|arg| arg == "--format=json")
        || raw.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "json")
}

/// `-o -` means standard output, as in other tools: the same as `-c`.
pub fn dash_is_stdout(raw: Vec<std::ffi::OsString>) -> Vec<std::ffi::OsString> {
    let mut out: Vec<std::ffi::OsString> = Vec::with_capacity(raw.len());
    let mut operands = false;
    for arg in raw {
        operands |= arg == "--";
        let after_option = out.last().is_some_and(|last| last == "-o" || last == "--output");
        if !operands && arg == "-" && after_option {
            out.pop();
            out.push("-c".into());
        } else if !operands && (arg == "-o-" || arg == "--output=-") {
            out.push("-c".into());
        } else {
            out.push(arg);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_dash_as_output_is_standard_output() {
        let words = |text: &str| text.split(' ').map(Into::into).collect::<Vec<std::ffi::OsString>>();
        assert_eq!(dash_is_stdout(words("minlen c a -o -")), words("minlen c a -c"));
        assert_eq!(dash_is_stdout(words("minlen -o- a")), words("minlen -c a"));
        assert_eq!(dash_is_stdout(words("minlen - -- -o -")), words("minlen - -- -o -"));
    }

    #[test]
    fn a_verb_is_one_only_in_first_place() {
        let cli = Cli::try_parse_from(["minlen", "-k", "list"]).unwrap();
        assert!(cli.verb.is_none());
        assert_eq!(cli.bare.io.inputs, [std::path::Path::new("list")]);
        assert!(Cli::try_parse_from(["minlen", "list", "a.mln"]).unwrap().verb.is_some());
    }
}
