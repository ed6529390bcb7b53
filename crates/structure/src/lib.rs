//! What files are made of.
//!
//! A [`Parser`] turns bytes into a layout: spans with a kind, a type, a shape, an order of bytes and a name
//! ([`minlen_core::layout`]). [`Parsers`] is the table of them; whoever asks it learns what a file declares, what its first bytes
//! declare, what a part of some data may be read as. Nobody above this crate knows a format, and nothing here knows a codec.
//!
//! | Room | Reads |
//! |---|---|
//! | [`arrays`] | safetensors, GGUF, npy, npz, IDX, PyTorch, TFLite, HDF5, ONNX; numbers by their looks |
//! | [`pixels`] | BMP, PNM, TIFF, DICOM, TGA; rows by their looks |
//! | [`sound`] | WAV, AIFF |
//! | [`tar`] | tar archives, whatever state they are in |
//! | [`sqlite`] | SQLite databases |
//!
//! [`export`] and [`mod@write`] go the other way: arrays into files of their own.
//!
//! ```
//! use minlen_structure::Parsers;
//! let wav = [&b"RIFF\x2c\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0\x44\xac\0\0\x10\xb1\x02\0\x04\0\x10\0data\x08\0\0\0"[..], &[7; 8]].concat();
//! let layout = Parsers::default().layout(&&wav[..])?.expect("sound");
//! let span = &layout.spans[0];
//! assert_eq!((layout.format.name, span.kind.name(), &span.shape[..]), ("wav", "sound", &[2, 2][..]));
//! # Ok::<(), minlen_core::Error>(())
//! ```
//!
//! ## Which function should I use?
//!
//! | You want to know | Use |
//! |---|---|
//! | what a file declares, in its own order | [`Parsers::listing`] |
//! | the same in the order of bytes, overlaps refused | [`Parsers::layout`] |
//! | only what the file itself says, nothing by its looks | [`Parsers::declared`] |
//! | what the first bytes of a stream declare | [`Parsers::layout_of_head`] |
//! | what numbers without a header look like | [`Parsers::guess`], [`arrays::probe()`] |
//! | where the pixels or the samples of some bytes are | [`pixels::find`], [`sound::find`] |
//! | how to take one array out of a file | [`export`] |
//!
//! ## What may be relied on
//!
//! Parsers take bytes from anywhere. Counts and offsets are checked against the length of the file before they are used, nothing is
//! allocated by a number that was read before that, and no input makes them panic. Work is linear in the bytes of the header. A parser
//! that finds its own format broken says so with an error; whoever compresses then treats the file as plain bytes. Names and shapes come
//! from the file and are as trustworthy as that.
//!
//! ```
//! use minlen_core::ErrorKind;
//! use minlen_structure::Parsers;
//! // A safetensors header that promises four bytes, in a file that has three.
//! let header = br#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
//! let file = [&(header.len() as u64).to_le_bytes()[..], header, &[0; 3]].concat();
//! assert_eq!(Parsers::default().layout(&&file[..]).unwrap_err().kind(), ErrorKind::Corrupt);
//! // A listing gives what the file says; a span of it is to be looked at before it is used.
//! let (_, spans) = Parsers::default().listing(&&file[..])?.expect("what the header says");
//! assert!(spans[0].checked(file.len() as u64).is_err());
//! // What no parser knows is no error.
//! assert!(Parsers::default().listing(&&b"just words"[..])?.is_none());
//! # Ok::<(), minlen_core::Error>(())
//! ```

pub mod arrays;
pub mod export;
pub mod formats;
mod parser;
pub mod pixels;
mod reader;
pub mod sound;
mod source;
pub mod sqlite;
mod table;
pub mod tar;
mod types;
mod worth;
pub mod write;

pub use parser::{Found, Parser};
pub use reader::Reader;
pub use source::{FileSource, Source};
pub use table::Parsers;
pub use types::safetensors_dtype;
