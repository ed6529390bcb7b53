//! The verbs and the bare command.

use super::groups::{Common, EncodeArgs, InputArgs, KeyArgs, LimitArgs, OutArgs, TableFormat};
use super::help;
use super::insight::{Embed, Eval, Sample, Score};
use super::living::{Compact, Update};
use super::models::{Quantize, Rebase, Train};
use super::pick::{FolderArgs, KeepArgs, PickArgs, PlaceArgs};
use super::reading::{Analyze, Cat, Codecs, Grep, Info, List, Test};
use super::value::{self, Range};
use clap::{Args, Subcommand, ValueEnum, ValueHint};
use std::path::PathBuf;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Compress files and folders to .mln
    #[command(visible_alias = "c", after_long_help = help::COMPRESS)]
    Compress(Compress),
    /// Give back what was compressed
    #[command(visible_aliases = ["d", "x"], after_long_help = help::DECOMPRESS, mut_args = help::reading)]
    Decompress(Decompress),
    /// Bring an archive up to date: add what is new or changed
    #[command(after_long_help = help::UPDATE, mut_args = help::updating)]
    Update(Box<Update>),
    /// Give back the room of what an archive has no more
    #[command(after_long_help = help::COMPACT)]
    Compact(Compact),
    /// Take chosen files out of an archive, or a range of bytes out of one
    #[command(after_long_help = help::EXTRACT, mut_args = help::reading)]
    Extract(Extract),
    /// Write contents to standard output
    #[command(after_long_help = help::CAT, mut_args = help::reading)]
    Cat(Cat),
    /// Print the lines that match a pattern
    #[command(after_long_help = help::GREP, mut_args = help::grepping)]
    Grep(Box<Grep>),
    /// List what is inside, without decoding
    #[command(visible_alias = "l", after_long_help = help::LIST, mut_args = help::reading)]
    List(List),
    /// Decode everything, compare every checksum, write nothing
    #[command(visible_alias = "t", after_long_help = help::TEST, mut_args = help::reading)]
    Test(Test),
    /// Show how a file is built: blocks, codecs, checksums
    #[command(after_long_help = help::INFO, mut_args = help::reading)]
    Info(Info),
    /// Mend a damaged file from its recovery data, or make a new one of what is whole
    #[command(after_long_help = help::REPAIR, mut_args = help::reading)]
    Repair(Repair),
    /// How small can it get? Entropies, repeats, and every codec on a sample
    #[command(after_long_help = help::ANALYZE)]
    Analyze(Analyze),
    /// List the codecs, what each is for and what it can be told
    #[command(after_long_help = help::CODECS)]
    Codecs(Codecs),
    /// Measure minlen and its rivals on your data
    #[command(after_long_help = help::BENCH)]
    Bench(Bench),
    /// Store differences from another base, or from none
    #[command(after_long_help = help::REBASE)]
    Rebase(Rebase),
    /// Make a model small within a bound, with its error reported
    #[command(after_long_help = help::QUANTIZE)]
    Quantize(Box<Quantize>),
    /// Train a prior, a codec file for records of one kind, or a small network
    Train(Box<Train>),
    /// How well a codec file or a small network does
    Eval(Box<Eval>),
    /// How odd is each record? By what a codec file knows of its kind
    #[command(after_long_help = help::SCORE)]
    Score(Box<Score>),
    /// Where records lie, as numbers for search and clustering
    #[command(after_long_help = help::EMBED)]
    Embed(Box<Embed>),
    /// New records, or changed copies of given ones, by a codec file
    #[command(after_long_help = help::SAMPLE)]
    Sample(Box<Sample>),
    /// Write man pages, shell completions, or records to try things out with, to a folder
    #[command(after_long_help = help::GENERATE)]
    Generate(Generate),
}

impl Verb {
    /// What is typed for it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Compress(_) => "compress",
            Self::Decompress(_) => "decompress",
            Self::Update(_) => "update",
            Self::Compact(_) => "compact",
            Self::Extract(_) => "extract",
            Self::Cat(_) => "cat",
            Self::Grep(_) => "grep",
            Self::List(_) => "list",
            Self::Test(_) => "test",
            Self::Info(_) => "info",
            Self::Repair(_) => "repair",
            Self::Analyze(_) => "analyze",
            Self::Codecs(_) => "codecs",
            Self::Bench(_) => "bench",
            Self::Rebase(_) => "rebase",
            Self::Quantize(_) => "quantize",
            Self::Train(_) => "train",
            Self::Eval(_) => "eval",
            Self::Score(_) => "score",
            Self::Embed(_) => "embed",
            Self::Sample(_) => "sample",
            Self::Generate(_) => "generate",
        }
    }
}

