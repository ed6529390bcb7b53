//! How a payload says where its arrays are (docs/format/codecs/tensors.md).

use crate::streams;
use minlen_core::varint::{Reader, put};
use minlen_core::{BaseSpan, Dtype, Error, Result, Span};
use minlen_tensor::dtype::{code, from_code};

/// Arrays of one part at most.
const MOST: u64 = 1 << 22;
/// Dimensions of an array at most.
const RANK: u64 = 64;

/// How an array is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// Together with the others.
    Group = 0,
    /// As a field or series, exactly, with a payload of its own.
    Field = 1,
    /// As a field or series within an error bound, with a payload of its own.
    Bounded = 2,
    /// By static tables as the difference from its base, with a payload of its own.
    Delta = 3,
}

/// An array as the payload describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Described {
    pub(super) start: usize,
    pub(super) len: usize,
    pub(super) dtype: Dtype,
    /// Units in a row.
    pub(super) columns: usize,
    pub(super) method: Method,
    /// Bytes of its own payload, if it has one, and the lower half of the XXH3 of what it decodes to.
    pub(super) own: usize,
    pub(super) sum: u32,
    pub(super) base: Option<BaseSpan>,
}

impl Described {
    /// What is known of a span, to be coded with the others.
    pub(super) fn new(span: &Span) -> Option<Self> {
        let dtype = span.dtype;
        let (start, len) = (usize::try_from(span.start).ok()?, usize::try_from(span.len).ok()?);
        let fits = len > 0 && len.is_multiple_of(dtype.unit()) && start.checked_add(len).is_some();
        let columns = usize::try_from(span.columns()).unwrap_or(usize::MAX).min(len / dtype.unit());
        fits.then_some(Self {
            start,
            len,
            dtype,
            columns,
            method: Method::Group,
            own: 0,
            sum: 0,
            base: span.base,
        })
    }

    fn end(&self) -> usize {
        self.start + self.len
    }
}

/// Appends the description: field by field, as equal fields stand together best.
pub(super) fn write(arrays: &[Described], out: &mut Vec<u8>) {
    put(out, arrays.len() as u64);
    let mut end = 0;
    for array in arrays {
        put(out, (array.start - end) as u64);
        end = array.end();
    }
    for array in arrays {
        let flags = (array.method as u8) << 1 | u8::from(array.base.is_some());
        out.extend([code(array.dtype), flags]);
    }
    arrays.iter().for_each(|array| put(out, array.columns as u64));
    arrays.iter().for_each(|array| put(out, (array.len / array.dtype.unit()) as u64));
    let own = arrays.iter().filter(|array| array.method != Method::Group);
    for array in own {
        put(out, array.own as u64);
        out.extend(array.sum.to_le_bytes());
    }
    write_bases(arrays, out);
}

fn write_bases(arrays: &[Described], out: &mut Vec<u8>) {
    let bases: Vec<BaseSpan> = arrays.iter().filter_map(|array| array.base).collect();
    let mut files: Vec<[u8; 32]> = Vec::new();
    for base in &bases {
        if !files.contains(&base.file) {
            files.push(base.file);
        }
    }
    if bases.is_empty() {
        return;
    }
    put(out, files.len() as u64);
    files.iter().for_each(|file| out.extend_from_slice(file));
    for base in &bases {
        put(out, files.iter().position(|file| *file == base.file).unwrap_or(0) as u64);
        put(out, base.start);
    }
}

/// Reads a description of arrays within `total` bytes.
///
/// # Errors
/// Corrupt for what no encoder wrote.
pub(super) fn read(bytes: &[u8], total: usize) -> Result<Vec<Described>> {
    let mut r = Reader::new(bytes);
    let count = r.varint_max(MOST.min(bytes.len() as u64), "the number of arrays")? as usize;
    let gaps = (0..count).map(|_| r.varint_max(total as u64, "a gap")).collect::<Result<Vec<_>>>()?;
    let kinds = (0..count).map(|_| r.array::<2>()).collect::<Result<Vec<_>>>()?;
    let columns = (0..count).map(|_| r.varint_max(total as u64, "a row")).collect::<Result<Vec<_>>>()?;
    let mut arrays = Vec::with_capacity(count);
    let mut end = 0u64;
    for ((gap, [dtype, flags]), columns) in gaps.into_iter().zip(kinds).zip(columns) {
        let dtype = from_code(dtype).ok_or_else(|| Error::corrupt("tensors: no such type of numbers"))?;
        let method = match flags >> 1 {
            0 => Method::Group,
            1 => Method::Field,
            2 => Method::Bounded,
            3 => Method::Delta,
            _ => return Err(Error::corrupt("tensors: no such way to code an array")),
        };
        let units = r.varint_max(total as u64, "an array's length")?;
        let (start, len) = (end + gap, units * dtype.unit() as u64);
        end = start + len;
        if end > total as u64 || units == 0 || columns == 0 {
            return Err(Error::corrupt("tensors: an array that does not fit"));
        }
        // What has a base is marked until the bases come.
        let base = (flags & 1 == 1).then_some(BaseSpan { file: [0; 32], start: 0 });
        let (start, len, columns) = (start as usize, len as usize, columns as usize);
        arrays.push(Described { start, len, dtype, columns, method, own: 0, sum: 0, base });
    }
    for array in arrays.iter_mut().filter(|array| array.method != Method::Group) {
        array.own = r.varint_max(1 << 32, "the length of an array's payload")? as usize;
        array.sum = r.u32()?;
    }
    read_bases(&mut r, &mut arrays)?;
    if r.is_empty() { Ok(arrays) } else { Err(Error::corrupt("tensors: a description with bytes left over")) }
}

fn read_bases(r: &mut Reader<'_>, arrays: &mut [Described]) -> Result<()> {
    let mut bases = arrays.iter_mut().filter_map(|array| array.base.as_mut()).peekable();
    if bases.peek().is_none() {
        return Ok(());
    }
    let count = r.varint_max(RANK, "the number of bases")?;
    let files = (0..count).map(|_| r.array::<32>()).collect::<Result<Vec<_>>>()?;
    for base in bases {
        let file = r.varint_max(RANK, "a base")? as usize;
        base.file = *files.get(file).ok_or_else(|| Error::corrupt("tensors: no such base"))?;
        base.start = r.varint()?;
    }
    Ok(())
}

/// The ranges between the arrays, in order.
pub(super) fn gaps(arrays: &[Described], total: usize) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
    streams::around(arrays.iter().map(|array| array.start..array.end()), total)
}
