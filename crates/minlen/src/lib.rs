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

pub mod analyze;
pub mod archive;
mod block_progress;
mod blocks;
mod budget;
mod decoder;
pub mod detect;
mod encoder;
pub mod layout;
mod levels;
pub mod nearby;
mod oneshot;
mod options;
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
    Detector, Env, Error, ErrorKind, Event, Kind, Learned, Limits, MaxError, Memory, NoProgress, ParamKind,
    ParamSpec, Params, Part, Places, Progress, Proposal, RangeCodec, Registry, Reservation, Resources,
    Result, Stage, Stats, Target, WholeCodec, ids, testing, text, varint,
};
pub use oneshot::{compress, compress_with, decompress, decompress_with};
pub use options::{Options, registry};
