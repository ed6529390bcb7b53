//! `-1` to `-9`, `--level N` and `--max`. The last one given wins, as in gzip.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, value_parser};

/// The names of `-1` and `-9` that gzip has.
const LONG: [(u8, &str); 2] = [(1, "fast"), (9, "best")];
const HEADING: &str = "Compression";

/// The level that was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LevelArgs {
    /// None was: the library's default.
    #[default]
    Default,
    /// 1 to 9.
    Level(u8),
    /// Everything that can be done, however long it takes.
    Max,
}

fn id(level: u8) -> String {
    format!("level_{level}")
}

fn ids() -> Vec<String> {
    (1..=9).map(id).chain(["level".into(), "max".into()]).collect()
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
        .overrides_with_all(ids());
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
            .help("The same as -N")
            .help_heading(HEADING)
            .overrides_with_all(ids());
        let max = Arg::new("max")
            .long("max")
            .action(ArgAction::SetTrue)
            .help(strongest())
            .help_heading(HEADING)
            .overrides_with_all(ids());
        numbered().fold(command, |c, info| c.arg(digit(info))).arg(level).arg(max)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for LevelArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        if matches.get_flag("max") {
            return Ok(Self::Max);
        }
        let typed = matches.get_one::<u8>("level").copied();
        let level = typed.or_else(|| (1..=9).find(|&level| matches.get_flag(&id(level))));
        Ok(level.map_or(Self::Default, Self::Level))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::args::{Cli, LevelArgs};
    use clap::Parser;

    fn level(flags: &[&str]) -> LevelArgs {
        Cli::try_parse_from(["minlen"].iter().chain(flags)).unwrap().bare.encode.levels
    }

    #[test]
    fn the_last_level_wins() {
        assert_eq!(level(&[]), LevelArgs::Default);
        assert_eq!(level(&["-1", "-9"]), LevelArgs::Level(9));
        assert_eq!(level(&["-9", "--level", "2"]), LevelArgs::Level(2));
        assert_eq!(level(&["--level=2", "-3"]), LevelArgs::Level(3));
        assert_eq!(level(&["-3", "-3"]), LevelArgs::Level(3));
        assert_eq!(level(&["--max"]), LevelArgs::Max);
        assert_eq!(level(&["--max", "--fast"]), LevelArgs::Level(1));
    }
}
