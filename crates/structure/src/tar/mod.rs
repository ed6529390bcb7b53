//! Headers of a tar archive (blocks of 512 bytes), and its members.
//!
//! Source: POSIX.1-1988 ustar interchange format, with the base of older archives.
//!
//! | You have | Use |
//! |---|---|
//! | a whole archive | [`Tar`], a [`Parser`]: the members that are regular files, as spans |
//! | one block that may be a header | [`header`] |
//! | damaged data | [`sync`], to find the next header |
//! | a header to write | [`usual_checksum`] |
//!
//! ```
//! use minlen_structure::tar::{BLOCK, Tar, header, sync, usual_checksum};
//! use minlen_structure::{Parser, Reader};
//! let mut block = [0; BLOCK];
//! block[..5].copy_from_slice(b"a.txt");
//! block[124..135].copy_from_slice(b"00000000004"); // The size, in octal digits.
//! block[156] = b'0';
//! block[257..262].copy_from_slice(b"ustar");
//! let sum = usual_checksum(&block);
//! block[148..156].copy_from_slice(&sum);
//! assert_eq!(header(&block).map(|found| (found.kind, found.size)), Some((b'0', 4)));
//!
//! let mut file = block.to_vec();
//! file.extend(b"text");
//! file.resize(4 * BLOCK, 0);
//! let (_, members) = Tar.parse(&mut Reader::new(&&file[..]))?.expect("a tar archive");
//! assert_eq!((&members[0].name[..], members[0].start, members[0].len), ("a.txt", 512, 4));
//! // A changed header is none, and the next one is looked for.
//! assert_eq!(sync(&[[1; BLOCK].as_slice(), &file].concat(), 0), Some(BLOCK));
//! block[0] = b'b';
//! assert_eq!(header(&block), None);
//! # Ok::<(), minlen_core::Error>(())
//! ```

use crate::formats;
use crate::parser::{Found, Parser};
use crate::reader::Reader;
use minlen_core::layout::{Span, SpanKind};
use minlen_core::{Error, Kind, Result};

/// Everything in a tar begins at a multiple of this.
pub const BLOCK: usize = 512;
/// Where a header's checksum stands.
pub const SUM: std::ops::Range<usize> = 148..156;
/// Where its size stands, in octal digits.
const SIZE: std::ops::Range<usize> = 124..136;
/// Members that are named at most.
const MAX_MEMBERS: usize = 1 << 18;

/// What is needed of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The type of the entry: `0`, NUL or `7` for files.
    pub kind: u8,
    /// Bytes that follow.
    pub size: usize,
}

/// A block as a header, if its checksum is right.
#[must_use]
pub fn header(block: &[u8]) -> Option<Header> {
    let stated = octal(block.get(SUM)?)?;
    if block.len() < BLOCK || sum(block) != stated || block[0] == 0 && block[257] == 0 {
        return None;
    }
    Some(Header { kind: block[156], size: usize::try_from(octal(&block[SIZE])?).ok()? })
}

/// The sum that the checksum of a header states.
fn sum(block: &[u8]) -> u64 {
    let all: u64 = block.iter().map(|&b| u64::from(b)).sum();
    let field: u64 = block[SUM].iter().map(|&b| u64::from(b)).sum();
    all - field + 8 * 32
}

/// The next header with a magic number, from `at` on.
#[must_use]
pub fn sync(data: &[u8], at: usize) -> Option<usize> {
    let mut blocks = data.get(at..)?.as_chunks::<BLOCK>().0.iter();
    blocks.position(|block| has_magic(block) && header(block).is_some()).map(|i| at + i * BLOCK)
}

/// True for a block with the magic number of ustar.
#[must_use]
pub fn has_magic(block: &[u8]) -> bool {
    block.get(257..).is_some_and(|rest| rest.starts_with(b"ustar"))
}

fn octal(field: &[u8]) -> Option<u64> {
    let digits = field.iter().skip_while(|b| **b == b' ').take_while(|b| (b'0'..b'8').contains(*b));
    let digits: Vec<u64> = digits.map(|b| u64::from(b - b'0')).collect();
    (1..=12).contains(&digits.len()).then(|| digits.iter().fold(0, |n, d| n << 3 | d))
}

