//! The ground floor of minlen: the words that every other room speaks.
//!
//! Nothing here does I/O. The crate holds
//!
//! * [`Error`] with stable numeric codes and the exit code each maps to, and [`Advice`] on what to do,
//! * [`Limits`], [`Budget`] and [`Account`], which keep hostile sizes from turning into memory or output,
//! * [`Progress`] and cancellation, carried together with the limits in an [`Env`],
//! * [`Codec`], the one trait behind every codec, with its id, parameters ([`Params`]) and proposals,
//! * [`Chain`], codecs in a row, and [`Registry`], the table a decoder looks ids up in,
//! * [`Kind`], [`Detector`] and [`Part`]: what a piece of data is,
//! * [`layout`]: what data is made of, as spans with a kind, a type and a shape,
//! * [`nearby`]: lossy as exact coding of a nearby content,
//! * [`resources`]: other files and learned parts that coding may need,
//! * [`text`]: names from strangers, made safe to show,
//! * [`varint`]: the integer encoding of the format.

mod account;
mod advice;
mod chain;
mod codec;
mod codec_id;
mod env;
mod error;
mod isa;
mod kind;
pub mod layout;
mod limits;
pub mod nearby;
mod need;
mod params;
mod registry;
pub mod resources;
mod scaled;
pub mod testing;
pub mod text;
pub mod threads;
pub mod varint;

pub use account::Account;
pub use advice::Advice;
pub use chain::{Chain, Coded, Stage};
pub use codec::{Codec, CodecSpec, Memory, Places, Proposal, RangeCodec, SequentialCodec, WholeCodec};
pub use codec_id::{CodecId, ids};
pub use env::{Cancel, Env, Event, NoProgress, Progress};
pub use error::{Error, ErrorKind, Result};
pub use isa::Isa;
pub use kind::{Class, Detection, Detector, Kind, Part, Stats};
pub use layout::{
    BaseSpan, Declared, Description, Dtype, Element, Format, Layout, Origin, Slices, Span, SpanKind,
};
pub use limits::{Budget, Limits, Reservation};
pub use nearby::{Approximator, Difference, MaxError, Nearby, Target};
pub use need::Need;
pub use params::{ParamKind, ParamSpec, Params};
pub use registry::{MissingCodec, Registry};
pub use resources::{Bases, Learned, Prepared, Resources, WholeBase, missing_model};
pub use scaled::Scaled;
