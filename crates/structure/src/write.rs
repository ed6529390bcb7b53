//! Writers of safetensors and GGUF files: a header, then the arrays in the order given.
//!
//! Sources as for the parsers.
//!
//! [`write_safetensors`] and [`write_gguf`] stream: the bytes of an array are asked for when it is its turn, so memory is that of the
//! largest array. Use [`crate::export`] instead where arrays come with another byte order, or for npy.
//!
//! ```
//! use minlen_core::ErrorKind;
//! use minlen_core::layout::{Dtype, Span};
//! use minlen_structure::Parsers;
//! use minlen_structure::write::{GgufMetadata, write_gguf, write_safetensors};
//! let arrays = [Span::array("a", Dtype::F32, vec![2], 0, 8), Span::array("b", Dtype::F32, vec![1], 0, 4)];
//! let data: [&[u8]; 2] = [&[1; 8], &[2; 4]];
//!
//! let mut file = Vec::new();
//! write_safetensors(&mut file, &arrays, &[("by".into(), "me".into())], &mut |i| Ok(data[i].into()))?;
//! let (_, found) = Parsers::arrays().listing(&&file[..])?.expect("arrays");
//! assert_eq!((found.len(), &file[found[1].start as usize..]), (2, &[2; 4][..]));
//!
//! let mut metadata = GgufMetadata::new();
//! metadata.set_string("general.name", "tiny");
//! let mut file = Vec::new();
//! write_gguf(&mut file, &metadata, &arrays, &mut |i| Ok(data[i].into()))?;
//! assert_eq!(GgufMetadata::read(&&file[..])?.keys().collect::<Vec<_>>(), ["general.name"]);
//! // One name twice is refused before anything is written.
//! let twice = [arrays[0].clone(), arrays[0].clone()];
//! let error = write_gguf(&mut Vec::new(), &metadata, &twice, &mut |i| Ok(data[i].into())).unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::Usage);
//! # Ok::<(), minlen_core::Error>(())
//! ```

use crate::arrays::common::byte_len;
use crate::arrays::gguf::{self, ALIGNMENT};
use crate::reader::Reader;
use crate::source::Source;
use crate::types::safetensors_type;
use minlen_core::layout::Span;
use minlen_core::{Error, Result};
use std::borrow::Cow;
use std::io::Write;

/// Bytes of metadata values that are copied.
const MAX_VALUE: u64 = 1 << 28;
/// What llama.cpp holds of a name (64 bytes with the terminator), and its largest rank.
const MAX_GGUF_NAME: usize = 63;
const MAX_GGUF_RANK: usize = 4;

/// Gives the bytes of the array with this index.
pub type Fetch<'a> = dyn FnMut(usize) -> Result<Cow<'a, [u8]>> + 'a;

/// Writes a safetensors file of arrays as they are declared, which must be row-major and little-endian. The offsets of `tensors` are
/// not used; `data` is asked for their bytes in order.
///
/// # Errors
/// Usage for types that safetensors lacks, names given twice, shapes without a length, and bytes that are not as long as the shape;
/// whatever `data` and writing give.
pub fn write_safetensors(
    out: &mut dyn Write,
    tensors: &[Span],
    metadata: &[(String, String)],
    data: &mut Fetch<'_>,
) -> Result<()> {
    let mut entries = Vec::new();
    for tensor in tensors {
        let declared = tensor.declared();
        let plain = declared.order.is_empty() && !declared.big_endian;
        let name = safetensors_type(&declared).filter(|_| plain).ok_or_else(|| {
            Error::usage(format!("safetensors has no type {} (array {:?})", declared.name(), tensor.name))
                .remedy("write GGUF, or dequantize")
        })?;
        entries.push((tensor.name.clone(), name.to_owned(), declared.shape.clone(), len(tensor)?));
    }
    put(out, &safetensors_header(&entries, metadata)?)?;
    for (i, tensor) in tensors.iter().enumerate() {
        put(out, &fetched(data, i, tensor)?)?;
    }
    Ok(())
}