/// The size that a header states, for a reader.
///
/// Sizes over 512 MiB, and those in the binary form of GNU tar, are `None`.
///
/// ```
/// use minlen_structure::tar::stated_size;
/// let mut block = [0; 512];
/// block[124..135].copy_from_slice(b"00000000017");
/// assert_eq!((stated_size(&block), stated_size(&block[..100])), (Some(15), None));
/// ```
#[must_use]
pub fn stated_size(block: &[u8]) -> Option<usize> {
    usize::try_from(octal(block.get(SIZE)?)?).ok().filter(|&size| size <= 1 << 29)
}

/// A block's checksum as most programs write it: six octal digits, NUL and space.
#[must_use]
pub fn usual_checksum(block: &[u8; BLOCK]) -> [u8; 8] {
    let sum = sum(block);
    let mut field = *b"000000\0 ";
    (0..6).for_each(|i| field[i] = b'0' + (sum >> (15 - 3 * i) & 7) as u8);
    field
}

/// Members of tar archives. Their headers are checked as far as they are whole: what follows a broken one is not named.
pub struct Tar;

impl Parser for Tar {
    fn name(&self) -> &'static str {
        formats::TAR.name
    }

    fn kind(&self) -> SpanKind {
        SpanKind::Member
    }

    fn parse(&self, file: &mut Reader<'_>) -> Result<Option<Found>> {
        let (mut at, mut members) = (0, Vec::new());
        while at < file.len() {
            let Ok(block) = file.array::<BLOCK>(at) else { break };
            let Some(header) = header(&block) else { break };
            let start = at + BLOCK as u64;
            let size = header.size as u64;
            let inside = start.checked_add(size).is_some_and(|end| end <= file.len());
            if matches!(header.kind, b'0' | 0 | b'7') && size > 0 && inside {
                if members.len() >= MAX_MEMBERS {
                    return Err(Error::limit(format!("more than {MAX_MEMBERS} members in one file")).at(at));
                }
                members.push(Span::bytes(SpanKind::Member, name(&block), start, size));
            }
            // Links and folders state a size that no bytes follow.
            let follows = if matches!(header.kind, b'1'..=b'6') { 0 } else { size };
            at = start.saturating_add(follows.next_multiple_of(BLOCK as u64));
        }
        Ok((at > 0).then_some((formats::TAR, members)))
    }

    /// Who sorts members looks for them in any data, and for more than headers tell.
    fn suits(&self, _kind: Kind, _level: u8, _len: usize) -> bool {
        false
    }
}

/// The path that a header states: prefix and name.
fn name(block: &[u8; BLOCK]) -> String {
    let text = |field: &[u8]| {
        let end = field.iter().position(|&b| b == 0).unwrap_or(field.len());
        String::from_utf8_lossy(&field[..end]).into_owned()
    };
    let (prefix, name) = (text(&block[345..500]), text(&block[..100]));
    if prefix.is_empty() || !has_magic(block) { name } else { format!("{prefix}/{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, kind: u8, data: &[u8]) -> Vec<u8> {
        let mut block = [0; BLOCK];
        block[..name.len()].copy_from_slice(name.as_bytes());
        block[SIZE].copy_from_slice(format!("{:011o}\0", data.len()).as_bytes());
        block[156] = kind;
        block[257..262].copy_from_slice(b"ustar");
        let sum = usual_checksum(&block);
        block[SUM].copy_from_slice(&sum);
        let mut out = [&block[..], data].concat();
        out.resize(out.len().next_multiple_of(BLOCK), 0);
        out
    }

    #[test]
    fn members_are_named_and_damage_ends_the_list() {
        let file =
            [entry("a/", b'5', b""), entry("a/b", b'0', b"text"), entry("c", 0, &[7; 600]), vec![0; 1024]]
                .concat();
        let parse = |file: &[u8]| Tar.parse(&mut Reader::new(&file)).unwrap();
        let (format, members) = parse(&file).unwrap();
        let all: Vec<_> = members.iter().map(|m| (m.name.as_str(), m.start, m.len)).collect();
        assert_eq!((format, all), (formats::TAR, vec![("a/b", 1024, 4), ("c", 2048, 600)]));
        for at in 0..file.len() {
            let mut damaged = file.clone();
            damaged[at] ^= 1;
            if let Some((_, members)) = parse(&damaged) {
                assert!(members.iter().all(|m| m.end() <= file.len() as u64));
            }
            let _ = parse(&file[..at]);
        }
        assert!(parse(b"no tar").is_none());
    }
}
