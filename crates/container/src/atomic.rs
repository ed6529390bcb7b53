//! Files that appear complete or not at all.

use minlen_core::{Error, Result};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// A file under construction, beside its final place. Dropping it without [`AtomicFile::commit`] removes it.
#[derive(Debug)]
pub struct AtomicFile {
    file: std::fs::File,
}

impl AtomicFile {
    /// Begins a file that will be at `path`.
    ///
    /// # Errors
    /// Exists if something is there and `overwrite` is false; I/O.
    pub fn create(path: impl AsRef<Path>, overwrite: bool) -> Result<Self> {
        let _ = (path.as_ref(), overwrite);
        Err(Error::unsupported("being built"))
    }

    /// Puts the complete file in its place, on disk when this returns.
    ///
    /// # Errors
    /// Exists if something came to be there meanwhile and overwriting was not asked for; I/O.
    pub fn commit(self) -> Result<()> {
        Err(Error::unsupported("being built"))
    }

    /// The open file, for its metadata or for positioned writes.
    #[must_use]
    pub fn file(&self) -> &std::fs::File {
        &self.file
    }
}

impl Write for AtomicFile {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.file.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Read for AtomicFile {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.file.read(buf)
    }
}

impl Seek for AtomicFile {
    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        self.file.seek(pos)
    }
}
