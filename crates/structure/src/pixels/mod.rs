//! Pixels behind the headers of BMP, PNM, TGA, TIFF and DICOM, and in data without a header.
//!
//! | Format | What is read | Source |
//! |---|---|---|
//! | BMP | 1, 8, 24 and 32 bits, not compressed | Microsoft's bitmap structures |
//! | PNM | P4, P5 and P6, samples of 1, 8 or 16 bits | the netpbm manuals |
//! | TIFF | not compressed, the strips one behind the other | TIFF 6.0 |
//! | DICOM | not compressed | DICOM PS3.5 |
//! | TGA | true colour, grey and mapped, not compressed | Truevision TGA 2.0 |
//!
//! [`find`] gives the span of the pixels, [`Raster::of`] what the span says of how they lie. Fewer than 256 bytes of pixels are no span.
//!
//! ```
//! use minlen_structure::pixels::{Raster, find};
//! // A PPM picture: 20 by 10 pixels of red, green and blue.
//! let picture = [&b"P6 20 10 255\n"[..], &[128; 600]].concat();
//! let span = find(&picture).expect("pixels");
//! assert_eq!((span.start, span.len, &span.shape[..]), (13, 600, &[10, 20, 3][..]));
//! let raster = Raster::of(&span).expect("how they lie");
//! assert_eq!((raster.width, raster.stride, raster.channels, raster.bits), (20, 60, 3, 8));
//! ```

mod dicom;
mod raster;
mod raw;
mod tiff;

pub use raster::Raster;

use crate::formats;
use crate::parser::{Found, Parser};
use crate::reader::Reader;
use crate::worth::may_be_samples;
use minlen_core::layout::{Format, Meaning, Origin, Span, SpanKind};
use minlen_core::{Kind, Result};
use raster::Place;
use std::sync::Arc;

/// Fewer bytes of pixels are not worth a model of their own.
const LEAST: u64 = 256;

/// A format that one function reads.
struct Plain {
    format: Format,
    find: fn(&mut Reader<'_>) -> Place,
}

/// The parsers of pixels, in the order in which they are asked.
pub(crate) fn parsers() -> Vec<Arc<dyn Parser>> {
    let plain = |format, find| Arc::new(Plain { format, find }) as Arc<dyn Parser>;
    vec![
        plain(formats::BMP, bmp),
        plain(formats::PNM, pnm),
        plain(formats::TIFF, tiff::find),
        plain(formats::DICOM, dicom::find),
        plain(formats::TGA, tga),
        plain(formats::PICTURE, raw::find),
    ]
}

/// The pixels in `data`, whatever the format, or where bytes look like rows of pixels.
#[must_use]
pub fn find(data: &[u8]) -> Option<Span> {
    first(data, |_| true)
}

/// The pixels of a picture that says that it is one: bytes that only look like rows of pixels may be anything.
#[must_use]
pub fn declared(data: &[u8]) -> Option<Span> {
    first(data, |parser| !parser.guesses())
}

fn first(data: &[u8], suits: impl Fn(&dyn Parser) -> bool) -> Option<Span> {
    let mut reader = Reader::new(&data);
    let suited = parsers().into_iter().filter(|parser| suits(parser.as_ref()));
    let mut found = suited.filter_map(|parser| parser.parse(&mut reader).ok()?);
    found.next()?.1.pop()
}

impl Parser for Plain {
    fn name(&self) -> &'static str {
        self.format.name
    }

    fn kind(&self) -> SpanKind {
        SpanKind::Pixels
    }

    fn parse(&self, file: &mut Reader<'_>) -> Result<Option<Found>> {
        let Some(((start, len), raster)) = (self.find)(file) else { return Ok(None) };
        let span = (len >= LEAST).then(|| raster.span(start, len));
        Ok(Some((self.format, span.into_iter().collect())))
    }

    fn is_head_enough(&self) -> bool {
        matches!(self.format, formats::BMP | formats::PNM | formats::TGA)
    }

    fn guesses(&self) -> bool {
        self.format.origin == Origin::Guessed
    }

    fn suits(&self, kind: Kind, level: u8, len: usize) -> bool {
        may_be_samples(kind, level, len)
    }

