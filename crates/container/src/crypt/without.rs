//! In builds without the feature `age`: encrypted files are refused, whatever opens them.

use super::LostPieces;
use minlen_core::{Env, Error, Result};
use std::convert::Infallible;
use std::io::{self, Read, Seek, SeekFrom};
use std::marker::PhantomData;

/// A secret text, which is never shown.
#[derive(Clone)]
pub struct SecretString(Box<str>);

impl From<String> for SecretString {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl std::fmt::Debug for SecretString {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecretString({} bytes)", self.0.len())
    }
}

/// What opens an encrypted file, in a build that can.
#[derive(Clone, Debug, Default)]
pub struct Unlock {
    /// A passphrase.
    pub passphrase: Option<SecretString>,
    /// Secret keys, `AGE-SECRET-KEY-1...`.
    pub identities: Vec<SecretString>,
}

/// Decrypts with random access: there is none in this build.
#[derive(Debug)]
pub struct DecryptReader<R>(Infallible, PhantomData<R>);

/// Decrypts a damaged file: there is none in this build.
#[derive(Debug)]
pub struct SalvageReader<R>(Infallible, PhantomData<R>);

fn missing() -> Error {
    Error::unsupported("encrypted with age, which this build cannot open")
        .remedy("build with the Cargo feature `age`, or decrypt with `age -d` first")
}

/// Refuses an encrypted file.
///
/// # Errors
/// Unsupported.
pub fn open_reader<R: Read + Seek>(_: R, _: &Unlock, _: &Env) -> Result<DecryptReader<R>> {
    Err(missing())
}

/// Refuses a damaged encrypted file.
///
/// # Errors
/// Unsupported.
pub fn salvage_reader<R: Read + Seek>(_: R, _: &Unlock, _: &Env) -> Result<SalvageReader<R>> {
    Err(missing())
}

/// Refuses identities, which would open nothing.
///
/// # Errors
/// Unsupported.
pub fn read_identities(
    _: &[u8],
    _: impl FnOnce() -> Result<SecretString>,
    _: &Env,
) -> Result<Vec<SecretString>> {
    Err(missing())
}

impl<R> SalvageReader<R> {
    /// The ranges of the encrypted file that cannot be read.
    #[must_use]
    pub fn lost(&self) -> LostPieces {
        match self.0 {}
    }

    /// Zero bytes behind the end.
    #[must_use]
    pub fn padding(&self) -> u64 {
        match self.0 {}
    }
}

impl<R> Read for DecryptReader<R> {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        match self.0 {}
    }
}

impl<R> Seek for DecryptReader<R> {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        match self.0 {}
    }
}

impl<R> Read for SalvageReader<R> {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        match self.0 {}
    }
}

impl<R> Seek for SalvageReader<R> {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        match self.0 {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::ErrorKind;

    #[test]
    fn an_encrypted_file_is_known_and_refused_with_what_to_do() {
        let file = b"age-encryption.org/v1\n-> scrypt abc 18\n";
        assert!(super::super::is_age(file));
        let error = open_reader(io::Cursor::new(file), &Unlock::default(), &Env::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("`age`"), "{error}");
    }
}
