//! Files as what arrays are looked for in.

use minlen_core::{Error, Result};
use minlen_tensor::Source;
use std::cell::RefCell;
use std::io::{Read, Seek, SeekFrom};

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
