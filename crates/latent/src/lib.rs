//! Records of one kind, by what a codec file has learned of their kind.
//!
//! A codec file holds *members*: ways to describe a record in a few integers. Each record names the member that serves it best, and how fine
//! its steps are; what decoding makes of that is in integers, the same on every machine. A promise (so many decibels, no error above so
//! much) is kept for every record, judged by what decoding gives: where no member keeps it, what is left is coded too, or the record as it is.
//!
//! | You have | Use |
//! |---|---|
//! | a codec file and records | [`encode`], [`decode`] |
//! | the same, and you want to know what is found in each record | [`describe`] |
//! | the same, and you want to see where records lie, or records that nobody has seen | [`View`] |
//! | records to learn from | the crate `train` |

mod abreast;
mod code;
mod describe;
mod file;
mod finder;
pub mod linear;
mod model;
pub mod network;
mod refine;
mod search;
pub mod steps;
mod stream;
pub mod tables;
mod values;
mod view;
mod within;

pub use code::{Outcome, Promise, decode, encode, learn_tables, rate_points, residuals};
pub use describe::{Description, describe};
pub use file::{KIND, is_codec_file};
pub use model::{Body, MEMBERS_MAX, Member, Model, NUMBERS_MAX, RATES_MAX};
pub use values::{FRACTION, Scaling, TYPES};
pub use view::View;
pub use within::encode_within;
