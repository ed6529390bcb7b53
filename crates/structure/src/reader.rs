//! Bounded reads at any place of a file through a small window.

use crate::source::Source;
use minlen_core::{Error, Result};

/// Bytes fetched after a jump.
const SMALL: usize = 4 << 10;
/// Bytes fetched while reading on.
const LARGE: usize = 64 << 10;

/// A window on a source. Every read is checked against the length of the file, and nothing is allocated before that.
///
/// After a jump 4 KiB are fetched, while reading on up to 64 KiB at a time. Numbers that steer the parse (`u16`, `u32`, `u64`) give an
/// error where the file ends; `le16`, `le32` and `number` give `None`, for formats that are told by trying.
///
/// ```
/// use minlen_structure::Reader;
/// let bytes: &[u8] = b"HEAD\x02\x01\0\0";
/// let mut reader = Reader::new(&bytes);
/// assert!(reader.has(0, b"HEAD")?);
/// assert_eq!((reader.u16(4)?, reader.number(4, 2, false)), (0x0102, Some(0x0201)));
/// assert_eq!(reader.le32(6), None);
/// assert!(reader.u64(4).is_err());
/// // As far as the file has them.
/// assert_eq!(reader.span(6, 100), Some((6, 2)));
/// # Ok::<(), minlen_core::Error>(())
/// ```
pub struct Reader<'a> {
    source: &'a dyn Source,
    len: u64,
    available: u64,
    window: Vec<u8>,
    start: u64,
    fetch: usize,
}

impl<'a> Reader<'a> {
    /// A whole file.
    pub fn new(source: &'a dyn Source) -> Self {
        Self::head(source, source.len(), source.len())
    }

    /// A file of `len` bytes whose first `available` ones are at hand.
    ///
    /// ```
    /// use minlen_core::ErrorKind;
    /// use minlen_structure::Reader;
    /// let first: &[u8] = b"the first bytes";
    /// let mut reader = Reader::head(&first, 15, 1 << 30);
    /// assert_eq!(reader.bytes(4, 5)?, b"first");
    /// // It is known that there is more, but not what.
    /// assert_eq!(reader.bytes(20, 5).unwrap_err().kind(), ErrorKind::Truncated);
    /// # Ok::<(), minlen_core::Error>(())
    /// ```
    pub fn head(source: &'a dyn Source, available: u64, len: u64) -> Self {
        Self { source, len, available: available.min(len), window: Vec::new(), start: 0, fetch: SMALL }
    }

    /// What is read.
    #[must_use]
    pub fn source(&self) -> &'a dyn Source {
        self.source
    }

    /// True if there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes of the file.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// `len` bytes from `offset` on. The caller bounds `len`.
    pub fn bytes(&mut self, offset: u64, len: usize) -> Result<&[u8]> {
        let end = offset.checked_add(len as u64).filter(|end| *end <= self.len);
        let Some(end) = end else {
            return Err(Error::truncated("the file ends too early").at(offset));
        };
        if end > self.available {
            return Err(Error::truncated("the header is longer than the bytes at hand").at(offset));
        }
        let held = self.start + self.window.len() as u64;
        if offset < self.start || end > held {
            // Reading on from what is held: fetch more at a time.
            let on = offset >= self.start && offset <= held;
            self.fetch = if on { (self.fetch * 2).min(LARGE) } else { SMALL };
            let wanted = (self.fetch.max(len) as u64).min(self.available - offset) as usize;
            self.window.resize(wanted, 0);
            self.start = offset;
            match self.source.read_some(offset, len, &mut self.window) {
                Ok(read) => self.window.truncate(read),
                Err(error) => {
                    self.window.clear();
                    return Err(error);
                }
            }
        }
        let from = (offset - self.start) as usize;
        self.window
            .get(from..from + len)
            .ok_or_else(|| Error::truncated("the file ends too early").at(offset))
    }

    /// A fixed number of bytes.
    pub fn array<const N: usize>(&mut self, offset: u64) -> Result<[u8; N]> {
        let mut out = [0; N];
        out.copy_from_slice(self.bytes(offset, N)?);
        Ok(out)
    }

    /// True if the file has these bytes at `offset`.
    pub fn has(&mut self, offset: u64, magic: &[u8]) -> Result<bool> {
        let inside = offset.checked_add(magic.len() as u64).is_some_and(|end| end <= self.len);
        Ok(inside && self.bytes(offset, magic.len())? == magic)
    }

    /// A number of up to 4 bytes, the low one first if `little`; `None` where it cannot be had.
    pub fn number(&mut self, offset: u64, bytes: usize, little: bool) -> Option<u32> {
        let bytes = self.bytes(offset, bytes.min(4)).ok()?;
        let join = |value: u32, &byte: &u8| value << 8 | u32::from(byte);
        Some(if little { bytes.iter().rev().fold(0, join) } else { bytes.iter().fold(0, join) })
    }

    /// Two bytes, low first; `None` where they cannot be had.
    pub fn le16(&mut self, offset: u64) -> Option<u32> {
        self.number(offset, 2, true)
    }

    /// Four bytes, low first; `None` where they cannot be had.
    pub fn le32(&mut self, offset: u64) -> Option<u32> {
        self.number(offset, 4, true)
    }

    /// The first `N` bytes; `None` of a shorter file.
    pub fn magic<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.array(0).ok()
    }

    /// `len` bytes from `start` as far as the file has them: start and length; `None` if there are none.
    #[must_use]
    pub fn span(&self, start: u64, len: u64) -> Option<(u64, u64)> {
        let end = start.checked_add(len)?.min(self.len);
        (start < end).then(|| (start, end - start))
    }

    /// Little-endian.
    pub fn u16(&mut self, offset: u64) -> Result<u16> {
        self.array(offset).map(u16::from_le_bytes)
    }

    /// Little-endian.
    pub fn u32(&mut self, offset: u64) -> Result<u32> {
        self.array(offset).map(u32::from_le_bytes)
    }

    /// Little-endian.
    pub fn u64(&mut self, offset: u64) -> Result<u64> {
        self.array(offset).map(u64::from_le_bytes)
    }
}
