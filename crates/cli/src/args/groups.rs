//! Groups of options that several verbs share.

use super::LevelArgs;
use super::value::{self, Format, ProgressMode};
use clap::{Args, ValueHint};
use std::path::PathBuf;

/// Options of every verb.
#[derive(Args, Clone, Debug, Default)]
pub struct Common {
    /// Print errors and nothing else; twice: not even those
    #[arg(short, long, action = clap::ArgAction::Count, help_heading = "Messages")]
    pub quiet: u8,
    /// Say more: what each file became; twice: also what was decided on the way
    #[arg(short, long, action = clap::ArgAction::Count, help_heading = "Messages")]
    pub verbose: u8,
    /// Progress on standard error: a bar, one JSON line per second, or none
    #[arg(long, value_name = "HOW", default_value = "auto", help_heading = "Messages")]
    pub progress: ProgressMode,
    /// Threads to use; 0 for all cores. The output is the same for every number
    #[arg(
        short = 'T',
        long,
        value_name = "N",
        default_value_t = 0,
        env = "MINLEN_THREADS",
        hide_env = true,
        help_heading = "Resources"
    )]
    pub threads: usize,
    /// Most working memory to use, on both sides (such as 512M or 2G)
    #[arg(long, value_name = "SIZE", value_parser = value::size, help_heading = "Resources")]
    pub memory: Option<u64>,
}

/// Whether output and errors are for people or for programs.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct TableFormat {
    /// Form of what is printed, errors included
    #[arg(long, value_name = "FORMAT", default_value = "table", help_heading = "Messages")]
    pub format: Format,
}

/// How to compress.
#[derive(Args, Clone, Debug, Default)]
pub struct EncodeArgs {
    /// The level.
    #[command(flatten)]
    pub levels: LevelArgs,
    /// Arrays of numbers.
    #[command(flatten)]
    pub arrays: ArrayArgs,
    // Square brackets mean "may be left out" here, and not a link.
    #[allow(rustdoc::broken_intra_doc_links)]
    /// Code everything with this chain instead of choosing by content: NAME[:KEY=VAL,...][+NAME...]
    #[arg(long, value_name = "CHAIN", help_heading = "Compression")]
    pub codec: Option<String>,
    /// Choose levels so that one core of the reference machine is done in this time (such as 90s, 5m or 1h)
    #[arg(long, value_name = "TIME", value_parser = value::duration, help_heading = "Compression")]
    pub time_budget: Option<std::time::Duration>,
    /// Use only what decodes at this speed or faster on one core of the reference machine (such as 5MB/s)
    #[arg(long, value_name = "SPEED", value_parser = value::speed, hide_short_help = true, help_heading = "Compression")]
    pub decode_speed: Option<u64>,
    /// Largest block, the unit of parallel work and of random access (default: from the level)
    #[arg(long, value_name = "SIZE", value_parser = value::size, help_heading = "Compression")]
    pub block_size: Option<u64>,
    /// How many bytes of files share a block of an archive: a size, `all` or `none` (default: up to a fifth of the content).
    /// More is smaller; less takes single files out faster
    #[arg(long, value_name = "SIZE|all|none", value_parser = value::solid, help_heading = "Compression")]
    pub solid: Option<minlen::Solid>,
    /// End blocks where the content says so, so that a change leaves most of the output as it was: for rsync and backups
    #[arg(long, hide_short_help = true, help_heading = "Compression")]
    pub rsyncable: bool,
    /// Store equal files and equal chunks of an archive as often as they occur
    #[arg(long, hide_short_help = true, help_heading = "Compression")]
    pub no_dedup: bool,
    /// Write small inputs in the full form, too: with BLAKE3, some 70 bytes larger
    #[arg(long, hide_short_help = true, help_heading = "Compression")]
    pub no_compact: bool,
    /// Record no modification times in an archive
    #[arg(long, hide_short_help = true, help_heading = "Compression")]
    pub no_times: bool,
    /// Say for each part what was detected, which codec it got and what that saved
    #[arg(long, help_heading = "Compression")]
    pub explain: bool,
    /// Add recovery data of this share of the size, so that `minlen repair` can mend damage
    #[arg(long, value_name = "PERCENT", value_parser = value::percent, help_heading = "Safety")]
    pub recovery: Option<u16>,
    /// Encrypt with a passphrase (asked for, or from --passphrase-file or MINLEN_PASSPHRASE)
    #[arg(long, help_heading = "Safety")]
    pub encrypt: bool,
    /// Encrypt for this age recipient (age1...); can be repeated
    #[arg(short, long, value_name = "AGE1...", help_heading = "Safety")]
    pub recipient: Vec<String>,
    /// Do not encrypt, although a passphrase or an identity is at hand
    #[arg(long, conflicts_with_all = ["encrypt", "recipient"], hide_short_help = true, help_heading = "Safety")]
    pub no_encrypt: bool,
}

