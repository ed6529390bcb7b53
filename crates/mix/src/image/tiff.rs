//! TIFF 6.0: pictures whose strips are not compressed and follow each other.

use super::Layout;
use crate::sample::read::{number, span};
use std::ops::Range;

/// Entries of a directory that are read at most.
const ENTRIES: u32 = 512;

/// Strips that are checked to follow each other.
const STRIPS: u32 = 1 << 16;

struct File<'a> {
    data: &'a [u8],
    little: bool,
}

/// A field of the directory: its type, count, and where its values are.
#[derive(Clone, Copy)]
struct Field {
    size: usize,
    count: u32,
    at: usize,
}

impl File<'_> {
    fn get(&self, at: usize, n: usize) -> Option<u32> {
        number(self.data, at, n, self.little)
    }

    fn field(&self, tag: u32) -> Option<Field> {
        let directory = self.get(4, 4)? as usize;
        let entries = self.get(directory, 2)?.min(ENTRIES) as usize;
        let at = (0..entries).map(|i| directory + 2 + 12 * i).find(|&at| self.get(at, 2) == Some(tag))?;
        let size = match self.get(at + 2, 2)? {
            3 => 2,
            4 => 4,
            _ => return None,
        };
        let count = self.get(at + 4, 4)?;
        let inside = u64::from(count) * size as u64 <= 4;
        Some(Field { size, count, at: if inside { at + 8 } else { self.get(at + 8, 4)? as usize } })
    }

    fn item(&self, field: Field, i: u32) -> Option<u32> {
        self.get(field.at.checked_add(i as usize * field.size)?, field.size)
    }

    fn first(&self, tag: u32, missing: u32) -> Option<u32> {
        self.field(tag).map_or(Some(missing), |field| self.item(field, 0))
    }
}

/// The pixels of the first picture.
pub fn detect(data: &[u8]) -> Option<(Range<usize>, Layout)> {
    let little = match data.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let file = File { data, little };
    let (width, height) = (file.first(256, 0)?, file.first(257, 0)?);
    let (bits, samples) = (file.first(258, 1)?, file.first(277, 1)?);
    let (compression, colour, planes) = (file.first(259, 1)?, file.first(262, 1)?, file.first(284, 1)?);
    let one_plane = planes == 1 || samples == 1;
    if compression != 1 || !one_plane || samples == 0 || samples > 4 || !matches!(bits, 1 | 8 | 16) {
        return None;
    }
    let mut layout = Layout {
        bits: bits as u8,
        little,
        palette: colour == 3,
        signed: file.first(339, 1)? == 2 && bits == 16,
        ..Layout::new(width, samples as u8)
    };
    layout.stride = u32::try_from(layout.row_bytes()).ok()?;
    let size = u64::from(layout.stride) * u64::from(height);
    let start = strips(&file, size)?;
    Some((span(data, start, size)?, layout))
}

/// Where the strips begin, if they follow each other and have `size` bytes.
fn strips(file: &File<'_>, size: u64) -> Option<usize> {
    let (offsets, counts) = (file.field(273)?, file.field(279)?);
    let start = file.item(offsets, 0)?;
    let mut end = u64::from(start);
    for i in 0..offsets.count.min(STRIPS) {
        if u64::from(file.item(offsets, i)?) != end {
            return None;
        }
        end += u64::from(file.item(counts, i)?);
    }
    (end - u64::from(start) >= size).then_some(start as usize)
}
