//! What files are made of, on their way into blocks.
//!
//! The parsers of `minlen-structure` say what a file holds ([`Parsers`]); a block in the middle of it has no header, so the encoder follows
//! the spans of a file into the blocks and cuts those between rows; codecs are told of the spans in their part. What the spans may be
//! differences from is in a [`BaseSet`].
//!
//! | You want to | Use |
//! |---|---|
//! | list what a file declares | [`Parsers::listing`] |
//! | hand the spans of a file to an encoder | [`FileLayout::of_file`], [`crate::Encoder::with_layout`] |
//! | say what a file without a header holds | [`FileLayout::whole`], [`crate::Options::with_shape`] |
//! | store arrays as differences from another file | [`BaseSet::open`], [`crate::Options::with_bases`] |
//! | write arrays to files of their own | [`export`], [`mod@write`] |
//! | teach it a format | [`Parser`], [`Parsers::with`], [`crate::Options::with_parsers`] |
//!
//! A span is a hint and never more: bytes that no parser names, or that one names wrongly, are coded as any others and come back exactly.
//!
//! ```
//! use minlen::layout::Parsers;
//! let header = br#"{"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}"#;
//! let file = [&(header.len() as u64).to_le_bytes()[..], header, &[0; 24]].concat();
//! let (format, spans) = Parsers::default().listing(&&file[..])?.expect("a known format");
//! assert_eq!((format.name, &spans[0].name[..], &spans[0].shape[..]), ("safetensors", "w", &[2, 3][..]));
//! # Ok::<(), minlen::Error>(())
//! ```

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
