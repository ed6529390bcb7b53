//! Our own JPEG: the file is taken apart into markers and quantized coefficients, and these are coded by mixed models.
//!
//! Baseline, extended and progressive Huffman files with 8 bits, scans of one or several components, any sampling, restart
//! intervals. The bits of the scans are not kept: they are written again as the Independent JPEG Group's library writes them, and a
//! file that does not come out bit for bit is refused.
//!
//! Source: ITU-T T.81 for the format; the papers named in [`model`] for the model.

mod bits;
mod huffman;
mod markers;
mod model;
mod read;
mod walk;
mod write;

use super::{Coded, scan};
use markers::{Frame, Markers};
use minlen_core::varint::{Reader, put};
use minlen_core::{Env, Error, Result};
use read::Extra;

/// Quantized coefficients in natural order: row (vertical frequency) times 8 plus column.
type Block = [i16; 64];
/// The blocks of each component, row by row.
type Planes = Vec<Vec<Block>>;

/// Every block takes at least one bit of the file.
const BLOCKS_PER_BYTE: u64 = 8;
/// Bytes of a block: coefficients, and what the model remembers.
const BLOCK_BYTES: u64 = 128 + 2;
/// Largest picture that is taken on, in bytes of working memory.
const MAX_MEMORY: u64 = 1 << 30;
/// Longest header that is looked at.
const MAX_HEADER: usize = 16 << 20;

/// Flags in the first byte of a header.
const PADDED_WITH_ONES: u8 = 1;
const HAS_EXTRAS: u8 = 2;

/// Codes a JPEG; nothing if it is of another kind or would not come back.
pub(crate) fn encode(jpeg: &[u8], env: &Env) -> Option<Coded> {
    let coded = try_encode(jpeg, env).ok()?;
    let mut back = Vec::new();
    decode(&coded.header, &coded.body, jpeg.len(), env, &mut back).ok()?;
    (back == jpeg).then_some(coded)
}

fn try_encode(jpeg: &[u8], env: &Env) -> Result<Coded> {
    let mut markers = Markers::new(jpeg)?;
    let (mut kept, mut from) = (Vec::new(), 0);
    let (mut extras, mut pad) = (Vec::new(), None);
    let mut planes = Vec::new();
    let mut held = None;
    while let Some(found) = markers.next()? {
        env.check()?;
        let frame = markers.frame.as_ref().ok_or_else(wrong)?;
        if held.is_none() {
            held = Some(env.budget.reserve(memory(frame, jpeg.len())?)?);
            planes = blank(frame);
        }
        kept.extend_from_slice(&jpeg[from..markers.at]);
        let data = &jpeg[markers.at..];
        let (taken, padded, mut extra) = read::read(data, frame, &found, &markers.tables, &mut planes)?;
        if pad.is_some() && padded.is_some() && pad != padded {
            return Err(wrong());
        }
        pad = pad.or(padded);
        let rest = data.get(taken..).unwrap_or_default();
        extra.rest = rest[..scan(rest, &mut 0).ok_or_else(wrong)?].to_vec();
        markers.at += taken + extra.rest.len();
        from = markers.at;
        extras.push(extra);
    }
    kept.extend_from_slice(&jpeg[from..markers.at]);
    if markers.at != jpeg.len() {
        return Err(wrong());
    }
    let frame = markers.frame.as_ref().ok_or_else(wrong)?;
    let body = model::encode(frame, &markers.tables.quantizers, &mut planes, env)?;
    Ok(Coded { header: header(&kept, pad, &extras), body })
}

fn wrong() -> Error {
    Error::corrupt("jpeg: not what the encoder wrote")
}

/// The memory that a picture takes, once it is known that a file of `len` bytes can have so many blocks.
fn memory(frame: &Frame, len: usize) -> Result<u64> {
    let blocks = frame.blocks() as u64;
    if blocks > len as u64 * BLOCKS_PER_BYTE + 64 {
        return Err(wrong());
    }
    let memory = blocks * BLOCK_BYTES + len as u64 + model::MEMORY;
    if memory > MAX_MEMORY {
        return Err(Error::limit(format!("jpeg: {memory} bytes of memory")));
    }
    Ok(memory)
}

