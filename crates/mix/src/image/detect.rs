//! Finds pixels behind the headers of BMP, PNM, TGA, TIFF and DICOM, and in data without a header.

use super::{Layout, dicom, raw, tiff};
use crate::sample::read::{le16, le32, span};
use std::ops::Range;

/// Fewer bytes of pixels are not worth a model of their own.
const LEAST: usize = 256;

/// The pixels in `data` (a whole file from its first byte) and their layout, if its header says that they are there
/// uncompressed, or if data without a header looks like a page of bits or a plane of 16-bit numbers.
#[must_use]
pub fn detect(data: &[u8]) -> Option<(Range<usize>, Layout)> {
    let found = bmp(data)
        .or_else(|| pnm(data))
        .or_else(|| tiff::detect(data))
        .or_else(|| dicom::detect(data))
        .or_else(|| tga(data))
        .or_else(|| raw::detect(data))?;
    (found.1.is_sane() && found.0.len() >= LEAST).then_some(found)
}

fn bmp(data: &[u8]) -> Option<(Range<usize>, Layout)> {
    if data.get(..2)? != b"BM" || le32(data, 14)? < 40 {
        return None;
    }
    let (start, width, height) = (le32(data, 10)?, le32(data, 18)?, le32(data, 22)?);
    let (depth, packing) = (le16(data, 28)?, le32(data, 30)?);
    let plain = packing == 0 || packing == 3 && depth == 32;
    if !plain || !(1..=1 << 20).contains(&width) || start < 54 {
        return None;
    }
    let stride = (u64::from(width) * u64::from(depth)).div_ceil(32) * 4;
    let layout = Layout {
        stride: u32::try_from(stride).ok()?,
        bits: if depth == 1 { 1 } else { 8 },
        palette: depth == 8 && !grey_palette(data, start as usize),
        ..Layout::new(width, of_depth(depth)?)
    };
    // Rows from the top have a negative height.
    let rows = (height as i32).unsigned_abs();
    Some((span(data, start as usize, stride * u64::from(rows))?, layout))
}

/// Channels for bits of a pixel.
fn of_depth(depth: u32) -> Option<u8> {
    match depth {
        1 | 8 => Some(1),
        24 => Some(3),
        32 => Some(4),
        _ => None,
    }
}

/// Whether the 256 colours before `end` are the greys in order.
fn grey_palette(data: &[u8], end: usize) -> bool {
    let colours = end.checked_sub(1024).and_then(|start| data.get(start..end));
    colours.is_some_and(|c| {
        c.chunks_exact(4).enumerate().all(|(i, c)| c[..3].iter().all(|&v| usize::from(v) == i))
    })
}

fn pnm(data: &[u8]) -> Option<(Range<usize>, Layout)> {
    let kind = match data.get(..2)? {
        b"P4" => 4,
        b"P5" => 5,
        b"P6" => 6,
        _ => return None,
    };
    let mut at = 2;
    let width = token(data, &mut at)?;
    let height = token(data, &mut at)?;
    let most = if kind == 4 { 1 } else { token(data, &mut at)? };
    // One white space ends the header.
    at += 1;
    let mut layout = Layout::new(width, if kind == 6 { 3 } else { 1 });
    layout.bits = match (kind, most) {
        (4, _) => 1,
        (_, 0..=255) => 8,
        (_, 256..=65_535) => 16,
        _ => return None,
    };
    layout.stride = u32::try_from(layout.row_bytes()).ok()?;
    Some((span(data, at, u64::from(layout.stride) * u64::from(height))?, layout))
}

/// The next decimal number of a PNM header, past white space and comments.
fn token(data: &[u8], at: &mut usize) -> Option<u32> {
    let mut comment = false;
    while let Some(&b) = data.get(*at) {
        comment = b == b'#' || comment && b != b'\n';
        if !comment && !b.is_ascii_whitespace() {
            break;
        }
        *at += 1;
    }
    let digits = data.get(*at..)?.iter().take_while(|b| b.is_ascii_digit()).take(8).count();
    let text = std::str::from_utf8(data.get(*at..*at + digits)?).ok()?;
    *at += digits;
    text.parse().ok()
}

/// TGA has no mark: what its header says must fit the size of the file.
fn tga(data: &[u8]) -> Option<(Range<usize>, Layout)> {
    let head = data.get(..18)?;
    let kind = (head[1], head[2]);
    let (width, height, depth) = (le16(data, 12)?, le16(data, 14)?, u32::from(head[16]));
    let mapped = match kind {
        (1, 1) if depth == 8 => le16(data, 5)? * u32::from(head[7]).div_ceil(8),
        (0, 2) if matches!(depth, 24 | 32) => 0,
        (0, 3) if depth == 8 => 0,
        _ => return None,
    };
    let start = 18 + usize::from(head[0]) + mapped as usize;
    let layout = Layout { palette: kind.1 == 1, ..Layout::new(width, of_depth(depth)?) };
    let size = u64::from(layout.stride) * u64::from(height);
    let end = start as u64 + size;
    // A footer and developer fields may follow.
    let fits = end <= data.len() as u64 && data.len() as u64 - end <= 4096;
    (fits && width > 3 && height > 3).then(|| Some((span(data, start, size)?, layout))).flatten()
}