/// What stands before the arrays of a safetensors file: of each its name, type, shape and bytes.
pub(super) fn safetensors_header(
    arrays: &[(String, String, Vec<u64>, u64)],
    metadata: &[(String, String)],
) -> Result<Vec<u8>> {
    unique(arrays.iter().map(|array| array.0.as_str()))?;
    let mut entries = Vec::new();
    if !metadata.is_empty() {
        let pairs: Vec<_> =
            metadata.iter().map(|(key, value)| format!("{}:{}", json(key), json(value))).collect();
        entries.push(format!("\"__metadata__\":{{{}}}", pairs.join(",")));
    }
    let mut at = 0u64;
    for (name, dtype, shape, len) in arrays {
        if name == "__metadata__" {
            return Err(Error::usage("an array of safetensors cannot be called \"__metadata__\""));
        }
        let end = at.checked_add(*len).ok_or_else(|| Error::usage("arrays of absurd lengths"))?;
        let (key, dtype) = (json(name), json(dtype));
        entries
            .push(format!("{key}:{{\"dtype\":{dtype},\"shape\":{shape:?},\"data_offsets\":[{at},{end}]}}"));
        at = end;
    }
    let mut header = format!("{{{}}}", entries.join(","));
    // Spaces align the arrays to eight bytes.
    header.extend(std::iter::repeat_n(' ', header.len().next_multiple_of(8) - header.len()));
    Ok([&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat())
}

/// The metadata of a GGUF file, to be copied to another one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GgufMetadata {
    /// Keys, and values as a file of version 3 holds them: the type first.
    pairs: Vec<(String, Vec<u8>)>,
    alignment: u64,
}

impl GgufMetadata {
    /// No metadata.
    #[must_use]
    pub fn new() -> Self {
        Self { pairs: Vec::new(), alignment: ALIGNMENT }
    }

    /// The metadata of a file.
    ///
    /// # Errors
    /// As the parser's; usage if it is no GGUF file; unsupported for version 1 and big-endian files; a limit on their length.
    pub fn read(source: &dyn Source) -> Result<Self> {
        let mut reader = Reader::new(source);
        let header = gguf::header(&mut reader)?.ok_or_else(|| Error::usage("not a GGUF file"))?;
        if header.big || header.version < 2 {
            return Err(Error::unsupported("metadata of a big-endian GGUF file or one of version 1"));
        }
        let (mut pairs, mut total) = (Vec::new(), 0);
        for (key, from, to) in header.metadata {
            total += to - from;
            if total > MAX_VALUE {
                return Err(Error::limit("GGUF metadata of more than 256 MiB").at(from));
            }
            pairs.push((key, reader.bytes(from, (to - from) as usize)?.to_vec()));
        }
        Ok(Self { pairs, alignment: header.alignment })
    }

    /// Keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().map(|(key, _)| key.as_str())
    }

    /// Sets a string.
    pub fn set_string(&mut self, key: &str, value: &str) {
        let len = (value.len() as u64).to_le_bytes();
        self.set(key, [&8u32.to_le_bytes()[..], &len, value.as_bytes()].concat());
    }

    /// Sets a number of 32 bits, for instance `general.file_type`.
    pub fn set_u32(&mut self, key: &str, value: u32) {
        if key == "general.alignment" {
            self.alignment = u64::from(value).max(1);
        }
        self.set(key, [4u32.to_le_bytes(), value.to_le_bytes()].concat());
    }

    fn set(&mut self, key: &str, value: Vec<u8>) {
        match self.pairs.iter_mut().find(|(held, _)| held == key) {
            Some((_, held)) => *held = value,
            None => self.pairs.push((key.to_owned(), value)),
        }
    }
}

