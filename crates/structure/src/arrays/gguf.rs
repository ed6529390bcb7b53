//! llama.cpp's GGUF: metadata, descriptions of the arrays, the arrays at aligned offsets.
//!
//! Source: `docs/gguf.md` of the ggml project, versions 1 to 3; sizes of blocks: `ggml-common.h`.

use super::common::{MAX_NAME, MAX_RANK, MAX_TENSORS, byte_len, fitted, push, text};
use crate::reader::Reader;
use minlen_core::layout::{Declared, Dtype, Element, Span};
use minlen_core::{Error, Result};

/// Bytes of metadata and descriptions that are walked through; the largest vocabularies take some 20 MB.
const MAX_HEADER: u64 = 1 << 28;
/// Arrays of metadata within each other.
const MAX_DEPTH: u32 = 8;
/// Alignment where the metadata names none.
pub const ALIGNMENT: u64 = 32;

/// How the type of an array is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// One of our types.
    Known(Dtype),
    /// So many weights in so many bytes, coded as bytes.
    Opaque(u64, u64),
}

/// The type with this number in `ggml_type`.
pub fn packing(code: u32) -> Option<Packing> {
    use Packing::{Known, Opaque};
    Some(match code {
        0 => Known(Dtype::F32),
        1 => Known(Dtype::F16),
        2 => Known(Dtype::Q4_0),
        3 => Known(Dtype::Q4_1),
        6 => Known(Dtype::Q5_0),
        7 => Known(Dtype::Q5_1),
        8 => Known(Dtype::Q8_0),
        10 => Known(Dtype::Q2K),
        11 => Known(Dtype::Q3K),
        12 => Known(Dtype::Q4K),
        13 => Known(Dtype::Q5K),
        14 => Known(Dtype::Q6K),
        24 => Known(Dtype::I8),
        25 => Known(Dtype::I16),
        26 => Known(Dtype::I32),
        27 => Known(Dtype::I64),
        28 => Known(Dtype::F64),
        30 => Known(Dtype::Bf16),
        // Q8_1, Q8_K, the IQ, TQ and MXFP types: opaque blocks.
        9 => Opaque(32, 36),
        15 => Opaque(256, 292),
        16 => Opaque(256, 66),
        17 => Opaque(256, 74),
        18 => Opaque(256, 98),
        19 => Opaque(256, 50),
        20 => Opaque(32, 18),
        21 => Opaque(256, 110),
        22 => Opaque(256, 82),
        23 => Opaque(256, 136),
        29 => Opaque(256, 56),
        34 => Opaque(256, 54),
        35 => Opaque(256, 66),
        39 => Opaque(32, 17),
        _ => return None,
    })
}

/// The name of a type of opaque blocks.
fn opaque_name(code: u32) -> String {
    let name = match code {
        9 => "q8_1",
        15 => "q8_k",
        16 => "iq2_xxs",
        17 => "iq2_xs",
        18 => "iq3_xxs",
        19 => "iq1_s",
        20 => "iq4_nl",
        21 => "iq3_s",
        22 => "iq2_s",
        23 => "iq4_xs",
        29 => "iq1_m",
        34 => "tq1_0",
        35 => "tq2_0",
        39 => "mxfp4",
        other => return format!("ggml type {other}"),
    };
    name.into()
}

/// The number of a type in `ggml_type`, for the writer.
pub fn code(dtype: Dtype) -> Option<u32> {
    (0..40).find(|code| packing(*code) == Some(Packing::Known(dtype)))
}

/// What the header says.
pub struct Header {
    /// 1 to 3.
    pub version: u32,
    /// True where numbers are big-endian.
    pub big: bool,
    /// Keys of the metadata, and where each value (its type first) lies.
    pub metadata: Vec<(String, u64, u64)>,
    /// Of the arrays.
    pub alignment: u64,
    described: Vec<Described>,
    data: u64,
}

