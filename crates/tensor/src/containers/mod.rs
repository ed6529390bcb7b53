//! Parsers of containers: where in a file the arrays are.
//!
//! A parser reads just enough of a file to name spans with a type and a shape. Whatever it does not name (headers, padding,
//! compressed members) belongs to other codecs, so a parser can never lose bytes; what it may not do is to trust them: counts
//! and offsets are checked against the file before use, and the work is linear in the bytes of the header.

#[cfg(test)]
mod archives;
pub mod export;
mod gguf;
mod hdf5;
mod literal;
mod npy;
mod onnx;
mod pickle;
pub mod probe;
mod protobuf;
mod reader;
mod safetensors;
#[cfg(test)]
mod tests;
mod tflite;
mod torch;
pub mod write;
mod zip;

use crate::{Dtype, Format, Layout, Source, Tensor};
use minlen_core::{Error, ErrorKind, Result};
pub use probe::{blob, probe};
use reader::Reader;

/// Arrays that one file may hold.
const MAX_TENSORS: usize = 1 << 18;
/// Dimensions that one array may have.
const MAX_RANK: usize = 64;
/// Bytes of a name that are kept. Formats let many arrays point to one name, so this times the arrays bounds the memory.
const MAX_NAME: usize = 512;

/// The arrays of a file as its container names them: in the container's order, tied arrays under each of their names.
///
/// # Errors
/// As [`layout`], but overlaps are not looked for.
pub fn listing(source: &dyn Source) -> Result<Option<(Format, Vec<Tensor>)>> {
    let mut reader = Reader::new(source);
    let reader = &mut reader;
    if let Some(found) = parse_head(reader)? {
        return Ok(Some(found));
    }
    if let Some(members) = members(reader)? {
        let torch = torch::parse(reader, &members)?.map(|tensors| (Format::Torch, tensors));
        return match torch {
            Some(found) => Ok(Some(found)),
            None => Ok(zip::npz(reader, &members)?.map(|tensors| (Format::Npz, tensors))),
        };
    }
    if let Some(tensors) = tflite::parse(reader)? {
        return Ok(Some((Format::Tflite, tensors)));
    }
    if let Some(tensors) = hdf5::parse(reader, source)? {
        return Ok(Some((Format::Hdf5, tensors)));
    }
    Ok(onnx::parse(reader)?.map(|tensors| (Format::Onnx, tensors)))
}

/// The stored members of a ZIP file. What is wrong with ZIP files that may have nothing to do with arrays is not ours to say.
fn members(reader: &mut Reader<'_>) -> Result<Option<Vec<zip::Member>>> {
    match zip::members(reader) {
        Err(error) if error.kind() != ErrorKind::Io => Ok(None),
        found => found,
    }
}

/// The array with this name.
#[must_use]
pub fn find_tensor<'a>(tensors: &'a [Tensor], name: &str) -> Option<&'a Tensor> {
    tensors.iter().find(|tensor| tensor.name == name)
}

/// The arrays of a file in one of the known containers; `None` for any other file.
///
/// # Errors
/// Corrupt, truncated or a limit where the file is of a known format but broken: it is then to be treated as plain bytes.
/// Whatever reading gives.
pub fn layout(source: &dyn Source) -> Result<Option<Layout>> {
    checked(listing(source)?, source.len())
}

/// The arrays that the container itself declares: as [`layout`], without what was found by its looks.
///
/// # Errors
/// As [`layout`].
pub fn declared(source: &dyn Source) -> Result<Option<Layout>> {
    let found = match listing(source)? {
        Some((Format::Hdf5, _)) => Some((Format::Hdf5, hdf5::named(&mut Reader::new(source))?)),
        found => found,
    };
    let told = |(format, mut tensors): (Format, Vec<Tensor>)| {
        tensors.retain(|tensor| tensor.declared().element != crate::Element::Unknown);
        (format, tensors)
    };
    checked(found.map(told), source.len())
}

/// The same where only the first bytes of a file of `total` bytes (`u64::MAX` where unknown) are at hand: safetensors, GGUF and npy.
///
/// # Errors
/// As [`layout`]; truncated also if `prefix` ends before the header does.
pub fn for_prefix(prefix: &[u8], total: u64) -> Result<Option<Layout>> {
    checked(parse_head(&mut Reader::head(&prefix, prefix.len() as u64, total))?, total)
}

fn checked(found: Option<(Format, Vec<Tensor>)>, len: u64) -> Result<Option<Layout>> {
    found.map(|(format, tensors)| Layout::new(format, tensors, len)).transpose()
}

/// The formats whose arrays follow a header that names them.
fn parse_head(reader: &mut Reader<'_>) -> Result<Option<(Format, Vec<Tensor>)>> {
    let (format, tensors) = if let Some(tensors) = safetensors::parse(reader)? {
        (Format::Safetensors, tensors)
    } else if let Some(tensors) = gguf::parse(reader)? {
        (Format::Gguf, tensors)
    } else if let Some(tensors) = npy::parse_file(reader)? {
        (Format::Npy, tensors)
    } else {
        return Ok(None);
    };
    Ok(Some((format, tensors)))
}

/// Bytes of an array of this shape, or `None` if that is absurd. A row must be whole units.
fn byte_len(dtype: Dtype, shape: &[u64]) -> Option<u64> {
    let per = dtype.weights() as u64;
    if shape.last().copied().unwrap_or(1) % per != 0 {
        return None;
    }
    let weights = shape.iter().try_fold(1u64, |all, dim| all.checked_mul(*dim))?;
    (weights / per).checked_mul(dtype.unit() as u64)
}

/// An array whose length is known from elsewhere: the shape is kept if it fits, else it becomes one row, else plain bytes; what does
/// not fit is declared as unknown, unless the caller says more.
fn fitted(name: String, dtype: Dtype, shape: Vec<u64>, start: u64, len: u64) -> Tensor {
    if byte_len(dtype, &shape) == Some(len) {
        return Tensor::new(name, dtype, shape, start, len);
    }
    let unit = dtype.unit() as u64;
    let (dtype, shape) = match len % unit {
        0 => (dtype, vec![len / unit * dtype.weights() as u64]),
        _ => (Dtype::Bytes, vec![len]),
    };
    Tensor::new(name, dtype, shape, start, len).untold()
}

/// Appends, up to the limit.
fn push(tensors: &mut Vec<Tensor>, tensor: Tensor) -> Result<()> {
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
