//! The block table (docs/format/index.md).

use crate::limits::MAX_INDEX;
use crate::primitives::{Input, hash64};
use crate::section::{Section, kind};
use minlen_core::varint::{self, Reader};
use minlen_core::{Advice, Env, Error, Reservation, Result};
use std::io::Read;

/// One block in the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    /// Bytes between the end of the block before (or of the stream header) and this block's section.
    pub(crate) gap: u64,
    /// Bytes of section header.
    pub(crate) header_len: u64,
    /// Bytes of content.
    pub(crate) raw_len: u64,
    /// Bytes of payload.
    pub(crate) stored_len: u64,
}

fn zigzag(new: u64, old: u64) -> u64 {
    let delta = new.wrapping_sub(old) as i64;
    ((delta << 1) ^ (delta >> 63)) as u64
}

fn unzigzag(code: u64, old: u64) -> u64 {
    old.wrapping_add((code >> 1) ^ (code & 1).wrapping_neg())
}

/// The whole INDEX section.
pub(crate) fn bytes(rows: &[Row]) -> Result<Vec<u8>> {
    let mut payload = Vec::with_capacity(rows.len() * 6);
    let mut last = Row::default();
    for row in rows {
        varint::put(&mut payload, row.gap);
        varint::put(&mut payload, zigzag(row.header_len, last.header_len));
        varint::put(&mut payload, zigzag(row.raw_len, last.raw_len));
        varint::put(&mut payload, zigzag(row.stored_len, last.stored_len));
        last = *row;
    }
    let mut fields = Vec::new();
    varint::put(&mut fields, payload.len() as u64);
    varint::put(&mut fields, rows.len() as u64);
    fields.extend(hash64(&payload).to_le_bytes());
    let mut out = Section::bytes(kind::INDEX, &fields)?;
    out.append(&mut payload);
    Ok(out)
}

/// Reads the payload that follows an INDEX header.
pub(crate) fn read<R: Read>(
    section: &Section,
    input: &mut Input<R>,
    env: &Env,
) -> Result<(Vec<Row>, Reservation)> {
    let mut r = Reader::new(&section.fields);
    let len = r.varint_max(MAX_INDEX, "the index's length")?;
    let count = r.varint()?;
    let hash = r.u64()?;
    if !r.is_empty() {
        return Err(Error::corrupt("the index header has bytes left over"));
    }
    if count > len / 4 {
        return Err(Error::corrupt(format!("an index of {count} blocks in {len} bytes")));
    }
    let payload = input.payload(len, env)?;
    if hash64(&payload) != hash {
        return Err(Error::corrupt("the index's checksum differs").advise(Advice::Repair));
    }
    let _payload = env.budget.reserve(len)?;
    let held = env.budget.reserve(count.saturating_mul(size_of::<Row>() as u64))?;
    Ok((rows(&payload, count)?, held))
}

fn rows(payload: &[u8], count: u64) -> Result<Vec<Row>> {
    let mut r = Reader::new(payload);
    // Every row has four bytes at least, and the payload is there.
    let mut out = Vec::with_capacity(count as usize);
    let mut last = Row::default();
    for _ in 0..count {
        last = Row {
            gap: r.varint()?,
            header_len: unzigzag(r.varint()?, last.header_len),
            raw_len: unzigzag(r.varint()?, last.raw_len),
            stored_len: unzigzag(r.varint()?, last.stored_len),
        };
        out.push(last);
    }
    if !r.is_empty() {
        return Err(Error::corrupt("the index has bytes left over"));
    }
    Ok(out)
}
