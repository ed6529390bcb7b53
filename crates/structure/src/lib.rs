//! What files are made of.
//!
//! A [`Parser`] turns bytes into a layout: spans with a kind, a type, a shape, an order of bytes and a name
//! ([`minlen_core::layout`]). [`Parsers`] is the table of them; whoever asks it learns what a file declares, what its first bytes
//! declare, what a part of some data may be read as. Nobody above this crate knows a format, and nothing here knows a codec.
//!
//! | Room | Reads |
//! |---|---|
//! | [`arrays`] | safetensors, GGUF, npy, npz, PyTorch, TFLite, HDF5, ONNX; numbers by their looks |
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
