//! Looking for sections, byte by byte where need be.

use super::super::walk_headers::payload_len;
use super::assemble::Assembly;
use super::{Damage, Held};
use crate::block::{BlockHeader, RawBlock};
use crate::compact::{self, Head};
use crate::end::{END_LETTERS, TRAILER_LEN};
use crate::index;
use crate::primitives::Input;
use crate::section::{HEADER_LEN, MAGIC, Section, kind, parse_stream_header};
use crate::stream::skippable_fields;
use crate::{open_block, open_tree};
use minlen_core::{Env, ErrorKind, Registry, Reservation, Result};
use std::io::{Read, Seek, SeekFrom};

/// Bytes that a section header has at most.
const LOOK: usize = 6 + crate::limits::MAX_FIELDS;
const WINDOW: usize = 1 << 20;
/// Blocks that the next section does not follow are decoded at once, to know whether they end where they say. So many
/// times the file's length may be decoded for that, and so much in any case.
const CHECKED_SHARE: u64 = 4;
const CHECKED_FLOOR: u64 = 256 << 20;

/// What looking through the whole file gave, beside the sections.
pub(super) struct Looked {
    /// What was not recognised; which content that cost is not known yet.
    pub(super) damage: Vec<Damage>,
    /// True if the zeros at the end are no part of any section.
    pub(super) padded: bool,
    pub(super) held: Vec<Reservation>,
}

/// Finds every section in `r` (of `file_len` bytes, the last of which are zeros from `zeros` on) and hands them over in order.
pub(super) fn all<R: Read + Seek>(
    r: &mut R,
    file_len: u64,
    zeros: u64,
    to: &mut Assembly<'_>,
    registry: &Registry,
    env: &Env,
) -> Result<Looked> {
    let window = Window { r, file_len, start: 0, bytes: Vec::new() };
    let room = file_len.saturating_mul(CHECKED_SHARE).saturating_add(CHECKED_FLOOR);
    let mut finder = Finder { window, zeros, room, registry, env, to };
    let (mut damage, mut held) = (Vec::new(), Held::default());
    let (mut pos, mut lost_from, mut padded) = (0, None, false);
    let mut note = |from: Option<u64>, until: u64| -> Result<()> {
        if let Some(from) = from {
            held.one(size_of::<Damage>(), &env.budget)?;
            damage.push(Damage { file: from..until, content: 0..0 });
        }
        Ok(())
    };
    while pos < file_len {
        if pos.is_multiple_of(1 << 16) {
            env.check()?;
        }
        match finder.section(pos)? {
            Seen::Whole(next) => {
                note(lost_from.take(), pos)?;
                env.check()?;
                pos = next;
            }
            Seen::Broken(next) => {
                lost_from.get_or_insert(pos);
                pos = next;
            }
            Seen::Nothing if pos < zeros => {
                lost_from.get_or_insert(pos);
                pos += 1;
            }
            // Nothing begins with a zero, and there is nothing else to come.
            Seen::Nothing => {
                padded = lost_from.is_none() && !finder.to.is_open();
                if !padded {
                    lost_from.get_or_insert(pos);
                }
                pos = file_len;
            }
        }
    }
    note(lost_from.or(finder.to.is_open().then_some(pos)), pos)?;
    Ok(Looked { damage, padded, held: held.held })
}

struct Finder<'a, 'b, R> {
    window: Window<'a, R>,
    zeros: u64,
    /// Bytes that may still be decoded to check blocks.
    room: u64,
    registry: &'a Registry,
    env: &'a Env,
    to: &'a mut Assembly<'b>,
}

/// What is at a place.
enum Seen {
    /// No section that is known.
    Nothing,
    /// A section that ends here.
    Whole(u64),
    /// A section whose payload is not what it was. Only its header, which ends here, is passed over: where bytes were cut out
    /// of the payload, the next section begins within what its length says.
    Broken(u64),
}

impl<R: Read + Seek> Finder<'_, '_, R> {
    fn section(&mut self, pos: u64) -> Result<Seen> {
        let look = self.window.at(pos)?;
        if let Some(header) = look.first_chunk::<HEADER_LEN>().filter(|h| h.starts_with(&MAGIC)) {
            let Ok(kind) = parse_stream_header(header) else { return Ok(Seen::Nothing) };
            self.to.header(pos, kind.archive)?;
            return Ok(Seen::Whole(pos + HEADER_LEN as u64));
        }
        if compact::is_compact(look) {
            return self.compact(pos);
        }
        let Some(section) = parse(look) else { return Ok(Seen::Nothing) };
        let after = pos + section.len();
        if section.kind == kind::END {
            let look = self.window.at(after)?;
            let right = look.get(1..TRAILER_LEN) == Some(&END_LETTERS[..]);
            let known = self.to.end(&section, pos)?;
            return Ok(if known {
                Seen::Whole(after + if right { TRAILER_LEN as u64 } else { 0 })
            } else {
                Seen::Nothing
            });
        }
        let Ok(len) = payload_len(&section) else { return Ok(Seen::Nothing) };
        let next = after.checked_add(len).filter(|&next| next <= self.window.file_len);
        let Some(next) = next else { return Ok(Seen::Broken(after)) };
        // Tables are small, and what is wrong with them shows nowhere else.
        let table = matches!(section.kind, kind::INDEX | kind::DIRECTORY);
        if (table || !self.is_followed(next)?) && !self.is_sound(&section, pos)? {
            return Ok(Seen::Broken(after));
        }
        let known = self.to.section(&section, pos)?;
        Ok(if known { Seen::Whole(next) } else { Seen::Nothing })
    }

