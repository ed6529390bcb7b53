//! What codec files know of records: `score`, `embed`, `sample`, `eval`.

use super::groups::{Common, TableFormat};
use super::help;
use super::records::RecordArgs;
use super::value;
use clap::{Args, Subcommand, ValueEnum, ValueHint};
use std::path::PathBuf;

/// How the scores are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ScoreFormat {
    /// The ends of the list, for people.
    #[default]
    Table,
    /// The same for programs.
    Json,
    /// A line for each record, for spreadsheets.
    Csv,
}

#[derive(Args, Debug)]
pub struct Score {
    /// The codec file
    #[arg(value_hint = ValueHint::FilePath)]
    pub model: PathBuf,
    /// Records of its kind: files, or folders of them
    #[arg(required = true, value_name = "DATA", value_hint = ValueHint::AnyPath)]
    pub inputs: Vec<PathBuf>,
    /// Describe records at this rate, 0 being the coarsest (default: the one whose usual values the codec file holds)
    #[arg(long, value_name = "N")]
    pub rate: Option<u8>,
    /// Describe records by this member alone, instead of by the best one of each
    #[arg(long, value_name = "NAME")]
    pub member: Option<String>,
    /// Also score by the mean distance from the K nearest usual records, in latents; needs --reference
    #[arg(long, value_name = "K", value_parser = value::count, requires = "reference")]
    pub neighbours: Option<usize>,
    /// Records that are known to be usual: files, or folders of them
    #[arg(long, value_name = "DATA", value_hint = ValueHint::AnyPath, requires = "neighbours")]
    pub reference: Vec<PathBuf>,
    /// Labels of usual records; with these, say how well each view finds the others
    #[arg(long, value_name = "LIST", value_delimiter = ',', allow_hyphen_values = true)]
    pub normal: Vec<i64>,
    /// Flag records from this percentile on, and those as far from the other end
    #[arg(long, value_name = "PERCENTILE", value_parser = value::positive, default_value_t = 99.0)]
    pub above: f64,
    /// Show so many records of both ends
    #[arg(long, value_name = "N", value_parser = value::count, default_value_t = 10)]
    pub top: usize,
    /// Seed of the choice of --max-records
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Write pictures of the records shown to this PNG file: the most suspicious above, the least below
    #[arg(long, value_name = "FILE.png", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub pictures: Option<PathBuf>,
    /// Overwrite what is there
    #[arg(short, long, help_heading = "Output")]
    pub force: bool,
    /// Form of what is printed
    #[arg(long, value_name = "FORMAT", default_value = "table", help_heading = "Messages")]
    pub format: ScoreFormat,
    #[command(flatten)]
    pub records: RecordArgs,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args, Debug)]
pub struct Embed {
    /// The codec file
    #[arg(value_hint = ValueHint::FilePath)]
    pub model: PathBuf,
    /// Records of its kind: files, or folders of them
    #[arg(required = true, value_name = "DATA", value_hint = ValueHint::AnyPath)]
    pub inputs: Vec<PathBuf>,
    /// The member whose latents they are (default: the first network, else the first member)
    #[arg(long, value_name = "NAME")]
    pub member: Option<String>,
    /// Latents at this rate, 0 being the coarsest (default: that of `score`)
    #[arg(long, value_name = "N")]
    pub rate: Option<u8>,
    /// Seed of the choice of --max-records
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Write the latents to this file, a row for each record
    #[arg(short, long, value_name = "OUT.npy", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub output: PathBuf,
    /// Overwrite what is there
    #[arg(short, long, help_heading = "Output")]
    pub force: bool,
    #[command(flatten)]
    pub records: RecordArgs,
    #[command(flatten)]
    pub format: TableFormat,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args, Debug)]
pub struct Sample {
    /// The codec file
    #[arg(value_hint = ValueHint::FilePath)]
    pub model: PathBuf,
    /// How many new records; with --interpolate of the way, with --perturb copies of each
    #[arg(short = 'n', long, value_name = "N", value_parser = value::count, default_value_t = 16)]
    pub count: usize,
    /// Records on the way from record A to record B of --data, both among them
    #[arg(long, value_name = "A,B", value_parser = value::pair, requires = "data", conflicts_with = "perturb")]
    pub interpolate: Option<value::Pair>,
    /// Copies of the records of --data, their latents moved by up to a step
    #[arg(long, requires = "data")]
    pub perturb: bool,
    /// Also change the copies at random: a list of shift, noise and scale
    #[arg(long, value_name = "LIST", value_parser = value::transforms, requires = "perturb")]
    pub transforms: Option<value::Transforms>,
    /// Given records: files, or folders of them
    #[arg(long, value_name = "DATA", value_hint = ValueHint::AnyPath)]
    pub data: Vec<PathBuf>,
    /// The member that makes them (default: the first network, else the first member)
    #[arg(long, value_name = "NAME")]
    pub member: Option<String>,
    /// At this rate, 0 being the coarsest (default: that of `score`)
    #[arg(long, value_name = "N")]
    pub rate: Option<u8>,
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Write them to this file: .npy, .idx (or -ubyte), or .png for pictures on a sheet
    #[arg(short, long, value_name = "OUT", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub output: PathBuf,
    /// Overwrite what is there
    #[arg(short, long, help_heading = "Output")]
    pub force: bool,
    #[command(flatten)]
    pub records: RecordArgs,
    #[command(flatten)]
    pub format: TableFormat,
    #[command(flatten)]
    pub common: Common,
}

