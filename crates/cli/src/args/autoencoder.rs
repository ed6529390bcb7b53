//! `minlen train autoencoder`.

use super::groups::{Common, TableFormat};
use super::records::RecordArgs;
use super::value;
use clap::{Args, ValueHint};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Args, Debug)]
pub struct TrainAutoencoder {
    /// Records of one kind: IDX, npy, npz, PNG, PNM, CSV or WAV files, or folders of them
    #[arg(required = true, value_name = "DATA", value_hint = ValueHint::AnyPath)]
    pub inputs: Vec<PathBuf>,
    /// Measure the codec file on these records instead of on those held out
    #[arg(long, value_name = "DATA", value_hint = ValueHint::AnyPath)]
    pub test: Vec<PathBuf>,
    /// What is learned: auto, or a list of klt, cklt, dense, conv1d, conv2d and tutorial, with their sizes as klt:256,conv2d:48:24:32
    #[arg(long, value_name = "LIST", default_value = "auto", value_parser = value::members)]
    pub members: value::Members,
    /// How networks are trained: plain, denoising, or beta=B
    #[arg(long, value_name = "HOW", default_value = "plain", value_parser = value::variant)]
    pub variant: minlen_train::autoencoder::network::Variant,
    /// Keep what serves best at N bytes a record
    #[arg(long, value_name = "N", value_parser = value::positive, conflicts_with_all = ["psnr", "max_error"])]
    pub bytes_per_record: Option<f64>,
    /// Keep what serves best where every record has to have a peak signal-to-noise ratio of DB decibels
    #[arg(long, value_name = "DB", value_parser = value::positive, conflicts_with = "max_error")]
    pub psnr: Option<f64>,
    /// Keep what serves best where no number may be off by more than E
    #[arg(long, value_name = "E", value_parser = value::positive)]
    pub max_error: Option<f64>,
    /// Learn what predicts records of bytes exactly, for `compress -6` and up with --model and no target; with --members these, too
    #[arg(long, conflicts_with_all = ["bytes_per_record", "psnr", "max_error"])]
    pub exact: bool,
    /// Weigh what members save against their bytes in the file as for N records to be compressed, not for as many as are read
    #[arg(long, value_name = "N", value_parser = value::count)]
    pub for_records: Option<usize>,
    /// Time for everything; networks train for what the rest leaves
    #[arg(long, value_name = "TIME", value_parser = value::duration, default_value = "5m")]
    pub time_budget: Duration,
    /// Train networks for N epochs, however long that takes: the same file every time
    #[arg(long, value_name = "N", value_parser = value::count, conflicts_with = "time_budget")]
    pub epochs: Option<usize>,
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Keep the training here while it runs [default: OUT.checkpoint]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub checkpoint: Option<PathBuf>,
    /// Go on with the training that was stopped; all other options as they were
    #[arg(long)]
    pub resume: bool,
    /// Leave out what only encoding needs: the file decodes, and takes less room
    #[arg(long, help_heading = "Output")]
    pub decode_only: bool,
    /// Under which licence the codec file may be used, to be written into it
    #[arg(long, value_name = "TEXT", default_value = "", help_heading = "Output")]
    pub licence: String,
    /// Write all figures, loss curves too, to this file: as a page with plots where it ends in .html, else as JSON
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub report: Option<PathBuf>,
    /// Write the codec file to this file
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

impl TrainAutoencoder {
    /// Where the training is kept while it runs.
    pub fn checkpoint(&self) -> PathBuf {
        self.checkpoint.clone().unwrap_or_else(|| {
            let mut name = self.output.clone().into_os_string();
            name.push(".checkpoint");
            name.into()
        })
    }
}
