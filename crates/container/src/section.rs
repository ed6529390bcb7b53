//! The frame around everything in a stream: a typed header that is checked before it is believed
//! (docs/format/stream.md).

use crate::limits;
use crate::primitives::{Input, check32};
use minlen_core::{Error, Result};
use std::io::Read;

/// The first bytes of every stream: not UTF-8, and damaged by any line-ending conversion.
pub const MAGIC: [u8; 8] = [0x8d, b'M', b'L', b'N', 0x0d, 0x0a, 0x1a, 0x0a];
/// Bytes of a stream header.
pub const HEADER_LEN: usize = 16;
/// The format's major version that is written, and the newest that is read.
pub const MAJOR: u8 = 1;
/// The format's minor version that is written.
pub const MINOR: u8 = 0;
/// Flag: the content belongs to an archive, and a tree follows it.
pub const FLAG_ARCHIVE: u16 = 1;
/// Flag: the trees of the archive are of form 2, which readers before it could not make sense of.
pub const FLAG_FORM_2: u16 = 2;
/// Flag: the stream amends those before it: its tree is of form 3, names what goes out, and its files may have content of before.
pub const FLAG_AMENDS: u16 = 4;

/// Types of sections.
pub mod kind {
    /// A piece of the content.
    pub const BLOCK: u8 = 1;
    /// The directory of an archive.
    pub const TREE: u8 = 2;
    /// Where the blocks are.
    pub const INDEX: u8 = 3;
    /// Reed–Solomon data, after an END.
    pub const RECOVERY: u8 = 4;
    /// The end of a stream.
    pub const END: u8 = 5;
    /// Zeros that keep a file of very little for very much within what readers allow by default: skippable.
    pub const PADDING: u8 = 0x80;
    /// The first type that a reader may pass over.
    pub const SKIPPABLE_FIRST: u8 = 0x80;
    /// A copy of a part of the directory, in large archives: skippable.
    pub const DIRECTORY: u8 = 0x81;
    /// A learned part that blocks of the stream name, directly behind the header: skippable.
    pub const LEARNED: u8 = 0x82;
    /// The last type that a reader may pass over.
    pub const SKIPPABLE_LAST: u8 = 0xbf;

    /// True for a type that a reader may pass over.
    #[must_use]
    pub fn is_skippable(kind: u8) -> bool {
        (SKIPPABLE_FIRST..=SKIPPABLE_LAST).contains(&kind)
    }
}

/// What the header of a stream says of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct StreamKind {
    /// The content belongs to an archive.
    pub(crate) archive: bool,
    /// The archive amends those before it.
    pub(crate) amends: bool,
}

/// The header of a stream.
#[must_use]
pub(crate) fn stream_header(kind: StreamKind) -> [u8; HEADER_LEN] {
    let mut out = [0; HEADER_LEN];
    out[..8].copy_from_slice(&MAGIC);
    out[8] = MAJOR;
    out[9] = MINOR;
    let flags = match (kind.archive, kind.amends) {
        (false, _) => 0,
        (true, false) => FLAG_ARCHIVE | FLAG_FORM_2,
        (true, true) => FLAG_ARCHIVE | FLAG_FORM_2 | FLAG_AMENDS,
    };
    out[10..12].copy_from_slice(&flags.to_le_bytes());
    let check = check32(&out[..12]);
    out[12..].copy_from_slice(&check.to_le_bytes());
    out
}

/// Checks a stream header.
pub(crate) fn parse_stream_header(bytes: &[u8; HEADER_LEN]) -> Result<StreamKind> {
    if bytes[..8] != MAGIC {
        return Err(bad_magic(&bytes[..8]));
    }
    if bytes[12..] != check32(&bytes[..12]).to_le_bytes() {
        return Err(Error::corrupt("the stream header's checksum differs"));
    }
    if bytes[8] != MAJOR {
        return Err(Error::unsupported(format!("format version {}, this build reads {MAJOR}", bytes[8]))
            .remedy("get a newer minlen"));
    }
    let flags = u16::from_le_bytes([bytes[10], bytes[11]]);
    const FORM_1: u16 = FLAG_ARCHIVE;
    const FORM_2: u16 = FLAG_ARCHIVE | FLAG_FORM_2;
    const AMENDING: u16 = FLAG_ARCHIVE | FLAG_FORM_2 | FLAG_AMENDS;
    match flags {
        0 => Ok(StreamKind::default()),
        FORM_1 | FORM_2 => Ok(StreamKind { archive: true, amends: false }),
        AMENDING => Ok(StreamKind { archive: true, amends: true }),
        _ => Err(Error::unsupported(format!("stream flags {flags:#06x}")).remedy("get a newer minlen")),
    }
}

fn bad_magic(bytes: &[u8]) -> Error {
    if bytes.starts_with(&MAGIC[..4]) {
        return Error::corrupt("the file was damaged by a conversion of line ends")
            .remedy("transfer it again in binary mode");
    }
    Error::corrupt("not a .mln stream")
}

/// A section header whose checksum was right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) kind: u8,
    pub(crate) fields: Vec<u8>,
}

impl Section {
    /// The bytes of a header.
    pub(crate) fn bytes(kind: u8, fields: &[u8]) -> Result<Vec<u8>> {
        let len = u8::try_from(fields.len())
            .map_err(|_| Error::usage(format!("a header of {} bytes of fields", fields.len())))?;
        let mut out = Vec::with_capacity(fields.len() + 6);
        out.extend([kind, len]);
        out.extend_from_slice(fields);
        let check = check32(&out);
        out.extend(check.to_le_bytes());
        Ok(out)
    }

    /// Bytes of this header.
    pub(crate) fn len(&self) -> u64 {
        self.fields.len() as u64 + 6
    }

    /// Reads the rest of a header after its type byte.
    pub(crate) fn read<R: Read>(kind: u8, input: &mut Input<R>) -> Result<Self> {
        let start = input.pos.saturating_sub(1);
        let [len] = input.array("a section header")?;
        let mut bytes = vec![0; usize::from(len) + 6];
        bytes[0] = kind;
        bytes[1] = len;
        input.exact(&mut bytes[2..], "a section header")?;
        Self::parse(&bytes).ok_or_else(|| Error::corrupt("a section header's checksum differs").at(start))
    }

    /// The header at the front of `bytes`, if there is a whole one with the right checksum.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let end = 2 + usize::from(*bytes.get(1)?);
        let (head, rest) = bytes.split_at_checked(end)?;
        if rest.get(..4)? != check32(head).to_le_bytes() {
            return None;
        }
        debug_assert!(end - 2 <= limits::MAX_FIELDS);
        Some(Self { kind: head[0], fields: head[2..].to_vec() })
    }
}