/// The command without a verb, with the flags of the gzip family.
#[derive(Args, Debug)]
pub struct Bare {
    /// Decompress
    #[arg(short = 'd', long, visible_alias = "uncompress", group = "mode", help_heading = "Mode")]
    pub decompress: bool,
    /// Compress (the default)
    #[arg(short = 'z', long, group = "mode", help_heading = "Mode")]
    pub compress: bool,
    /// Decode everything, compare every checksum, write nothing
    #[arg(short = 't', long, group = "mode", help_heading = "Mode")]
    pub test: bool,
    /// List what is inside
    #[arg(short = 'l', long, group = "mode", help_heading = "Mode")]
    pub list: bool,
    #[command(flatten)]
    pub out: OutArgs,
    #[command(flatten)]
    pub encode: EncodeArgs,
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
pub struct Compress {
    #[command(flatten)]
    pub out: OutArgs,
    #[command(flatten)]
    pub dir: FolderArgs,
    #[command(flatten)]
    pub pick: PickArgs,
    #[command(flatten)]
    pub kept: KeepArgs,
    #[command(flatten)]
    pub encode: EncodeArgs,
    #[command(flatten)]
    pub io: InputArgs,
    #[command(flatten)]
    pub keys: KeyArgs,
    #[command(flatten)]
    pub format: TableFormat,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args, Debug)]
pub struct Decompress {
    /// Of a picture that is near the one which was given, write a small copy instead: 1/2, 1/4, ... 1/64 of its size
    #[arg(long, value_name = "1/N", value_parser = value::preview, hide_short_help = true, help_heading = "Output")]
    pub preview: Option<u8>,
    #[command(flatten)]
    pub out: OutArgs,
    #[command(flatten)]
    pub dir: FolderArgs,
    #[command(flatten)]
    pub pick: PickArgs,
    #[command(flatten)]
    pub place: PlaceArgs,
    #[command(flatten)]
    pub kept: KeepArgs,
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
pub struct Extract {
    /// The archive, or a single compressed file
    #[arg(value_hint = ValueHint::FilePath)]
    pub archive: PathBuf,
    /// Files and folders inside it, or patterns with * and ?; none for everything
    pub members: Vec<PathBuf>,
    /// Also take the names in this file, one per line (`-` for standard input)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Input")]
    pub files_from: Option<PathBuf>,
    /// The same with a zero byte after each name
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, hide_short_help = true, help_heading = "Input")]
    pub files0_from: Option<PathBuf>,
    #[command(flatten)]
    pub pick: PickArgs,
    #[command(flatten)]
    pub place: PlaceArgs,
    #[command(flatten)]
    pub kept: KeepArgs,
    /// Only these bytes, A..B, A.. or ..B, of the one file chosen
    #[arg(long, value_name = "A..B", value_parser = value::range, help_heading = "Output")]
    pub range: Option<Range>,
    /// Only this array of a model file; a pattern with * and ? for several, which takes -o NAME.safetensors
    #[arg(long, value_name = "NAME", conflicts_with = "range", help_heading = "Numbers")]
    pub tensor: Option<String>,
    /// Only these rows, A..B, of the array: slices along its first dimension
    #[arg(long, value_name = "A..B", value_parser = value::range, requires = "tensor", help_heading = "Numbers")]
    pub rows: Option<Range>,
    /// Take out what is left of a damaged file: whole members as usual, parts of others as NAME.damaged
    #[arg(long, conflicts_with_all = ["range", "tensor", "strip_components", "exclude", "exclude_vcs", "ignore_file", "files_from", "files0_from"], help_heading = "Output")]
    pub salvage: bool,
    /// Extract into this folder (created if need be); with --range: write to this file
    #[arg(short, long, value_name = "OUT", value_hint = ValueHint::AnyPath, help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Write contents to standard output
    #[arg(short = 'c', long, conflicts_with = "output", help_heading = "Output")]
    pub stdout: bool,
    /// Overwrite what is there
    #[arg(short, long, help_heading = "Output")]
    pub force: bool,
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
pub struct Repair {
    /// The damaged file
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Take the recovery data from this file (default: FILE.rec, if it is there)
    #[arg(long, value_name = "REC", value_hint = ValueHint::FilePath, help_heading = "Input")]
    pub recovery: Option<PathBuf>,
    /// Write the mended file here (default: NAME.repaired.mln beside it)
    #[arg(short, long, value_name = "OUT", value_hint = ValueHint::AnyPath, help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Overwrite what is there
    #[arg(short, long, help_heading = "Output")]
    pub force: bool,
    #[command(flatten)]
    pub keys: KeyArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
    #[command(flatten)]
    pub format: TableFormat,
    #[command(flatten)]
    pub common: Common,
}

