//! DICOM (PS3.5) and its forerunner ACR-NEMA without a preamble, little endian, pixels that are not compressed.

use super::raster::{Place, Raster};
use crate::reader::Reader;
use minlen_core::layout::Meaning;

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
    at: u64,
    len: u32,
}

/// The pixels, if the file has them as they are.
pub(super) fn find(file: &mut Reader<'_>) -> Place {
    let mut at = if file.bytes(128, 4).ok()? == b"DICM" { 132 } else { 0 };
    if at == 0 && !(file.le16(0)? == 8 && file.le16(2)? <= 0x20 && file.le32(4)? <= 64) {
        return None;
    }
    let mut header = Header { samples: 1, ..Header::default() };
    let mut inside = 0u32;
    for _ in 0..ELEMENTS {
        let element = element(file, at)?;
        at = element.at;
        match element.tag {
            (0x7fe0, 0x10) if inside == 0 => return pixels(file, &header, &element),
            (0xfffe, 0xe00d | 0xe0dd) => inside = inside.saturating_sub(1),
            _ if element.len == OPEN => inside += 1,
            _ => {
                if inside == 0 {
                    header.take(file, &element);
                }
                at = at.checked_add(element.len.into())?;
            }
        }
    }
    None
}

/// Reads an element's head, with or without a type in letters.
fn element(file: &mut Reader<'_>, at: u64) -> Option<Element> {
    let tag = (file.le16(at)?, file.le16(at + 2)?);
    let kind: &[u8; 2] = &file.array(at + 4).ok()?;
    let explicit = tag.0 != 0xfffe && kind.iter().all(u8::is_ascii_uppercase);
    let (at, len) = match kind {
        b"OB" | b"OW" | b"OF" | b"OD" | b"OL" | b"SQ" | b"UN" | b"UT" | b"UC" | b"UR" if explicit => {
            (at + 12, file.le32(at + 8)?)
        }
        _ if explicit => (at + 8, file.le16(at + 6)?),
        _ => (at + 8, file.le32(at + 4)?),
    };
    Some(Element { tag, at, len })
}

impl Header {
    fn take(&mut self, file: &mut Reader<'_>, element: &Element) {
        let Some(value) = file.le16(element.at) else { return };
        match element.tag {
            (0x28, 0x02) => self.samples = value,
            (0x28, 0x04) => self.palette = file.bytes(element.at, 7).is_ok_and(|word| word == b"PALETTE"),
            (0x28, 0x06) => self.planar = value,
            (0x28, 0x10) => self.rows = value,
            (0x28, 0x11) => self.columns = value,
            (0x28, 0x100) => self.bits = value,
            (0x28, 0x103) => self.signed = value == 1,
            _ => {}
        }
    }
}

fn pixels(file: &Reader<'_>, header: &Header, element: &Element) -> Place {
    // An open length means encapsulated, that is compressed.
    if element.len == OPEN || !matches!(header.bits, 8 | 16) || header.rows == 0 {
        return None;
    }
    // Planes that follow each other are so many grey pictures.
    let channels = if header.planar == 1 { 1 } else { header.samples };
    let mut raster = Raster {
        bits: header.bits as u8,
        little: true,
        signed: header.signed && header.bits == 16,
        meaning: if header.palette { Meaning::Indices } else { Meaning::Values },
        ..Raster::new(header.columns, u8::try_from(channels).ok()?)
    };
    raster.stride = u32::try_from(raster.row_bytes()).ok()?;
    let frame = u64::from(raster.stride) * u64::from(header.rows);
    if u64::from(element.len) >= 2 * frame {
        raster.frame = header.rows;
    }
    Some((file.span(element.at, element.len.into())?, raster))
}