/// An array as it is described; its offset counts from the start of the arrays.
struct Described {
    name: String,
    shape: Vec<u64>,
    code: u32,
    offset: u64,
}

/// The arrays of the file, or `None` if it is not of this format.
pub fn parse(reader: &mut Reader<'_>) -> Result<Option<Vec<Span>>> {
    header(reader)?.map(|header| header.tensors(reader.len())).transpose()
}

/// The header of the file, or `None` if it is not of this format.
pub fn header(reader: &mut Reader<'_>) -> Result<Option<Header>> {
    if !reader.has(0, b"GGUF")? {
        return Ok(None);
    }
    let word = reader.u32(4)?;
    let big = word.swap_bytes() <= 3 && word > 3;
    let version = if big { word.swap_bytes() } else { word };
    if !(1..=3).contains(&version) {
        return Err(Error::unsupported(format!("GGUF version {version}")).at(4));
    }
    let mut walk = Walk { reader, at: 8, big, wide: version > 1 };
    let (arrays, pairs) = (walk.size()?, walk.size()?);
    if arrays > MAX_TENSORS as u64 || pairs > MAX_TENSORS as u64 {
        return Err(Error::limit(format!("GGUF file of {arrays} arrays and {pairs} pairs")).at(8));
    }
    let mut header =
        Header { version, big, metadata: Vec::new(), alignment: ALIGNMENT, described: Vec::new(), data: 0 };
    for _ in 0..pairs {
        walk.pair(&mut header)?;
    }
    for _ in 0..arrays {
        header.described.push(walk.describe()?);
    }
    header.data = walk.at.checked_next_multiple_of(header.alignment).unwrap_or(u64::MAX);
    Ok(Some(header))
}

impl Header {
    fn tensors(&self, len: u64) -> Result<Vec<Span>> {
        let mut offsets: Vec<u64> = self.described.iter().map(|array| array.offset).collect();
        offsets.sort_unstable();
        let mut tensors = Vec::new();
        for array in &self.described {
            // Where the type does not say how long the array is, it ends where the next one starts.
            let next = offsets.get(offsets.partition_point(|offset| *offset <= array.offset));
            let next = next.map_or(len, |next| self.data.saturating_add(*next));
            if let Some(tensor) = self.tensor(array, next)? {
                push(&mut tensors, tensor)?;
            }
        }
        Ok(tensors)
    }

    fn tensor(&self, array: &Described, next: u64) -> Result<Option<Span>> {
        let name = array.name.clone();
        let corrupt = |what: &str| Error::corrupt(format!("GGUF array {name:?}: {what}"));
        let start = self.data.checked_add(array.offset).ok_or_else(|| corrupt("absurd offset"))?;
        let mut shape = array.shape.clone();
        Ok(Some(match packing(array.code) {
            Some(Packing::Known(dtype)) => {
                let len = byte_len(dtype, &shape).ok_or_else(|| corrupt("absurd shape").at(start))?;
                if self.big && dtype.unit() > 1 {
                    let mut declared = Declared::numbers(dtype, shape.clone()).big_endian(true);
                    if dtype.weights() > 1 {
                        declared.element = Element::Foreign(format!("{} big-endian", dtype.name()));
                    }
                    shape.push(dtype.unit() as u64);
                    return Ok(Some(fitted(name, Dtype::Bytes, shape, start, len).declaring(declared)));
                }
                Span::array(name, dtype, shape, start, len)
            }
            Some(Packing::Opaque(weights, bytes)) => {
                let element = Element::Foreign(opaque_name(array.code));
                let declared = Declared::new(element, shape.clone(), (weights, bytes));
                let row = shape.pop().filter(|row| row % weights == 0);
                let row = row.and_then(|row| (row / weights).checked_mul(bytes));
                shape.extend(row);
                let len = row.and_then(|_| byte_len(Dtype::Bytes, &shape));
                let len = len.ok_or_else(|| corrupt("absurd shape").at(start))?;
                Span::array(name, Dtype::Bytes, shape, start, len).declaring(declared)
            }
            None if next != u64::MAX && next >= start => {
                let element = Element::Unsized(format!("ggml type {}", array.code));
                let declared = Declared::new(element, shape, (1, 1));
                fitted(name, Dtype::Bytes, Vec::new(), start, next - start).declaring(declared)
            }
            None => return Ok(None),
        }))
    }
}

