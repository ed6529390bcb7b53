//! The verbs of archives that live on: bringing them up to date, giving room back.

use super::LevelArgs;
use super::groups::{Common, EncodeArgs, InputArgs, KeyArgs, LimitArgs, SealArgs, TableFormat};
use super::pick::{KeepArgs, PickArgs};
use super::value;
use clap::{Args, ValueHint};
use std::path::PathBuf;

#[derive(Args, Debug)]
pub struct Update {
    /// The archive; it is replaced once the new one is complete
    #[arg(value_hint = ValueHint::FilePath)]
    pub archive: PathBuf,
    #[command(flatten)]
    pub io: InputArgs,
    /// Take out what is in the archive under these paths and on disk no more
    #[arg(long, help_heading = "Input")]
    pub delete: bool,
    /// Compare contents also where length and time are the same
    #[arg(long, help_heading = "Input")]
    pub checksum: bool,
    /// Print what would be done, and change nothing
    #[arg(short = 'n', long, help_heading = "Output")]
    pub dry_run: bool,
    #[command(flatten)]
    pub pick: PickArgs,
    #[command(flatten)]
    pub kept: KeepArgs,
    #[command(flatten)]
    pub encode: EncodeArgs,
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
pub struct Compact {
    /// The archive; it is replaced once the new one is complete
    #[arg(value_hint = ValueHint::FilePath)]
    pub archive: PathBuf,
    /// How to compress what has to be coded again
    #[command(flatten)]
    pub levels: LevelArgs,
    /// Add recovery data of this share of the size (default: as much as there is)
    #[arg(long, value_name = "PERCENT", value_parser = value::percent, help_heading = "Safety")]
    pub recovery: Option<u16>,
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
