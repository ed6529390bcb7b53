//! The members of a ZIP file: those that are stored as they are, and for whoever can inflate all of them.
//!
//! Source: PKWARE's APPNOTE.TXT, with the 64-bit extensions (sections 4.3.14 to 4.5.3).

use crate::reader::Reader;
use minlen_core::layout::Span;
use minlen_core::{Error, Result};

/// Entries that are looked at, and bytes of the directory that names them.
const MAX_ENTRIES: u64 = 1 << 20;
const MAX_DIRECTORY: u64 = 1 << 28;

/// How a member lies in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// As it is.
    Stored,
    /// By deflate, without a header of its own.
    Deflate,
    /// Some other way, or encrypted.
    Other,
}

/// A member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its path.
    pub name: String,
    /// Offset of its first byte in the file.
    pub start: u64,
    /// Bytes of its content, as the directory says.
    pub len: u64,
    /// Bytes that it takes in the file.
    pub packed: u64,
    /// How it lies there.
    pub packing: Packing,
}

/// The stored members, or `None` if this is no ZIP file.
pub fn members(reader: &mut Reader<'_>) -> Result<Option<Vec<Member>>> {
    let stored = |member: &Member| member.packing == Packing::Stored && member.len == member.packed;
    named(reader, stored)
}

/// All members, or `None` if this is no ZIP file. The length of the content of those that are packed is only what the file says.
pub fn all_members(reader: &mut Reader<'_>) -> Result<Option<Vec<Member>>> {
    named(reader, |_| true)
}

fn named(reader: &mut Reader<'_>, wanted: fn(&Member) -> bool) -> Result<Option<Vec<Member>>> {
    if !reader.has(0, b"PK\x03\x04")? {
        return Ok(None);
    }
    let Some((mut at, count, end)) = directory(reader)? else { return Ok(None) };
    let mut members = Vec::new();
    for _ in 0..count {
        if at >= end {
            break;
        }
        let (member, next) = entry(reader, at)?;
        members.extend(Some(member).filter(wanted));
        at = next;
    }
    for member in &mut members {
        locate(reader, member)?;
    }
    Ok(Some(members))
}

/// Start of the central directory, its entries, and its end.
fn directory(reader: &mut Reader<'_>) -> Result<Option<(u64, u64, u64)>> {
    let len = reader.len();
    if len < 22 {
        return Ok(None);
    }
    // The end record has a comment of up to 65,535 bytes.
    let tail = len.min(22 + 65_535);
    let from = len - tail;
    let bytes = reader.bytes(from, tail as usize)?;
    let Some(found) = (0..=bytes.len() - 22).rev().find(|&at| bytes[at..].starts_with(b"PK\x05\x06")) else {
        return Ok(None);
    };
    let end = from + found as u64;
    let mut count = u64::from(reader.u16(end + 10)?);
    let mut size = u64::from(reader.u32(end + 12)?);
    let mut start = u64::from(reader.u32(end + 16)?);
    if end >= 20 && reader.has(end - 20, b"PK\x06\x07")? {
        let wide = reader.u64(end - 12)?;
        if reader.has(wide, b"PK\x06\x06")? {
            count = reader.u64(wide + 32)?;
            size = reader.u64(wide + 40)?;
            start = reader.u64(wide + 48)?;
        }
    }
    if count > MAX_ENTRIES || size > MAX_DIRECTORY {
        return Err(Error::limit(format!("ZIP directory of {count} entries")).at(end));
    }
    let stop = start.checked_add(size).filter(|stop| *stop <= end);
    let stop = stop.ok_or_else(|| Error::corrupt("ZIP directory beyond its end record").at(end))?;
    Ok(Some((start, count, stop)))
}

/// An entry of the directory, and where the next one is. Its start is that of its local header.
fn entry(reader: &mut Reader<'_>, at: u64) -> Result<(Member, u64)> {
    let head = reader.array::<46>(at)?;
    if !head.starts_with(b"PK\x01\x02") {
        return Err(Error::corrupt("no entry of a ZIP directory").at(at));
    }
    let short = |i: usize| u16::from_le_bytes([head[i], head[i + 1]]);
    let long = |i: usize| u64::from(u32::from_le_bytes([head[i], head[i + 1], head[i + 2], head[i + 3]]));
    let (flags, method) = (short(8), short(10));
    let (name, extra, comment) = (short(28), short(30), short(32));
    let next = at + 46 + u64::from(name) + u64::from(extra) + u64::from(comment);
    // Size, packed size and place of the local header, in the order of the 64-bit extra field.
    let mut values = [long(24), long(20), long(42)];
    let extra_at = at + 46 + u64::from(name);
    widen(reader, extra_at, extra_at + u64::from(extra), &mut values)?;
    let [size, packed, start] = values;
    let name = String::from_utf8_lossy(reader.bytes(at + 46, name.into())?).into_owned();
    let packing = match (method, flags & 1) {
        (0, 0) => Packing::Stored,
        (8, 0) => Packing::Deflate,
        _ => Packing::Other,
    };
    Ok((Member { name, start, len: size, packed, packing }, next))
}

/// Replaces the values that are too large for 32 bits by those of the extra field 1.
fn widen(reader: &mut Reader<'_>, mut at: u64, end: u64, values: &mut [u64; 3]) -> Result<()> {
    while at + 4 <= end {
        let (id, len) = (reader.u16(at)?, u64::from(reader.u16(at + 2)?));
        let stop = (at + 4 + len).min(end);
        at += 4;
        if id == 1 {
            for value in values.iter_mut().filter(|value| **value == u64::from(u32::MAX)) {
                if at + 8 <= stop {
                    *value = reader.u64(at)?;
                    at += 8;
                }
            }
        }
        at = stop;
    }
    Ok(())
}

/// Moves the start of a member from its local header to its data.
fn locate(reader: &mut Reader<'_>, member: &mut Member) -> Result<()> {
    let at = member.start;
    if !reader.has(at, b"PK\x03\x04")? {
        return Err(Error::corrupt(format!("ZIP member {:?} has no local header", member.name)).at(at));
    }
    let skip = 30 + u64::from(reader.u16(at + 26)?) + u64::from(reader.u16(at + 28)?);
    member.start = at + skip;
    let end = member.start.checked_add(member.packed);
    if end.is_none_or(|end| end > reader.len()) {
        return Err(Error::truncated(format!("ZIP member {:?} reaches beyond the file", member.name)).at(at));
    }
    Ok(())
}

/// The arrays of an npz file: each member is an npy file. `None` if there is no such member.
pub fn npz(reader: &mut Reader<'_>, members: &[Member]) -> Result<Option<Vec<Span>>> {
    let mut tensors = Vec::new();
    let mut any = false;
    for member in members {
        let Some(name) = member.name.strip_suffix(".npy") else { continue };
        any = true;
        let name = super::common::text(name.as_bytes());
        if let Some((Some(tensor), _)) =
            super::npy::parse(reader, member.start, member.start + member.len, name)?
        {
            super::common::push(&mut tensors, tensor)?;
        }
    }
    Ok(any.then_some(tensors))
}