/// How the benchmark's table looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum BenchFormat {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
    /// For spreadsheets, with one line per file and rival.
    Csv,
    /// For documents.
    Md,
}

#[derive(Args, Debug)]
pub struct Bench {
    /// Files or folders, or one set of the development bundle: bundle, core, mini, micro, small, small/CLASS, CLASS
    #[arg(required = true, value_name = "INPUT", value_hint = ValueHint::AnyPath)]
    pub inputs: Vec<PathBuf>,
    /// Rivals, with a level after a colon: zstd:3,zstd:22,long=31,xz:9e,7z,memcpy,...
    #[arg(long, value_name = "LIST")]
    pub against: Vec<String>,
    /// Levels of minlen to measure
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = clap::value_parser!(u8).range(1..=9))]
    pub levels: Vec<u8>,
    /// Codec chains of minlen to measure; can be repeated
    #[arg(long, value_name = "CHAIN")]
    pub codec: Vec<String>,
    /// Form of the table
    #[arg(long, value_name = "FORMAT", default_value = "table", help_heading = "Messages")]
    pub format: BenchFormat,
    /// Measure each of them this many times; the table has the minimum and the median
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub repeats: u32,
    /// Also put the sizes into this CSV table, which is kept between runs; -v says what changed
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath)]
    pub save: Option<PathBuf>,
    /// The same for times and memory, summed over the inputs
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath)]
    pub save_speeds: Option<PathBuf>,
    /// One run each and no memory: for those who wait
    #[arg(long)]
    pub quick: bool,
    /// Measure N files at a time, once and without memory: for sizes, since the times then say little
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub jobs: usize,
    /// Measure the variants in this list, LABEL: CHAIN on each line, and say what each differs from the first
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub ablation: Option<PathBuf>,
    /// The folder of the development bundle, from which the named sets come
    #[arg(long, value_name = "DIR", default_value = "../shared/data/lossless", value_hint = ValueHint::DirPath)]
    pub corpus: PathBuf,
    /// Sizes of peers measured elsewhere, to be shown beside a named set (default: the table beside the bundle)
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath)]
    pub peers: Option<PathBuf>,
    /// Be the child that measures the memory of one call
    #[arg(long, hide = true)]
    pub probe: bool,
    #[command(flatten)]
    pub common: Common,
}

/// What `generate` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GenerateWhat {
    /// One man page per verb.
    Man,
    /// Completions for bash, zsh and fish.
    Completions,
    /// Windows of an electrocardiogram that nobody has, as ecg.npy
    Ecg,
    /// Windows of the vibrations of a machine that there is not, as vibration.npy
    Vibration,
}

#[derive(Args, Debug)]
pub struct Generate {
    /// man, completions, or records to try things out with: ecg, vibration
    pub what: GenerateWhat,
    /// The folder to write to (created if need be)
    #[arg(value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,
    /// Records: windows of a wave
    #[arg(long, value_name = "N", value_parser = value::count, default_value = "20000", help_heading = "Records")]
    pub count: usize,
    /// Numbers of a window
    #[arg(long, value_name = "N", value_parser = value::count, default_value = "256", help_heading = "Records")]
    pub samples: usize,
    /// Type of the numbers: i16 or u8
    #[arg(long = "type", id = "number_type", value_name = "TYPE", value_parser = value::number_type, default_value = "i16", help_heading = "Records")]
    pub number_type: minlen::layout::Dtype,
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Records")]
    pub seed: u64,
    /// Overwrite what is there
    #[arg(short, long, help_heading = "Output")]
    pub force: bool,
    #[command(flatten)]
    pub format: TableFormat,
    #[command(flatten)]
    pub common: Common,
}
