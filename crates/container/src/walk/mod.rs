//! From files to entries: what is there, in a fixed order, without following links.

use minlen_core::{Error, Result};
use std::path::PathBuf;

/// How to walk.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// Follow symbolic links that are inputs themselves (never those inside).
    pub follow_inputs: bool,
    /// Leave out times.
    pub no_times: bool,
}

/// Something found, in the order of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Where it is on disk.
    pub source: PathBuf,
    /// Its path in the archive, as in [`crate::Entry::path`].
    pub path: Vec<u8>,
    /// Permission bits.
    pub mode: u32,
    /// Time of the last change.
    pub mtime: Option<(i64, u32)>,
    /// What it is.
    pub body: Found,
}

/// What an item is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A folder.
    Dir,
    /// A regular file.
    File {
        /// Its length.
        len: u64,
        /// Offset and length of each part that holds data, the rest being holes; one part without holes.
        data: Vec<(u64, u64)>,
    },
    /// A symbolic link and its target.
    Symlink(Vec<u8>),
    /// Another name of the file at this earlier position among the items.
    Hardlink(u32),
}

/// Walks `inputs`; the second part of the result are warnings for people (things passed over, unreadable folders).
///
/// # Errors
/// I/O for an input that is not there; usage for inputs that would have one name in the archive.
pub fn walk(inputs: &[PathBuf], options: &Options) -> Result<(Vec<Item>, Vec<String>)> {
    let _ = (inputs, options);
    Err(Error::unsupported("being built"))
}

/// Opens the regular file of an item for reading, without following a link that took its place meanwhile.
///
/// # Errors
/// I/O; usage if it is no regular file (any more).
pub fn open(item: &Item) -> Result<std::fs::File> {
    let _ = item;
    Err(Error::unsupported("being built"))
}