/// What `eval` measures.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Eval {
    /// What is measured; a network where nothing is named.
    #[command(subcommand)]
    pub what: Option<EvalWhat>,
    /// The coded network
    #[arg(required = true, value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
    /// The folder with the four MNIST files
    #[arg(long, value_name = "DIR", required = true, value_hint = ValueHint::DirPath)]
    pub data: Option<PathBuf>,
    #[command(flatten)]
    pub format: TableFormat,
    #[command(flatten)]
    pub common: Common,
}

/// The kinds of models that are measured.
#[derive(Debug, Subcommand)]
pub enum EvalWhat {
    /// Grade a small network that `train network` made
    #[command(after_long_help = help::EVAL)]
    Network(EvalNetwork),
    /// Bytes, errors and times of a codec file on records, beside other methods
    #[command(after_long_help = help::EVAL_AUTOENCODER)]
    Autoencoder(Box<EvalAutoencoder>),
    /// Bits and quality of lossy pictures, beside other codecs
    #[command(after_long_help = help::EVAL_IMAGE)]
    Image(Box<EvalImage>),
}

#[derive(Args, Debug)]
pub struct EvalImage {
    /// Pictures, or folders of them
    #[arg(required = true, value_name = "PICTURES", value_hint = ValueHint::AnyPath)]
    pub inputs: Vec<PathBuf>,
    /// Codecs with their settings: minlen:effort=N, avif:speed=N or avif:sampling=420, jxl:effort=N, webp, jpeg
    #[arg(long, value_name = "LIST", default_value = "minlen:effort=5,avif,jxl,webp,jpeg")]
    pub codecs: String,
    /// Qualities of each codec
    #[arg(long, value_name = "N", value_parser = value::count, default_value_t = 5)]
    pub points: usize,
    /// The codec that the others are compared with (default: avif, else the first)
    #[arg(long, value_name = "CODEC")]
    pub base: Option<String>,
    /// Pictures of which the page shows parts before and after
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub shown: usize,
    /// Keep every measurement in this file, and measure only what is not in it yet: so that hours of work can be stopped and resumed
    #[arg(long, value_name = "FILE.csv", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub save: Option<PathBuf>,
    /// Write a page with curves, tables and pictures side by side to this file
    #[arg(long, value_name = "FILE.html", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub report: Option<PathBuf>,
    /// Write the curve of each codec into this folder, in the form of CompressAI's results
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath, help_heading = "Output")]
    pub results: Option<PathBuf>,
    /// Overwrite what is there
    #[arg(short, long, help_heading = "Output")]
    pub force: bool,
    #[command(flatten)]
    pub format: TableFormat,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args, Clone, Debug)]
pub struct EvalNetwork {
    /// The coded network
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// The folder with the four MNIST files
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub data: PathBuf,
    #[command(flatten)]
    pub format: TableFormat,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args, Debug)]
pub struct EvalAutoencoder {
    /// The codec file
    #[arg(value_hint = ValueHint::FilePath)]
    pub model: PathBuf,
    /// Records that it was not trained on: files, or folders of them
    #[arg(required = true, value_name = "DATA", value_hint = ValueHint::AnyPath)]
    pub inputs: Vec<PathBuf>,
    /// The rates to measure, 0 being the coarsest (default: from there on until finer ones make no difference)
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub rates: Vec<u8>,
    /// Compressors to compare with, as `bench` names them
    #[arg(long, value_name = "LIST", default_value = "minlen:5,zstd:19,xz:9e")]
    pub against: String,
    /// Leave out codecs of single pictures and sounds
    #[arg(long)]
    pub no_peers: bool,
    /// Take loss curves from this file, which `train autoencoder --report` wrote
    #[arg(long, value_name = "FILE.json", value_hint = ValueHint::FilePath)]
    pub training: Option<PathBuf>,
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Write a page with plots and pictures to this file
    #[arg(long, value_name = "FILE.html", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub report: Option<PathBuf>,
    /// Overwrite what is there
    #[arg(short, long, help_heading = "Output")]
    pub force: bool,
    #[command(flatten)]
    pub records: RecordArgs,
    #[command(flatten)]
    pub format: TableFormat,
    #[command(flatten)]
    pub common: Common,
}

impl Eval {
    /// The options that all kinds have.
    pub fn common(&self) -> &Common {
        match &self.what {
            None => &self.common,
            Some(EvalWhat::Network(args)) => &args.common,
            Some(EvalWhat::Autoencoder(args)) => &args.common,
            Some(EvalWhat::Image(args)) => &args.common,
        }
    }

    /// How what they tell looks.
    pub fn format(&self) -> &TableFormat {
        match &self.what {
            None => &self.format,
            Some(EvalWhat::Network(args)) => &args.format,
            Some(EvalWhat::Autoencoder(args)) => &args.format,
            Some(EvalWhat::Image(args)) => &args.format,
        }
    }

    /// The network to be graded, if it is one, and its data.
    pub fn network(&self) -> Option<(&PathBuf, &PathBuf)> {
        match &self.what {
            None => self.file.as_ref().zip(self.data.as_ref()),
            Some(EvalWhat::Network(args)) => Some((&args.file, &args.data)),
            Some(EvalWhat::Autoencoder(_) | EvalWhat::Image(_)) => None,
        }
    }
}
