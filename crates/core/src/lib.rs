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
//! * [`Numbers`]: the arrays within the data, where they are known,
//! * [`text`]: names from strangers, made safe to show,
//! * [`varint`]: the integer encoding of the format.

mod account;
mod advice;
mod arrays;
mod chain;
mod codec;
mod env;
mod error;
mod isa;
mod kind;
mod limits;
mod params;
mod registry;
pub mod testing;
pub mod text;
pub mod varint;

pub use account::Account;
pub use advice::Advice;
pub use arrays::{ArraySpan, BaseSpan, Bases, MaxError, Numbers};
pub use chain::{Chain, Coded, Stage};
pub use codec::{Codec, CodecId, CodecSpec, Memory, Places, Proposal, ids};
pub use env::{Cancel, Env, Event, NoProgress, Progress};
pub use error::{Error, ErrorKind, Result};
pub use isa::Isa;
pub use kind::{Class, Detection, Detector, Kind, Part, Stats};
pub use limits::{Budget, Limits, Reservation};
pub use params::{ParamKind, ParamSpec, Params};
pub use registry::Registry;
