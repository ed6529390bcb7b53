//! Encryption with age: the file opens with the ordinary `age` program (docs/format/encryption.md).
//!
//! A whole file is wrapped: everything minlen knows about it, names and sizes included, is inside. What remains
//! visible is the length to within 64 KiB and the kind of recipients.

mod keys;
mod open;
mod salvage;

use minlen_core::{Error, Result};
use std::io::{self, Write};

pub use age::secrecy::SecretString;
pub use keys::{generate, parse_identities, parse_recipients};
pub use open::{DecryptReader, PipeReader, Unlock, check_header, decrypt_pipe, open_reader};
pub use salvage::{LostPieces, SalvageReader, salvage_reader};

/// scrypt's work factor for passphrases that we write, as a power of two: about a second and 256 MiB, as `age` has.
const WORK_FACTOR: u8 = 18;
/// The first line of an age file.
const INTRO: &[u8] = b"age-encryption.org/v1\n";

/// Who can read what is encrypted.
#[derive(Clone, Debug)]
pub enum Recipients {
    /// Anyone with the passphrase.
    Passphrase(SecretString),
    /// The holders of these X25519 keys, `age1...`.
    Keys(Vec<String>),
}

/// True if `bytes` begin like an age file (at least the first 22 are needed).
#[must_use]
pub fn is_age(bytes: &[u8]) -> bool {
    bytes.starts_with(INTRO)
}

/// Encrypts what is written to it; [`EncryptWriter::finish`] must be called at the end.
pub struct EncryptWriter<W: Write>(age::stream::StreamWriter<W>);

impl<W: Write> std::fmt::Debug for EncryptWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EncryptWriter").finish_non_exhaustive()
    }
}

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
/// Usage for an unreadable recipient or none, or an empty passphrase; I/O.
pub fn encrypt_writer<W: Write>(out: W, recipients: &Recipients) -> Result<EncryptWriter<W>> {
    encrypt_with(out, recipients, WORK_FACTOR)
}

fn encrypt_with<W: Write>(out: W, recipients: &Recipients, work_factor: u8) -> Result<EncryptWriter<W>> {
    let recipients: Vec<Box<dyn age::Recipient>> = match recipients {
        Recipients::Passphrase(passphrase) => {
            vec![Box::new(keys::passphrase_recipient(passphrase, work_factor)?)]
        }
        Recipients::Keys(keys) => keys
            .iter()
            .map(|key| Ok(Box::new(keys::recipient(key)?) as Box<dyn age::Recipient>))
            .collect::<Result<_>>()?,
    };
    if recipients.is_empty() {
        return Err(Error::usage("no recipients to encrypt to"));
    }
    let encryptor = age::Encryptor::with_recipients(recipients.iter().map(|r| &**r))
        .map_err(|_| Error::usage("these recipients do not go together"))?;
    Ok(EncryptWriter(encryptor.wrap_output(out)?))
}

/// A secret of this text.
#[must_use]
pub fn secret(text: &str) -> SecretString {
    SecretString::from(text.to_owned())
}

#[cfg(test)]
mod tests;
