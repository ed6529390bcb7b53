//! The verbs of models: training, grading, quantizing, differences from a base.

use super::autoencoder::TrainAutoencoder;
use super::groups::{Common, KeyArgs, LimitArgs, SealArgs, TableFormat};
use super::help;
use super::value;
use clap::{Args, Subcommand, ValueHint};
use std::path::PathBuf;

/// What `train` makes.
#[derive(Args, Debug)]
pub struct Train {
    /// What is trained.
    #[command(subcommand)]
    pub what: TrainWhat,
}

/// The kinds of training.
#[derive(Debug, Subcommand)]
pub enum TrainWhat {
    /// A prior for the strong levels, from typical data
    #[command(after_long_help = help::TRAIN)]
    Prior(TrainPrior),
    /// A small network for handwritten digits: trained, pruned, quantized, coded
    #[command(after_long_help = help::TRAIN_NETWORK)]
    Network(TrainNetwork),
    /// A codec file for records of one kind: small pictures, sensor windows, rows of a table
    #[command(after_long_help = help::TRAIN_AUTOENCODER)]
    Autoencoder(Box<TrainAutoencoder>),
    /// The networks that the codec of pictures brings
    #[command(after_long_help = help::TRAIN_IMAGE)]
    Image(TrainImage),
}

#[derive(Args, Debug)]
pub struct TrainImage {
    /// A folder with pictures to learn from
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub data: PathBuf,
    /// How long to train; the schedule goes by the clock
    #[arg(long, value_name = "TIME", value_parser = value::duration, default_value = "40m")]
    pub time_budget: std::time::Duration,
    /// Parts of pictures to learn from
    #[arg(long, value_name = "N", value_parser = value::count, default_value_t = 6000)]
    pub crops: usize,
    /// Parts of a step
    #[arg(long, value_name = "N", value_parser = value::count, default_value_t = 8)]
    pub batch: usize,
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// What the model says of its licence
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub licence: String,
    /// Write the model to this file
    #[arg(short, long, visible_alias = "out", value_name = "OUT", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub output: PathBuf,
    /// Overwrite what is there
    #[arg(short, long, help_heading = "Output")]
    pub force: bool,
    #[command(flatten)]
    pub format: TableFormat,
    #[command(flatten)]
    pub common: Common,
}

impl TrainWhat {
    /// The options that all of them have.
    pub fn common(&self) -> &Common {
        match self {
            Self::Prior(args) => &args.common,
            Self::Network(args) => &args.common,
            Self::Autoencoder(args) => &args.common,
            Self::Image(args) => &args.common,
        }
    }

    /// How what they tell looks.
    pub fn format(&self) -> &TableFormat {
        match self {
            Self::Prior(args) => &args.format,
            Self::Network(args) => &args.format,
            Self::Autoencoder(args) => &args.format,
            Self::Image(args) => &args.format,
        }
    }
}

#[derive(Args, Debug)]
pub struct TrainPrior {
    /// Typical files or folders, the most typical last
    #[arg(required = true, value_name = "DATA", value_hint = ValueHint::AnyPath)]
    pub inputs: Vec<PathBuf>,
    /// What they are
    #[arg(long, value_name = "KIND", default_value = "generic", value_parser = value::prior_kind)]
    pub kind: minlen::prior::PriorKind,
    /// What to call it, for people
    #[arg(long, value_name = "NAME", default_value = "")]
    pub name: String,
    /// Write the prior to this file
    #[arg(short, long, value_name = "OUT", value_hint = ValueHint::AnyPath, help_heading = "Output")]
    pub output: PathBuf,
    /// Overwrite what is there
    #[arg(short, long, help_heading = "Output")]
    pub force: bool,
    #[command(flatten)]
    pub format: TableFormat,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args, Debug)]
