//! What data is made of, in words that parsers, planner and codecs share.
//!
//! A *layout* is a list of [`Span`]s: stretches of the data, each with a kind, the type of its elements, a shape, an order of bytes
//! and a name. Parsers (crate `minlen-structure`) find them; whoever cuts data into blocks follows them there; codecs are told of
//! those in their part ([`crate::Env::layout`], [`crate::Part::layout`]) and pick the kinds that they have models for. Nobody in between
//! knows a kind by name.

mod declared;
mod dtype;
mod span;

pub use declared::{Declared, Element, Slices};
pub use dtype::Dtype;
pub use span::{BaseSpan, Description, Meaning, Span, SpanKind};

use crate::{Error, Result};

/// What a span's word is worth: who says that it is there, and whether its numbers may be others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// A file says so, or the caller.
    #[default]
    Declared,
    /// The same, but it must stay as it is: the file holds a checksum of it, or it is of a type that is always stored exactly.
    Sealed,
    /// Nobody says so; the bytes look like it.
    Guessed,
}

/// A format of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Format {
    /// Its name, for people.
    pub name: &'static str,
    /// What its word is worth.
    pub origin: Origin,
}

impl Format {
    /// One array without a header, as the caller says.
    pub const RAW: Self = Self::declared("raw");

    /// A format that declares its spans and holds no checksums of them.
    #[must_use]
    pub const fn declared(name: &'static str) -> Self {
        Self { name, origin: Origin::Declared }
    }

    /// A format that declares its spans, with a checksum of each.
    #[must_use]
    pub const fn sealed(name: &'static str) -> Self {
        Self { name, origin: Origin::Sealed }
    }

    /// No format: what the bytes look like.
    #[must_use]
    pub const fn guessed(name: &'static str) -> Self {
        Self { name, origin: Origin::Guessed }
    }
}

/// The spans of a file, by offset, without overlaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// What the file is.
    pub format: Format,
    /// What it is made of. Bytes between them belong to nobody.
    pub spans: Vec<Span>,
}

impl Layout {
    /// The spans brought into order. Where two of them name the same bytes (tied weights), one is kept.
    ///
    /// # Errors
    /// Corrupt if two of them overlap without being the same bytes, one reaches beyond the file, or an array is not as long as its shape.
    pub fn new(format: Format, mut spans: Vec<Span>, file_len: u64) -> Result<Self> {
        spans.retain(|span| span.len > 0);
        spans.sort_by_key(|span| (span.start, span.len));
        // If they say different things of the same bytes, neither is to be believed.
        spans.dedup_by(|b, a| {
            let same = (a.start, a.len) == (b.start, b.len);
            if same
                && (a.declared().element, a.declared().big_endian)
                    != (b.declared().element, b.declared().big_endian)
            {
                a.told = Some(Box::new(Declared::unknown(a.len)));
            }
            same
        });
        let mut end = 0;
        for span in &mut spans {
            let (name, start) = (&span.name, span.start);
            let Some(next) = start.checked_add(span.len).filter(|next| *next <= file_len) else {
                return Err(Error::corrupt(format!("array {name:?} reaches beyond the file")).at(start));
            };
            if start < end {
                return Err(Error::corrupt(format!("array {name:?} overlaps another")).at(start));
            }
            if !span.is_as_long_as_its_shape() {
                return Err(Error::corrupt(format!("array {name:?} is not as long as its shape")).at(start));
            }
            span.origin = format.origin;
            end = next;
        }
        Ok(Self { format, spans })
    }
}
