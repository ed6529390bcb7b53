//! Where protected data is read and a section written: one file or two.

use minlen_core::Result;
use std::io::{Read, Seek, SeekFrom, Write};

/// Data at offsets of the protected range, a section at offsets of its own.
pub(super) trait Store {
    /// Reads protected bytes.
    fn read(&mut self, at: u64, buf: &mut [u8]) -> Result<()>;
    /// Writes bytes of the section.
    fn write(&mut self, at: u64, bytes: &[u8]) -> Result<()>;
}

/// Data and section in one file.
pub(super) struct Whole<'a, F> {
    pub(super) file: &'a mut F,
    pub(super) section_at: u64,
}

impl<F: Read + Write + Seek> Store for Whole<'_, F> {
    fn read(&mut self, at: u64, buf: &mut [u8]) -> Result<()> {
        self.file.seek(SeekFrom::Start(at))?;
        Ok(self.file.read_exact(buf)?)
    }

    fn write(&mut self, at: u64, bytes: &[u8]) -> Result<()> {
        self.file.seek(SeekFrom::Start(self.section_at + at))?;
        Ok(self.file.write_all(bytes)?)
    }
}

/// Data in one file, section in another.
pub(super) struct Apart<'a, R, W> {
    pub(super) data: &'a mut R,
    pub(super) out: &'a mut W,
    pub(super) section_at: u64,
}

impl<R: Read + Seek, W: Write + Seek> Store for Apart<'_, R, W> {
    fn read(&mut self, at: u64, buf: &mut [u8]) -> Result<()> {
        self.data.seek(SeekFrom::Start(at))?;
        Ok(self.data.read_exact(buf)?)
    }

    fn write(&mut self, at: u64, bytes: &[u8]) -> Result<()> {
        self.out.seek(SeekFrom::Start(self.section_at + at))?;
        Ok(self.out.write_all(bytes)?)
    }
}

/// Reads what there is of `buf.len()` bytes at `at`; gives how many.
pub(super) fn read_some<R: Read + Seek>(r: &mut R, at: u64, buf: &mut [u8]) -> Result<usize> {
    r.seek(SeekFrom::Start(at))?;
    let mut done = 0;
    while done < buf.len() {
        match r.read(&mut buf[done..]) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e.into()),
        }
    }
    Ok(done)
}
