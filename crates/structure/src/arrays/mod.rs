//! Arrays in model files and files of measurements.
//!
//! Where a format holds more than arrays (headers, padding, compressed members), the rest belongs to nobody.

#[cfg(test)]
mod archives;
pub(crate) mod gguf;
mod hdf5;
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

use crate::{Found, Parser, Parsers, Reader, Source, formats};
use minlen_core::layout::{Dtype, Format, Layout, Span};
use minlen_core::{Error, ErrorKind, Kind, Result};
use std::sync::Arc;

/// Arrays that one file may hold.
const MAX_TENSORS: usize = 1 << 18;
/// Dimensions that one array may have.
const MAX_RANK: usize = 64;
/// Bytes of a name that are kept. Formats let many arrays point to one name, so this times the arrays bounds the memory.
const MAX_NAME: usize = 512;

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
fn members(reader: &mut Reader<'_>) -> Result<Option<Vec<zip::Member>>> {
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
        match self.parse(file)? {
            Some((format, _)) => Ok(Some((format, hdf5::named(file)?))),
            None => Ok(None),
        }
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

/// The arrays of a file as its container names them: in the container's order, tied arrays under each of their names.
///
/// # Errors
/// As [`layout`], but overlaps are not looked for.
pub fn listing(source: &dyn Source) -> Result<Option<Found>> {
    Parsers::arrays().listing(source)
}

/// The array with this name.
#[must_use]
pub fn find_array<'a>(spans: &'a [Span], name: &str) -> Option<&'a Span> {
    spans.iter().find(|span| span.name == name)
}

/// The arrays of a file in one of the known containers; `None` for any other file.
///
/// # Errors
/// As [`Parser::parse`].
pub fn layout(source: &dyn Source) -> Result<Option<Layout>> {
    Parsers::arrays().layout(source)
}

/// Bytes of an array of this shape, or `None` if that is absurd. A row must be whole units.
pub(crate) fn byte_len(dtype: Dtype, shape: &[u64]) -> Option<u64> {
    let per = dtype.weights() as u64;
    if shape.last().copied().unwrap_or(1) % per != 0 {
        return None;
    }
    let weights = shape.iter().try_fold(1u64, |all, dim| all.checked_mul(*dim))?;
    (weights / per).checked_mul(dtype.unit() as u64)
}

/// An array whose length is known from elsewhere: the shape is kept if it fits, else it becomes one row, else plain bytes; what does
/// not fit is declared as unknown, unless the caller says more.
fn fitted(name: String, dtype: Dtype, shape: Vec<u64>, start: u64, len: u64) -> Span {
    if byte_len(dtype, &shape) == Some(len) {
        return Span::array(name, dtype, shape, start, len);
    }
    let unit = dtype.unit() as u64;
    let (dtype, shape) = match len % unit {
        0 => (dtype, vec![len / unit * dtype.weights() as u64]),
        _ => (Dtype::Bytes, vec![len]),
    };
    Span::array(name, dtype, shape, start, len).undeclared()
}

/// Appends, up to the limit.
fn push(tensors: &mut Vec<Span>, tensor: Span) -> Result<()> {
    if tensors.len() >= MAX_TENSORS {
        return Err(Error::limit(format!("more than {MAX_TENSORS} arrays in one file")).at(tensor.start));
    }
    tensors.push(tensor);
    Ok(())
}

/// Text of a name: what is not UTF-8 is replaced, what is too long cut off.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.get(..MAX_NAME).unwrap_or(bytes)).into_owned()
}
