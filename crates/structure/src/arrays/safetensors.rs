//! Hugging Face safetensors: eight bytes of header length, a JSON object, the arrays.
//!
//! Source: the format section of the safetensors project's README, whose limit on the header is kept here.

use super::common::{MAX_NAME, MAX_RANK, fitted, push};
use crate::reader::Reader;
use minlen_core::layout::{Declared, Dtype, Element, Span};
use minlen_core::{Error, Result};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Bytes of header that the format allows.
const MAX_HEADER: u64 = 100_000_000;

/// The type with this name in a header: as coding sees it with, for pairs, their length, and as it is.
pub fn dtype(name: &str) -> Option<(Dtype, Option<u64>, Element)> {
    let number = |dtype| (dtype, None, Element::Number(dtype));
    Some(match name {
        "F64" => number(Dtype::F64),
        "F32" => number(Dtype::F32),
        "F16" => number(Dtype::F16),
        "BF16" => number(Dtype::Bf16),
        "F8_E4M3" => number(Dtype::F8E4m3),
        "F8_E5M2" => number(Dtype::F8E5m2),
        "I8" => number(Dtype::I8),
        "U8" => number(Dtype::U8),
        "I16" => number(Dtype::I16),
        "U16" => number(Dtype::U16),
        "I32" => number(Dtype::I32),
        "U32" => number(Dtype::U32),
        "I64" => number(Dtype::I64),
        "U64" => number(Dtype::U64),
        "BOOL" => (Dtype::Bytes, None, Element::Bool),
        // Complex numbers are pairs.
        "C64" => (Dtype::F32, Some(2), Element::Complex(Dtype::F32)),
        "C128" => (Dtype::F64, Some(2), Element::Complex(Dtype::F64)),
        _ => return None,
    })
}

/// Elements and bytes of the smallest unit of a type that coding takes as bytes.
fn unit(name: &str) -> Option<(u64, u64)> {
    Some(match name {
        "F4" => (2, 1),
        "F6_E2M3" | "F6_E3M2" => (4, 3),
        "F8_E8M0" | "F8_E4M3FNUZ" | "F8_E5M2FNUZ" => (1, 1),
        _ => return None,
    })
}

/// The arrays of the file, or `None` if it is not of this format.
pub fn parse(reader: &mut Reader<'_>) -> Result<Option<Vec<Span>>> {
    if reader.len() < 10 {
        return Ok(None);
    }
    let size = reader.u64(0)?;
    if !(2..=MAX_HEADER).contains(&size) || !reader.has(8, b"{")? {
        return Ok(None);
    }
    let data = 8 + size;
    let header = reader.bytes(8, size as usize).map_err(|error| match error.is_truncated() {
        true => Error::truncated(format!("the safetensors header should have {size} bytes")).at(8),
        false => error,
    })?;
    let mut json = serde_json::Deserializer::from_slice(header);
    let entries = Header
        .deserialize(&mut json)
        .and_then(|entries| json.end().map(|()| entries))
        .map_err(|error| Error::corrupt(format!("safetensors header: {error}")).at(8))?;
    let mut tensors = Vec::new();
    for (name, entry) in entries {
        push(&mut tensors, entry.tensor(name, data)?)?;
    }
    Ok(Some(tensors))
}

/// One entry of the header.
#[derive(Default)]
struct Entry {
    dtype: String,
    shape: Vec<u64>,
    offsets: Option<(u64, u64)>,
}

impl Entry {
    fn tensor(self, name: String, data: u64) -> Result<Span> {
        let offsets = self.offsets.filter(|(from, to)| from <= to);
        let start = offsets.and_then(|(from, _)| data.checked_add(from));
        let (Some(start), Some((from, to))) = (start, offsets) else {
            return Err(Error::corrupt(format!("array {name:?} has no valid data_offsets")).at(8));
        };
        let len = to - from;
        let Some((dtype, pair, element)) = dtype(&self.dtype) else {
            let declared = match unit(&self.dtype) {
                Some(unit) => Declared::new(Element::Safetensors(self.dtype), self.shape, unit),
                None => Declared::new(Element::Unsized(self.dtype), self.shape, (1, 1)),
            };
            return Ok(fitted(name, Dtype::Bytes, vec![len], start, len).declaring(declared));
        };
        let unit = dtype.unit() as u64 * pair.unwrap_or(1);
        let declared = Declared::new(element, self.shape.clone(), (1, unit));
        let mut shape = self.shape;
        shape.extend(pair);
        Ok(Span::array(name, dtype, shape, start, len).declaring(declared))
    }
}

/// Reads the header entry by entry, so that memory stays in proportion to the arrays named.
struct Header;

impl<'de> DeserializeSeed<'de> for Header {
    type Value = Vec<(String, Entry)>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Header {
    type Value = Vec<(String, Entry)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of arrays")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(mut name) = map.next_key::<String>()? {
            if name == "__metadata__" {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            if name.len() > MAX_NAME {
                name = super::common::text(name.as_bytes());
            }
            entries.push((name, map.next_value_seed(One)?));
            if entries.len() > super::common::MAX_TENSORS {
                return Err(serde::de::Error::custom("too many arrays"));
            }
        }
        Ok(entries)
    }
}

struct One;

impl<'de> DeserializeSeed<'de> for One {
    type Value = Entry;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Entry, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for One {
    type Value = Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with dtype, shape and data_offsets")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entry, A::Error> {
        let mut entry = Entry::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "dtype" => entry.dtype = map.next_value()?,
                "shape" => entry.shape = map.next_value_seed(Numbers)?,
                "data_offsets" => entry.offsets = Some(map.next_value()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(entry)
    }
}

struct Numbers;

impl<'de> DeserializeSeed<'de> for Numbers {
    type Value = Vec<u64>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Vec<u64>, D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Numbers {
    type Value = Vec<u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of dimensions")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<u64>, A::Error> {
        let mut shape = Vec::new();
        while let Some(dim) = seq.next_element()? {
            shape.push(dim);
            if shape.len() > MAX_RANK {
                return Err(serde::de::Error::custom("too many dimensions"));
            }
        }
        Ok(shape)
    }
}