/// Writes a GGUF file of version 3, little-endian. As [`write_safetensors`].
///
/// # Errors
/// Usage also for names of more than 63 bytes and more than four dimensions, which llama.cpp refuses, and for types that GGUF lacks.
pub fn write_gguf(
    out: &mut dyn Write,
    metadata: &GgufMetadata,
    tensors: &[Span],
    data: &mut Fetch<'_>,
) -> Result<()> {
    let alignment = metadata.alignment.max(1);
    put(out, &gguf_header(metadata, tensors)?)?;
    for (i, tensor) in tensors.iter().enumerate() {
        put(out, &fetched(data, i, tensor)?)?;
        let mut rest = vec![0; (len(tensor)? % alignment) as usize];
        let from = rest.len();
        pad(&mut rest, alignment);
        put(out, &rest[from..])?;
    }
    Ok(())
}

/// What stands before the arrays of a GGUF file.
pub(super) fn gguf_header(metadata: &GgufMetadata, tensors: &[Span]) -> Result<Vec<u8>> {
    unique(tensors.iter().map(|tensor| tensor.name.as_str()))?;
    let alignment = metadata.alignment.max(1);
    let mut head = b"GGUF\x03\0\0\0".to_vec();
    for number in [tensors.len(), metadata.pairs.len()] {
        head.extend((number as u64).to_le_bytes());
    }
    for (key, value) in &metadata.pairs {
        string(&mut head, key);
        head.extend(value);
    }
    let mut at = 0u64;
    for tensor in tensors {
        describe(&mut head, tensor, at)?;
        let end = at.checked_add(len(tensor)?).and_then(|end| end.checked_next_multiple_of(alignment));
        at = end.ok_or_else(|| Error::usage("arrays of absurd lengths"))?;
    }
    pad(&mut head, alignment);
    Ok(head)
}

/// Appends the description of an array whose data starts at `offset` of the arrays.
fn describe(head: &mut Vec<u8>, tensor: &Span, offset: u64) -> Result<()> {
    let name = &tensor.name;
    let refused = |what: &str| Error::usage(format!("GGUF array {name:?}: {what}"));
    let code = gguf::code(tensor.dtype).ok_or_else(|| refused("GGUF has no such type"))?;
    if name.len() > MAX_GGUF_NAME || tensor.shape.len() > MAX_GGUF_RANK {
        return Err(refused("longer than 63 bytes or of more than 4 dimensions"));
    }
    string(head, name);
    let shape: &[u64] = if tensor.shape.is_empty() { &[1] } else { &tensor.shape };
    head.extend((shape.len() as u32).to_le_bytes());
    shape.iter().rev().for_each(|dim| head.extend(dim.to_le_bytes()));
    head.extend(code.to_le_bytes());
    head.extend(offset.to_le_bytes());
    Ok(())
}

fn string(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

fn pad(out: &mut Vec<u8>, alignment: u64) {
    let padded = (out.len() as u64).next_multiple_of(alignment);
    out.resize(padded as usize, 0);
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn unique<'a>(names: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(Error::usage(format!("two arrays have the name {:?}", pair[0]))),
        None => Ok(()),
    }
}

fn len(tensor: &Span) -> Result<u64> {
    let declared = tensor.declaration.as_ref().map(|declared| declared.len());
    declared
        .unwrap_or_else(|| byte_len(tensor.dtype, &tensor.shape))
        .ok_or_else(|| Error::usage(format!("array {:?} has a shape without a length", tensor.name)))
}

fn fetched<'a>(data: &mut Fetch<'a>, index: usize, tensor: &Span) -> Result<Cow<'a, [u8]>> {
    let bytes = data(index)?;
    if bytes.len() as u64 != len(tensor)? {
        let (name, got) = (&tensor.name, bytes.len());
        return Err(Error::usage(format!("array {name:?} has {got} bytes, not as many as its shape")));
    }
    Ok(bytes)
}

