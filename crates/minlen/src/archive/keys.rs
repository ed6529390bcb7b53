//! What opens encrypted files.

use minlen_container::crypt;
use minlen_core::{Env, Error, ErrorKind, Result};
use std::path::PathBuf;

/// What opens an encrypted file.
///
/// Files that are not encrypted need none: `Keys::default()`. A file is encrypted as a whole, in the format of age
/// (<https://age-encryption.org/v1>); [`crate::container::crypt`] writes it.
///
/// ```
/// use minlen::archive::{Archive, Keys};
/// use minlen::{Env, ErrorKind, Options};
/// // A file in the format of age, of which only the first line is whole.
/// let file = std::io::Cursor::new(b"age-encryption.org/v1\n-> scrypt ".to_vec());
/// let opened = Archive::from_reader(file, &Keys::default(), &Options::default(), &Env::default());
/// assert!(opened.is_err());
/// let keys = Keys::default().with_passphrase("correct horse").with_identity("key.txt");
/// assert_eq!((keys.passphrase.as_deref(), keys.identities.len()), (Some("correct horse"), 1));
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Keys {
    /// The passphrase, for files encrypted with one, and for identity files that are.
    pub passphrase: Option<String>,
    /// age identity files (secret keys), for files encrypted to recipients.
    pub identities: Vec<PathBuf>,
    /// Secret keys that are at hand already.
    pub secret_keys: Vec<crypt::SecretString>,
}

impl Keys {
    /// Sets [`Keys::passphrase`].
    #[must_use]
    pub fn with_passphrase(mut self, passphrase: impl Into<String>) -> Self {
        self.passphrase = Some(passphrase.into());
        self
    }

    /// Adds an identity file.
    #[must_use]
    pub fn with_identity(mut self, file: impl Into<PathBuf>) -> Self {
        self.identities.push(file.into());
        self
    }

    /// Adds a secret key that is at hand.
    #[must_use]
    pub fn with_secret_key(mut self, key: crypt::SecretString) -> Self {
        self.secret_keys.push(key);
        self
    }

    /// Reads the identity files.
    pub(super) fn unlock(&self, env: &Env) -> Result<crypt::Unlock> {
        let passphrase = self.passphrase.as_deref().map(crypt::secret);
        let mut identities = self.secret_keys.clone();
        for path in &self.identities {
            let file =
                std::fs::read(path).map_err(|e| Error::io("cannot read the identity", e).in_file(path))?;
            let locked = || {
                let error = Error::new(ErrorKind::WrongKey, "the identity is encrypted with a passphrase");
                passphrase.clone().ok_or(error)
            };
            identities.extend(crypt::read_identities(&file, locked, env).map_err(|e| e.in_file(path))?);
        }
        Ok(crypt::Unlock { passphrase, identities })
    }
}
