//! NumPy's npy: a magic number, a Python dictionary as text, one array.
//!
//! Source: `numpy.lib.format`, versions 1 to 3.

use super::{MAX_RANK, Reader, byte_len, push};
use crate::{Dtype, Tensor};
use minlen_core::{Error, Result};

const MAGIC: &[u8] = b"\x93NUMPY";
/// NumPy itself refuses headers of more than 10,000 characters; structured types may need more.
const MAX_HEADER: u64 = 1 << 20;

/// What a header says.
struct Header<'a> {
    descr: &'a str,
    shape: Vec<u64>,
}

/// The arrays of a file: one, or several that were saved one after the other.
pub fn parse_file(reader: &mut Reader<'_>) -> Result<Option<Vec<Tensor>>> {
    let (mut at, end) = (0, reader.len());
    let mut tensors = Vec::new();
    while reader.has(at, MAGIC)? {
        let Some((tensor, next)) = parse(reader, at, end, String::new())? else { break };
        if let Some(tensor) = tensor {
            push(&mut tensors, tensor)?;
        }
        // What follows is beyond the bytes at hand where only a prefix is.
        at = next;
        if reader.has(at, MAGIC).is_err() {
            break;
        }
    }
    Ok((at > 0).then_some(tensors))
}

/// The array in the npy file at `start..end` of the source, and where it ends; no array if its elements are objects.
/// `None` if there is no such file.
pub fn parse(
    reader: &mut Reader<'_>,
    start: u64,
    end: u64,
    name: String,
) -> Result<Option<(Option<Tensor>, u64)>> {
    if end.saturating_sub(start) < 12 || !reader.has(start, MAGIC)? {
        return Ok(None);
    }
    let corrupt = |what: &str| Error::corrupt(format!("npy header: {what}")).at(start);
    let (at, size) = match reader.array::<1>(start + 6)? {
        [1] => (start + 10, u64::from(reader.u16(start + 8)?)),
        [2 | 3] => (start + 12, u64::from(reader.u32(start + 8)?)),
        _ => return Err(Error::unsupported("npy format of an unknown version").at(start + 6)),
    };
    let data = at.checked_add(size).filter(|data| size <= MAX_HEADER && *data <= end);
    let data = data.ok_or_else(|| corrupt("longer than the file or 1 MiB"))?;
    let text = reader.bytes(at, size as usize)?;
    let text = std::str::from_utf8(text).map_err(|_| corrupt("not text"))?;
    let header =
        Header::parse(text).ok_or_else(|| corrupt("not a dictionary of descr, fortran_order and shape"))?;
    let Some(tensor) = header.tensor(name, data, end) else { return Ok(Some((None, end))) };
    let tensor = tensor.filter(|tensor| tensor.len <= end - data);
    let tensor = tensor.ok_or_else(|| Error::truncated("the npy array is longer than the file").at(data))?;
    let next = data + tensor.len;
    Ok(Some((Some(tensor), next)))
}

impl<'a> Header<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let value = |key: &str| {
            let after = &text[text.find(key)? + key.len()..];
            Some(after.trim_start().strip_prefix(':')?.trim_start())
        };
        let descr = value("'descr'")?;
        let descr = match descr.strip_prefix('\'') {
            Some(simple) => &simple[..simple.find('\'')?],
            None => "",
        };
        let fortran = value("'fortran_order'")?.starts_with("True");
        let dims = value("'shape'")?.strip_prefix('(')?;
        let dims = &dims[..dims.find(')')?];
        let dims = dims.split(',').map(|dim| dim.trim().trim_end_matches('L')).filter(|dim| !dim.is_empty());
        let mut shape: Vec<u64> = dims.map(|dim| dim.parse().ok()).collect::<Option<_>>()?;
        if shape.len() > MAX_RANK {
            return None;
        }
        if fortran {
            // The order of storage is what counts: the first dimension runs fastest.
            shape.reverse();
        }
        Some(Self { descr, shape })
    }

    /// The type of one element and, where an element is several numbers or bytes, how many.
    fn dtype(&self) -> Option<(Dtype, Option<u64>)> {
        let (order, rest) = self.descr.split_at_checked(1)?;
        let kind = rest.chars().next()?;
        let digits: String = rest[kind.len_utf8()..].chars().take_while(char::is_ascii_digit).collect();
        let size: u64 = digits.parse().ok()?;
        let dtype = match (kind, size) {
            ('f', 8) => (Dtype::F64, None),
            ('f', 4) => (Dtype::F32, None),
            ('f', 2) => (Dtype::F16, None),
            ('c', 16) => (Dtype::F64, Some(2)),
            ('c', 8) => (Dtype::F32, Some(2)),
            ('i', 1) => (Dtype::I8, None),
            ('u', 1) => (Dtype::U8, None),
            ('i', 2) => (Dtype::I16, None),
            ('u', 2) => (Dtype::U16, None),
            ('i', 4) => (Dtype::I32, None),
            ('u', 4) => (Dtype::U32, None),
            ('i' | 'm' | 'M', 8) => (Dtype::I64, None),
            ('u', 8) => (Dtype::U64, None),
            ('U', _) => (Dtype::U32, Some(size)),
            _ => (Dtype::Bytes, Some(size)),
        };
        // Big-endian numbers keep their shape as rows of bytes.
        let whole = size.checked_mul(if kind == 'U' { 4 } else { 1 })?;
        Some(if order == ">" && whole > 1 { (Dtype::Bytes, Some(whole)) } else { dtype })
    }

    /// `None` for objects, `Some(None)` for an absurd shape.
    fn tensor(mut self, name: String, start: u64, end: u64) -> Option<Option<Tensor>> {
        if self.descr.contains('O') {
            return None;
        }
        let (dtype, inner) = match self.dtype() {
            Some(known) => known,
            // A structured type: the file says how long a record is.
            None if self.descr.is_empty() && end != u64::MAX => {
                let records = self.shape.iter().try_fold(1u64, |all, dim| all.checked_mul(*dim));
                let records = records.filter(|n| *n > 0 && (end - start).is_multiple_of(*n))?;
                (Dtype::Bytes, Some((end - start) / records))
            }
            None => return None,
        };
        if inner.is_some() && dtype == Dtype::Bytes {
            // Records as rows.
            self.shape =
                vec![self.shape.iter().try_fold(1u64, |all, dim| all.checked_mul(*dim)).unwrap_or(u64::MAX)];
        }
        self.shape.extend(inner);
        let len = byte_len(dtype, &self.shape);
        Some(len.map(|len| Tensor { name, dtype, shape: self.shape, start, len }))
    }
}
