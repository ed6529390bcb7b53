//! Pictures: a record each.

use super::numbers::{self, Numbers};
use minlen_core::{Dtype, Env, Error, Result};
use minlen_structure::pixels::{self, Raster};
use std::io::Cursor;

/// A picture: rows, columns, and channels where there are several. The pixels of a series of pictures are several records.
pub(super) struct Picture {
    pub(super) shape: Vec<u64>,
    pub(super) numbers: Numbers,
}

/// The pixels of a file; nothing if it is no picture.
pub(super) fn find(bytes: &[u8], env: &Env) -> Result<Option<Picture>> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return png(bytes, env).map(Some);
    }
    let packed: [(&[u8], &str); 3] =
        [(b"\xff\xd8\xff", "JPEG"), (b"GIF8", "GIF"), (b"\0\0\0\x0cjP", "JPEG 2000")];
    if let Some((_, name)) = packed.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Err(Error::unsupported(format!("{name} pictures cannot be read"))
            .remedy("convert them to PNG or PNM"));
    }
    if let Some(found) = pnm(bytes)? {
        return Ok(Some(found));
    }
    let Some(span) = pixels::declared(bytes) else { return Ok(None) };
    let Some(raster) = Raster::of(&span) else { return Ok(None) };
    if raster.bits != 8 && raster.bits != 16 {
        return Err(Error::unsupported("pictures of single bits").remedy("convert them to PNG of 8 bits"));
    }
    let place = bytes.get(span.start as usize..span.end() as usize).unwrap_or_default();
    let row = raster.row_bytes() as usize;
    let rows = place.chunks(raster.stride as usize).filter(|part| part.len() >= row);
    let mut pixels: Vec<u8> = rows.clone().flat_map(|part| &part[..row]).copied().collect();
    let dtype = match (raster.bits, raster.signed) {
        (8, _) => Dtype::U8,
        (_, false) => Dtype::U16,
        (_, true) => Dtype::I16,
    };
    if raster.bits == 16 && !raster.little {
        pixels.chunks_exact_mut(2).for_each(<[u8]>::reverse);
    }
    let height = if raster.frame > 0 { u64::from(raster.frame) } else { rows.count() as u64 };
    let shape = shape(height, u64::from(raster.width), u64::from(raster.channels));
    Ok(Some(Picture { shape, numbers: numbers::of(dtype, pixels)? }))
}

fn shape(rows: u64, columns: u64, channels: u64) -> Vec<u64> {
    if channels == 1 { vec![rows, columns] } else { vec![rows, columns, channels] }
}

fn png(bytes: &[u8], env: &Env) -> Result<Picture> {
    let bad = |e: png::DecodingError| Error::corrupt(format!("a PNG picture is damaged: {e}"));
    let room = usize::try_from(env.budget.limit()).unwrap_or(usize::MAX);
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), png::Limits { bytes: room });
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().map_err(bad)?;
    let len = reader.output_buffer_size().ok_or_else(|| Error::limit("a PNG picture of an absurd size"))?;
    let _held = env.budget.reserve(len as u64)?;
    let mut pixels = vec![0; len];
    let info = reader.next_frame(&mut pixels).map_err(bad)?;
    pixels.truncate(info.buffer_size());
    let dtype = if info.bit_depth == png::BitDepth::Sixteen { Dtype::U16 } else { Dtype::U8 };
    if dtype == Dtype::U16 {
        pixels.chunks_exact_mut(2).for_each(<[u8]>::reverse);
    }
    let shape = shape(info.height.into(), info.width.into(), info.color_type.samples() as u64);
    Ok(Picture { shape, numbers: numbers::of(dtype, pixels)? })
}

/// Grey and coloured PNM pictures in binary form (the netpbm manuals), of any size.
fn pnm(bytes: &[u8]) -> Result<Option<Picture>> {
    let channels = match bytes {
        [b'P', b'5', next, ..] if next.is_ascii_whitespace() => 1u64,
        [b'P', b'6', next, ..] if next.is_ascii_whitespace() => 3,
        _ => return Ok(None),
    };
    let mut at = 2;
    let mut number = || -> Option<u64> {
        loop {
            match bytes.get(at)? {
                b'#' => at += bytes[at..].iter().position(|&b| b == b'\n')?,
                b if b.is_ascii_whitespace() => at += 1,
                _ => break,
            }
        }
        let digits = bytes[at..].iter().take(9).take_while(|b| b.is_ascii_digit()).count();
        let text = std::str::from_utf8(&bytes[at..at + digits]).ok()?;
        at += digits;
        text.parse().ok().filter(|&n| n > 0)
    };
    let bad = || Error::corrupt("a PNM picture is damaged");
    let [columns, rows, most] =
        [number().ok_or_else(bad)?, number().ok_or_else(bad)?, number().ok_or_else(bad)?];
    let dtype = if most > 255 { Dtype::U16 } else { Dtype::U8 };
    let len = (rows * columns).saturating_mul(channels * dtype.unit() as u64);
    let pixels = bytes.get(at + 1..).filter(|pixels| pixels.len() as u64 >= len && most < 65_536);
    let pixels = pixels.ok_or_else(|| Error::truncated("a PNM picture ends before its last pixel"))?;
    let mut pixels = pixels[..len as usize].to_vec();
    if dtype == Dtype::U16 {
        pixels.chunks_exact_mut(2).for_each(<[u8]>::reverse);
    }
    Ok(Some(Picture { shape: shape(rows, columns, channels), numbers: numbers::of(dtype, pixels)? }))
}
