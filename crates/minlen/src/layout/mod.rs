//! What files are made of, on their way into blocks.
//!
//! The parsers of `minlen-structure` say what a file holds ([`Parsers`]); a block in the middle of it has no header, so the encoder follows
//! the spans of a file into the blocks and cuts those between rows; codecs are told of the spans in their part. What the spans may be
//! differences from is in a [`BaseSet`].

mod bases;
mod file;
mod track;

pub use bases::{BaseSet, LONGEST_CHAIN};
pub use file::FileLayout;
pub(crate) use track::Track;

pub use minlen_core::layout::{
    BaseSpan, Declared, Description, Dtype, Element, Format, Layout, Meaning, Origin, Slices, Span, SpanKind,
};
pub use minlen_structure::{
    FileSource, Found, Parser, Parsers, Reader, Source, arrays, export, formats, pixels, sound, sqlite, tar,
    write,
};
