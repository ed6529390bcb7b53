//! PNG files (ISO/IEC 15948) of our own: what decoded pictures are given out as.
//!
//! What is written is part of the format, byte by byte: the filter of each row by one rule, the rows deflated as zlib's level 4 does.
//!
//! ```
//! use minlen_core::Env;
//! use minlen_recode::png::{Header, write};
//! let header = Header { width: 3, height: 2, depth: 8, channels: 1 };
//! let file = write(header, &[], &[0, 1, 2, 3, 4, 5], &Env::default())?;
//! assert_eq!(&file[..8], b"\x89PNG\r\n\x1a\n");
//! # Ok::<(), minlen_core::Error>(())
//! ```

use crate::checksum::{adler32, crc32};
use crate::deflate::pack;
use minlen_core::{Env, Error, Result};

/// What a picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Pixels of a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Bits of a sample: 8 or 16.
    pub depth: u8,
    /// 1 of grey, 2 with alpha, 3 of red, green and blue, 4 with alpha.
    pub channels: u8,
}

impl Header {
    /// Bytes of a row.
    #[must_use]
    pub fn row(&self) -> usize {
        self.width as usize * self.pixel()
    }

    /// Bytes of a pixel.
    fn pixel(&self) -> usize {
        usize::from(self.channels) * usize::from(self.depth / 8)
    }
}

/// A chunk between the header and the pixels: its type and its data.
pub type Chunk = ([u8; 4], Vec<u8>);

/// The level of zlib whose streams are written: higher ones take long for a few percent of a file that is not kept in this form.
const LEVEL: u8 = 4;
/// Bytes in an `IDAT` chunk.
const PIECE: usize = 1 << 20;

/// The file of a picture with these chunks before its pixels. Those come row by row, the samples of a pixel together, large bytes first.
///
/// # Errors
/// Usage for a header that no PNG has or another number of bytes; limit beyond 2^31 bytes or where memory does not do; cancelled.
pub fn write(header: Header, chunks: &[Chunk], pixels: &[u8], env: &Env) -> Result<Vec<u8>> {
    let color = match header.channels {
        1 => 0,
        2 => 4,
        3 => 2,
        4 => 6,
        _ => return Err(Error::usage("a PNG of neither one to four channels")),
    };
    let is_right = matches!(header.depth, 8 | 16) && header.width > 0 && header.height > 0;
    if !is_right || header.row().checked_mul(header.height as usize) != Some(pixels.len()) {
        return Err(Error::usage("a PNG with other pixels than its header says"));
    }
    let len = pixels.len() as u64 + u64::from(header.height);
    if len > 1 << 31 {
        return Err(Error::limit("a picture over 2 GiB"));
    }
    let _held = env.budget.reserve(2 * len)?;
    let plain = filtered(header, pixels);
    // The header of RFC 1950: a window of 32 KiB, fast.
    let mut stream = vec![0x78, 0x5e];
    stream.extend(pack(&plain, LEVEL, env)?);
    stream.extend(adler32(&plain).to_be_bytes());
    drop(plain);

    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut ihdr = [header.width.to_be_bytes(), header.height.to_be_bytes()].concat();
    ihdr.extend([header.depth, color, 0, 0, 0]);
    chunk(*b"IHDR", &ihdr, &mut out);
    chunks.iter().for_each(|(kind, data)| chunk(*kind, data, &mut out));
    stream.chunks(PIECE).for_each(|piece| chunk(*b"IDAT", piece, &mut out));
    chunk(*b"IEND", &[], &mut out);
    Ok(out)
}

/// Appends a chunk.
fn chunk(kind: [u8; 4], data: &[u8], out: &mut Vec<u8>) {
    out.extend((data.len() as u32).to_be_bytes());
    out.extend(kind);
    out.extend_from_slice(data);
    out.extend(crc32(&[&kind, data]).to_be_bytes());
}

/// The rows, each with the filter whose bytes, taken as signed, are the smallest in sum (section 12.7); the first of equals.
fn filtered(header: Header, pixels: &[u8]) -> Vec<u8> {
    let (row, pixel) = (header.row(), header.pixel());
    let mut out = Vec::with_capacity(pixels.len() + header.height as usize);
    let mut above = vec![0; row];
    let mut trials = vec![vec![0; row]; 5];
    for line in pixels.chunks_exact(row) {
        for (filter, trial) in trials.iter_mut().enumerate() {
            filter_row(filter, line, &above, pixel, trial);
        }
        let size =
            |trial: &[u8]| trial.iter().map(|&b| u64::from(b.cast_signed().unsigned_abs())).sum::<u64>();
        let best = (0..5).min_by_key(|&filter| size(&trials[filter])).unwrap_or(0);
        out.push(best as u8);
        out.extend_from_slice(&trials[best]);
        above.copy_from_slice(line);
    }
    out
}

