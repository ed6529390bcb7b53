//! Reading encrypted files.

use super::armor;
use super::bare::Bare;
use super::error::{class, class_io, wrong_key};
use super::header::read_header;
use super::{HEAD, SecretString, keys};
use age::{DecryptError, Decryptor, scrypt};
use minlen_core::{Advice, Env, Error, Reservation, Result};
use std::fs::File;
use std::io::{self, BufReader, Chain, Cursor, Read, Seek, SeekFrom};

/// The costliest passphrase that is ever tried; the memory limit may allow less. As in `age`.
pub(super) const MAX_WORK_FACTOR: u8 = 22;
/// Bytes that scrypt takes for a work factor of 2^0, with the block size of 8 that age prescribes.
const SCRYPT_UNIT: u64 = 1024;

/// What opens an encrypted file.
#[derive(Clone, Debug, Default)]
pub struct Unlock {
    /// A passphrase.
    pub passphrase: Option<SecretString>,
    /// Secret keys, `AGE-SECRET-KEY-1...`.
    pub identities: Vec<SecretString>,
}

/// Something with its first bytes, which were looked at, in front again.
type Again<R> = Chain<Cursor<Vec<u8>>, R>;
type Source<R> = BufReader<Again<Bare<Again<R>>>>;

/// Decrypts in order.
pub struct PipeReader<R: Read>(age::stream::StreamReader<Source<R>>);

/// Decrypts with random access. The length is authenticated when the file is opened.
pub struct DecryptReader<R> {
    inner: age::stream::StreamReader<BufReader<Sealed<R>>>,
    /// Where the inner reader is, and where we are.
    inner_pos: u64,
    pos: u64,
    len: u64,
}

/// An encrypted file in binary.
enum Sealed<R> {
    /// As it came.
    Given(R),
    /// Out of its armour, in which nobody can go to a place. Still encrypted.
    Unwrapped(File),
}

impl<R: Read> std::fmt::Debug for PipeReader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PipeReader").finish_non_exhaustive()
    }
}

impl<R> std::fmt::Debug for DecryptReader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DecryptReader")
            .field("pos", &self.pos)
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

/// Opens an encrypted file for random access.
///
/// # Errors
/// Wrong key; corrupt; truncated; limit for a passphrase that is too costly to check; usage for a malformed key.
pub fn open_reader<R: Read + Seek>(mut r: R, unlock: &Unlock, env: &Env) -> Result<DecryptReader<R>> {
    let start = r.stream_position()?;
    let first = first_bytes(&mut r)?;
    r.seek(SeekFrom::Start(start))?;
    let mut sealed = match armor::start(&first) {
        Some(_) => Sealed::Unwrapped(unwrapped(r, &first)?),
        None => Sealed::Given(r),
    };
    let start = sealed.stream_position()?;
    let head = read_header(&mut sealed)?;
    sealed.seek(SeekFrom::Start(start))?;
    let decryptor = Decryptor::new_buffered(BufReader::new(sealed)).map_err(class)?;
    let mut inner = unlocked(decryptor, &head, unlock, env)?;
    let len = inner.seek(SeekFrom::End(0)).map_err(class_io)?;
    inner.seek(SeekFrom::Start(0)).map_err(class_io)?;
    Ok(DecryptReader { inner, inner_pos: 0, pos: 0, len })
}

/// Opens an encrypted pipe.
///
/// # Errors
/// As [`open_reader`]; that the data is cut off shows at the end of reading.
pub fn decrypt_pipe<R: Read>(mut r: R, unlock: &Unlock, env: &Env) -> Result<PipeReader<R>> {
    let first = first_bytes(&mut r)?;
    let mut bare = Bare::new(Cursor::new(first.clone()).chain(r), &first).map_err(class_io)?;
    let head = read_header(&mut bare)?;
    let source = BufReader::new(Cursor::new(head.clone()).chain(bare));
    let decryptor = Decryptor::new_buffered(source).map_err(class)?;
    unlocked(decryptor, &head, unlock, env).map(PipeReader)
}

