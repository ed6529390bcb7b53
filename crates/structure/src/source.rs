//! What spans are looked for in.

use minlen_core::{Error, Result};
use std::cell::RefCell;
use std::io::{Read, Seek, SeekFrom};

/// A file, or what stands for one.
///
/// `&[u8]` is one (pass `&&bytes[..]`), [`FileSource`] makes one of anything that can be read and sought. Parsers read through a
/// [`crate::Reader`], so that a source sees few and large reads.
///
/// ```
/// use minlen_structure::{FileSource, Source};
/// let bytes = b"0123456789";
/// let file = FileSource::new(std::io::Cursor::new(bytes))?;
/// let mut two = [0; 2];
/// file.read_at(4, &mut two)?;
/// assert_eq!((file.len(), &two), (10, b"45"));
/// assert!(file.read_at(9, &mut two).is_err());
/// // In memory there is no need to copy.
/// assert_eq!((&bytes[..]).in_memory(), Some(&bytes[..]));
/// # Ok::<(), minlen_core::Error>(())
/// ```
pub trait Source {
    /// Bytes in all.
    fn len(&self) -> u64;

    /// True if there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills `buffer` with the bytes from `offset` on.
    ///
    /// # Errors
    /// Truncated beyond the end; whatever reading gives.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()>;

    /// Fills the front of `buffer`, at least `least` bytes of it; more only where they cost little. Returns how many those are.
    ///
    /// # Errors
    /// As [`Source::read_at`].
    fn read_some(&self, offset: u64, least: usize, buffer: &mut [u8]) -> Result<usize> {
        let _ = least;
        self.read_at(offset, buffer)?;
        Ok(buffer.len())
    }

    /// All the bytes, where they are in memory.
    fn in_memory(&self) -> Option<&[u8]> {
        None
    }
}

impl Source for &[u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let from = usize::try_from(offset).ok().and_then(|at| self.get(at..)?.get(..buffer.len()));
        buffer.copy_from_slice(from.ok_or_else(|| Error::truncated("the file ends too early").at(offset))?);
        Ok(())
    }

    fn in_memory(&self) -> Option<&[u8]> {
        Some(self)
    }
}

/// Anything that can be read and sought.
pub struct FileSource<R> {
    reader: RefCell<R>,
    len: u64,
}

impl<R: Read + Seek> FileSource<R> {
    /// All of `reader`.
    ///
    /// # Errors
    /// I/O where it cannot be sought.
    pub fn new(mut reader: R) -> Result<Self> {
        let len = reader.seek(SeekFrom::End(0))?;
        Ok(Self { reader: RefCell::new(reader), len })
    }
}

impl<R: Read + Seek> Source for FileSource<R> {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let past = offset.checked_add(buffer.len() as u64).is_none_or(|end| end > self.len);
        if past {
            return Err(Error::truncated("the file ends too early").at(offset));
        }
        let mut reader = self.reader.borrow_mut();
        reader.seek(SeekFrom::Start(offset))?;
        reader.read_exact(buffer)?;
        Ok(())
    }
}
