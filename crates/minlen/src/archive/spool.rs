//! Bytes of unknown length, kept until they are needed: a few in memory, many in a temporary file without a name.

use super::contents::Opened;
use minlen_container::walk::State;
use minlen_core::{Error, Result};
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;

/// What is read of a reader before it is known whether it is worth a place in the file.
const SMALL: u64 = 64 << 10;
/// Most bytes of small readers that are kept in memory.
const KEPT: u64 = 32 << 20;

/// The bytes of one file, to be read again and again.
#[derive(Debug)]
pub(super) enum Bytes<'a> {
    Memory(Cow<'a, [u8]>),
    Spooled { start: u64, len: u64 },
}

impl Bytes<'_> {
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::Spooled { len, .. } => *len,
        }
    }
}

/// Where the bytes of readers wait.
#[derive(Debug, Default)]
pub(super) struct Spool {
    file: Option<File>,
    len: u64,
    kept: u64,
}

impl Spool {
    /// Reads to the end.
    pub(super) fn take(&mut self, reader: &mut dyn Read) -> Result<Bytes<'static>> {
        let failed = |e| Error::io("reading", e);
        let mut head = Vec::new();
        Read::take(&mut *reader, SMALL).read_to_end(&mut head).map_err(failed)?;
        let len = head.len() as u64;
        if len < SMALL && self.kept + len <= KEPT {
            self.kept += len;
            return Ok(Bytes::Memory(Cow::Owned(head)));
        }
        let start = self.len;
        let len = self.write(&mut head.chain(reader))?;
        self.len += len;
        Ok(Bytes::Spooled { start, len })
    }

    /// Appends everything from `reader`. What a reader that failed has left there is written over by the next.
    fn write(&mut self, reader: &mut dyn Read) -> Result<u64> {
        let failed = |e| Error::io("cannot keep what was read in a temporary file", e);
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile().map_err(failed)?),
        };
        file.seek(SeekFrom::Start(self.len)).map_err(failed)?;
        let (mut buffer, mut len) = (vec![0; SMALL as usize], 0);
        loop {
            let n = match reader.read(&mut buffer) {
                Ok(0) => return Ok(len),
                Ok(n) => n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(Error::io("reading", e)),
            };
            file.write_all(&buffer[..n]).map_err(failed)?;
            len += n as u64;
        }
    }

    /// Opens what was taken, or is in memory anyway.
    pub(super) fn open<'s>(&'s self, bytes: &'s Bytes<'_>) -> Result<Box<dyn Opened + 's>> {
        match (bytes, &self.file) {
            (Bytes::Memory(bytes), _) => Ok(Box::new(Cursor::new(&bytes[..]))),
            (&Bytes::Spooled { start, len }, Some(file)) => Ok(Box::new(Window { file, start, len, at: 0 })),
            (Bytes::Spooled { .. }, None) => Err(Error::usage("the bytes of another archive")),
        }
    }
}

impl Opened for Cursor<&[u8]> {
    fn state(&self) -> io::Result<State> {
        Ok(State::unchanging(self.get_ref().len() as u64))
    }
}

/// A range of the file.
struct Window<'s> {
    file: &'s File,
    start: u64,
    len: u64,
    at: u64,
}

impl Opened for Window<'_> {
    fn state(&self) -> io::Result<State> {
        Ok(State::unchanging(self.len))
    }
}

impl Read for Window<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.len.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let most = left.min(room.len());
        let n = self.file.read_at(&mut room[..most], self.start + self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for Window<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = place.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::testing::random_case;

    /// Gives some bytes, then fails.
    struct Broken(usize);

    impl Read for Broken {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(io::Error::other("broken"));
            }
            let n = room.len().min(self.0);
            room[..n].fill(9);
            self.0 -= n;
            Ok(n)
        }
    }

    #[test]
    fn what_was_taken_is_read_again_wherever_it_waits() {
        let mut spool = Spool::default();
        let all: Vec<Vec<u8>> = [0, 10, SMALL as usize - 1, SMALL as usize, 300_000]
            .iter()
            .map(|&len| random_case(2, 4 * len).into_iter().chain(std::iter::repeat(1)).take(len).collect())
            .collect();
        let mut taken = Vec::new();
        for bytes in &all {
            taken.push(spool.take(&mut &bytes[..]).unwrap());
            assert!(spool.take(&mut Broken(200_000)).is_err());
        }
        assert!(matches!(taken[2], Bytes::Memory(_)) && matches!(taken[3], Bytes::Spooled { .. }));
        for (bytes, taken) in all.iter().zip(&taken) {
            assert_eq!(taken.len(), bytes.len() as u64);
            let mut opened = spool.open(taken).unwrap();
            for _ in 0..2 {
                let mut again = Vec::new();
                opened.read_to_end(&mut again).unwrap();
                assert!(again == *bytes);
                opened.rewind().unwrap();
            }
            let half = bytes.len() as u64 / 2;
            assert_eq!(opened.seek(SeekFrom::End(-(half as i64))).unwrap(), bytes.len() as u64 - half);
            let mut end = Vec::new();
            opened.read_to_end(&mut end).unwrap();
            assert!(bytes.ends_with(&end) && end.len() as u64 == half);
        }
    }

    #[test]
    fn small_readers_go_to_the_file_once_there_are_many() {
        let mut spool = Spool { kept: KEPT - 5, ..Spool::default() };
        assert!(matches!(spool.take(&mut &b"123456"[..]).unwrap(), Bytes::Spooled { len: 6, .. }));
        assert!(matches!(spool.take(&mut &b"12345"[..]).unwrap(), Bytes::Memory(_)));
    }
}