pub struct TrainNetwork {
    /// lenet-300-100, lenet-5, sizes of hidden layers as 100-50, or conv-FILTERS1-FILTERS2-HIDDEN
    pub network: String,
    /// The folder with the four MNIST files
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub data: PathBuf,
    /// Share of the weights that pruning leaves
    #[arg(long, value_name = "SHARE", default_value_t = 0.04)]
    pub keep: f32,
    /// Prune the hidden layers to so many units or filters first, as 12-24-100
    #[arg(long, value_name = "A-B", value_parser = value::units)]
    pub units: Option<value::Units>,
    /// Epochs of the dense network, of pruning, of training with rounded weights
    #[arg(long, value_name = "A,B,C", value_parser = value::epochs, default_value = "20,30,20")]
    pub epochs: value::Epochs,
    /// Step of the weights, relative to the root mean square of those left in a layer
    #[arg(long, value_name = "STEP", default_value_t = 0.7)]
    pub step: f32,
    /// Step of the biases, relative to the weights' step
    #[arg(long, value_name = "STEP", default_value_t = 1.0)]
    pub bias_step: f32,
    /// What a bit is worth in loss (nats a picture)
    #[arg(long, value_name = "L", default_value_t = 1e-6)]
    pub lambda: f32,
    /// So many shared weights a layer instead of uniform steps, as in Deep Compression
    #[arg(long, value_name = "LEVELS")]
    pub codebook: Option<usize>,
    /// How weights to prune are ranked: magnitude, fisher or both
    #[arg(long, value_name = "SCORE", value_parser = value::score, default_value = "magnitude")]
    pub score: minlen_train::mnist::Score,
    /// Learn from this coded network (distillation) instead of from the own dense one
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub teacher: Option<PathBuf>,
    /// Weight of the labels beside the teacher
    #[arg(long, value_name = "SHARE", default_value_t = 0.3)]
    pub hard: f32,
    /// Temperature of the teacher
    #[arg(long, value_name = "T", default_value_t = 3.0)]
    pub temperature: f32,
    /// Whether the teacher sees pictures shifted as the student does
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    pub every_shift: bool,
    /// Keep so many training pictures out, and grade on them on the way
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub hold_out: usize,
    /// Pictures a step
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub batch: usize,
    /// Learning rate
    #[arg(long, value_name = "R", default_value_t = 1e-3)]
    pub rate: f32,
    /// Decay of the weights, relative to the rate
    #[arg(long, value_name = "D", default_value_t = 0.0)]
    pub decay: f32,
    /// Read the dense network from this file, or write it there after training
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub dense: Option<PathBuf>,
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Write the coded network to this file
    #[arg(short, long, value_name = "OUT", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub output: PathBuf,
    /// Overwrite what is there
    #[arg(short, long, help_heading = "Output")]
    pub force: bool,
    #[command(flatten)]
    pub format: TableFormat,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args, Debug)]
#[group(id = "bound", multiple = false, required = true, args = ["target_bpw", "target_size", "max_kl", "gguf"])]
pub struct Quantize {
    /// The model
    #[arg(value_hint = ValueHint::FilePath)]
    pub model: PathBuf,
    /// At most so many bits per weight of the whole file
    #[arg(long, value_name = "B")]
    pub target_bpw: Option<f64>,
    /// At most so many bytes
    #[arg(long, value_name = "SIZE", value_parser = value::size)]
    pub target_size: Option<u64>,
    /// At most this divergence (Kullback-Leibler, bits a byte) of the predictions; needs --calibrate
    #[arg(long, value_name = "K", requires = "calibrate")]
    pub max_kl: Option<f64>,
    /// A GGUF file with blocks of this type: q8_0, q5_0 or q4_0
    #[arg(long, value_name = "TYPE", value_parser = value::gguf_type)]
    pub gguf: Option<minlen::layout::Dtype>,
    /// A text like what the model is used for: half of its windows say which errors matter, the others what they cost
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub calibrate: Option<PathBuf>,
    /// Set this share of the weights of each matrix to zero
    #[arg(long, value_name = "SHARE")]
    pub sparsity: Option<f64>,
    /// Choose those by magnitude alone instead of weight times input (Wanda)
    #[arg(long, requires = "sparsity")]
    pub by_magnitude: bool,
    /// Shared weights by k-means, as in Deep Compression, instead of steps
    #[arg(long)]
    pub codebook: bool,
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Write to this file: .mln (the default, MODEL.mln), or as .safetensors the weights that are left
    #[arg(short, long, value_name = "OUT", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Overwrite what is there
    #[arg(short, long, help_heading = "Output")]
    pub force: bool,
    #[command(flatten)]
    pub seal: SealArgs,
    /// Read the passphrase from the first line of this file or `-`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Safety")]
    pub passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    pub format: TableFormat,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args, Debug)]
pub struct Rebase {
    /// The .mln file
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// The new base (a file, or a .mln of one); none: the file will need no base any more
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub onto: Option<PathBuf>,
    /// Write to this file
    #[arg(short, long, value_name = "OUT", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub output: PathBuf,
    /// Overwrite what is there
    #[arg(short, long, help_heading = "Output")]
    pub force: bool,
    #[command(flatten)]
    pub levels: super::LevelArgs,
    #[command(flatten)]
    pub seal: SealArgs,
    #[command(flatten)]
    pub keys: KeyArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
    #[command(flatten)]
    pub format: TableFormat,
    #[command(flatten)]
    pub common: Common,
}
