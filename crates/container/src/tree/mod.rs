//! The directory of an archive: paths, attributes, and where the bytes of each file are (docs/format/tree.md).
//!
//! A tree is serialised column by column, so that whatever codec follows sees like beside like; consecutive whole
//! files with regular attributes cost next to nothing beyond their names and hashes, and small files have short hashes.
//!
//! A [`Tree`] from a file was checked when it was decoded; one that you make is checked by [`Tree::check`], at the latest when it is
//! written. To find entries in large trees, make an [`Order`] once.
//!
//! ```
//! use minlen_container::tree::{Order, show_path};
//! use minlen_container::{Body, Entry, Tree};
//! use minlen_core::{Budget, Limits};
//! let folder = |path: &[u8]| Entry { path: path.to_vec(), mode: 0o755, mtime: None, body: Body::Dir, meta: None };
//! let tree = Tree { entries: vec![folder(b"b"), folder(b"a"), folder(b"a/\xff")] };
//! tree.check(&Limits::default())?;
//! let order = Order::new(&tree, &Budget::new(1 << 20))?;
//! assert_eq!(order.find(&tree, b"a"), Some(1));
//! assert_eq!(order.below(&tree, b"a").len(), 2);
//! assert_eq!(show_path(&tree.entries[2].path), r"a/\xff");
//! assert!(Tree { entries: vec![folder(b"../a")] }.check(&Limits::default()).is_err());
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod amend;
mod check;
mod cursors;
mod decode;
mod encode;
mod hash;
pub(crate) mod memory;
mod meta;
pub(crate) mod order;
mod spec;

pub use amend::Amendment;
pub(crate) use amend::amends;
pub(crate) use encode::Encoded;
pub use hash::{file_hash, hash_width, is_hash, known_hash, short_hash, stored_hash};
pub use meta::{Meta, Owner, Xattr};
use minlen_core::{Error, Result};
pub use order::Order;
use std::sync::Arc;

/// This many bytes of hole count as one byte of output.
const HOLE_SHARE: u64 = 1024;

/// The directory of an archive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// The entries, parents before their children by custom, in the writer's order.
    pub entries: Vec<Entry>,
}

/// One file, folder or link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Relative path, components separated by `/`, any bytes but `/` and NUL within a component.
    pub path: Vec<u8>,
    /// Permission bits, at most 0o7777.
    pub mode: u32,
    /// Time of the last change: seconds since 1970 and nanoseconds, if known.
    pub mtime: Option<(i64, u32)>,
    /// What it is.
    pub body: Body,
    /// Owner and extended attributes, where they were kept.
    pub meta: Option<Arc<Meta>>,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A folder.
    Dir,
    /// A regular file.
    File {
        /// Its length in bytes, holes included.
        len: u64,
        /// The first bytes of the BLAKE3 of its bytes, holes being zeros; how many, [`hash_width`] says, and zeros follow. Compare it
        /// with [`is_hash`]: of a small file it is too short to tell files apart.
        hash: [u8; 16],
        /// Where its bytes are, in order; the lengths sum up to `len`.
        extents: Vec<Extent>,
    },
    /// A symbolic link to these bytes, which may name anything.
    Symlink(Vec<u8>),
    /// Another name of the file at this earlier position among the entries.
    Hardlink(u32),
}

/// A piece of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Bytes of the archive's content.
    Data {
        /// Where in the content.
        offset: u64,
        /// How many, at least 1.
        len: u64,
    },
    /// Zeros that need no storage.
    Hole {
        /// How many, at least 1.
        len: u64,
    },
}

impl Extent {
    /// Bytes of file that the extent stands for.
    #[must_use]
    pub fn len(&self) -> u64 {
        match *self {
            Self::Data { len, .. } | Self::Hole { len } => len,
        }
    }

    /// True for an extent of no bytes, which no reader accepts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of output that the extent counts for.
    pub(crate) fn cost(&self) -> u64 {
        match *self {
            Self::Data { len, .. } => len,
            Self::Hole { len } => len / HOLE_SHARE,
        }
    }

    /// Where the extent ends in the content; 0 for a hole.
    pub(crate) fn end(&self) -> Option<u64> {
        match *self {
            Self::Data { offset, len } => offset.checked_add(len),
            Self::Hole { .. } => Some(0),
        }
    }
}

impl Tree {
    /// What all files together come to when they are written out: what limits on output are about. Files that share
    /// extents count each; hard links do not. Holes count a 1024th: they take no space, but time to check. Extended attributes count
    /// wherever they are set.
    #[must_use]
    pub fn output_len(&self) -> u64 {
        let metas = self.entries.iter().filter_map(|entry| entry.meta.as_ref()).map(|meta| meta.cost());
        self.extents().map(Extent::cost).chain(metas).fold(0, u64::saturating_add)
    }

    /// Length of all files together, holes included.
    #[must_use]
    pub fn apparent_len(&self) -> u64 {
        self.extents().fold(0, |sum: u64, e| sum.saturating_add(e.len()))
    }

    /// The position of the entry with this path.
    #[must_use]
    pub fn find(&self, path: &[u8]) -> Option<usize> {
        self.entries.iter().position(|e| e.path == path)
    }

    /// Refuses extents that reach beyond the content.
    ///
    /// # Errors
    /// Corrupt, naming the entry.
    pub fn check_content(&self, content_len: u64) -> Result<()> {
        for entry in &self.entries {
            if entry.extents().iter().any(|e| e.end().is_none_or(|end| end > content_len)) {
                return Err(Error::corrupt(format!("{} reaches beyond the content", show_path(&entry.path))));
            }
        }
        Ok(())
    }

    fn extents(&self) -> impl Iterator<Item = &Extent> {
        self.entries.iter().flat_map(Entry::extents)
    }
}

impl Entry {
    /// The extents of a regular file; none for anything else.
    #[must_use]
    pub fn extents(&self) -> &[Extent] {
        match &self.body {
            Body::File { extents, .. } => extents,
            _ => &[],
        }
    }
}

/// A path for people: what is not UTF-8, control characters and marks of direction are escaped.
#[must_use]
pub fn show_path(path: &[u8]) -> String {
    let mut out = String::new();
    for chunk in path.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == '\\' {
                out.push_str("\\\\");
            } else {
                minlen_core::text::push_safe(&mut out, c);
            }
        }
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out
}

#[cfg(test)]
mod tests;
