//! DICOM (PS3.5) and its forerunner ACR-NEMA without a preamble, little endian, pixels that are not compressed.

use super::Layout;
use crate::sample::read::{le16, le32, span};
use std::ops::Range;

/// Elements that are read at most.
const ELEMENTS: usize = 20_000;

/// A length that is not given: the element ends with a delimiter.
const OPEN: u32 = u32::MAX;

#[derive(Default)]
struct Header {
    rows: u32,
    columns: u32,
    samples: u32,
    planar: u32,
    bits: u32,
    signed: bool,
    palette: bool,
}

/// An element: its tag, where its value begins, its length.
struct Element {
    tag: (u32, u32),
    at: usize,
    len: u32,
}

/// The pixels, if the file has them as they are.
pub fn detect(data: &[u8]) -> Option<(Range<usize>, Layout)> {
    let mut at = if data.get(128..132)? == b"DICM" { 132 } else { 0 };
    if at == 0 && !(le16(data, 0)? == 8 && le16(data, 2)? <= 0x20 && le32(data, 4)? <= 64) {
        return None;
    }
    let mut header = Header { samples: 1, ..Header::default() };
    let mut inside = 0u32;
    for _ in 0..ELEMENTS {
        let element = element(data, at)?;
        at = element.at;
        match element.tag {
            (0x7fe0, 0x10) if inside == 0 => return pixels(data, &header, &element),
            (0xfffe, 0xe00d | 0xe0dd) => inside = inside.saturating_sub(1),
            _ if element.len == OPEN => inside += 1,
            _ => {
                if inside == 0 {
                    header.take(data, &element);
                }
                at = at.checked_add(element.len as usize)?;
            }
        }
    }
    None
}

/// Reads an element's head, with or without a type in letters.
fn element(data: &[u8], at: usize) -> Option<Element> {
    let tag = (le16(data, at)?, le16(data, at + 2)?);
    let kind = data.get(at + 4..at + 6)?;
    let explicit = tag.0 != 0xfffe && kind.iter().all(u8::is_ascii_uppercase);
    let (at, len) = match kind {
        b"OB" | b"OW" | b"OF" | b"OD" | b"OL" | b"SQ" | b"UN" | b"UT" | b"UC" | b"UR" if explicit => {
            (at + 12, le32(data, at + 8)?)
        }
        _ if explicit => (at + 8, le16(data, at + 6)?),
        _ => (at + 8, le32(data, at + 4)?),
    };
    Some(Element { tag, at, len })
}

impl Header {
    fn take(&mut self, data: &[u8], element: &Element) {
        let Some(value) = le16(data, element.at) else { return };
        match element.tag {
            (0x28, 0x02) => self.samples = value,
            (0x28, 0x04) => self.palette = data.get(element.at..element.at + 7) == Some(b"PALETTE"),
            (0x28, 0x06) => self.planar = value,
            (0x28, 0x10) => self.rows = value,
            (0x28, 0x11) => self.columns = value,
            (0x28, 0x100) => self.bits = value,
            (0x28, 0x103) => self.signed = value == 1,
            _ => {}
        }
    }
}

fn pixels(data: &[u8], header: &Header, element: &Element) -> Option<(Range<usize>, Layout)> {
    // An open length means encapsulated, that is compressed.
    if element.len == OPEN || !matches!(header.bits, 8 | 16) || header.rows == 0 {
        return None;
    }
    // Planes that follow each other are so many grey pictures.
    let channels = if header.planar == 1 { 1 } else { header.samples };
    let mut layout = Layout {
        bits: header.bits as u8,
        little: true,
        signed: header.signed && header.bits == 16,
        palette: header.palette,
        ..Layout::new(header.columns, u8::try_from(channels).ok()?)
    };
    layout.stride = u32::try_from(layout.row_bytes()).ok()?;
    let frame = u64::from(layout.stride) * u64::from(header.rows);
    if u64::from(element.len) >= 2 * frame {
        layout.frame = header.rows;
        if !layout.is_sane() {
            layout.frame = 0;
        }
    }
    Some((span(data, element.at, u64::from(element.len))?, layout))
}