impl EncodeArgs {
    /// Who can open what is written.
    pub fn seal(&self) -> SealArgs {
        SealArgs { encrypt: self.encrypt, recipient: self.recipient.clone(), no_encrypt: self.no_encrypt }
    }
}

/// Who can open what is written, for verbs that write without the other options of compressing.
#[derive(Args, Clone, Debug, Default)]
pub struct SealArgs {
    /// Encrypt with a passphrase (asked for, or from --passphrase-file or MINLEN_PASSPHRASE)
    #[arg(long, help_heading = "Safety")]
    pub encrypt: bool,
    /// Encrypt for this age recipient (age1...); can be repeated
    #[arg(short, long, value_name = "AGE1...", help_heading = "Safety")]
    pub recipient: Vec<String>,
    /// Do not encrypt, although a passphrase or an identity is at hand
    #[arg(long, conflicts_with_all = ["encrypt", "recipient"], help_heading = "Safety")]
    pub no_encrypt: bool,
}

/// What reading may cost.
#[derive(Args, Clone, Debug, Default)]
pub struct LimitArgs {
    /// Refuse to write more than this many bytes
    #[arg(long, value_name = "SIZE", value_parser = value::size, help_heading = "Resources")]
    pub max_output: Option<u64>,
    /// Refuse more than N decoded bytes per compressed byte once past 64 MiB; 0 for no bound [default: 4096]
    #[arg(long, value_name = "N", help_heading = "Resources")]
    pub max_ratio: Option<u64>,
}

/// How to open what is encrypted.
#[derive(Args, Clone, Debug, Default)]
pub struct KeyArgs {
    /// Read the passphrase from the first line of this file or `-`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Safety")]
    pub passphrase_file: Option<PathBuf>,
    /// Open with the age identity in this file or `-`; can be repeated
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Safety")]
    pub identity: Vec<PathBuf>,
    /// Store only what differs from this file (any file, or a .mln of one or of a folder), also to read with; the last one counts,
    /// those before it are what it needs itself
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Compression")]
    pub base: Vec<PathBuf>,
    /// Start the strong levels from this prior of your own (see `minlen train`), also to read with; `none` for no prior
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Compression")]
    pub prior: Vec<PathBuf>,
    /// Describe records by this codec file (see `minlen train autoencoder`), as near as --psnr, --max-error or --bytes-per-record says;
    /// also to read with
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Compression")]
    pub model: Vec<PathBuf>,
}

