//! What was typed: the one definition behind the parser, `--help`, the man pages and the completions.
//!
//! What it *means* (which file becomes which, with which limits) is decided in [`crate::plan`].

mod autoencoder;
mod groups;
mod help;
mod insight;
mod levels;
mod living;
mod models;
mod pick;
mod reading;
mod records;
mod value;
mod verbs;

pub use autoencoder::TrainAutoencoder;
pub use groups::{Common, EncodeArgs, InputArgs, KeyArgs, LimitArgs, SealArgs, TableFormat};
pub use insight::{Embed, Eval, EvalAutoencoder, EvalImage, EvalWhat, Sample, Score, ScoreFormat};
pub use levels::{LevelArgs, refuse_two_digits};
pub use living::{Compact, Update};
pub use models::{Quantize, Rebase, TrainImage, TrainNetwork, TrainPrior, TrainWhat};
pub use pick::PickArgs;
pub use reading::{Analyze, Cat, Codecs, Grep, Info, List, SortBy, Test};
pub use records::RecordArgs;
pub use value::{Format, ProgressMode, Range};
pub use verbs::{
    Bare, Bench, BenchFormat, Compress, Decompress, Extract, Generate, GenerateWhat, Repair, Verb,
};

use clap::{CommandFactory, Parser, builder::styling};
use std::ffi::OsString;

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
pub fn wants_json(raw: &[OsString]) -> bool {
    raw.iter().any(|arg| arg == "--format=json")
        || raw.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "json")
}

/// `-o -` means standard output, as in other tools: the same as `-c`.
pub fn dash_is_stdout(raw: Vec<OsString>) -> Vec<OsString> {
    let mut out: Vec<OsString> = Vec::with_capacity(raw.len());
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

/// Under the names of `mlncat` and `mlngrep`, the command is the verb behind `mln`.
pub fn named_as_a_verb(mut raw: Vec<OsString>) -> Vec<OsString> {
    let name =
        raw.first().and_then(|path| std::path::Path::new(path).file_name()).and_then(|name| name.to_str());
    let verb = name.and_then(|name| name.strip_prefix("mln")).filter(|verb| ["cat", "grep"].contains(verb));
    if let Some(verb) = verb.map(OsString::from) {
        raw[0] = "minlen".into();
        raw.insert(1, verb);
    }
    raw
}

/// `minlen help VERB` is `minlen VERB --help`, and `minlen help` alone `minlen --help`. A file of that name is `./help`.
pub fn help_is_a_verb(mut raw: Vec<OsString>) -> Vec<OsString> {
    if raw.get(1).is_some_and(|word| word == "help") {
        raw.remove(1);
        raw.push("--help".into());
    }
    raw
}

/// The command and the verbs that were typed first, if any.
pub fn asked_for(raw: &[OsString]) -> String {
    let (mut command, mut all) = (&Cli::command(), String::from("minlen"));
    for word in raw.iter().skip(1).map_while(|word| word.to_str()) {
        let Some(verb) = command.find_subcommand(word) else { break };
        all = format!("{all} {}", verb.get_name());
        command = verb;
    }
    all
}

/// The verb that a misspelt one is nearly: a slip in every three letters at most.
pub fn verb_like(word: &str) -> Option<String> {
    let command = Cli::command();
    let names = command.get_subcommands().filter(|verb| !verb.is_hide_set()).map(clap::Command::get_name);
    let slips = |name: &str| strsim::damerau_levenshtein(word, name);
    let best = names.min_by_key(|name| slips(name))?;
    (slips(best) * 3 <= best.len()).then(|| best.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_dash_as_output_is_standard_output() {
        let words = |text: &str| text.split(' ').map(Into::into).collect::<Vec<OsString>>();
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

    #[test]
    fn help_is_for_all_or_for_one_verb() {
        let words = |text: &str| text.split(' ').map(Into::into).collect::<Vec<OsString>>();
        assert_eq!(help_is_a_verb(words("minlen help")), words("minlen --help"));
        assert_eq!(help_is_a_verb(words("minlen help train prior")), words("minlen train prior --help"));
        assert_eq!(help_is_a_verb(words("minlen ./help")), words("minlen ./help"));
        assert_eq!(help_is_a_verb(words("minlen list help")), words("minlen list help"));
    }

    #[test]
    fn misspelt_verbs_are_guessed_and_other_words_are_not() {
        for (word, verb) in
            [("compres", "compress"), ("decomprss", "decompress"), ("lsit", "list"), ("tset", "test")]
        {
            assert_eq!(verb_like(word).as_deref(), Some(verb), "{word}");
        }
        for word in ["photo.png", "q", "2024", "", "test.txt", "lists.mln", "training.csv", "information"] {
            assert_eq!(verb_like(word), None, "{word}");
        }
    }
}
