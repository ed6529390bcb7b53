//! What a Lepton header claims, checked before the library gets to see it.
//!
//! The library allocates what the header says. So every length in it must be there, and the picture must have a size that its
//! file can have: at least about a bit for each block of 64 coefficients.

use super::{SOS, is_frame};
use minlen_core::varint::Reader;
use minlen_core::{Error, Result};

/// Blocks of 64 coefficients that a file of one byte may have: each takes at least one bit in a scan.
const BLOCKS_PER_BYTE: u64 = 8;
/// Bytes of one block of coefficients in memory.
const BLOCK_BYTES: u64 = 128;
/// Each scan of a progressive picture goes over all of it.
const MAX_SCANS: usize = 200;
/// The models, tables and buffers of the library.
const FIXED_BYTES: u64 = 8 << 20;

/// Checks the header of a JPEG of `len` bytes; the memory that decoding it takes.
pub(super) fn check(header: &[u8], len: usize) -> Result<u64> {
    let wrong = || Error::corrupt("jpeg: a header that no encoder writes");
    let mut reader = Reader::new(header);
    let mut blocks = None;
    while !reader.is_empty() {
        let marker = reader.array::<3>()?;
        match &marker {
            b"HDR" if blocks.is_none() => {
                let segments = counted(&mut reader, 1)?;
                blocks = Some(picture(segments).ok_or_else(wrong)?);
            }
            b"P0D" => drop(reader.u8()?),
            b"CRS" => drop(counted(&mut reader, 4)?),
            b"FRS" | b"GRB" => drop(counted(&mut reader, 1)?),
            [b'H', b'H', threads] if *threads > 0 => drop(reader.bytes(usize::from(*threads) * 16)?),
            b"EEE" => drop(reader.bytes(28)?),
            _ => return Err(wrong()),
        }
    }
    let blocks = blocks.ok_or_else(wrong)?;
    if blocks > len as u64 * BLOCKS_PER_BYTE + 64 {
        return Err(wrong());
    }
    Ok(blocks * BLOCK_BYTES + FIXED_BYTES + len as u64)
}

fn counted<'a>(reader: &mut Reader<'a>, size: usize) -> Result<&'a [u8]> {
    let count = reader.u32()? as usize;
    reader.bytes(count.saturating_mul(size))
}

/// The blocks of the picture that these segments describe.
fn picture(mut segments: &[u8]) -> Option<u64> {
    let (mut blocks, mut scans) = (None, 0);
    while let [first, marker, rest @ ..] = segments {
        if *first != 0xff {
            return None;
        }
        segments = rest;
        if matches!(marker, 0x01 | 0xd0..=0xd9) {
            continue;
        }
        let len = usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?]));
        let body = rest.get(2..len.max(2))?;
        segments = &rest[len.max(2)..];
        scans += usize::from(*marker == SOS);
        if scans > MAX_SCANS {
            return None;
        }
        if is_frame(*marker) {
            // A second frame would be a second allocation.
            if blocks.replace(frame(body)?).is_some() {
                return None;
            }
        }
    }
    blocks
}

/// The blocks of a frame, padded to whole units of the coarsest sampling.
fn frame(body: &[u8]) -> Option<u64> {
    let [_, h0, h1, w0, w1, count, components @ ..] = body else { return None };
    let (height, width) = (u16::from_be_bytes([*h0, *h1]), u16::from_be_bytes([*w0, *w1]));
    let components = components.get(..usize::from(*count) * 3)?.as_chunks::<3>().0;
    if components.is_empty() || components.len() > 4 {
        return None;
    }
    let factors = components.iter().map(|c| (u64::from(c[1] >> 4), u64::from(c[1] & 15)));
    let (most_h, most_v) = factors.clone().fold((1, 1), |(h, v), (a, b)| (a.max(h), b.max(v)));
    if factors.clone().any(|(h, v)| h == 0 || v == 0 || h > 4 || v > 4) {
        return None;
    }
    let units = u64::from(width).div_ceil(8 * most_h) * u64::from(height).div_ceil(8 * most_v);
    Some(factors.map(|(h, v)| units * h * v).sum())
}