/// How near pictures, model files and float arrays must stay.
#[derive(Args, Clone, Debug, Default)]
pub struct ArrayArgs {
    /// Keep pictures as good as this; 60 is good (the default is exact)
    ///
    /// 85 is hardly to be told from the original. PNG, JPEG, JPEG XL, WebP, TIFF and PNM are read; pictures come back as PNG. The level is
    /// the effort.
    #[arg(short = 'Q', long, value_name = "0..100", value_parser = clap::value_parser!(u8).range(..=100), conflicts_with_all = ["max_error", "psnr", "bpp", "max_size", "ssimulacra2"], help_heading = "Compression")]
    pub quality: Option<u8>,
    /// Keep pictures so near that SSIMULACRA 2 gives them this score: 90 where hardly anybody sees a difference, 70 high, 50 medium
    #[arg(long, value_name = "SCORE", value_parser = value::seen_score, hide_short_help = true, conflicts_with_all = ["max_error", "psnr", "bpp", "max_size"], help_heading = "Pictures")]
    pub ssimulacra2: Option<f64>,
    /// Keep everything exactly, which is the default
    #[arg(long, hide_short_help = true, conflicts_with_all = ["quality", "ssimulacra2", "max_error", "psnr", "bpp", "max_size", "bytes_per_record"], help_heading = "Pictures")]
    pub lossless: bool,
    /// Keep floats that a container or --shape declares only to within E, as 0.001 or, of the range of each array, as 0.1% (the
    /// default is exact)
    #[arg(long, value_name = "E", allow_hyphen_values = true, value_parser = value::max_error, hide_short_help = true, help_heading = "Numbers")]
    pub max_error: Option<minlen::MaxError>,
    /// Keep them, and pictures, so near that the peak signal-to-noise ratio of each array is at least DB decibels
    #[arg(long, value_name = "DB", value_parser = value::positive, hide_short_help = true, conflicts_with_all = ["max_error", "bpp", "max_size"], help_heading = "Numbers")]
    pub psnr: Option<f64>,
    /// Keep them as near as BITS bits a number allow, and pictures as near as BITS bits a pixel do
    #[arg(long, value_name = "BITS", value_parser = value::positive, hide_short_help = true, conflicts_with_all = ["max_error", "max_size"], help_heading = "Numbers")]
    pub bpp: Option<f64>,
    /// Keep them as near as so many bytes allow for all of them; of a picture, the output has no more than that
    #[arg(long, value_name = "SIZE", value_parser = value::size, hide_short_help = true, conflicts_with = "max_error", help_heading = "Numbers")]
    pub max_size: Option<u64>,
    /// Keep the records that the codec file of --model knows as near as N bytes a record allow
    #[arg(long, value_name = "N", value_parser = value::positive, hide_short_help = true, requires = "model", conflicts_with_all = ["max_error", "psnr", "bpp", "max_size"], help_heading = "Numbers")]
    pub bytes_per_record: Option<f64>,
    /// Put the codec file of --model into the output, once, so that reading needs no other file
    #[arg(long, requires = "model", hide_short_help = true, help_heading = "Numbers")]
    pub embed_model: bool,
    /// What files without a header hold, as f32:240x37x49, outermost dimension first
    #[arg(long, value_name = "TYPE:SIZES", value_parser = value::shape, hide_short_help = true, help_heading = "Numbers")]
    pub shape: Option<value::Shape>,
}

impl ArrayArgs {
    /// How near the stored content must be; nothing where all is exact.
    pub fn target(&self) -> Option<minlen::Target> {
        use minlen::Target;
        let bound = self.max_error.map(Target::MaxError);
        let quality = self.psnr.map(Target::Psnr).or(self.bpp.map(Target::BitsPerSample));
        let size = self.max_size.map(Target::MaxSize);
        let seen = self.quality.map(Target::Quality).or(self.ssimulacra2.map(Target::Ssimulacra2));
        bound.or(quality).or(size).or(seen).or(self.bytes_per_record.map(Target::BytesPerRecord))
    }
}

/// Where the output goes and what happens to the input.
#[derive(Args, Clone, Debug, Default)]
pub struct OutArgs {
    /// Write to this file or folder
    #[arg(short, long, value_name = "OUT", value_hint = ValueHint::AnyPath, help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Write to standard output and keep the input
    #[arg(
        short = 'c',
        long,
        visible_alias = "to-stdout",
        conflicts_with = "output",
        help_heading = "Output"
    )]
    pub stdout: bool,
    /// Overwrite what is there; write binary data to a terminal
    #[arg(short, long, help_heading = "Output")]
    pub force: bool,
    /// Keep the input (the default; for gzip's users)
    #[arg(short, long, conflicts_with = "rm", help_heading = "Output")]
    pub keep: bool,
    /// Remove the input, after the output was synced, read back and found equal to the input
    #[arg(long, conflicts_with = "stdout", help_heading = "Output")]
    pub rm: bool,
}

/// What to work on.
#[derive(Args, Clone, Debug, Default)]
pub struct InputArgs {
    /// Files or folders; none or `-` for standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub inputs: Vec<PathBuf>,
    /// Also take the names in this file, one per line (`-` for standard input)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Input")]
    pub files_from: Option<PathBuf>,
    /// The same with a zero byte after each name, as from `find -print0`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Input")]
    pub files0_from: Option<PathBuf>,
}
