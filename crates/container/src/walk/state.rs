//! What tells whether a file is still the one that was looked at.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;

/// Device, number, length and times of a file at one moment. Two that are equal mean the same file, not written to in between
/// (as far as the file system's clock tells moments apart).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    id: (u64, u64),
    len: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl State {
    /// The state that `meta` describes.
    #[must_use]
    pub fn of(meta: &Metadata) -> Self {
        Self {
            id: (meta.dev(), meta.ino()),
            len: meta.len(),
            modified: (meta.mtime(), meta.mtime_nsec()),
            changed: (meta.ctime(), meta.ctime_nsec()),
        }
    }

    /// The state of an open file.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn of_open(file: &File) -> io::Result<Self> {
        Ok(Self::of_stat(&rustix::fs::fstat(file)?))
    }

    #[allow(clippy::unnecessary_cast, clippy::cast_lossless)] // the types of the fields differ from system to system
    fn of_stat(stat: &rustix::fs::Stat) -> Self {
        Self {
            id: (stat.st_dev as u64, stat.st_ino as u64),
            len: stat.st_size as u64,
            modified: (stat.st_mtime as i64, stat.st_mtime_nsec as i64),
            changed: (stat.st_ctime as i64, stat.st_ctime_nsec as i64),
        }
    }

    /// The state of `len` bytes that are no file on a disk, and stay as they are.
    #[must_use]
    pub fn unchanging(len: u64) -> Self {
        Self { id: (0, 0), len, modified: (0, 0), changed: (0, 0) }
    }

    /// Device and number: the same for every name of one file.
    #[must_use]
    pub fn id(&self) -> (u64, u64) {
        self.id
    }

    /// The length in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// True for a file that says it is empty, as those of `/proc` do whatever they hold.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// True if `now` is this file with this content. The files that say they are empty have no times that mean anything.
    #[must_use]
    pub fn is_still(&self, now: &Self) -> bool {
        self == now || (self.is_empty() && now.is_empty() && self.id == now.id)
    }
}
