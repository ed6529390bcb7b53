//! What can be had of a damaged encrypted file: every piece of 64 KiB is authenticated on its own, with its number.

use super::error::{class, wrong_key};
use super::header::{header_end, read_header};
use super::lost::LostPieces;
use super::open::{MAX_WORK_FACTOR, reserve};
use super::{Unlock, keys};
use crate::archive::padding;
use age::secrecy::ExposeSecret;
use age::stream::StreamReader;
use age::{Decryptor, Identity, scrypt};
use age_core::format::{FileKey, Stanza};
use minlen_core::{Advice, Env, Error, Result};
use std::cell::RefCell;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of a piece, plain and encrypted.
const PLAIN: u64 = 64 << 10;
const SEALED: u64 = PLAIN + TAG;
const TAG: u64 = 16;
/// Bytes between the header and the first piece.
const NONCE: u64 = 16;
/// Zeros at the end may belong to the last piece: so many are tried.
const TRIES: u64 = 16;

/// Decrypts a damaged file with random access: pieces that cannot be authenticated read as zeros.
///
/// What it gives is not known to be complete: a file that was cut off ends early. Nothing that it gives was altered.
pub struct SalvageReader<R> {
    source: Arc<Mutex<R>>,
    key: Known,
    inner: Option<StreamReader<BufReader<Part<R>>>>,
    /// Where the first piece begins, and where the last one ends.
    sealed: Range<u64>,
    pos: u64,
    piece: Vec<u8>,
    number: Option<u64>,
    lost: LostPieces,
    padding: u64,
}

impl<R> std::fmt::Debug for SalvageReader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SalvageReader").field("pos", &self.pos).finish_non_exhaustive()
    }
}

/// Opens a damaged encrypted file. Its header must be whole: without it, there is no key.
///
/// # Errors
/// Wrong key; corrupt or truncated within the header; limit for a passphrase that is too costly to check; I/O.
pub fn salvage_reader<R: Read + Seek>(mut r: R, unlock: &Unlock, env: &Env) -> Result<SalvageReader<R>> {
    let end = r.seek(SeekFrom::End(0))?;
    let zeros = padding::zeros_from(&mut r, end, env)?;
    r.seek(SeekFrom::Start(0))?;
    let head = read_header(&mut r)?;
    let start = header_end(&head).unwrap_or(head.len()) as u64 + NONCE;
    if end < start {
        return Err(Error::truncated("the encrypted data ends before its first piece"));
    }
    let source = Arc::new(Mutex::new(r));
    let part = BufReader::new(Part { source: Arc::clone(&source), pos: 0, end });
    let decryptor = Decryptor::new_buffered(part).map_err(class)?;
    let (key, inner) = unlocked(decryptor, &head, unlock, env)?;
    let (piece, lost, sealed) = (Vec::new(), LostPieces::default(), start..end);
    let mut reader = SalvageReader {
        source,
        key,
        inner: Some(inner),
        sealed,
        pos: 0,
        piece,
        number: None,
        lost,
        padding: 0,
    };
    reader.without_padding(zeros.max(start));
    Ok(reader)
}

impl<R: Read + Seek> SalvageReader<R> {
    /// The ranges of the encrypted file that cannot be read: filled while it is read.
    #[must_use]
    pub fn lost(&self) -> LostPieces {
        self.lost.clone()
    }

    /// Zero bytes behind the end.
    #[must_use]
    pub fn padding(&self) -> u64 {
        self.padding
    }

    /// Finds the end where zeros follow it: the last piece says that it is the last.
    fn without_padding(&mut self, zeros: u64) {
        let end = self.sealed.end;
        for last in [end].into_iter().chain(zeros..end.min(zeros.saturating_add(TRIES))) {
            self.sealed.end = last;
            self.inner = None;
            if self.open().is_some_and(|inner| inner.seek(SeekFrom::End(0)).is_ok()) {
                self.padding = end - last;
                return;
            }
        }
        (self.sealed.end, self.inner) = (end, None);
    }

    fn open(&mut self) -> Option<&mut StreamReader<BufReader<Part<R>>>> {
        if self.inner.is_none() {
            let part = Part { source: Arc::clone(&self.source), pos: 0, end: self.sealed.end };
            let decryptor = Decryptor::new_buffered(BufReader::new(part)).ok()?;
            self.inner = Some(decryptor.decrypt(std::iter::once(&self.key as &dyn Identity)).ok()?);
        }
        self.inner.as_mut()
    }

