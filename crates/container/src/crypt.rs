//! Encryption with age: the file opens with the ordinary `age` program (docs/format/encryption.md).

use minlen_core::{Env, Error, Result};
use std::io::{self, Read, Seek, SeekFrom, Write};

/// Who can read what is encrypted.
#[derive(Clone)]
pub enum Recipients {
    /// Anyone with the passphrase.
    Passphrase(String),
    /// The holders of these X25519 keys, `age1...`.
    Keys(Vec<String>),
}

/// What opens an encrypted file.
#[derive(Clone, Default)]
pub struct Unlock {
    /// A passphrase.
    pub passphrase: Option<String>,
    /// Secret keys, `AGE-SECRET-KEY-1...`.
    pub identities: Vec<String>,
}

/// True if `bytes` begin like an age file.
#[must_use]
pub fn is_age(bytes: &[u8]) -> bool {
    bytes.starts_with(b"age-encryption.org/v1\n")
}

/// Encrypts what is written to it; [`EncryptWriter::finish`] must be called at the end.
pub struct EncryptWriter<W: Write>(age::stream::StreamWriter<W>);

impl<W: Write> EncryptWriter<W> {
    /// Writes the last piece and gives the output back.
    ///
    /// # Errors
    /// Whatever the output says.
    pub fn finish(self) -> Result<W> {
        Ok(self.0.finish()?)
    }
}

impl<W: Write> Write for EncryptWriter<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Begins an encrypted file.
///
/// # Errors
/// Usage for an unreadable recipient or none; I/O.
pub fn encrypt_writer<W: Write>(out: W, recipients: &Recipients) -> Result<EncryptWriter<W>> {
    let _ = (out, recipients);
    Err(Error::unsupported("being built"))
}

/// Decrypts with random access.
pub struct DecryptReader<R> {
    inner: age::stream::StreamReader<R>,
}

/// Opens an encrypted file for random access.
///
/// # Errors
/// Wrong key; corrupt; limit for a passphrase that is too costly to check.
pub fn open_reader<R: Read + Seek>(r: R, unlock: &Unlock, env: &Env) -> Result<DecryptReader<R>> {
    let _ = (r, unlock, env);
    Err(Error::unsupported("being built"))
}

/// Opens an encrypted pipe.
///
/// # Errors
/// As [`open_reader`].
pub fn decrypt_pipe<R: Read>(r: R, unlock: &Unlock, env: &Env) -> Result<impl Read + use<R>> {
    let _ = (r, unlock, env);
    Err::<io::Empty, _>(Error::unsupported("being built"))
}

impl<R: Read> Read for DecryptReader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buf)
    }
}

impl<R: Read + Seek> Seek for DecryptReader<R> {
    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        self.inner.seek(pos)
    }
}
