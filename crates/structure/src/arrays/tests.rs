//! Known answers, limits and damage, for the parsers of headers.

use super::find_array;
use crate::{Found, Source};
use crate::{Parsers, formats};
use minlen_core::layout::{Declared, Dtype, Element, Span};
use minlen_core::{ErrorKind, Result};

/// The arrays of a file, by offset.
pub(super) fn layout(source: &dyn Source) -> Result<Option<minlen_core::Layout>> {
    Parsers::arrays().layout(source)
}

/// The arrays of a file as it names them.
pub(super) fn listing(source: &dyn Source) -> Result<Option<Found>> {
    Parsers::arrays().listing(source)
}

fn source(bytes: &&[u8]) -> Option<minlen_core::Layout> {
    layout(bytes).unwrap()
}

fn of_head(prefix: &[u8], total: u64) -> Option<minlen_core::Layout> {
    Parsers::arrays().layout_of_head(prefix, total, minlen_core::Kind::Tensors)
}

fn tensor(name: &str, dtype: Dtype, shape: &[u64], start: u64, len: u64) -> Span {
    Span::array(name, dtype, shape.to_vec(), start, len)
}

pub fn safetensors(header: &str, data: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &vec![7; data]].concat()
}

pub fn npy(dictionary: &str, data: usize) -> Vec<u8> {
    let head: &[u8] = b"\x93NUMPY\x01\x00";
    [head, &(dictionary.len() as u16).to_le_bytes(), dictionary.as_bytes(), &vec![1; data]].concat()
}

/// A GGUF file of version 3 with one Q8_0 array of 2 x 64, one of an unknown type, and an alignment of 64.
pub fn gguf(big: bool) -> Vec<u8> {
    let mut out = b"GGUF".to_vec();
    let u32b = |n: u32| if big { n.to_be_bytes() } else { n.to_le_bytes() };
    let u64b = |n: u64| if big { n.to_be_bytes() } else { n.to_le_bytes() };
    let string = |out: &mut Vec<u8>, text: &str| {
        out.extend(u64b(text.len() as u64));
        out.extend(text.as_bytes());
    };
    out.extend(u32b(3));
    out.extend(u64b(2));
    out.extend(u64b(2));
    string(&mut out, "general.alignment");
    out.extend([u32b(4), u32b(64)].concat());
    string(&mut out, "tokens");
    out.extend([u32b(9), u32b(8)].concat());
    out.extend(u64b(2));
    string(&mut out, "a");
    string(&mut out, "bc");
    for (name, shape, code, offset) in [("w", &[64u64, 2][..], 8, 0u64), ("odd", &[10], 999, 192)] {
        string(&mut out, name);
        out.extend(u32b(shape.len() as u32));
        shape.iter().for_each(|dim| out.extend(u64b(*dim)));
        out.extend(u32b(code));
        out.extend(u64b(offset));
    }
    out.resize(out.len().next_multiple_of(64) + 192 + 10, 5);
    out
}

#[test]
fn safetensors_with_ties_and_odd_types() {
    let header = r#"{"__metadata__":{"a":"b"},
        "w":{"dtype":"BF16","shape":[2,3],"data_offsets":[0,12]},
        "tied":{"dtype":"BF16","shape":[2,3],"data_offsets":[0,12]},
        "f4":{"dtype":"F4","shape":[4],"data_offsets":[16,18]},
        "none":{"dtype":"F32","shape":[0],"data_offsets":[18,18]},
        "z":{"dtype":"C64","shape":[],"data_offsets":[18,26]}}"#;
    let file = safetensors(header, 26);
    let data = 8 + header.len() as u64;
    let found = source(&file.as_slice()).unwrap();
    assert_eq!(found.format, formats::SAFETENSORS);
    assert_eq!(
        found.spans,
        [
            tensor("w", Dtype::Bf16, &[2, 3], data, 12),
            tensor("f4", Dtype::Bytes, &[2], data + 16, 2).declaring(Declared::new(
                Element::Safetensors("F4".into()),
                vec![4],
                (2, 1)
            )),
            tensor("z", Dtype::F32, &[2], data + 18, 8).declaring(Declared::new(
                Element::Complex(Dtype::F32),
                vec![],
                (1, 8)
            )),
        ]
    );
    let (_, all) = listing(&file.as_slice()).unwrap().unwrap();
    assert_eq!(find_array(&all, "tied").unwrap().start, data);
    assert_eq!(of_head(&file[..data as usize], file.len() as u64).unwrap(), found);
    assert!(of_head(&file[..40], u64::MAX).is_none());
}

