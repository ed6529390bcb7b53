//! Arrays in model files and files of measurements.
//!
//! Where a format holds more than arrays (headers, padding, compressed members), the rest belongs to nobody.
//!
//! | You have | Use |
//! |---|---|
//! | a file of a known format | [`crate::Parsers::arrays`], which has the parsers of this module only |
//! | the spans of one, and a name | [`find_array`] |
//! | bytes that may be numbers from the first on | [`probe()`] |
//! | a file that may hold numbers somewhere | [`blob`] |
//!
//! The formats and their sources: safetensors (Hugging Face), GGUF (ggml), npy and npz (NumPy enhancement proposal 1), PyTorch checkpoints
//! (a ZIP file with a pickle, which is read as data and never run), TensorFlow Lite (a flat buffer), ONNX (a protocol buffer), HDF5.
//!
//! ```
//! use minlen_structure::{Parsers, arrays::find_array};
//! let header = br#"{"a":{"dtype":"I8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"F16","shape":[3],"data_offsets":[2,8]}}"#;
//! let file = [&(header.len() as u64).to_le_bytes()[..], header, &[0; 8]].concat();
//! let (_, spans) = Parsers::arrays().listing(&&file[..])?.expect("arrays");
//! let b = find_array(&spans, "b").expect("an array of that name");
//! assert_eq!((b.dtype.name(), b.len, find_array(&spans, "c")), ("f16", 6, None));
//! # Ok::<(), minlen_core::Error>(())
//! ```

#[cfg(test)]
mod archives;
pub(crate) mod common;
pub(crate) mod gguf;
mod hdf5;
mod idx;
mod literal;
mod npy;
mod onnx;
mod pickle;
pub mod probe;
mod protobuf;
mod safetensors;
#[cfg(test)]
mod tests;
mod tflite;
mod torch;
mod zip;

pub use probe::{blob, probe};
pub use zip::{Member, Packing, all_members};

use crate::formats;
use crate::parser::{Found, Parser};
use crate::reader::Reader;
use minlen_core::layout::{Format, Span};
use minlen_core::{ErrorKind, Kind, Result};
use std::sync::Arc;

/// Less than this is not worth a look.
const LEAST: usize = 256;
/// From this level on, data of which nothing is known is looked at.
const LOOK_LEVEL: u8 = 4;

/// A format that one function reads.
struct Plain {
    format: Format,
    /// A header at the front names everything.
    head: bool,
    parse: fn(&mut Reader<'_>) -> Result<Option<Vec<Span>>>,
}

/// Arrays in ZIP files: PyTorch checkpoints and npz.
struct Zipped;

/// HDF5.
struct Hdf5;

/// Numbers that nobody declares.
struct Blob;

/// The parsers of arrays, in the order in which they are asked.
pub(crate) fn parsers() -> Vec<Arc<dyn Parser>> {
    let plain = |format, head, parse| Arc::new(Plain { format, head, parse }) as Arc<dyn Parser>;
    vec![
        plain(formats::SAFETENSORS, true, safetensors::parse),
        plain(formats::GGUF, true, gguf::parse),
        plain(formats::NPY, true, npy::parse_file),
        plain(formats::IDX, true, idx::parse),
        Arc::new(Zipped),
        plain(formats::TFLITE, false, tflite::parse),
        Arc::new(Hdf5),
        plain(formats::ONNX, false, onnx::parse),
        Arc::new(Blob),
    ]
}

/// Kinds of data that may hold arrays: those that say so, and those that say nothing.
fn may_hold(kind: Kind, level: u8, len: usize) -> bool {
    len >= LEAST
        && match kind {
            Kind::Tensors | Kind::Float16 | Kind::Float32 | Kind::Float64 | Kind::Zip => true,
            Kind::Binary | Kind::Records => level >= LOOK_LEVEL,
            _ => false,
        }
}

/// The kinds of files that have arrays and say so.
fn holds(kind: Kind) -> bool {
    matches!(kind, Kind::Tensors | Kind::Zip)
}

impl Parser for Plain {
    fn name(&self) -> &'static str {
        self.format.name
    }

    fn parse(&self, file: &mut Reader<'_>) -> Result<Option<Found>> {
        Ok((self.parse)(file)?.map(|spans| (self.format, spans)))
    }

    fn is_head_enough(&self) -> bool {
        self.head
    }

    fn suits(&self, kind: Kind, level: u8, len: usize) -> bool {
        may_hold(kind, level, len)
    }

    fn declares(&self, kind: Kind) -> bool {
        holds(kind)
    }
}

impl Parser for Zipped {
    fn name(&self) -> &'static str {
        "zip"
    }

    fn parse(&self, file: &mut Reader<'_>) -> Result<Option<Found>> {
        let Some(members) = members(file)? else { return Ok(None) };
        let torch = torch::parse(file, &members)?.map(|spans| (formats::TORCH, spans));
        match torch {
            Some(found) => Ok(Some(found)),
            None => Ok(zip::npz(file, &members)?.map(|spans| (formats::NPZ, spans))),
        }
    }

    fn suits(&self, kind: Kind, level: u8, len: usize) -> bool {
        may_hold(kind, level, len)
    }

    fn declares(&self, kind: Kind) -> bool {
        holds(kind)
    }
}

/// The stored members of a ZIP file. What is wrong with ZIP files that may have nothing to do with arrays is not ours to say.
fn members(reader: &mut Reader<'_>) -> Result<Option<Vec<Member>>> {
    match zip::members(reader) {
        Err(error) if error.kind() != ErrorKind::Io => Ok(None),
        found => found,
    }
}

impl Parser for Hdf5 {
    fn name(&self) -> &'static str {
        formats::HDF5.name
    }

    fn parse(&self, file: &mut Reader<'_>) -> Result<Option<Found>> {
        Ok(hdf5::parse(file)?.map(|spans| (formats::HDF5, spans)))
    }

    fn parse_declared(&self, file: &mut Reader<'_>) -> Result<Option<Found>> {
        Ok(hdf5::named(file)?.map(|spans| (formats::HDF5, spans)))
    }

    fn suits(&self, kind: Kind, level: u8, len: usize) -> bool {
        may_hold(kind, level, len)
    }

    fn declares(&self, kind: Kind) -> bool {
        holds(kind)
    }
}

impl Parser for Blob {
    fn name(&self) -> &'static str {
        formats::BLOB.name
    }

    fn parse(&self, file: &mut Reader<'_>) -> Result<Option<Found>> {
        Ok(blob(file.source())?.map(|layout| (layout.format, layout.spans)))
    }

    fn guesses(&self) -> bool {
        true
    }

    fn suits(&self, kind: Kind, level: u8, len: usize) -> bool {
        kind != Kind::Zip && may_hold(kind, level, len)
    }
}

/// The array with this name.
#[must_use]
pub fn find_array<'a>(spans: &'a [Span], name: &str) -> Option<&'a Span> {
    spans.iter().find(|span| span.name == name)
}