/// What is left of a row after filter 0 to 4 (none, sub, up, average, Paeth).
fn filter_row(filter: usize, line: &[u8], above: &[u8], pixel: usize, out: &mut [u8]) {
    let (head, tail) = out.split_at_mut(pixel);
    // Left of the first pixel all is 0.
    for (i, slot) in head.iter_mut().enumerate() {
        *slot = line[i].wrapping_sub(predicted(filter, 0, above[i], 0));
    }
    let rest = line[pixel..].iter().zip(line).zip(above[pixel..].iter().zip(above));
    for (slot, ((&x, &left), (&up, &corner))) in tail.iter_mut().zip(rest) {
        *slot = x.wrapping_sub(predicted(filter, left, up, corner));
    }
}

/// What filter 0 to 4 predicts from the bytes at the left, above, and above at the left.
#[inline(always)]
fn predicted(filter: usize, left: u8, up: u8, corner: u8) -> u8 {
    match filter {
        0 => 0,
        1 => left,
        2 => up,
        3 => ((u16::from(left) + u16::from(up)) / 2) as u8,
        _ => {
            let (a, b, c) = (i16::from(left), i16::from(up), i16::from(corner));
            let (to_left, to_up, to_corner) = ((b - c).abs(), (a - c).abs(), (a + b - 2 * c).abs());
            if to_left <= to_up && to_left <= to_corner {
                left
            } else if to_up <= to_corner {
                up
            } else {
                corner
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::ErrorKind;

    /// Takes a file apart by the letter of the standard: chunks with right checksums, and the rows.
    fn read(file: &[u8]) -> (Vec<Chunk>, Vec<u8>) {
        use std::io::Read;
        let (mut at, mut chunks, mut stream) = (8, Vec::new(), Vec::new());
        while at < file.len() {
            let len = u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize;
            let kind: [u8; 4] = file[at + 4..at + 8].try_into().unwrap();
            let data = file[at + 8..at + 8 + len].to_vec();
            let stated = u32::from_be_bytes(file[at + 8 + len..at + 12 + len].try_into().unwrap());
            assert_eq!(stated, crc32(&[&file[at + 4..at + 8 + len]]));
            if &kind == b"IDAT" {
                stream.extend(data);
            } else {
                chunks.push((kind, data));
            }
            at += 12 + len;
        }
        let mut plain = Vec::new();
        flate2::read::ZlibDecoder::new(&stream[..]).read_to_end(&mut plain).unwrap();
        (chunks, plain)
    }

    fn unfiltered(header: Header, plain: &[u8]) -> Vec<u8> {
        let (row, pixel) = (header.row(), header.pixel());
        let mut out: Vec<u8> = Vec::new();
        for (y, line) in plain.chunks(row + 1).enumerate() {
            for (x, &byte) in line[1..].iter().enumerate() {
                let at = |dx: usize, dy: usize| {
                    if x >= dx && y >= dy { out[(y - dy) * row + x - dx] } else { 0 }
                };
                let p = predicted(usize::from(line[0]), at(pixel, 0), at(0, 1), at(pixel, 1));
                out.push(byte.wrapping_add(p));
            }
        }
        out
    }

    #[test]
    fn files_are_what_the_standard_says() {
        for (width, height, depth, channels) in
            [(1, 1, 8, 1), (7, 5, 8, 2), (300, 20, 8, 3), (33, 9, 16, 4), (1, 900, 16, 1)]
        {
            let header = Header { width, height, depth, channels };
            let wave = |i: usize| {
                ((i % header.row()) * 3 + i / header.row() * 5) as u8 ^ u8::from(i.is_multiple_of(7))
            };
            let pixels: Vec<u8> = (0..header.row() * height as usize).map(wave).collect();
            let chunks = [(*b"gAMA", vec![0, 0, 177, 143])];
            let file = write(header, &chunks, &pixels, &Env::default()).unwrap();
            let (found, plain) = read(&file);
            assert_eq!(unfiltered(header, &plain), pixels);
            assert_eq!((found.len(), &found[1]), (3, &chunks[0]));
            assert_eq!((&found[0].1[..4], found[0].1[8]), (&width.to_be_bytes()[..], depth));
        }
    }

    /// Bytes that are part of the format: files made with them are decoded by making them again.
    #[test]
    fn bytes_stay_what_they_were() {
        let header = Header { width: 64, height: 48, depth: 8, channels: 3 };
        let pixels: Vec<u8> = (0..64 * 48 * 3u32).map(|i| (i * i / 97 + i / 192 * 11) as u8).collect();
        let file = write(header, &[], &pixels, &Env::default()).unwrap();
        assert_eq!((file.len(), crc32(&[&file])), (5813, 3_556_843_622));
    }

    #[test]
    fn pixels_that_do_not_fit_are_refused() {
        let header = Header { width: 2, height: 2, depth: 8, channels: 3 };
        let refused = |header, len| write(header, &[], &vec![0; len], &Env::default()).unwrap_err().kind();
        assert_eq!(refused(header, 11), ErrorKind::Usage);
        assert_eq!(refused(Header { depth: 4, ..header }, 12), ErrorKind::Usage);
        assert_eq!(refused(Header { channels: 5, ..header }, 20), ErrorKind::Usage);
        assert_eq!(refused(Header { width: 0, ..header }, 0), ErrorKind::Usage);
    }
}
