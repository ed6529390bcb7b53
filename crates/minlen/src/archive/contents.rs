//! Where the bytes of what goes into an archive are read: on disk, or wherever else they are.

use minlen_container::walk::{self, Item, State};
use minlen_core::Result;
use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// The bytes of the files among some items, to be read as often as need be.
pub(super) trait Contents {
    /// Opens the file of the item with this number.
    fn open(&self, number: usize) -> Result<Box<dyn Opened + '_>>;

    /// True if what cannot be read is left out with a warning; otherwise there is no archive without it.
    fn may_leave_out(&self) -> bool;
}

/// A file that is open for reading.
pub(super) trait Opened: Read + Seek {
    /// What tells whether it has been changed.
    fn state(&self) -> io::Result<State>;
}

/// A small file that was read when it was looked at, in the state in which that was.
pub(super) struct Kept {
    pub(super) bytes: Vec<u8>,
    pub(super) state: State,
}

/// Files that were found on disk.
pub(super) struct Disk<'a>(pub(super) &'a [Item]);

impl Contents for Disk<'_> {
    fn open(&self, number: usize) -> Result<Box<dyn Opened + '_>> {
        Ok(Box::new(walk::open(&self.0[number])?))
    }

    fn may_leave_out(&self) -> bool {
        true
    }
}

impl Opened for File {
    fn state(&self) -> io::Result<State> {
        State::of_open(self)
    }
}

/// A range of an open file, from where it stands.
pub(super) struct Part<'f, 'a> {
    file: &'f RefCell<Box<dyn Opened + 'a>>,
    left: u64,
}

impl<'f, 'a> Part<'f, 'a> {
    /// `len` bytes from `start` on.
    pub(super) fn new(file: &'f RefCell<Box<dyn Opened + 'a>>, start: u64, len: u64) -> Result<Self> {
        file.borrow_mut().seek(SeekFrom::Start(start))?;
        Ok(Self { file, left: len })
    }
}

impl Read for Part<'_, '_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(room.len());
        let n = self.file.borrow_mut().read(&mut room[..most])?;
        self.left -= n as u64;
        Ok(n)
    }
}