#[test]
fn broken_safetensors_are_named() {
    let kind = |header: &str| layout(&safetensors(header, 8).as_slice()).unwrap_err().kind();
    for header in [
        r#"{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#,
        r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
        r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#,
        r#"{"w":{"dtype":"F32","shape":[18446744073709551615,2],"data_offsets":[0,8]}}"#,
        r#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"v":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}"#,
        r#"{"w":{"dtype":"F32"}}"#,
        r#"{"w":"#,
    ] {
        assert_eq!(kind(header), ErrorKind::Corrupt, "{header}");
    }
    let deep = format!("{{\"w\":{}", "[".repeat(100_000));
    assert_eq!(kind(&deep), ErrorKind::Corrupt);
    let short = &safetensors(r#"{"w":{}}"#, 0)[..12];
    assert!(layout(&short).unwrap_err().is_truncated());
}

#[test]
fn npy_of_all_sorts() {
    let one = |dictionary: &str, data: usize| {
        let file = npy(dictionary, data);
        source(&file.as_slice()).unwrap().spans.into_iter().next().map(|t| (t.dtype, t.shape, t.len))
    };
    let head = |descr: &str, shape: &str| {
        format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n")
    };
    assert_eq!(one(&head("'<f4'", "(2, 3)"), 24), Some((Dtype::F32, vec![2, 3], 24)));
    assert_eq!(one(&head("'<f8'", "()"), 8), Some((Dtype::F64, vec![], 8)));
    assert_eq!(one(&head("'>f8'", "(3,)"), 24), Some((Dtype::Bytes, vec![3, 8], 24)));
    assert_eq!(one(&head("'<c8'", "(3L,)"), 24), Some((Dtype::F32, vec![3, 2], 24)));
    assert_eq!(one(&head("'<U2'", "(3,)"), 24), Some((Dtype::U32, vec![3, 2], 24)));
    assert_eq!(one(&head("'<M8[ns]'", "(3,)"), 24), Some((Dtype::I64, vec![3], 24)));
    assert_eq!(one(&head("'|b1'", "(3,)"), 3), Some((Dtype::Bytes, vec![3, 1], 3)));
    assert_eq!(one(&head("[('a', '<f4'), ('b', 'u1')]", "(3,)"), 15), Some((Dtype::Bytes, vec![3, 5], 15)));
    assert_eq!(one(&head("'|O'", "(3,)"), 15), None);
    let fortran = "{'descr': '<f2', 'fortran_order': True, 'shape': (2, 3), }";
    assert_eq!(one(fortran, 12), Some((Dtype::F16, vec![3, 2], 12)));
    let twice = npy(&head("'<i2'", "(4,)"), 8).repeat(2);
    assert_eq!(source(&twice.as_slice()).unwrap().spans.len(), 2);
    let head = npy(&head("'<i2'", "(400,)"), 0);
    assert_eq!(of_head(&head, u64::MAX).unwrap().spans[0].len, 800);
}

#[test]
fn broken_npy_are_named() {
    let kind = |text: &str| layout(&npy(text, 8).as_slice()).unwrap_err().kind();
    assert_eq!(kind("nothing"), ErrorKind::Corrupt);
    assert_eq!(kind("{'descr': '<f4', 'fortran_order': False, 'shape': (9,)}"), ErrorKind::Truncated);
    let absurd = "{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999, 9999999999)}";
    assert_eq!(kind(absurd), ErrorKind::Truncated);
}

#[test]
fn gguf_of_both_byte_orders() {
    let file = gguf(false);
    let data = file.len() as u64 - 202;
    let found = source(&file.as_slice()).unwrap();
    assert_eq!(found.format, formats::GGUF);
    let unknown = Declared::new(Element::Unsized("ggml type 999".into()), vec![10], (1, 1));
    let odd = tensor("odd", Dtype::Bytes, &[10], data + 192, 10).declaring(unknown);
    assert_eq!(found.spans, [tensor("w", Dtype::Q8_0, &[2, 64], data, 136), odd.clone()]);
    let big = source(&gguf(true).as_slice()).unwrap();
    let blocks = Declared::new(Element::Foreign("q8_0 big-endian".into()), vec![2, 64], (32, 34));
    assert_eq!(big.spans, [tensor("w", Dtype::Bytes, &[136], data, 136).declaring(blocks), odd]);
}

/// Coding sees numbers, or bytes; what a file says of an array is kept beside that.
#[test]
fn arrays_are_declared_as_the_file_says() {
    let npy_of = |descr: &str, order: &str, shape: &str, data: usize| {
        let text = format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n");
        let found = source(&npy(&text, data).as_slice()).unwrap();
        let tensor = found.spans[0].clone();
        (tensor.checked(u64::MAX).unwrap(), tensor.inexact())
    };
    let (big, inexact) = npy_of("'>f4'", "False", "(2, 3)", 24);
    assert_eq!((&big.element, big.big_endian, inexact), (&Element::Number(Dtype::F32), true, None));
    let (fortran, inexact) = npy_of("'<f8'", "True", "(2, 3)", 48);
    assert_eq!((fortran.shape.as_slice(), fortran.is_column_major()), (&[2, 3][..], true));
    assert_eq!(inexact, Some(Dtype::F64));
    assert_eq!(npy_of("'<f2'", "False", "(2, 3)", 12).1, None);
    let (text, _) = npy_of("'<U2'", "False", "(3,)", 24);
    assert_eq!((text.element, text.unit), (Element::Npy("'<U2'".into()), (1, 8)));
    // Records are as long as their fields, whatever these are called; coding them as rows is not to make floats of them.
    let descr = "[('shape', '<f4'), ('descr', '<f4', (2, 2)), (('t', 'n'), [('q', '|u1')])]";
    let (records, inexact) = npy_of(descr, "False", "(3,)", 63);
    assert_eq!((records.element, records.unit.1, inexact), (Element::Npy(descr.into()), 21, None));
    assert_eq!(npy_of("'<c8'", "False", "(3,)", 24).0.element, Element::Complex(Dtype::F32));
    assert_eq!(npy_of("'|b1'", "False", "(3,)", 3).0.element, Element::Bool);
    assert_eq!(npy_of("'<f16'", "False", "(3,)", 48).0.element, Element::Npy("'<f16'".into()));
    let objects = npy("{'descr': [('a', '|O'), ('b', '<f4')], 'fortran_order': False, 'shape': (3,), }", 60);
    assert!(layout(&objects.as_slice()).unwrap().unwrap().spans.is_empty());
}

/// Every truncation and every changed byte: an answer, never a panic.
#[test]
fn damaged_headers_are_answered() {
    let header = r#"{"w":{"dtype":"BF16","shape":[2,3],"data_offsets":[0,12]}}"#;
    let npy = npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", 24);
    for file in [safetensors(header, 12), npy, gguf(false), gguf(true)] {
        for end in 0..file.len() {
            let _ = layout(&&file[..end]);
            let _ = of_head(&file[..end], file.len() as u64);
        }
        let mut damaged = file.clone();
        for at in 0..file.len() {
            for byte in [0, 1, 0x7f, 0x80, 0xff, file[at] ^ 1, file[at] ^ 0x10] {
                damaged[at] = byte;
                if let Ok(Some(found)) = layout(&damaged.as_slice()) {
                    assert!(found.spans.iter().all(|t| t.start + t.len <= damaged.as_slice().len() as u64));
                }
            }
            damaged[at] = file[at];
        }
    }
}

#[test]
fn other_files_are_none() {
    for case in minlen_core::testing::edge_cases() {
        assert!(source(&case.as_slice()).is_none());
    }
    assert_eq!(Source::len(&b"".as_slice()), 0);
}
