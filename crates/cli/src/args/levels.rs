//! `-1` to `-9`, `--level N` and `--max`. The last one given wins, as in gzip.

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, value_parser};

/// The names of `-1` and `-9` that gzip has.
const LONG: [(u8, &str); 2] = [(1, "fast"), (9, "best")];
const HEADING: &str = "Compression";

/// The variable that stands for the level where none is typed.
const VARIABLE: &str = "MINLEN_LEVEL";

/// The level that was asked for, and those that it overruled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LevelArgs {
    /// What counts: the last one typed.
    pub asked: Level,
    /// Other levels that were typed before it.
    pub overruled: Vec<Level>,
}

/// A level as it is typed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    /// None was: the library's default.
    #[default]
    Default,
    /// 1 to 9.
    Number(u8),
    /// Everything that can be done, however long it takes.
    Max,
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("the default"),
            Self::Number(level) => write!(f, "-{level}"),
            Self::Max => f.write_str("--max"),
        }
    }
}

impl Level {
    /// Options of the library for it; `default` where none was typed.
    ///
    /// # Errors
    /// As [`minlen::Options::new`].
    pub fn options(
        self,
        default: impl FnOnce() -> minlen::Result<minlen::Options>,
    ) -> minlen::Result<minlen::Options> {
        match self {
            Self::Default => default(),
            Self::Number(level) => minlen::Options::new(level),
            Self::Max => minlen::Options::new(minlen::MAX_LEVEL),
        }
    }
}

fn id(level: u8) -> String {
    format!("level_{level}")
}

/// One line of help: what runs and the memory that it takes.
fn describe(info: &minlen::LevelInfo) -> String {
    let mib = |bytes: u64| bytes >> 20;
    if !info.available {
        return info.engine.to_string();
    }
    format!(
        "{} (memory per thread: {} MiB, decoding {} MiB)",
        info.engine,
        mib(info.encode_memory),
        mib(info.decode_memory)
    )
}

/// The levels that have a digit.
fn numbered() -> impl Iterator<Item = &'static minlen::LevelInfo> {
    minlen::levels().iter().filter(|info| info.level < minlen::MAX_LEVEL)
}

fn strongest() -> String {
    let info = minlen::levels().iter().find(|info| info.level == minlen::MAX_LEVEL);
    info.map(describe).unwrap_or_default()
}

fn digit(info: &minlen::LevelInfo) -> Arg {
    let arg = Arg::new(id(info.level))
        .short(char::from(b'0' + info.level))
        .action(ArgAction::SetTrue)
        .help(describe(info))
        .help_heading(HEADING)
        .overrides_with(id(info.level));
    match LONG.iter().find(|(level, _)| *level == info.level) {
        Some((_, name)) => arg.long(*name),
        None => arg,
    }
}

impl Args for LevelArgs {
    fn augment_args(command: Command) -> Command {
        let level = Arg::new("level")
            .long("level")
            .value_name("N")
            .value_parser(value_parser!(u8).range(1..=9))
            .env(VARIABLE)
            .hide_env(true)
            .help("The same as -N")
            .help_heading(HEADING)
            .overrides_with("level");
        let max = Arg::new("max")
            .long("max")
            .action(ArgAction::SetTrue)
            .help(strongest())
            .help_heading(HEADING)
            .overrides_with("max");
        numbered().fold(command, |c, info| c.arg(digit(info))).arg(level).arg(max)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for LevelArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let typed = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
        let digits = (1..=9).map(|level| (id(level), Level::Number(level)));
        let named = matches.get_one::<u8>("level").map(|level| ("level".to_owned(), Level::Number(*level)));
        let all = digits.chain(named.clone()).chain([("max".to_owned(), Level::Max)]);
        let mut found: Vec<(usize, Level)> = all
            .filter(|(id, _)| typed(id))
            .filter_map(|(id, level)| Some((matches.indices_of(&id)?.max()?, level)))
            .collect();
        found.sort_by_key(|(place, _)| *place);
        // Only the variable is left where nothing was typed.
        let last = found.last().map(|(_, level)| *level).or(named.map(|(_, level)| level));
        let asked = last.unwrap_or_default();
        let overruled = found.into_iter().map(|(_, level)| level).filter(|level| *level != asked).collect();
        Ok(Self { asked, overruled })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Two digits in one word, as `-19` of other tools, would be two levels here.
///
/// # Errors
/// What is wrong with it, and which levels there are.
pub fn refuse_two_digits(raw: &[std::ffi::OsString]) -> Result<(), String> {
    let words = raw.iter().skip(1).take_while(|word| *word != "--").filter_map(|word| word.to_str());
    let digits = |word: &str| {
        word.strip_prefix('-').is_some_and(|d| d.len() > 1 && d.bytes().all(|b| b.is_ascii_digit()))
    };
    match words.into_iter().find(|word| digits(word)) {
        Some(word) => Err(format!("{word}: there is no such level\n\n{}", super::help::levels())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Level, refuse_two_digits};
    use crate::args::Cli;
    use clap::Parser;

    fn levels(flags: &[&str]) -> (Level, Vec<Level>) {
        let levels = Cli::try_parse_from(["minlen"].iter().chain(flags)).unwrap().bare.encode.levels;
        (levels.asked, levels.overruled)
    }

    #[test]
    fn the_last_level_wins_and_the_others_are_known() {
        let number = Level::Number;
        for (flags, asked, overruled) in [
            (&[][..], Level::Default, vec![]),
            (&["-1", "-9"], number(9), vec![number(1)]),
            (&["-9", "--level", "2"], number(2), vec![number(9)]),
            (&["--level=2", "-3"], number(3), vec![number(2)]),
            (&["-3", "-3"], number(3), vec![]),
            (&["--level=2", "--level=4"], number(4), vec![]),
            (&["--level=2", "-2"], number(2), vec![]),
            (&["--max"], Level::Max, vec![]),
            (&["--max", "--max"], Level::Max, vec![]),
            (&["--max", "--fast"], number(1), vec![Level::Max]),
            (&["--best", "-k", "--max"], Level::Max, vec![number(9)]),
            (&["-3k5"], number(5), vec![number(3)]),
        ] {
            assert_eq!(levels(flags), (asked, overruled), "{flags:?}");
        }
    }

    #[test]
    fn levels_of_other_tools_are_refused() {
        let raw = |text: &str| text.split(' ').map(Into::into).collect::<Vec<std::ffi::OsString>>();
        for fine in ["minlen -9 x", "minlen -T16 x", "minlen -- -19", "minlen compress 19 -3"] {
            assert!(refuse_two_digits(&raw(fine)).is_ok(), "{fine}");
        }
        for wrong in ["minlen -19 x", "minlen compress x -22"] {
            let message = refuse_two_digits(&raw(wrong)).unwrap_err();
            assert!(message.contains("no such level") && message.contains("  -9 "), "{message}");
        }
    }
}