fn first_bytes<R: Read>(r: &mut R) -> Result<Vec<u8>> {
    let mut first = Vec::new();
    r.by_ref().take(HEAD as u64).read_to_end(&mut first)?;
    Ok(first)
}

/// The file inside the armour, still encrypted, in a temporary file without a name.
fn unwrapped<R: Read>(r: R, first: &[u8]) -> Result<File> {
    let failed = |e| Error::io("cannot make a temporary file", e);
    let mut file = tempfile::tempfile().map_err(failed)?;
    let mut bare = Bare::new(r, first).map_err(class_io)?;
    let mut buffer = vec![0; 64 << 10];
    loop {
        let n = bare.read(&mut buffer).map_err(class_io)?;
        if n == 0 {
            break;
        }
        io::Write::write_all(&mut file, &buffer[..n]).map_err(failed)?;
    }
    file.rewind().map_err(failed)?;
    Ok(file)
}

fn unlocked<R: Read>(
    decryptor: Decryptor<R>,
    head: &[u8],
    unlock: &Unlock,
    env: &Env,
) -> Result<age::stream::StreamReader<R>> {
    if !decryptor.is_scrypt() {
        let identities = unlock.identities.iter().map(keys::identity).collect::<Result<Vec<_>>>()?;
        if identities.is_empty() {
            return Err(wrong_key("encrypted to keys").advise(Advice::SecretKey));
        }
        return decryptor.decrypt(identities.iter().map(|i| i as _)).map_err(class);
    }
    let Some(passphrase) = &unlock.passphrase else {
        return Err(keys::no_passphrase());
    };
    let _held = reserve(head, env)?;
    let mut identity = scrypt::Identity::new(passphrase.clone());
    identity.set_max_work_factor(MAX_WORK_FACTOR);
    decryptor.decrypt(std::iter::once(&identity as _)).map_err(|e| match e {
        // The only thing that is decrypted before the first byte is read is the file's own key.
        DecryptError::DecryptionFailed => class(DecryptError::KeyDecryptionFailed),
        other => class(other),
    })
}

/// Takes the memory that checking the passphrase needs from the budget.
pub(super) fn reserve(head: &[u8], env: &Env) -> Result<Option<Reservation>> {
    let line = head.split(|&b| b == b'\n').find(|line| line.starts_with(b"-> scrypt "));
    let factor = line
        .and_then(|line| std::str::from_utf8(line).ok())
        .and_then(|line| line.rsplit(' ').next())
        .and_then(|n| n.parse::<u8>().ok());
    match factor {
        Some(n) if n <= MAX_WORK_FACTOR => env.budget.reserve(SCRYPT_UNIT << n).map(Some),
        Some(n) => Err(Error::limit(format!("checking the passphrase would take 2^{n} steps"))),
        // age itself refuses what it cannot parse.
        None => Ok(None),
    }
}

impl<R: Read> Read for PipeReader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf).map_err(|e| class_io(e).into())
    }
}

impl<R: Read> Read for Sealed<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Given(r) => r.read(buf),
            Self::Unwrapped(file) => file.read(buf),
        }
    }
}

impl<R: Seek> Seek for Sealed<R> {
    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        match self {
            Self::Given(r) => r.seek(pos),
            Self::Unwrapped(file) => file.seek(pos),
        }
    }
}

impl<R: Read + Seek> Read for DecryptReader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = self.len.saturating_sub(self.pos);
        let n = left.min(buf.len() as u64) as usize;
        if n == 0 {
            return Ok(0);
        }
        if self.inner_pos != self.pos {
            self.inner_pos = self.inner.seek(SeekFrom::Start(self.pos)).map_err(class_io)?;
        }
        let read = self.inner.read(&mut buf[..n]).map_err(class_io)?;
        if read == 0 {
            return Err(Error::truncated("the encrypted data ends too early").into());
        }
        self.pos += read as u64;
        self.inner_pos = self.pos;
        Ok(read)
    }
}

impl<R: Read + Seek> Seek for DecryptReader<R> {
    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        let target = match pos {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.pos.checked_add_signed(by),
        };
        self.pos = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.pos)
    }
}
