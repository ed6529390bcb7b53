//! Documents, databases and other binary files with a header.

use crate::detect::{found, view::View};
use minlen_core::{Detection, Kind};

/// Files known by their first bytes alone, which are long or odd enough.
const PLAIN: &[(&[u8], Kind, u8, &str)] = &[
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind::Binary, 97, "OLE2 document"),
    (b"ARROW1\0\0", Kind::Database, 96, "Arrow"),
    (b"Obj\x01\x04\x14avro.codec", Kind::Database, 96, "Avro"),
    (b"Obj\x01\x04\x16avro.schema", Kind::Database, 96, "Avro"),
    (b"Obj\x01\x02\x16avro.schema", Kind::Database, 96, "Avro"),
    (b"\0\x01\0\0Standard Jet DB\0", Kind::Database, 97, "Access"),
    (b"\0\x01\0\0Standard ACE DB\0", Kind::Database, 97, "Access"),
    (b"MThd\0\0\0\x06", Kind::Binary, 96, "MIDI"),
    (b"\xd4\xc3\xb2\xa1\x02\0\x04\0", Kind::Binary, 96, "pcap"),
    (b"\xa1\xb2\xc3\xd4\0\x02\0\x04", Kind::Binary, 96, "pcap"),
    (b"\x0a\x0d\x0d\x0a", Kind::Binary, 75, "pcapng"),
    (b"\xac\xed\0\x05", Kind::Binary, 91, "Java serialisation"),
    (b"bplist00", Kind::Binary, 95, "property list"),
];

pub(crate) fn find(data: &[u8], total: u64) -> Option<Detection> {
    let v = View(data);
    pdf(v).or_else(|| sqlite(v)).or_else(|| plain(v)).or_else(|| binary(v, total))
}

fn pdf(v: View<'_>) -> Option<Detection> {
    let at = v.find(b"%PDF-", 1024)?;
    let version = v.bytes(at + 5, 3)?;
    let digits = version[0].is_ascii_digit() && version[1] == b'.' && version[2].is_ascii_digit();
    digits.then(|| found(Kind::Pdf, if at == 0 { 98 } else { 86 }, super::printable(version, 3)))?
}

/// The header's page size must be a power of two and its three fractions the fixed ones.
fn sqlite(v: View<'_>) -> Option<Detection> {
    if !v.has(0, b"SQLite format 3\0") || v.bytes(21, 3)? != [64, 32, 32] {
        return None;
    }
    let page = match v.be16(16)? {
        1 => 65_536,
        size if size >= 512 && size.is_power_of_two() => u32::from(size),
        _ => return None,
    };
    found(Kind::Database, 99, format!("SQLite, pages of {page}"))
}

fn plain(v: View<'_>) -> Option<Detection> {
    let (_, kind, confidence, name) = PLAIN.iter().find(|(magic, ..)| v.has(0, magic))?;
    found(*kind, *confidence, *name)
}

fn binary(v: View<'_>, total: u64) -> Option<Detection> {
    if v.has(0, b"PAR1") && total >= 12 && !v.bytes(4, 1)?[0].is_ascii_graphic() {
        return found(Kind::Database, 91, "Parquet");
    }
    if (v.has(0, b"wOFF") || v.has(0, b"wOF2")) && u64::from(v.be32(8)?) == total {
        return found(Kind::Compressed, 96, "web font");
    }
    let tables = v.be16(4)?;
    if (v.has(0, b"\0\x01\0\0") || v.has(0, b"OTTO") || v.has(0, b"true")) && (4..64).contains(&tables) {
        // The search range follows from the number of tables.
        let range = 16u32 << tables.ilog2();
        return (u32::from(v.be16(6)?) == range).then(|| found(Kind::Binary, 95, "font"))?;
    }
    if v.has(0, b"PACK\0\0\0") && matches!(v.u8(7)?, 2 | 3) {
        return found(Kind::Compressed, 95, "git pack");
    }
    excel(v)
}

/// Excel before OLE2: records of type and length, the first of which opens the sheet.
fn excel(v: View<'_>) -> Option<Detection> {
    let (kind, length) = (v.le16(0)?, usize::from(v.le16(2)?));
    if !matches!(kind, 0x0009 | 0x0209 | 0x0409) || !matches!(length, 4 | 6 | 8) {
        return None;
    }
    let mut at = 4 + length;
    for _ in 0..8 {
        let (kind, length) = (v.le16(at)?, usize::from(v.le16(at + 2)?));
        if kind > 0x0fff || length > 2080 {
            return None;
        }
        at += 4 + length;
    }
    found(Kind::Binary, 91, "Excel sheet (BIFF)")
}