    /// Bytes of plain text, if all pieces were right.
    fn len(&self) -> u64 {
        let sealed = self.sealed.end - self.sealed.start;
        let last = sealed % SEALED;
        sealed / SEALED * PLAIN + last.saturating_sub(TAG)
    }

    /// Has the piece with this number in memory, or zeros in its place.
    fn load(&mut self, number: u64) {
        if self.number == Some(number) {
            return;
        }
        let start = number * PLAIN;
        let len = (self.len() - start).min(PLAIN) as usize;
        let mut piece = std::mem::take(&mut self.piece);
        piece.clear();
        piece.resize(len, 0);
        let read = self.open().is_some_and(|inner| read_piece(inner, start, &mut piece).is_ok());
        if !read {
            // After an error the reader keeps what it could not decrypt.
            self.inner = None;
            piece.fill(0);
            let at = self.sealed.start + number * SEALED;
            self.lost.add(at..(at + SEALED).min(self.sealed.end));
        }
        (self.piece, self.number) = (piece, Some(number));
    }
}

/// Reads a piece that begins at `start`. Its second byte is asked for first, since the reader of age authenticates the end of the
/// file when it is sent to the beginning of a piece.
fn read_piece<R: Read + Seek>(inner: &mut StreamReader<R>, start: u64, piece: &mut [u8]) -> io::Result<()> {
    inner.seek(SeekFrom::Start(start + 1))?;
    inner.seek(SeekFrom::Start(start))?;
    inner.read_exact(piece)
}

impl<R: Read + Seek> Read for SalvageReader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.pos >= self.len() || buf.is_empty() {
            return Ok(0);
        }
        self.load(self.pos / PLAIN);
        let rest = self.piece.get((self.pos % PLAIN) as usize..).unwrap_or(&[]);
        let n = rest.len().min(buf.len());
        buf[..n].copy_from_slice(&rest[..n]);
        self.pos += n as u64;
        Ok(n)
    }
}

impl<R: Read + Seek> Seek for SalvageReader<R> {
    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        let target = match pos {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.len().checked_add_signed(by),
            SeekFrom::Current(by) => self.pos.checked_add_signed(by),
        };
        self.pos = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.pos)
    }
}

/// Opens with the passphrase or the keys, and keeps the file's own key: checking a passphrase once takes a second.
fn unlocked<R: Read>(
    decryptor: Decryptor<R>,
    head: &[u8],
    unlock: &Unlock,
    env: &Env,
) -> Result<(Known, StreamReader<R>)> {
    let mut identities: Vec<Box<dyn Identity>> = Vec::new();
    let _held = if decryptor.is_scrypt() {
        let passphrase = unlock.passphrase.as_ref();
        let passphrase = passphrase
            .ok_or_else(|| wrong_key("encrypted with a passphrase").remedy("give the passphrase"))?;
        let mut identity = scrypt::Identity::new(passphrase.clone());
        identity.set_max_work_factor(MAX_WORK_FACTOR);
        identities.push(Box::new(identity));
        reserve(head, env)?
    } else {
        for secret in &unlock.identities {
            identities.push(Box::new(keys::identity(secret)?));
        }
        None
    };
    if identities.is_empty() {
        return Err(wrong_key("encrypted to keys").advise(Advice::SecretKey));
    }
    let kept = RefCell::new(None);
    let keeping: Vec<Keeping<'_>> = identities.iter().map(|i| Keeping { inner: &**i, kept: &kept }).collect();
    let inner = decryptor.decrypt(keeping.iter().map(|i| i as &dyn Identity)).map_err(|e| match e {
        age::DecryptError::DecryptionFailed => class(age::DecryptError::KeyDecryptionFailed),
        other => class(other),
    })?;
    drop(keeping);
    let key = kept.into_inner().ok_or_else(|| wrong_key("the key does not open this file"))?;
    Ok((Known(key), inner))
}

/// An identity that remembers the file's key.
struct Keeping<'a> {
    inner: &'a dyn Identity,
    kept: &'a RefCell<Option<[u8; 16]>>,
}

