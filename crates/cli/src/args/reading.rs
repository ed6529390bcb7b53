//! The verbs that look and do not write.

use super::groups::{Common, InputArgs, KeyArgs, LimitArgs, TableFormat};
use super::pick::PickArgs;
use super::value::{self, Range};
use clap::{Args, ValueEnum, ValueHint};
use std::path::PathBuf;

#[derive(Args, Debug)]
pub struct Cat {
    /// The archive or compressed file; `-` for standard input
    #[arg(value_hint = ValueHint::FilePath)]
    pub archive: PathBuf,
    /// Files inside it, or patterns; none for everything. Behind a single compressed file: more files
    pub members: Vec<PathBuf>,
    /// Only these bytes of the one file chosen
    #[arg(long, value_name = "A..B", value_parser = value::range, help_heading = "Output")]
    pub range: Option<Range>,
    #[command(flatten)]
    pub keys: KeyArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
    #[command(flatten)]
    pub format: TableFormat,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args, Debug)]
pub struct Grep {
    /// A regular expression as of egrep; with -e there is none here
    #[arg(required_unless_present = "regexp")]
    pub pattern: Option<String>,
    /// Look for this; can be repeated
    #[arg(short = 'e', long, value_name = "PATTERN", allow_hyphen_values = true, help_heading = "Pattern")]
    pub regexp: Vec<String>,
    /// Take patterns as they are: no character is special
    #[arg(short = 'F', long, help_heading = "Pattern")]
    pub fixed_strings: bool,
    /// Take capital and small letters as the same
    #[arg(short, long, help_heading = "Pattern")]
    pub ignore_case: bool,
    /// Match whole words only
    #[arg(short, long, help_heading = "Pattern")]
    pub word_regexp: bool,
    /// Match whole lines only
    #[arg(short = 'x', long, help_heading = "Pattern")]
    pub line_regexp: bool,
    /// Print the lines that do not match
    #[arg(short = 'v', long, help_heading = "Pattern")]
    pub invert_match: bool,
    /// Put the number of each line in front of it
    #[arg(short = 'n', long, help_heading = "Output")]
    pub line_number: bool,
    /// Print only the names of files and members with a match
    #[arg(short = 'l', long, help_heading = "Output")]
    pub files_with_matches: bool,
    /// Print only how many lines match
    #[arg(short, long, help_heading = "Output")]
    pub count: bool,
    /// Stop after so many lines of each file
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Output")]
    pub max_count: Option<u64>,
    /// Put names in front of lines (the default for members, and for several files)
    #[arg(short = 'H', long, help_heading = "Output")]
    pub with_filename: bool,
    /// Put no names in front of lines
    #[arg(long, conflicts_with = "with_filename", help_heading = "Output")]
    pub no_filename: bool,
    /// Print lines of binary files, too
    #[arg(short = 'a', long, help_heading = "Output")]
    pub text: bool,
    /// Search only this member of archives, a folder with all below it, or those that a pattern with * and ? names; can be repeated
    #[arg(long, value_name = "NAME", help_heading = "Input")]
    pub member: Vec<PathBuf>,
    #[command(flatten)]
    pub io: InputArgs,
    #[command(flatten)]
    pub keys: KeyArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
    #[command(flatten)]
    pub format: TableFormat,
    #[command(flatten)]
    pub common: Common,
}

/// By what members are put in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SortBy {
    /// By path
    Name,
    /// Largest first
    Size,
    /// Newest first
    Time,
}

#[derive(Args, Debug, Default)]
pub struct List {
    /// Only this member, a folder with all below it, or those that a pattern with * and ? names; can be repeated
    #[arg(long, value_name = "NAME", help_heading = "Output")]
    pub member: Vec<PathBuf>,
    #[command(flatten)]
    pub pick: PickArgs,
    /// Order of the members (default: as they are stored)
    #[arg(long, value_name = "BY", help_heading = "Output")]
    pub sort: Option<SortBy>,
    /// The other way round
    #[arg(long, help_heading = "Output")]
    pub reverse: bool,
    /// More of each member: what it takes, ratio, codecs and hash; as does -v
    #[arg(short, long, help_heading = "Output")]
    pub long: bool,
    /// The arrays of model files: name, type, shape
    #[arg(long, help_heading = "Numbers")]
    pub tensors: bool,
    #[command(flatten)]
    pub io: InputArgs,
    #[command(flatten)]
    pub keys: KeyArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
    #[command(flatten)]
    pub format: TableFormat,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args, Debug)]
pub struct Test {
    #[command(flatten)]
    pub io: InputArgs,
    #[command(flatten)]
    pub keys: KeyArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
    #[command(flatten)]
    pub format: TableFormat,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args, Debug)]
pub struct Info {
    #[command(flatten)]
    pub io: InputArgs,
    #[command(flatten)]
    pub keys: KeyArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
    #[command(flatten)]
    pub format: TableFormat,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args, Debug)]
pub struct Analyze {
    #[command(flatten)]
    pub io: InputArgs,
    #[command(flatten)]
    pub format: TableFormat,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args, Debug)]
pub struct Codecs {
    /// Only these, with their parameters
    pub names: Vec<String>,
    #[command(flatten)]
    pub format: TableFormat,
    #[command(flatten)]
    pub common: Common,
}
