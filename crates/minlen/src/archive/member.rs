//! What an archive tells of itself without decoding its content.

use minlen_container::tree::known_hash;
use minlen_container::{Body, Entry, Extent, Meta};
use std::sync::Arc;

/// What a member is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MemberKind {
    /// A folder.
    Dir,
    /// A regular file.
    File,
    /// A symbolic link to this target.
    Symlink(Vec<u8>),
    /// Another name of this member.
    Hardlink(Vec<u8>),
}

/// One entry of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// Relative path, components separated by '/'. Not necessarily UTF-8.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: MemberKind,
    /// Permission bits.
    pub mode: u32,
    /// Modification time in seconds and nanoseconds since 1970, where recorded.
    pub mtime: Option<(i64, u32)>,
    /// Length in bytes, holes included; 0 for all but files.
    pub len: u64,
    /// Bytes of the file that are holes.
    pub holes: u64,
    /// Its share of the compressed blocks in bytes: an estimate where a block holds several files.
    pub stored: u64,
    /// The first bytes of the BLAKE3 hash of the content, as many as the archive keeps: 4 of small files, 8, or 16; files only.
    pub hash: Option<Vec<u8>>,
    /// Owner and extended attributes, where the archive keeps them.
    pub meta: Option<Arc<Meta>>,
    /// The codec chains of its blocks, distinct, as text.
    pub codecs: Vec<String>,
}

impl Member {
    /// True for regular files.
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.kind == MemberKind::File
    }

    /// Bytes of memory behind it.
    pub(super) fn memory(&self) -> u64 {
        const EACH: usize = 24;
        let target = match &self.kind {
            MemberKind::Symlink(target) | MemberKind::Hardlink(target) => target.len() + EACH,
            MemberKind::Dir | MemberKind::File => 0,
        };
        let codecs: usize = self.codecs.iter().map(|codec| size_of::<String>() + codec.len() + EACH).sum();
        let hash = self.hash.as_ref().map_or(0, |hash| hash.len() + EACH);
        (self.path.len() + EACH + target + codecs + hash) as u64
    }

    /// The path for people: bytes that are not UTF-8 are shown as replacement characters.
    #[must_use]
    pub fn display_path(&self) -> String {
        String::from_utf8_lossy(&self.path).into_owned()
    }
}

/// One block of the content.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlockInfo {
    /// Where its content begins in the content space.
    pub raw_start: u64,
    /// Content bytes.
    pub raw_len: u64,
    /// Payload bytes.
    pub stored_len: u64,
    /// Where its section begins in the file.
    pub file_offset: u64,
    /// The codec chain, as text.
    pub codec: String,
}

/// An archive as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// True for a tree of files, false for a single stream.
    pub is_tree: bool,
    /// True if the file is encrypted with age.
    pub encrypted: bool,
    /// Bytes of the archive file (after decryption).
    pub stored_len: u64,
    /// Bytes of the content: what is stored once.
    pub content_len: u64,
    /// Bytes that come out when everything is unpacked.
    pub output_len: u64,
    /// BLAKE3 of the content, where the file is one stream.
    pub content_hash: Option<[u8; 32]>,
    /// Streams in a row; most files have one.
    pub streams: u64,
    /// Entries of the tree; 0 for a single stream.
    pub entries: u64,
    /// Blocks.
    pub blocks: Vec<BlockInfo>,
}

/// The part of `entry` that does not depend on blocks.
pub(super) fn describe(entry: &Entry, entries: &[Entry]) -> Member {
    let (kind, len, holes, hash) = match &entry.body {
        Body::Dir => (MemberKind::Dir, 0, 0, None),
        Body::Symlink(target) => (MemberKind::Symlink(target.clone()), 0, 0, None),
        Body::Hardlink(to) => {
            let target = entries.get(*to as usize).map_or_else(Vec::new, |e| e.path.clone());
            (MemberKind::Hardlink(target), 0, 0, None)
        }
        Body::File { len, hash, extents } => {
            (MemberKind::File, *len, hole_bytes(extents), Some(known_hash(hash, *len).to_vec()))
        }
    };
    let (path, mode, mtime) = (entry.path.clone(), entry.mode, entry.mtime);
    Member {
        path,
        kind,
        mode,
        mtime,
        len,
        holes,
        stored: 0,
        hash,
        meta: entry.meta.clone(),
        codecs: Vec::new(),
    }
}

fn hole_bytes(extents: &[Extent]) -> u64 {
    extents.iter().map(|e| if let Extent::Hole { len } = e { *len } else { 0 }).sum()
}