fn blank(frame: &Frame) -> Planes {
    frame.components.iter().map(|c| vec![[0; 64]; c.wide * c.high]).collect()
}

/// The header: flags, what is not coefficients, and what is odd about the scans.
fn header(kept: &[u8], pad: Option<bool>, extras: &[Extra]) -> Vec<u8> {
    let flags = if pad == Some(false) { 0 } else { PADDED_WITH_ONES };
    if extras.iter().all(|e| *e == Extra::default()) {
        return [&[flags], kept].concat();
    }
    let mut out = vec![flags | HAS_EXTRAS];
    put(&mut out, kept.len() as u64);
    out.extend_from_slice(kept);
    for extra in extras {
        put(&mut out, extra.stops.len() as u64);
        let mut last = 0;
        for &stop in &extra.stops {
            put(&mut out, (stop - last) as u64);
            last = stop;
        }
        put(&mut out, extra.rest.len() as u64);
        out.extend_from_slice(&extra.rest);
    }
    out
}

/// The parts of a header: what fills up bytes, what is not coefficients, and the scans' oddities if there are any.
fn take_apart(header: &[u8]) -> Result<(bool, &[u8], Option<Reader<'_>>)> {
    let (&flags, rest) = header.split_first().ok_or_else(wrong)?;
    if flags > PADDED_WITH_ONES | HAS_EXTRAS || header.len() > MAX_HEADER {
        return Err(wrong());
    }
    let pad = flags & PADDED_WITH_ONES != 0;
    if flags & HAS_EXTRAS == 0 {
        return Ok((pad, rest, None));
    }
    let mut reader = Reader::new(rest);
    let len = reader.varint_max(MAX_HEADER as u64, "a length")?;
    Ok((pad, reader.bytes(len as usize)?, Some(reader)))
}

fn read_extra(reader: &mut Reader<'_>) -> Result<Extra> {
    let mut extra = Extra::default();
    let mut last = 0usize;
    for _ in 0..reader.varint_max(reader.rest().len() as u64, "a number of stops")? {
        last = last.saturating_add(reader.varint_max(1 << 29, "a stop")? as usize);
        extra.stops.push(last);
    }
    let len = reader.varint_max(reader.rest().len() as u64, "a length")?;
    extra.rest = reader.bytes(len as usize)?.to_vec();
    Ok(extra)
}

/// Appends the JPEG of `len` bytes that was coded to `out`.
///
/// # Errors
/// Corrupt or truncated for what no encoder wrote; limit for the memory; cancelled.
pub(crate) fn decode(header: &[u8], body: &[u8], len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
    let (pad, kept, mut extras) = take_apart(header)?;
    let mut markers = Markers::new(kept)?;
    while markers.next()?.is_some() {}
    let frame = markers.frame.take().ok_or_else(wrong)?;
    if markers.at != kept.len() {
        return Err(wrong());
    }
    let _held = env.budget.reserve(memory(&frame, len)? + header.len() as u64 * 16)?;
    let mut planes = blank(&frame);
    model::decode(&frame, &markers.tables.quantizers, &mut planes, (body, len), env)?;
    let (mut markers, mut from, limit) = (Markers::new(kept)?, 0, out.len() + len);
    while let Some(scan) = markers.next()? {
        env.check()?;
        out.extend_from_slice(&kept[from..markers.at]);
        from = markers.at;
        let extra = extras.as_mut().map(read_extra).transpose()?.unwrap_or_default();
        write::write((out, limit), &frame, &scan, &markers.tables, &planes, (pad, &extra.stops))?;
        out.extend_from_slice(&extra.rest);
    }
    out.extend_from_slice(&kept[from..]);
    let used_up = extras.is_none_or(|e| e.is_empty());
    if out.len() == limit && used_up { Ok(()) } else { Err(wrong()) }
}
