//! Members as something that is read from and sought in, as a file is.

use super::hash::FileHash;
use super::read::{Archive, file_of, not_there};
use minlen_container::tree::{short_hash, show_path};
use minlen_container::{Body, Entry, Extent, Tree};
use minlen_core::{Error, Result};
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

/// A file of an archive, or the content of a single stream, as a [`Read`] and [`Seek`].
///
/// A read decodes the blocks under it and no other; the blocks used last are kept, so that reading on costs no decoding. Every block
/// is checked before a byte of it is handed out. Whoever has read everything from the first byte to the last also has the checksum of
/// the whole compared: the read that reaches the end fails where it differs. Holes read as zeros.
///
/// What one reader hands out is held to the limits on output.
///
/// ```
/// use minlen::{Env, Options, archive::{Archive, Builder, Entry, Keys}};
/// use std::io::{Cursor, Read, Seek, SeekFrom};
///
/// let mut builder = Builder::new();
/// builder.add(Entry::file("notes/a.txt", b"predict, then code"))?;
/// let (bytes, _) = builder.write(Vec::new(), &Options::new(3)?, &Env::default())?;
///
/// let mut archive = Archive::from_reader(Cursor::new(&bytes), &Keys::default(), &Options::default(), &Env::default())?;
/// let mut file = archive.member_reader(b"notes/a.txt")?;
/// file.seek(SeekFrom::End(-4))?;
/// let mut text = String::new();
/// file.read_to_string(&mut text)?;
/// assert_eq!(text, "code");
/// # Ok::<(), minlen::Error>(())
/// ```
pub struct MemberReader<'a, 'r> {
    archive: &'a mut Archive<'r>,
    file: What,
    len: u64,
    at: u64,
    /// The extent that was read from last: its number, and where it begins in the file.
    extent: (usize, u64),
    /// Bytes handed out.
    given: u64,
    /// False where the next read goes on from the last one.
    moved: bool,
    /// The hash of the bytes from the first on, as far as they were read; nothing once it was compared.
    hash: Option<FileHash>,
}

/// What is read.
enum What {
    /// The file with this number among the entries.
    Member(Arc<Tree>, usize),
    /// All of the content, one extent long, and the hash it should have.
    Content([Extent; 1], [u8; 16]),
}

impl What {
    fn entry(&self) -> Option<&Entry> {
        match self {
            Self::Member(tree, number) => file_of(tree, *number).ok(),
            Self::Content(..) => None,
        }
    }

    fn extents(&self) -> &[Extent] {
        match self {
            Self::Member(..) => self.entry().map_or(&[], Entry::extents),
            Self::Content(extents, _) => extents,
        }
    }

    fn hash(&self) -> [u8; 16] {
        match (self, self.entry().map(|entry| &entry.body)) {
            (Self::Content(_, hash), _) | (_, Some(Body::File { hash, .. })) => *hash,
            _ => [0; 16],
        }
    }

    fn name(&self) -> String {
        self.entry().map_or_else(|| "the stream".into(), |entry| show_path(&entry.path))
    }
}

impl<'r> Archive<'r> {
    /// The file with this path, to be read from and sought in. Nothing is decoded yet.
    ///
    /// # Errors
    /// Usage if there is no such file; limit where the memory does not do.
    pub fn member_reader(&mut self, path: &[u8]) -> Result<MemberReader<'_, 'r>> {
        let number = self.find(path)?.ok_or_else(|| not_there(path))?;
        self.entry_reader(number)
    }

    /// The same for the file with this number among the entries.
    ///
    /// # Errors
    /// Usage if there is no such file.
    pub fn entry_reader(&mut self, number: usize) -> Result<MemberReader<'_, 'r>> {
        let tree = self.entries();
        let Body::File { len, .. } = file_of(&tree, number)?.body else {
            return Err(Error::usage("not a regular file"));
        };
        Ok(MemberReader::new(self, What::Member(tree, number), len, true))
    }

    /// The content of a single stream, to be read from and sought in. Of an archive, the bytes of all files as they are stored, one
    /// behind the other.
    pub fn content_reader(&mut self) -> MemberReader<'_, 'r> {
        let len = self.content_len();
        // Compact streams have no hash but that of their block, and of several streams in a row each has its own.
        let hash = self.container.content_hash().map(|hash| short_hash(&blake3::Hash::from_bytes(hash)));
        let what = What::Content([Extent::Data { offset: 0, len }], hash.unwrap_or_default());
        MemberReader::new(self, what, len, hash.is_some())
    }
}