/// A position in the header.
struct Walk<'a, 'b> {
    reader: &'a mut Reader<'b>,
    at: u64,
    big: bool,
    /// Sizes of 64 bits, from version 2 on.
    wide: bool,
}

impl Walk<'_, '_> {
    fn skip(&mut self, bytes: u64) -> Result<()> {
        let at = self.at.checked_add(bytes).filter(|at| *at <= self.reader.len());
        self.at = at.ok_or_else(|| Error::truncated("the GGUF header ends too early").at(self.at))?;
        if self.at > MAX_HEADER {
            return Err(Error::limit("GGUF header of more than 256 MiB").at(self.at));
        }
        Ok(())
    }

    fn u32(&mut self) -> Result<u32> {
        let bytes = self.reader.array(self.at)?;
        self.skip(4)?;
        Ok(if self.big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn u64(&mut self) -> Result<u64> {
        let bytes = self.reader.array(self.at)?;
        self.skip(8)?;
        Ok(if self.big { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) })
    }

    fn size(&mut self) -> Result<u64> {
        if self.wide { self.u64() } else { self.u32().map(u64::from) }
    }

    /// A string; only the start of a very long one is kept.
    fn string(&mut self) -> Result<String> {
        let size = self.size()?;
        let from = self.at;
        self.skip(size)?;
        Ok(text(self.reader.bytes(from, size.min(MAX_NAME as u64) as usize)?))
    }

    fn pair(&mut self, header: &mut Header) -> Result<()> {
        let key = self.string()?;
        let start = self.at;
        let kind = self.u32()?;
        if key == "general.alignment" && kind == 4 {
            let alignment = self.u32()?;
            if alignment == 0 || alignment > 1 << 20 {
                return Err(Error::corrupt(format!("GGUF alignment of {alignment}")).at(start));
            }
            header.alignment = u64::from(alignment);
        } else {
            self.value(kind, 0)?;
        }
        header.metadata.push((key, start, self.at));
        Ok(())
    }

    /// Passes over a value.
    fn value(&mut self, kind: u32, depth: u32) -> Result<()> {
        if let Some(width) = width(kind) {
            return self.skip(width);
        }
        match kind {
            8 => {
                let size = self.size()?;
                self.skip(size)
            }
            9 if depth < MAX_DEPTH => {
                let (kind, count) = (self.u32()?, self.size()?);
                if let Some(width) = width(kind) {
                    return self.skip(count.saturating_mul(width));
                }
                // Each element takes bytes, so the header's limit is also one on the count.
                (0..count).try_for_each(|_| self.value(kind, depth + 1))
            }
            9 => Err(Error::limit("GGUF metadata nested too deeply").at(self.at)),
            _ => Err(Error::corrupt(format!("GGUF metadata of an unknown type {kind}")).at(self.at)),
        }
    }

    fn describe(&mut self) -> Result<Described> {
        let name = self.string()?;
        let rank = self.u32()?;
        if rank as usize > MAX_RANK {
            return Err(Error::corrupt(format!("GGUF array {name:?} of {rank} dimensions")).at(self.at));
        }
        // Innermost dimension first.
        let mut shape = (0..rank).map(|_| self.size()).collect::<Result<Vec<_>>>()?;
        shape.reverse();
        Ok(Described { name, shape, code: self.u32()?, offset: self.u64()? })
    }
}

/// Bytes of a metadata value of a type of fixed width.
fn width(kind: u32) -> Option<u64> {
    Some(match kind {
        0 | 1 | 7 => 1,
        2 | 3 => 2,
        4..=6 => 4,
        10..=12 => 8,
        _ => return None,
    })
}
