//! TIFF 6.0: pictures whose strips are not compressed and follow each other.

use super::raster::{Place, Raster};
use crate::reader::Reader;
use minlen_core::layout::Meaning;

/// Entries of a directory that are read at most.
const ENTRIES: u32 = 512;

/// Strips that are checked to follow each other.
const STRIPS: u32 = 1 << 16;

struct File<'a, 'b> {
    reader: &'a mut Reader<'b>,
    little: bool,
}

/// A field of the directory: its type, count, and where its values are.
#[derive(Clone, Copy)]
struct Field {
    size: usize,
    count: u32,
    at: u64,
}

impl File<'_, '_> {
    fn get(&mut self, at: u64, n: usize) -> Option<u32> {
        self.reader.number(at, n, self.little)
    }

    fn field(&mut self, tag: u32) -> Option<Field> {
        let directory = u64::from(self.get(4, 4)?);
        let entries = u64::from(self.get(directory, 2)?.min(ENTRIES));
        let at = (0..entries).map(|i| directory + 2 + 12 * i).find(|&at| self.get(at, 2) == Some(tag))?;
        let size = match self.get(at + 2, 2)? {
            3 => 2,
            4 => 4,
            _ => return None,
        };
        let count = self.get(at + 4, 4)?;
        let inside = u64::from(count) * size as u64 <= 4;
        Some(Field { size, count, at: if inside { at + 8 } else { self.get(at + 8, 4)?.into() } })
    }

    fn first(&mut self, tag: u32, missing: u32) -> Option<u32> {
        match self.field(tag) {
            Some(field) => self.get(field.at, field.size),
            None => Some(missing),
        }
    }

    /// The first `count` values of a field.
    fn items(&mut self, field: Field, count: usize) -> Option<Vec<u32>> {
        let bytes = self.reader.bytes(field.at, count * field.size).ok()?;
        let little = self.little;
        let join = |value: u32, &byte: &u8| value << 8 | u32::from(byte);
        let number = |item: &[u8]| match little {
            true => item.iter().rev().fold(0, join),
            false => item.iter().fold(0, join),
        };
        Some(bytes.chunks_exact(field.size).map(number).collect())
    }
}

/// The pixels of the first picture.
pub(super) fn find(reader: &mut Reader<'_>) -> Place {
    let little = match &reader.magic()? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let mut file = File { reader, little };
    let (width, height) = (file.first(256, 0)?, file.first(257, 0)?);
    let (bits, samples) = (file.first(258, 1)?, file.first(277, 1)?);
    let (compression, colour, planes) = (file.first(259, 1)?, file.first(262, 1)?, file.first(284, 1)?);
    let one_plane = planes == 1 || samples == 1;
    if compression != 1 || !one_plane || samples == 0 || samples > 4 || !matches!(bits, 1 | 8 | 16) {
        return None;
    }
    let mut raster = Raster {
        bits: bits as u8,
        little,
        meaning: if colour == 3 { Meaning::Indices } else { Meaning::Values },
        signed: file.first(339, 1)? == 2 && bits == 16,
        ..Raster::new(width, samples as u8)
    };
    raster.stride = u32::try_from(raster.row_bytes()).ok()?;
    let size = u64::from(raster.stride) * u64::from(height);
    let start = strips(&mut file, size)?;
    Some((file.reader.span(start, size)?, raster))
}

/// Where the strips begin, if they follow each other and have `size` bytes.
fn strips(file: &mut File<'_, '_>, size: u64) -> Option<u64> {
    let (offsets, counts) = (file.field(273)?, file.field(279)?);
    let count = offsets.count.min(STRIPS) as usize;
    let (offsets, counts) = (file.items(offsets, count)?, file.items(counts, count)?);
    let start = u64::from(*offsets.first()?);
    let mut end = start;
    for (offset, count) in offsets.into_iter().zip(counts) {
        if u64::from(offset) != end {
            return None;
        }
        end += u64::from(count);
    }
    (end - start >= size).then_some(start)
}
