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
mod planes;
mod read;
mod walk;
mod write;

#[cfg(test)]
mod tests;

use super::{Coded, SOI, scan};
use markers::{Frame, Markers};
use minlen_core::varint::{Reader, put};
use minlen_core::{Env, Error, Result};
use planes::{Planes, wrong};
use read::Extra;

/// Every block takes at least one bit of the file.
const BLOCKS_PER_BYTE: u64 = 8;
/// Bytes of a block: coefficients, and what the model remembers.
const BLOCK_BYTES: u64 = 128 + 2;
/// Largest picture that is taken on, in bytes of working memory.
const MAX_MEMORY: u64 = 1 << 30;
/// Longest header that is looked at.
const MAX_HEADER: usize = 16 << 20;

/// How every file starts. The header leaves it out, so that it is not taken for a picture again.
const START: [u8; 2] = [0xff, SOI];
/// Flags in the first byte of a header.
const PADDED_WITH_ONES: u8 = 1;
const HAS_EXTRAS: u8 = 2;

/// Codes a JPEG; nothing if it is of another kind or would not come back.
///
/// What [`decode`] makes of it is checked but for the arithmetic decoder: the bits are written from the numbers that the model coded.
pub(crate) fn encode(jpeg: &[u8], env: &Env) -> Option<Coded> {
    take_in(jpeg, env).ok()
}

fn take_in(jpeg: &[u8], env: &Env) -> Result<Coded> {
    let rest = jpeg.strip_prefix(&START).ok_or_else(wrong)?;
    let mut markers = Markers::new(rest);
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
        kept.extend_from_slice(&rest[from..markers.at]);
        let data = &rest[markers.at..];
        let (taken, padded, mut extra) = read::read(data, frame, &found, &markers.tables, &mut planes)?;
        if pad.is_some() && padded.is_some() && pad != padded {
            return Err(wrong());
        }
        pad = pad.or(padded);
        let after = data.get(taken..).unwrap_or_default();
        extra.rest = after[..scan(after, &mut 0).ok_or_else(wrong)?].to_vec();
        markers.at += taken + extra.rest.len();
        from = markers.at;
        extras.push(extra);
    }
    kept.extend_from_slice(&rest[from..markers.at]);
    if markers.at != rest.len() {
        return Err(wrong());
    }
    let frame = markers.frame.as_ref().ok_or_else(wrong)?;
    // Whatever the scans lose would show here, so before the slow part.
    let header = header(&kept, pad, &extras);
    give_back(&header, &planes, jpeg, env)?;
    let (before, _held) = (planes.clone(), env.budget.reserve(frame.blocks() as u64 * BLOCK_BYTES)?);
    let body = model::encode(frame, &markers.tables.quantizers, &mut planes, jpeg.len(), env)?;
    if before == planes { Ok(Coded { header, body }) } else { Err(wrong()) }
}

/// Checks that header and coefficients make this file.
fn give_back(header: &[u8], planes: &Planes, jpeg: &[u8], env: &Env) -> Result<()> {
    let parts = take_apart(header)?;
    let (frame, _) = frame(parts.kept)?;
    let mut back = Vec::with_capacity(jpeg.len());
    put_together(parts, &frame, planes, (&mut back, jpeg.len()), env)?;
    if back == jpeg { Ok(()) } else { Err(wrong()) }
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

/// The parts of a header.
struct Parts<'a> {
    /// What fills up bytes.
    pad: bool,
    /// What is not coefficients.
    kept: &'a [u8],
    /// The scans' oddities, if there are any.
    extras: Option<Reader<'a>>,
}

fn take_apart(header: &[u8]) -> Result<Parts<'_>> {
    let (&flags, rest) = header.split_first().ok_or_else(wrong)?;
    if flags > PADDED_WITH_ONES | HAS_EXTRAS || header.len() > MAX_HEADER {
        return Err(wrong());
    }
    let pad = flags & PADDED_WITH_ONES != 0;
    if flags & HAS_EXTRAS == 0 {
        return Ok(Parts { pad, kept: rest, extras: None });
    }
    let mut reader = Reader::new(rest);
    let len = reader.varint_max(MAX_HEADER as u64, "a length")?;
    let kept = reader.bytes(len as usize)?;
    Ok(Parts { pad, kept, extras: Some(reader) })
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
    let parts = take_apart(header)?;
    let (frame, quantizers) = frame(parts.kept)?;
    let _held = env.budget.reserve(memory(&frame, len)? + header.len() as u64 * 16)?;
    let mut planes = blank(&frame);
    model::decode(&frame, &quantizers, &mut planes, (body, len), env)?;
    put_together(parts, &frame, &planes, (out, len), env)
}

/// The frame that a header describes, and its quantizers.
fn frame(kept: &[u8]) -> Result<(Frame, [[u16; 64]; 4])> {
    let mut markers = Markers::new(kept);
    while markers.next()?.is_some() {}
    let frame = markers.frame.take().ok_or_else(wrong)?;
    if markers.at == kept.len() { Ok((frame, markers.tables.quantizers)) } else { Err(wrong()) }
}

/// Appends the file of `len` bytes with these coefficients.
fn put_together(
    mut parts: Parts<'_>,
    frame: &Frame,
    planes: &Planes,
    (out, len): (&mut Vec<u8>, usize),
    env: &Env,
) -> Result<()> {
    let limit = out.len() + len;
    out.extend(START);
    let (mut markers, mut from) = (Markers::new(parts.kept), 0);
    while let Some(scan) = markers.next()? {
        env.check()?;
        out.extend_from_slice(&parts.kept[from..markers.at]);
        from = markers.at;
        let extra = parts.extras.as_mut().map(read_extra).transpose()?.unwrap_or_default();
        write::write((out, limit), frame, &scan, &markers.tables, planes, (parts.pad, &extra.stops))?;
        out.extend_from_slice(&extra.rest);
    }
    out.extend_from_slice(&parts.kept[from..]);
    let used_up = parts.extras.is_none_or(|e| e.is_empty());
    if out.len() == limit && used_up { Ok(()) } else { Err(wrong()) }
}
