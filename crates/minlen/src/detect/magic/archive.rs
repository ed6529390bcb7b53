//! Archives, compressed or not.

use crate::detect::{found, view::View};
use minlen_core::{Detection, Kind};

pub(crate) fn find(data: &[u8], total: u64) -> Option<Detection> {
    let v = View(data);
    tar(v).or_else(|| cpio(v)).or_else(|| ar(v)).or_else(|| zip(v)).or_else(|| others(v, total))
}

/// A tar header is known by its checksum, so that the old kind without magic is found too.
fn tar(v: View<'_>) -> Option<Detection> {
    let block = v.bytes(0, 512)?;
    if !tar_header(block) {
        return None;
    }
    let flavour = match (&block[257..265], block[156]) {
        (b"ustar  \0", _) => "GNU tar",
        (magic, b'x' | b'g') if magic.starts_with(b"ustar\0") => "pax tar",
        (magic, _) if magic.starts_with(b"ustar") => "ustar",
        _ => "old tar",
    };
    let confidence = if flavour == "old tar" { 94 } else { 98 };
    found(Kind::Tar, confidence, flavour)
}

/// True if the 512 bytes are a tar header with a right checksum.
pub(crate) fn tar_header(block: &[u8]) -> bool {
    if block.len() < 512 || block[0] == 0 {
        return false;
    }
    let Some(expected) = octal(&block[148..156]) else { return false };
    let sum: u64 =
        block.iter().enumerate().map(|(i, &b)| if (148..156).contains(&i) { 32 } else { u64::from(b) }).sum();
    sum == expected
}

/// A number in octal digits with spaces before and NUL or space after, as tar has it.
pub(crate) fn octal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(field).ok()?.trim_matches([' ', '\0']);
    u64::from_str_radix(text, 8).ok()
}

fn cpio(v: View<'_>) -> Option<Detection> {
    let text = match v.bytes(0, 6)? {
        b"070701" | b"070702" => v.bytes(6, 104)?.iter().all(u8::is_ascii_hexdigit),
        b"070707" => v.bytes(6, 70)?.iter().all(|b| (b'0'..=b'7').contains(b)),
        _ => return None,
    };
    text.then(|| found(Kind::Tar, 97, "cpio"))?
}

fn ar(v: View<'_>) -> Option<Detection> {
    if !v.has(0, b"!<arch>\n") || !v.has(66, b"`\n") {
        return None;
    }
    found(Kind::Tar, 97, if v.has(8, b"debian-binary") { "Debian package" } else { "ar" })
}

fn zip(v: View<'_>) -> Option<Detection> {
    if v.has(0, b"PK\x05\x06") && v.le16(8)? == 0 {
        return found(Kind::Zip, 95, "ZIP, empty");
    }
    if !v.has(0, b"PK\x03\x04") || v.u8(4)? > 63 {
        return None;
    }
    let (method, length) = (v.le16(8)?, usize::from(v.le16(26)?));
    if !matches!(method, 0..=10 | 12 | 14 | 18..=20 | 93..=99) || length > 4096 {
        return None;
    }
    let head = View(v.upto(0, 16 << 10));
    let name = v.upto(30, length);
    let what = match name {
        b"mimetype" => {
            let kind = View(v.upto(30 + length + usize::from(v.le16(28)?), 60));
            match () {
                () if kind.has(0, b"application/epub") => "EPUB",
                () if kind.has(0, b"application/vnd.oasis") => "OpenDocument",
                () => "ZIP",
            }
        }
        b"[Content_Types].xml" | b"_rels/.rels" => office(head),
        _ if name.starts_with(b"META-INF/") => "Java archive",
        _ if name.ends_with(b"/data.pkl") || name.ends_with(b".npy") => "ZIP of tensors",
        b"AndroidManifest.xml" => "Android package",
        _ if head.find(b"[Content_Types].xml", 16 << 10).is_some() => office(head),
        _ => "ZIP",
    };
    found(Kind::Zip, 97, what)
}

fn office(head: View<'_>) -> &'static str {
    let parts: [(&[u8], &str); 3] = [(b"word/", "DOCX"), (b"xl/", "XLSX"), (b"ppt/", "PPTX")];
    parts.iter().find(|(part, _)| head.find(part, 16 << 10).is_some()).map_or("Open XML document", |p| p.1)
}

fn others(v: View<'_>, total: u64) -> Option<Detection> {
    if v.has(0, b"7z\xbc\xaf\x27\x1c\0") {
        return found(Kind::Zip, 98, "7z");
    }
    if v.has(0, b"Rar!\x1a\x07\0") || v.has(0, b"Rar!\x1a\x07\x01\0") {
        return found(Kind::Zip, 98, "RAR");
    }
    if v.has(0, b"MSCF\0\0\0\0") && u64::from(v.le32(8)?) <= total {
        return found(Kind::Zip, 97, "Cabinet");
    }
    if v.has(0, b"xar!\0\x1c") {
        return found(Kind::Zip, 95, "xar");
    }
    if v.has(0, b"\xed\xab\xee\xdb") && matches!(v.u8(4)?, 3 | 4) {
        return found(Kind::Zip, 96, "RPM");
    }
    if matches!(v.bytes(0, 4)?, b"hsqs") && v.le16(28)? == 4 {
        return found(Kind::Zip, 96, "SquashFS");
    }
    // LHA: a method between dashes, of a fixed set of letters.
    let lha = v.has(2, b"-l") && v.u8(6)? == b'-' && matches!(v.u8(4)?, b'h' | b'z');
    if lha {
        return found(Kind::Zip, 92, "LHA");
    }
    v.has(32_769, b"CD001\x01").then(|| found(Kind::Tar, 96, "ISO 9660"))?
}
