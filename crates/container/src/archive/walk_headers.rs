//! Walking from section header to section header without reading payloads.

use super::pieces::{Found, Piece};
use super::{compact_at, padding, section_at};
use crate::block::BlockHeader;
use crate::compact::Head;
use crate::end::{END_LETTERS, End, TRAILER_LEN};
use crate::index::Row;
use crate::primitives::Input;
use crate::recovery;
use crate::section::{HEADER_LEN, MAGIC, Section, StreamKind, kind, parse_stream_header};
use crate::stream::skippable_fields;
use minlen_core::varint::Reader as Fields;
use minlen_core::{Advice, Env, Error, Reservation, Result};
use std::io::{Read, Seek, SeekFrom};

/// The payload's length of any section but END.
pub(super) fn payload_len(section: &Section) -> Result<u64> {
    match section.kind {
        kind::BLOCK | kind::TREE => BlockHeader::parse(&section.fields).map(|(h, _)| h.stored_len),
        kind::INDEX => Fields::new(&section.fields).varint(),
        kind::RECOVERY => recovery::payload_len(section),
        skippable if kind::is_skippable(skippable) => skippable_fields(section).map(|(len, _)| len),
        other => Err(Error::unsupported(format!("section type {other:#04x}"))),
    }
}

/// The block table of a stream that has none.
pub(super) fn rows_by_walking<R: Read + Seek>(
    r: &mut R,
    found: &Found,
    env: &Env,
) -> Result<(Vec<Row>, Reservation)> {
    let (mut rows, mut held) = (Vec::new(), env.budget.reserve(0)?);
    let mut pos = found.start + HEADER_LEN as u64;
    let mut block_end = pos;
    while pos < found.end_at {
        let (section, _) = section_at(r, pos)?;
        let stored_len = payload_len(&section).map_err(|e| e.at(pos))?;
        let next = pos.checked_add(section.len()).and_then(|p| p.checked_add(stored_len));
        let next = next.filter(|&n| n <= found.end_at);
        let next = next.ok_or_else(|| Error::corrupt("a section beyond the end of its stream").at(pos))?;
        if section.kind == kind::BLOCK {
            let (header, _) = BlockHeader::parse(&section.fields).map_err(|e| e.at(pos))?;
            let (gap, header_len) = (pos - block_end, section.len());
            grow_for(&mut rows, &mut held)?;
            rows.push(Row { gap, header_len, raw_len: header.raw_len, stored_len });
            block_end = next;
        }
        pos = next;
        env.check()?;
    }
    Ok((rows, held))
}

/// Makes room for one more element, charged before it is allocated.
pub(crate) fn grow_for<T>(list: &mut Vec<T>, held: &mut Reservation) -> Result<()> {
    if list.len() == list.capacity() {
        let more = list.len().max(16);
        held.grow((more * size_of::<T>()) as u64)?;
        list.reserve_exact(more);
    }
    Ok(())
}

/// The most streams that are walked over one by one: a bound on memory. Files of more of them are read in order.
const MOST_STREAMS: usize = 1 << 20;

/// Walks the whole file from stream to stream, or says what is wrong with its structure. Nothing that is walked over
/// without reading (payloads, the checksums of compact streams) is compared.
///
/// Gives also where the last stream ends: behind that, there are zeros at most.
pub(super) fn walk_forward<R: Read + Seek>(
    r: &mut R,
    file_len: u64,
    env: &Env,
) -> Result<(Vec<Piece>, Reservation, u64)> {
    let mut pos = 0;
    let (mut pieces, mut held) = (Vec::new(), env.budget.reserve(0)?);
    while pos < file_len {
        env.check()?;
        if pieces.len() == MOST_STREAMS {
            return Err(Error::limit(format!("over {MOST_STREAMS} streams in one file")));
        }
        env.check()?;
        grow_for(&mut pieces, &mut held)?;
        r.seek(SeekFrom::Start(pos))?;
        let mut input = Input::new(&mut *r, pos);
        let [first] = input.array("a stream")?;
        if first == kind::RECOVERY && pos > 0 {
            let section = Section::read(first, &mut input)?;
            pos = next_section(pos, &section, file_len)?;
            continue;
        }
        if pos > 0 && first == 0 && padding::zeros_from(r, file_len, env)? <= pos {
            return Ok((pieces, held, pos));
        }
        if pos > 0 && first != MAGIC[0] {
            return Err(garbage(pos));
        }
        if file_len - pos >= 4
            && let Some((head, _)) = compact_at(r, pos)?
        {
            let next = pos.saturating_add(head.stream_len());
            if next > file_len {
                return Err(Error::truncated("the data ends within a compact stream").at(pos));
            }
            held.grow(size_of::<Head>() as u64 + 64)?;
            pieces.push(Piece::Compact(pos, Box::new(head)));
            pos = next;
            continue;
        }
        r.seek(SeekFrom::Start(pos))?;
        let header = Input::new(&mut *r, pos).array("the stream header")?;
        let kind = parse_stream_header(&header).map_err(|e| e.at(pos))?;
        let found = walk_stream(r, pos, kind, file_len)?;
        pos = found.next;
        pieces.push(Piece::Full(found));
    }
    Ok((pieces, held, file_len))
}

/// The error for what follows an end and is neither a stream nor padding.
pub(crate) fn garbage(at: u64) -> Error {
    Error::corrupt("something other than a stream follows the end").at(at).advise(Advice::Salvage)
}

fn next_section(pos: u64, section: &Section, file_len: u64) -> Result<u64> {
    let next = pos.saturating_add(section.len()).saturating_add(payload_len(section).map_err(|e| e.at(pos))?);
    if next > file_len {
        return Err(Error::truncated("the data ends within a payload").at(pos));
    }
    Ok(next)
}

/// The stream that begins at `start`.
fn walk_stream<R: Read + Seek>(r: &mut R, start: u64, kind: StreamKind, file_len: u64) -> Result<Found> {
    let mut pos = start + HEADER_LEN as u64;
    loop {
        let (section, mut input) = section_at(r, pos)?;
        if section.kind == kind::END {
            let end = End::parse(&section.fields, kind.archive).map_err(|e| e.at(pos))?;
            let trailer: [u8; TRAILER_LEN] = input.array("the trailer")?;
            if u64::from(trailer[0]) != section.len() || trailer[1..] != END_LETTERS {
                return Err(Error::corrupt("a wrong trailer").at(pos));
            }
            return Ok(Found { start, end_at: pos, next: input.pos, kind, end });
        }
        pos = next_section(pos, &section, file_len)?;
    }
}