impl<'a, 'r> MemberReader<'a, 'r> {
    fn new(archive: &'a mut Archive<'r>, file: What, len: u64, hashed: bool) -> Self {
        let hash = hashed.then(FileHash::default);
        Self { archive, file, len, at: 0, extent: (0, 0), given: 0, moved: true, hash }
    }

    /// The length of the file in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// True for a file of no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Reads from the extent at hand, which may be less than there is room for.
    fn read_on(&mut self, room: &mut [u8]) -> Result<usize> {
        self.archive.env.check()?;
        let Some((start, extent)) = self.find_extent().filter(|_| !room.is_empty()) else {
            self.compare()?;
            return Ok(0);
        };
        let inside = self.at - start;
        let n = (room.len() as u64).min(extent.len() - inside);
        let room = &mut room[..n as usize];
        self.claim(n)?;
        match extent {
            Extent::Hole { .. } => room.fill(0),
            Extent::Data { offset, .. } => self.read_data(offset + inside, room)?,
        }
        self.update(room);
        self.at += n;
        (self.given, self.moved) = (self.given.saturating_add(n), false);
        self.compare()?;
        Ok(n as usize)
    }

    fn read_data(&mut self, offset: u64, room: &mut [u8]) -> Result<()> {
        let (end, mut filled) = (offset + room.len() as u64, 0);
        self.archive.read_extent(offset..end, &mut |bytes| {
            let to = filled + bytes.len();
            let part = room.get_mut(filled..to).ok_or_else(|| Error::corrupt("blocks that overlap"))?;
            part.copy_from_slice(bytes);
            filled = to;
            Ok(())
        })?;
        if filled == room.len() {
            return Ok(());
        }
        Err(Error::corrupt(format!("{}: some of its content is missing", self.file.name())))
    }

    /// The extent of the next byte, and where it begins; from the last one there, since that is mostly near. Nothing at the end.
    fn find_extent(&mut self) -> Option<(u64, Extent)> {
        if self.at >= self.len {
            return None;
        }
        let extents = self.file.extents();
        let (mut number, mut start) = self.extent;
        while start > self.at {
            number = number.checked_sub(1)?;
            start -= extents[number].len();
        }
        while start + extents.get(number)?.len() <= self.at {
            start += extents[number].len();
            number += 1;
        }
        self.extent = (number, start);
        Some((start, extents[number]))
    }

    /// Holds what is handed out to the limits, and what is decoded for it to a bound that every jump begins again.
    fn claim(&mut self, bytes: u64) -> Result<()> {
        let archive = &mut *self.archive;
        if self.moved {
            archive.recent.begin(self.len - self.at, archive.content_len());
        }
        if archive.env.account.is_some() {
            return archive.env.claim(bytes, archive.stored_len);
        }
        archive.check_limits(self.given.saturating_add(bytes))
    }

    /// Goes on with the hash by what of `bytes`, the next ones, it has not seen.
    fn update(&mut self, bytes: &[u8]) {
        let Some(hash) = &mut self.hash else { return };
        let seen = hash.at().checked_sub(self.at).and_then(|seen| usize::try_from(seen).ok());
        if let Some(new) = seen.and_then(|seen| bytes.get(seen..)) {
            hash.update(new);
        }
    }

    /// Compares the hash once all bytes have been seen.
    fn compare(&mut self) -> Result<()> {
        if self.hash.as_ref().is_none_or(|hash| hash.at() < self.len) {
            return Ok(());
        }
        match self.hash.take() {
            Some(hash) if !hash.is(&self.file.hash()) => {
                let name = self.file.name();
                Err(Error::corrupt(format!("{name}: the content does not match its hash")))
            }
            _ => Ok(()),
        }
    }
}

impl Read for MemberReader<'_, '_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        Ok(self.read_on(room)?)
    }
}

impl Seek for MemberReader<'_, '_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        let place = place.ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, "a place before the first byte or beyond 64 bits")
        })?;
        self.moved |= place != self.at;
        self.at = place;
        Ok(place)
    }
}
