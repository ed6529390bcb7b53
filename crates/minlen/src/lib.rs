//! # minlen: an intelligent compressor for any data
//!
//! One format for everything, exact by default: what was compressed comes back bit for bit or is refused with an
//! error. Which codec a piece of data gets is decided from its content.
//!
//! ## Which part do I need?
//!
//! | You have | Use |
//! |---|---|
//! | bytes in memory | [`compress`], [`decompress`] |
//! | a stream of unknown length | [`Encoder`], [`Decoder`] |
//! | a connection whose two sides wait for one another | [`Encoder::flush`](Encoder#method.flush), [`Decoder::interactive`] |
//! | a stream with something else behind it | [`Decoder::single`] |
//! | files and folders | [`archive::create`], [`archive::Archive`] |
//! | entries in memory, or readers, for an archive | [`archive::Builder`] |
//! | a member to read from and seek in | [`archive::Archive::member_reader`] |
//! | the question "how small can it get?" | [`analyze`] |
//! | the question "what is this?" | [`detect`] |
//! | many small records of one kind | [`prior`] |
//! | the question "what is this file made of?" | [`layout`] |
//! | floats that need not be exact | [`nearby`], [`Options::with_target`] |
//! | a codec of your own | [`Codec`], [`Registry`], [`Options::with_registry`], [`testing`]; the example `custom_codec` |
//!
//! ## Example
//!
//! ```
//! # fn main() -> minlen::Result<()> {
//! let text = b"to compress is to predict, ".repeat(100);
//! let small = minlen::compress(&text, &minlen::Options::new(5)?)?;
//! assert!(small.len() < text.len() / 10);
//! assert_eq!(minlen::decompress(&small, &minlen::Limits::default())?, text);
//! # Ok(())
//! # }
//! ```
//!
//! ## Which level?
//!
//! A level is a row of [`levels`]: what runs, what memory one thread takes, what a byte costs. Times are nanoseconds a byte on one core
//! of the reference machine (docs/benchmarks.md), sizes are typical and relative to level 3.
//!
//! | Level | Runs | Encode, ns a byte | Decode, ns a byte | Encode, MiB a thread | Size |
//! |---|---|---|---|---|---|
//! | 1 to 3 | zstd | 3 to 5 | 1 | 32 to 48 | 112 to 100 % |
//! | 4 | zstd, LZMA or BWT | 310 | 60 | 256 | 73 % |
//! | 5, the default | the best of LZMA, BWT, PPM and Brotli | 440 | 130 | 640 | 66 % |
//! | 6, 7 | context mixing | 900, 2,400 | 750, 1,900 | 256, 512 | 61, 57 % |
//! | 8, 9 | deep context mixing, at 9 with a recurrent network | 9,000, 36,000 | 8,000, 30,000 | 832, 1,280 | 55, 50 % |
//! | [`MAX_LEVEL`] | all models at once, in two passes | 120,000 | 80,000 | 1,408 | 48 % |
//!
//! From level 6 on, decoding takes nearly as long as encoding: the models run on both sides. Where reading must be fast, say so
//! with [`Options::with_decode_speed`]; where memory is short, with [`Options::with_memory`].
//!
//! ## What can go wrong?
//!
//! Every function that can fail gives an [`Error`]. Its [`ErrorKind`] says what a caller can do about it:
//!
//! | Kind | Meaning | What helps |
//! |---|---|---|
//! | `Usage` | options that do not go together, a member that is not there | another call |
//! | `Corrupt`, `Truncated` | the file is not what was written | another copy; [`archive::salvage`] |
//! | `Unsupported` | a codec, prior or base that is not at hand | another build; [`Options::with_learned`], [`Options::with_bases`] |
//! | `Limit` | the bytes would take more memory or output than was allowed | [`Limits::with_memory`], [`Limits::with_output`] |
//! | `WrongKey` | the keys do not open the file | [`archive::Keys`] |
//! | `Verify` | an inexact copy would not be within its bound | a larger bound |
//! | `Cancelled` | [`Cancel::cancel`] was called | |
//! | `Io`, `Exists` | what the system said of a file | |
//!
//! Bytes from anywhere may be given to any function that reads: lengths in them are checked before memory is reserved, and nothing
//! panics. [`Limits::default`] stops decompression bombs.
//!
//! ```
//! let small = minlen::compress(&[0; 100_000], &minlen::Options::new(1)?)?;
//! let limits = minlen::Limits::default().with_output(50_000);
//! let error = minlen::decompress(&small, &limits).unwrap_err();
//! assert_eq!(error.kind(), minlen::ErrorKind::Limit);
//! // What was cut off or changed is never handed out.
//! assert!(minlen::decompress(&small[..small.len() - 1], &minlen::Limits::default()).is_err());
//! # Ok::<(), minlen::Error>(())
//! ```
//!
//! ## What is the same everywhere
//!
//! The same input and options give the same bytes on every machine, for any number of threads: decisions are made by sizes, never by
//! clocks, and models compute in integers or in exact 32-bit floats. Files of every released version stay readable.
//!
//! ```
//! use minlen::{Options, compress};
//! let text = b"to compress is to predict, ".repeat(1000);
//! assert_eq!(compress(&text, &Options::new(2)?)?, compress(&text, &Options::new(2)?.with_threads(4))?);
//! # Ok::<(), minlen::Error>(())
//! ```

pub mod analyze;
pub mod archive;
mod block_coder;
mod block_progress;
mod blocks;
mod budget;
mod cuts;
mod decoder;
pub mod detect;
mod diff;
mod embedding;
mod encoder;
#[cfg(feature = "latent")]
pub mod latent;
pub mod layout;
mod levels;
pub mod nearby;
mod oneshot;
mod options;
#[cfg(feature = "pictures")]
pub mod picture;
mod pipeline;
pub mod planner;
pub mod prior;
mod recode;
mod streams;
#[cfg(feature = "tensors")]
mod tensors;

pub use budget::Estimate;
pub use decoder::Decoder;
pub use encoder::Encoder;
pub use levels::{LevelInfo, MAX_LEVEL, levels};
pub use minlen_container as container;
pub use minlen_core::{
    Account, Advice, Bases, Budget, Cancel, Chain, Class, Codec, CodecId, CodecSpec, Coded, Detection,
    Detector, Env, Error, ErrorKind, Event, Kind, Learned, Limits, MaxError, Memory, Need, NoProgress,
    ParamKind, ParamSpec, Params, Part, Places, Prepared, Progress, Proposal, RangeCodec, Registry,
    Reservation, Resources, Result, SequentialCodec, Stage, Stats, Target, WholeBase, WholeCodec, ids,
    testing, text, varint,
};
pub use oneshot::{compress, compress_with, decompress, decompress_with};
pub use options::{Keep, Options, Solid, registry};
