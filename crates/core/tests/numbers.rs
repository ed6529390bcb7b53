//! Integers and fields of the format, read and written.

use minlen_core::testing::cases;
use minlen_core::varint::{self, Reader};
use minlen_core::{Error, Result};

#[test]
fn integers_are_read_in_their_shortest_form_only() {
    for case in cases::read(include_str!("cases/varints.txt"), 2) {
        let bytes = case.hex(0);
        let mut reader = Reader::new(&bytes);
        case.expect(
            reader.varint().map(|value| format!("{value}, {}", cases::show(reader.rest())).trim().to_owned()),
        );
        if let Ok(value) = Reader::new(&bytes).varint() {
            let mut out = vec![0xee];
            varint::put(&mut out, value);
            assert_eq!(&out[1..], &bytes[..bytes.len() - reader.rest().len()], "line {}", case.line);
            assert_eq!(varint::len(value), out.len() - 1, "line {}", case.line);
        }
    }
}

/// The field that `kind` names, as text.
fn field(kind: &str, reader: &mut Reader<'_>) -> Result<Option<String>> {
    if let Some(kind) = kind.strip_suffix('?') {
        let before = reader.rest();
        assert!(field(kind, reader).is_err() && reader.rest() == before);
        return Ok(Some("-".to_owned()));
    }
    Ok(Some(match kind {
        "u8" => reader.u8()?.to_string(),
        "u32" => reader.u32()?.to_string(),
        "u64" => reader.u64()?.to_string(),
        "v" => reader.varint()?.to_string(),
        "end" if reader.is_empty() => return Ok(None),
        "end" => return Err(Error::corrupt(format!("{} bytes left", reader.rest().len()))),
        _ if kind.starts_with('v') => reader.varint_max(cases::number(&kind[1..]), "n")?.to_string(),
        _ => cases::show(reader.bytes(kind[1..].parse().unwrap())?),
    }))
}

#[test]
fn fields_follow_one_another() {
    for case in cases::read(include_str!("cases/fields.txt"), 3) {
        let bytes = case.hex(0);
        let mut reader = Reader::new(&bytes);
        let read: Result<Vec<_>> = case.fields[1].split(", ").map(|kind| field(kind, &mut reader)).collect();
        case.expect(
            read.map(|values| values.into_iter().flatten().collect::<Vec<_>>().join(", ").trim().to_owned()),
        );
    }
}

#[test]
fn an_array_has_its_length() {
    let mut reader = Reader::new(&[1, 2, 3, 4]);
    assert_eq!(reader.array::<3>().unwrap(), [1, 2, 3]);
    assert!(reader.array::<2>().unwrap_err().is_truncated());
    assert_eq!(reader.array::<1>().unwrap(), [4]);
    assert!(reader.is_empty());
}