    fn declares(&self, kind: Kind) -> bool {
        kind == Kind::ImageRaw
    }
}

fn bmp(file: &mut Reader<'_>) -> Place {
    if file.magic()? != *b"BM" || file.le32(14)? < 40 {
        return None;
    }
    let (start, width, height) = (file.le32(10)?, file.le32(18)?, file.le32(22)?);
    let (depth, packing) = (file.le16(28)?, file.le32(30)?);
    let plain = packing == 0 || packing == 3 && depth == 32;
    if !plain || !(1..=1 << 20).contains(&width) || start < 54 {
        return None;
    }
    let stride = (u64::from(width) * u64::from(depth)).div_ceil(32) * 4;
    let indices = depth == 8 && !grey_palette(file, u64::from(start));
    let raster = Raster {
        stride: u32::try_from(stride).ok()?,
        bits: if depth == 1 { 1 } else { 8 },
        meaning: if indices { Meaning::Indices } else { Meaning::Values },
        ..Raster::new(width, of_depth(depth)?)
    };
    // Rows from the top have a negative height.
    let rows = (height as i32).unsigned_abs();
    Some((file.span(start.into(), stride * u64::from(rows))?, raster))
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
fn grey_palette(file: &mut Reader<'_>, end: u64) -> bool {
    let colours = end.checked_sub(1024).and_then(|start| file.bytes(start, 1024).ok());
    colours.is_some_and(|c| {
        c.chunks_exact(4).enumerate().all(|(i, c)| c[..3].iter().all(|&v| usize::from(v) == i))
    })
}

fn pnm(file: &mut Reader<'_>) -> Place {
    let kind = match &file.magic()? {
        b"P4" => 4,
        b"P5" => 5,
        b"P6" => 6,
        _ => return None,
    };
    let mut at = 2;
    let width = token(file, &mut at)?;
    let height = token(file, &mut at)?;
    let most = if kind == 4 { 1 } else { token(file, &mut at)? };
    // One white space ends the header.
    at += 1;
    let mut raster = Raster::new(width, if kind == 6 { 3 } else { 1 });
    raster.bits = match (kind, most) {
        (4, _) => 1,
        (_, 0..=255) => 8,
        (_, 256..=65_535) => 16,
        _ => return None,
    };
    raster.stride = u32::try_from(raster.row_bytes()).ok()?;
    Some((file.span(at, u64::from(raster.stride) * u64::from(height))?, raster))
}

/// The next decimal number of a PNM header, past white space and comments.
fn token(file: &mut Reader<'_>, at: &mut u64) -> Option<u32> {
    let (mut comment, mut digits) = (false, String::new());
    while digits.len() < 8 {
        let Ok([byte]) = file.array(*at) else { break };
        comment = digits.is_empty() && (byte == b'#' || comment && byte != b'\n');
        match byte {
            _ if comment => {}
            b'0'..=b'9' => digits.push(char::from(byte)),
            _ if digits.is_empty() && byte.is_ascii_whitespace() => {}
            _ => break,
        }
        *at += 1;
    }
    digits.parse().ok()
}

/// TGA has no mark: what its header says must fit the size of the file.
fn tga(file: &mut Reader<'_>) -> Place {
    let head: [u8; 18] = file.magic()?;
    let kind = (head[1], head[2]);
    let (width, height, depth) = (file.le16(12)?, file.le16(14)?, u32::from(head[16]));
    let mapped = match kind {
        (1, 1) if depth == 8 => file.le16(5)? * u32::from(head[7]).div_ceil(8),
        (0, 2) if matches!(depth, 24 | 32) => 0,
        (0, 3) if depth == 8 => 0,
        _ => return None,
    };
    let start = 18 + u64::from(head[0]) + u64::from(mapped);
    let meaning = if kind.1 == 1 { Meaning::Indices } else { Meaning::Values };
    let raster = Raster { meaning, ..Raster::new(width, of_depth(depth)?) };
    let size = u64::from(raster.stride) * u64::from(height);
    let end = start + size;
    // A footer and developer fields may follow.
    let fits = end <= file.len() && file.len() - end <= 4096;
    (fits && width > 3 && height > 3).then(|| Some((file.span(start, size)?, raster))).flatten()
}