impl Identity for Keeping<'_> {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<std::result::Result<FileKey, age::DecryptError>> {
        let found = self.inner.unwrap_stanza(stanza)?;
        if let Ok(key) = &found {
            *self.kept.borrow_mut() = Some(*key.expose_secret());
        }
        Some(found)
    }

    fn unwrap_stanzas(&self, stanzas: &[Stanza]) -> Option<std::result::Result<FileKey, age::DecryptError>> {
        let found = self.inner.unwrap_stanzas(stanzas)?;
        if let Ok(key) = &found {
            *self.kept.borrow_mut() = Some(*key.expose_secret());
        }
        Some(found)
    }
}

/// The file's own key.
struct Known([u8; 16]);

impl Identity for Known {
    fn unwrap_stanza(&self, _: &Stanza) -> Option<std::result::Result<FileKey, age::DecryptError>> {
        Some(Ok(FileKey::new(Box::new(self.0))))
    }
}

/// The source, up to where it is taken to end, with a place of its own.
struct Part<R> {
    source: Arc<Mutex<R>>,
    pos: u64,
    end: u64,
}

impl<R: Read + Seek> Read for Part<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.end.saturating_sub(self.pos).min(buf.len() as u64) as usize;
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        source.seek(SeekFrom::Start(self.pos))?;
        let n = source.read(&mut buf[..n])?;
        self.pos += n as u64;
        Ok(n)
    }
}

impl<R> Seek for Part<R> {
    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        let target = match pos {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.end.checked_add_signed(by),
            SeekFrom::Current(by) => self.pos.checked_add_signed(by),
        };
        self.pos = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.pos)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{data, key, pass, sealed};
    use super::*;
    use std::io::Cursor;

    fn salvage(bytes: &[u8], unlock: &Unlock) -> (Vec<u8>, Vec<Range<u64>>, u64) {
        let mut reader = salvage_reader(Cursor::new(bytes.to_vec()), unlock, &Env::default()).unwrap();
        let mut out = Vec::new();
        reader.read_to_end(&mut out).unwrap();
        (out, reader.lost().ranges(), reader.padding())
    }

    #[test]
    fn pieces_around_damage_of_an_encrypted_file_come_back() {
        let want = data(300_000);
        for (recipients, unlock) in [pass("p"), key()] {
            let bytes = sealed(&want, &recipients);
            assert_eq!(salvage(&bytes, &unlock), (want.clone(), vec![], 0));
            let start = bytes.len() - 300_000 - 5 * 16;
            let mut bad = bytes.clone();
            bad[start + 65_552 + 100] ^= 1;
            bad[start + 3 * 65_552 + 7] ^= 1;
            let (got, lost, _) = salvage(&bad, &unlock);
            assert_eq!(got.len(), want.len());
            for (i, piece) in got.chunks(65_536).enumerate() {
                let right = piece == &want[i * 65_536..i * 65_536 + piece.len()];
                assert_eq!(right, i != 1 && i != 3, "piece {i}");
            }
            let at = |i: u64| start as u64 + i * 65_552;
            assert_eq!(lost, [at(1)..at(2), at(3)..at(4)]);
            // Cut off: the whole pieces are had, the last one is not known to be right.
            let (got, lost, _) = salvage(&bytes[..start + 2 * 65_552 + 1000], &unlock);
            assert_eq!(got[..2 * 65_536], want[..2 * 65_536]);
            assert!(got[2 * 65_536..].iter().all(|&b| b == 0) && lost.len() == 1);
        }
    }

    #[test]
    fn zeros_behind_an_encrypted_file_are_told_and_passed_over() {
        let (recipients, unlock) = key();
        for n in [0, 1, 65_536, 100_000] {
            let bytes = sealed(&data(n), &recipients);
            for zeros in [1, 512, 100_000] {
                let padded = [&bytes[..], &vec![0; zeros]].concat();
                let (got, lost, padding) = salvage(&padded, &unlock);
                assert_eq!((got, lost), (data(n), vec![]), "{n} {zeros}");
                assert_eq!(padding, zeros as u64);
            }
        }
    }

    #[test]
    fn a_damaged_header_of_an_encrypted_file_is_an_error() {
        let (recipients, unlock) = key();
        let bytes = sealed(&data(1000), &recipients);
        for at in [5, 60, 150] {
            let mut bad = bytes.clone();
            bad[at] ^= 1;
            assert!(salvage_reader(Cursor::new(bad), &unlock, &Env::default()).is_err());
        }
        for cut in [0, 10, 100] {
            assert!(salvage_reader(Cursor::new(bytes[..cut].to_vec()), &unlock, &Env::default()).is_err());
        }
    }
}