    /// True if something that is known begins at `pos`, or the file ends there.
    fn is_followed(&mut self, pos: u64) -> Result<bool> {
        if pos >= self.zeros {
            return Ok(true);
        }
        let look = self.window.at(pos)?;
        Ok(look.starts_with(&MAGIC) || compact::is_compact(look) || parse(look).is_some())
    }

    /// Decodes a block that nothing known follows: then either the header behind it is damaged, or the block has another length
    /// than it had.
    fn is_sound(&mut self, section: &Section, pos: u64) -> Result<bool> {
        let cost = match section.kind {
            kind::BLOCK | kind::TREE => {
                BlockHeader::parse(&section.fields).map(|(h, _)| h.raw_len.saturating_add(h.stored_len))
            }
            kind::INDEX => payload_len(section),
            skippable if kind::is_skippable(skippable) => skippable_fields(section).map(|(len, _)| len),
            _ => return Ok(true),
        };
        let Some(room) = cost.ok().and_then(|cost| self.room.checked_sub(cost)) else { return Ok(false) };
        self.room = room;
        self.window.r.seek(SeekFrom::Start(pos + section.len()))?;
        let mut input = Input::new(&mut *self.window.r, pos + section.len());
        if section.kind == kind::INDEX {
            return Ok(index::read(section, &mut input, self.env).is_ok());
        }
        if kind::is_skippable(section.kind) {
            let (len, hash) = skippable_fields(section)?;
            return Ok(input.skip(len).is_ok_and(|found| found == hash));
        }
        let block = RawBlock::read(section, pos, &mut input, self.env);
        let open = if section.kind == kind::TREE { open_tree } else { open_block };
        match block.and_then(|block| open(&block, self.registry, self.env)) {
            Ok(_) => Ok(true),
            Err(e) if e.kind() == ErrorKind::Cancelled => Err(e),
            Err(_) => Ok(false),
        }
    }

    /// A whole compact stream. Its head has no checksum of its own: whether it is one shows when it is decoded.
    fn compact(&mut self, pos: u64) -> Result<Seen> {
        let look = self.window.at(pos)?;
        let Some((begin, rest)) = look.split_first_chunk::<4>() else { return Ok(Seen::Nothing) };
        let Ok(head) = Head::read(begin, &mut Input::new(rest, pos + 4)) else { return Ok(Seen::Nothing) };
        let next = pos + head.stream_len();
        if next > self.window.file_len || self.to.is_open() {
            return Ok(Seen::Nothing);
        }
        self.to.compact(&head, pos)?;
        Ok(Seen::Whole(next))
    }
}

/// The section header at the front of `look`, after a quick look before its checksum is computed: the type, and a length of
/// fields that it can have.
fn parse(look: &[u8]) -> Option<Section> {
    let plausible = match look {
        [kind::BLOCK | kind::TREE, len, ..] => (12..=80).contains(len),
        [kind::INDEX, len, ..] => (10..=28).contains(len),
        [kind::RECOVERY, len, ..] => *len == 45,
        [kind::END, len, ..] => (35..=72).contains(len),
        [kind, len, ..] if kind::is_skippable(*kind) => (9..=18).contains(len),
        _ => false,
    };
    if plausible { Section::parse(look) } else { None }
}

/// A part of the file in memory that moves along.
struct Window<'a, R> {
    r: &'a mut R,
    file_len: u64,
    start: u64,
    bytes: Vec<u8>,
}

impl<R: Read + Seek> Window<'_, R> {
    /// At least a header's bytes from `pos` on, fewer only at the end of the file.
    fn at(&mut self, pos: u64) -> Result<&[u8]> {
        let wanted = (self.file_len - pos.min(self.file_len)).min(LOOK as u64);
        if pos < self.start || pos + wanted > self.start + self.bytes.len() as u64 {
            // A jump is followed by a look at the next header, and mostly by another jump.
            let len = if pos > self.start + self.bytes.len() as u64 { LOOK * 4 } else { WINDOW };
            self.r.seek(SeekFrom::Start(pos))?;
            self.bytes.clear();
            self.r.by_ref().take(len as u64).read_to_end(&mut self.bytes)?;
            self.start = pos;
        }
        let at = (pos - self.start) as usize;
        Ok(self.bytes.get(at..).unwrap_or(&[]))
    }
}