fn put(out: &mut dyn Write, bytes: &[u8]) -> Result<()> {
    out.write_all(bytes).map_err(|error| Error::io("writing arrays", error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Parsers;
    use minlen_core::Dtype;

    fn tensor(name: &str, dtype: Dtype, shape: &[u64]) -> Span {
        let len = byte_len(dtype, shape).unwrap();
        Span::array(name, dtype, shape.to_vec(), 0, len)
    }

    fn bytes(tensor: &Span, seed: u8) -> Vec<u8> {
        (0..tensor.len).map(|i| (i as u8).wrapping_mul(31) ^ seed).collect()
    }

    fn check(file: &[u8], tensors: &[Span]) {
        let (_, found) = Parsers::arrays().listing(&file).unwrap().unwrap();
        assert_eq!(found.len(), tensors.len());
        for (i, (found, tensor)) in found.iter().zip(tensors).enumerate() {
            assert_eq!((&found.name, found.dtype, &found.shape), (&tensor.name, tensor.dtype, &tensor.shape));
            let held = &file[found.start as usize..][..found.len as usize];
            assert_eq!(held, bytes(tensor, i as u8));
        }
        assert!(Parsers::arrays().layout(&file).unwrap().is_some());
    }

    #[test]
    fn safetensors_are_read_back() {
        let tensors = [
            tensor("b \"quoted\"\n", Dtype::F32, &[2, 3]),
            tensor("a", Dtype::Bf16, &[]),
            tensor("none", Dtype::I64, &[0, 4]),
            tensor("c", Dtype::F8E5m2, &[5]),
        ];
        let mut file = Vec::new();
        let metadata = [("format".to_owned(), "pt".to_owned())];
        write_safetensors(&mut file, &tensors, &metadata, &mut |i| {
            Ok(Cow::Owned(bytes(&tensors[i], i as u8)))
        })
        .unwrap();
        check(&file, &tensors);
        assert!(file.windows(30).any(|part| part == b"{\"__metadata__\":{\"format\":\"pt\"}"[..30].as_ref()));
    }

    #[test]
    fn gguf_is_read_back_with_its_metadata() {
        let tensors = [
            tensor("w", Dtype::Q4_0, &[3, 64]),
            tensor("v", Dtype::F32, &[5]),
            tensor("u", Dtype::Q8_0, &[2, 2, 32]),
            tensor("t", Dtype::F16, &[7, 3]),
        ];
        let mut metadata = GgufMetadata::new();
        metadata.set_string("general.architecture", "llama");
        metadata.set_u32("general.alignment", 64);
        metadata.set_u32("general.file_type", 1);
        metadata.set_u32("general.file_type", 2);
        let mut file = Vec::new();
        write_gguf(&mut file, &metadata, &tensors, &mut |i| Ok(Cow::Owned(bytes(&tensors[i], i as u8))))
            .unwrap();
        check(&file, &tensors);
        assert_eq!(GgufMetadata::read(&file.as_slice()).unwrap(), metadata);
        assert_eq!(metadata.keys().count(), 3);
    }

    #[test]
    fn nonsense_is_refused() {
        let twice = [tensor("a", Dtype::F32, &[1]), tensor("a", Dtype::F32, &[1])];
        let packed = [tensor("a", Dtype::Q4_0, &[32])];
        let mut none = |_| Ok(Cow::Owned(Vec::new()));
        assert!(write_safetensors(&mut Vec::new(), &twice, &[], &mut none).is_err());
        assert!(write_safetensors(&mut Vec::new(), &packed, &[], &mut none).is_err());
        assert!(write_safetensors(&mut Vec::new(), &twice[..1], &[], &mut none).is_err());
        let long = [tensor(&"n".repeat(64), Dtype::F32, &[1])];
        assert!(write_gguf(&mut Vec::new(), &GgufMetadata::new(), &long, &mut none).is_err());
        assert!(GgufMetadata::read(&b"GGUF\0\0\0\x03".as_slice()).is_err());
    }
}
