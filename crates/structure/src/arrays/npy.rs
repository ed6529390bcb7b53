//! NumPy's npy: a magic number, a Python dictionary as text, one array.
//!
//! Source: `numpy.lib.format`, versions 1 to 3.

use super::common::{MAX_RANK, byte_len, push};
use super::literal::{self, Literal};
use crate::reader::Reader;
use minlen_core::layout::{Declared, Dtype, Element, Span};
use minlen_core::{Error, Result};

const MAGIC: &[u8] = b"\x93NUMPY";
/// NumPy itself refuses headers of more than 10,000 characters; structured types may need more.
const MAX_HEADER: u64 = 1 << 20;

/// What a header says.
struct Header {
    /// The type as it is written.
    descr: String,
    scalar: Option<Scalar>,
    /// Bytes of an element.
    size: u64,
    fortran: bool,
    shape: Vec<u64>,
}

/// The arrays of a file: one, or several that were saved one after the other.
pub fn parse_file(reader: &mut Reader<'_>) -> Result<Option<Vec<Span>>> {
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
) -> Result<Option<(Option<Span>, u64)>> {
    if end.saturating_sub(start) < 12 || !reader.has(start, MAGIC)? {
        return Ok(None);
    }
    let corrupt = |what: &str| Error::corrupt(format!("npy header: {what}")).at(start);
    let [version] = reader.array(start + 6)?;
    let (at, size) = match version {
        1 => (start + 10, u64::from(reader.u16(start + 8)?)),
        2 | 3 => (start + 12, u64::from(reader.u32(start + 8)?)),
        _ => return Err(Error::unsupported("npy format of an unknown version").at(start + 6)),
    };
    let data = at.checked_add(size).filter(|data| size <= MAX_HEADER && *data <= end);
    let data = data.ok_or_else(|| corrupt("longer than the file or 1 MiB"))?;
    let text = reader.bytes(at, size as usize)?;
    // Before version 3 the text is Latin-1.
    let text = match version {
        3 => std::str::from_utf8(text).map_err(|_| corrupt("not text"))?.to_owned(),
        _ => text.iter().copied().map(char::from).collect(),
    };
    let header =
        Header::parse(&text).ok_or_else(|| corrupt("not a dictionary of descr, fortran_order and shape"))?;
    let Some(header) = header else { return Ok(Some((None, end))) };
    let tensor = header.tensor(name, data).filter(|tensor| tensor.len <= end - data);
    let tensor = tensor.ok_or_else(|| Error::truncated("the npy array is longer than the file").at(data))?;
    let next = data + tensor.len;
    Ok(Some((Some(tensor), next)))
}

impl Header {
    /// `None` for what is no header, `Some(None)` where elements are objects, which lie elsewhere.
    fn parse(text: &str) -> Option<Option<Self>> {
        let Literal::Dict(pairs) = literal::parse(text)? else { return None };
        let [mut descr, mut fortran, mut shape] = [None; 3];
        for (key, value, text) in &pairs {
            let slot = match *key {
                "descr" => &mut descr,
                "fortran_order" => &mut fortran,
                "shape" => &mut shape,
                _ => return None,
            };
            if slot.replace((value, *text)).is_some() {
                return None;
            }
        }
        let (Literal::Bool(fortran), Literal::Items(shape)) = (fortran?.0, shape?.0) else { return None };
        let sizes = shape.iter().map(|size| if let Literal::Int(size) = size { Some(*size) } else { None });
        let shape: Vec<u64> = sizes.collect::<Option<_>>()?;
        let (kind, text) = descr?;
        let Some(size) = size_of(kind)? else { return Some(None) };
        let scalar = if let Literal::Text(name) = kind { Scalar::parse(name) } else { None };
        let descr = text.to_owned();
        (shape.len() <= MAX_RANK).then_some(Some(Self { descr, scalar, size, fortran: *fortran, shape }))
    }

    /// The type that coding sees in an element and, where that is several numbers or bytes, how many.
    fn dtype(&self) -> (Dtype, Option<u64>) {
        let Some(scalar) = &self.scalar else { return (Dtype::Bytes, Some(self.size)) };
        // Big-endian numbers keep their shape as rows of bytes.
        if scalar.order == '>' && self.size > 1 {
            return (Dtype::Bytes, Some(self.size));
        }
        match (scalar.number(), scalar.kind, scalar.count) {
            (Some(dtype), ..) => (dtype, None),
            (_, 'c', 16) => (Dtype::F64, Some(2)),
            (_, 'c', 8) => (Dtype::F32, Some(2)),
            (_, 'm' | 'M', 8) => (Dtype::I64, None),
            (_, 'U', count) => (Dtype::U32, Some(count)),
            _ => (Dtype::Bytes, Some(self.size)),
        }
    }

