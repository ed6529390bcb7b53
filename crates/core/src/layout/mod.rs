//! What data is made of, in words that parsers, planner and codecs share.
//!
//! A *layout* is a list of [`Span`]s: stretches of the data, each with a kind, the type of its elements, a shape, an order of bytes
//! and a name. Parsers (crate `minlen-structure`) find them; whoever cuts data into blocks follows them there; codecs are told of
//! those in their part ([`crate::Env::layout`], [`crate::Part::layout`]) and pick the kinds that they have models for. Nobody in between
//! knows a kind by name.

mod declared;
mod dtype;
mod origin;
mod span;
mod whole;

pub use declared::{Declared, Element, Slices};
pub use dtype::Dtype;
pub use origin::{Format, Origin};
pub use span::{BaseSpan, Description, Meaning, Span, SpanKind};
pub use whole::Layout;
