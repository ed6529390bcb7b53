//! What is told of the stretches: steps, in columns of numbers.

use super::find::Like;
use minlen_core::varint::{Reader, put};
use minlen_core::{Error, Result};

/// One step: new bytes, then a stretch of the old content of which the first bytes are as they were, and the others differ here and there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// New bytes before it.
    pub gap: usize,
    /// Where the old bytes begin.
    pub from: u64,
    /// Old bytes as they were.
    pub exact: usize,
    /// Old bytes that differ here and there.
    pub near: usize,
}

/// The columns of steps: new bytes, offsets, exact bytes, near bytes.
pub const COLUMNS: usize = 4;

/// The steps for these stretches: runs of at least `run` equal bytes stand by themselves.
pub(super) fn steps(old: &[u8], data: &[u8], likes: &[Like], run: usize) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut done = 0;
    for like in likes {
        let (new, there) = (&data[like.at..like.at + like.len], &old[like.from..like.from + like.len]);
        let (mut at, mut gap) = (0, like.at - done);
        while at < new.len() {
            let exact = super::index::common(&new[at..], &there[at..]);
            let near = near_length(&new[at + exact..], &there[at + exact..], run);
            steps.push(Step { gap, from: (like.from + at) as u64, exact, near });
            (at, gap) = (at + exact + near, 0);
        }
        done = like.at + like.len;
    }
    steps
}

/// How many bytes until the next long run of equal ones.
fn near_length(new: &[u8], old: &[u8], run: usize) -> usize {
    let mut at = 0;
    loop {
        at += new[at..].iter().zip(&old[at..]).take_while(|(a, b)| a != b).count();
        let equal = super::index::common(&new[at..], &old[at..]);
        if equal >= run || at + equal == new.len() {
            return at;
        }
        at += equal;
    }
}

/// The columns, written.
pub(super) fn write(steps: &[Step]) -> [Vec<u8>; COLUMNS] {
    let mut columns: [Vec<u8>; COLUMNS] = Default::default();
    let [gaps, offsets, exacts, nears] = &mut columns;
    let mut expected = 0u64;
    for step in steps {
        put(gaps, step.gap as u64);
        let offset = step.from.wrapping_sub(expected) as i64;
        put(offsets, (offset << 1 ^ offset >> 63) as u64);
        put(exacts, step.exact as u64);
        put(nears, step.near as u64);
        expected = step.from + (step.exact + step.near) as u64;
    }
    columns
}

/// The columns as one: few steps take less room so.
///
/// # Errors
/// Corrupt or truncated for anything but columns.
pub fn join(columns: [&[u8]; COLUMNS]) -> Result<Vec<u8>> {
    let mut readers = columns.map(Reader::new);
    let mut joined = Vec::new();
    while !readers[0].is_empty() {
        for reader in &mut readers {
            put(&mut joined, reader.varint()?);
        }
    }
    Ok(joined)
}

/// The columns again.
///
/// # Errors
/// Corrupt or truncated for anything but columns.
pub fn split(joined: &[u8]) -> Result<[Vec<u8>; COLUMNS]> {
    let mut reader = Reader::new(joined);
    let mut columns: [Vec<u8>; COLUMNS] = Default::default();
    while !reader.is_empty() {
        for column in &mut columns {
            put(column, reader.varint()?);
        }
    }
    Ok(columns)
}

/// The steps in these columns: of content of `len` bytes, from old content of `old` bytes.
///
/// # Errors
/// Corrupt or truncated where there are none such.
pub(super) fn read(columns: [&[u8]; COLUMNS], len: usize, old: u64) -> Result<Vec<Step>> {
    let [mut gaps, mut offsets, mut exacts, mut nears] = columns.map(Reader::new);
    let (mut steps, mut left, mut expected) = (Vec::new(), len as u64, 0u64);
    while !gaps.is_empty() {
        let gap = gaps.varint_max(left, "diff: new bytes")?;
        left -= gap;
        let offset = offsets.varint()?;
        let from = expected.wrapping_add((offset >> 1) ^ (offset & 1).wrapping_neg());
        let exact = exacts.varint_max(left, "diff: old bytes")?;
        left -= exact;
        let near = nears.varint_max(left, "diff: old bytes")?;
        left -= near;
        let end = from.checked_add(exact + near).filter(|&end| end <= old);
        let end = end.ok_or_else(|| Error::corrupt("diff: bytes from beyond the end of the base"))?;
        if exact + near == 0 {
            return Err(Error::corrupt("diff: a step of nothing"));
        }
        steps.push(Step { gap: gap as usize, from, exact: exact as usize, near: near as usize });
        expected = end;
    }
    if offsets.is_empty() && exacts.is_empty() && nears.is_empty() {
        Ok(steps)
    } else {
        Err(Error::corrupt("diff: columns of unequal length"))
    }
}