    /// What the header itself says.
    fn declared(&self) -> Declared {
        let element = match &self.scalar {
            // `=` is the order of the machine that wrote it, whatever that was.
            Some(scalar) if self.size == 1 || matches!(scalar.order, '<' | '>') => {
                match (scalar.number(), scalar.kind, self.size) {
                    (Some(dtype), ..) => Element::Number(dtype),
                    (_, 'b', 1) => Element::Bool,
                    (_, 'c', 16) => Element::Complex(Dtype::F64),
                    (_, 'c', 8) => Element::Complex(Dtype::F32),
                    _ => Element::Npy(self.descr.clone()),
                }
            }
            _ => Element::Npy(self.descr.clone()),
        };
        let big = self.scalar.as_ref().is_some_and(|scalar| scalar.order == '>');
        let declared = Declared::new(element, self.shape.clone(), (1, self.size));
        declared.big_endian(big).column_major(self.fortran)
    }

    /// `None` for an absurd shape.
    fn tensor(self, name: String, start: u64) -> Option<Span> {
        let declared = self.declared();
        let (dtype, inner) = self.dtype();
        let mut shape = self.shape;
        if self.fortran {
            // The order of storage is what counts for coding: the first dimension runs fastest.
            shape.reverse();
        }
        if inner.is_some() && dtype == Dtype::Bytes {
            // Records as rows.
            shape = vec![shape.iter().try_fold(1u64, |all, dim| all.checked_mul(*dim)).unwrap_or(u64::MAX)];
        }
        shape.extend(inner);
        let len = byte_len(dtype, &shape)?;
        Some(Span::array(name, dtype, shape, start, len).declaring(declared))
    }
}

/// A type that is no record, such as `<f4`, `|S10` or `<M8[ns]`.
struct Scalar {
    order: char,
    kind: char,
    /// Bytes, or characters.
    count: u64,
}

impl Scalar {
    fn parse(name: &str) -> Option<Self> {
        // Without a mark it is the order of the machine.
        let order = name.chars().next().filter(|mark| "<>|=".contains(*mark));
        let mut chars = name.get(usize::from(order.is_some())..)?.chars();
        let (order, kind) = (order.unwrap_or('='), chars.next()?);
        let rest = chars.as_str();
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (count, unit) = rest.split_at(digits);
        let unit_fits = unit.is_empty() || matches!(kind, 'm' | 'M') && unit.starts_with('[');
        (kind.is_ascii_alphabetic() && unit_fits).then_some(())?;
        // Objects have no size.
        let count = if kind == 'O' && count.is_empty() { 0 } else { count.parse().ok()? };
        Some(Self { order, kind, count })
    }

    fn size(&self) -> Option<u64> {
        self.count.checked_mul(if self.kind == 'U' { 4 } else { 1 })
    }

    fn number(&self) -> Option<Dtype> {
        Some(match (self.kind, self.count) {
            ('f', 8) => Dtype::F64,
            ('f', 4) => Dtype::F32,
            ('f', 2) => Dtype::F16,
            ('i', 1) => Dtype::I8,
            ('u', 1) => Dtype::U8,
            ('i', 2) => Dtype::I16,
            ('u', 2) => Dtype::U16,
            ('i', 4) => Dtype::I32,
            ('u', 4) => Dtype::U32,
            ('i', 8) => Dtype::I64,
            ('u', 8) => Dtype::U64,
            _ => return None,
        })
    }
}

/// Bytes of an element of the type that `descr` names: `None` for no such type, `Some(None)` if there are objects in it.
fn size_of(descr: &Literal<'_>) -> Option<Option<u64>> {
    match descr {
        Literal::Text(name) => {
            let scalar = Scalar::parse(name)?;
            if scalar.kind == 'O' { Some(None) } else { scalar.size().map(Some) }
        }
        Literal::Items(fields) => {
            let mut all = 0u64;
            for field in fields {
                let Literal::Items(parts) = field else { return None };
                // A name (or a title and a name), a type, and for a field of several its shape.
                let (kind, times) = match parts.as_slice() {
                    [_, kind] => (kind, 1),
                    [_, kind, shape] => (kind, product(shape)?),
                    _ => return None,
                };
                let Some(size) = size_of(kind)? else { return Some(None) };
                all = all.checked_add(size.checked_mul(times)?)?;
            }
            Some(Some(all))
        }
        _ => None,
    }
}

fn product(shape: &Literal<'_>) -> Option<u64> {
    match shape {
        Literal::Int(size) => Some(*size),
        Literal::Items(sizes) => sizes.iter().try_fold(1u64, |all, size| match size {
            Literal::Int(size) => all.checked_mul(*size),
            _ => None,
        }),
        _ => None,
    }
}
