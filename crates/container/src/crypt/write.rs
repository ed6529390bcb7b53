//! Writing encrypted files.

use super::{SecretString, keys};
use minlen_core::{Error, Result};
use std::io::{self, Write};

/// scrypt's work factor for passphrases that we write, as a power of two: about a second and 256 MiB, as `age` has.
const WORK_FACTOR: u8 = 18;

/// Who can read what is encrypted.
#[derive(Clone, Debug)]
pub enum Recipients {
    /// Anyone with the passphrase.
    Passphrase(SecretString),
    /// The holders of these X25519 keys, `age1...`.
    Keys(Vec<String>),
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
/// Usage for an unreadable recipient (by its place, never its text) or none, or an empty passphrase; I/O.
pub fn encrypt_writer<W: Write>(out: W, recipients: &Recipients) -> Result<EncryptWriter<W>> {
    encrypt_with(out, recipients, WORK_FACTOR)
}

pub(super) fn encrypt_with<W: Write>(
    out: W,
    recipients: &Recipients,
    work_factor: u8,
) -> Result<EncryptWriter<W>> {
    let recipients: Vec<Box<dyn age::Recipient>> = match recipients {
        Recipients::Passphrase(passphrase) => {
            vec![Box::new(keys::passphrase_recipient(passphrase, work_factor)?)]
        }
        Recipients::Keys(keys) => keys
            .iter()
            .enumerate()
            .map(|(i, key)| Ok(Box::new(numbered(i, key)?) as Box<dyn age::Recipient>))
            .collect::<Result<_>>()?,
    };
    if recipients.is_empty() {
        return Err(Error::usage("no recipients to encrypt to"));
    }
    let encryptor = age::Encryptor::with_recipients(recipients.iter().map(|r| &**r))
        .map_err(|_| Error::usage("these recipients do not go together"))?;
    Ok(EncryptWriter(encryptor.wrap_output(out)?))
}

/// Refuses what is no recipient, before anything is written.
///
/// # Errors
/// Usage, by its place in the list and never with its text.
pub fn check_recipients(keys: &[String]) -> Result<()> {
    keys.iter().enumerate().try_for_each(|(i, key)| numbered(i, key).map(drop))
}

fn numbered(index: usize, key: &str) -> Result<age::x25519::Recipient> {
    keys::recipient(key).map_err(|e| Error::usage(format!("recipient {}: {e}", index + 1)))
}
