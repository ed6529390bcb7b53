//! What went wrong with an age file.

#[cfg(feature = "age")]
use age::DecryptError;
use minlen_core::Error;
#[cfg(feature = "age")]
use minlen_core::ErrorKind;
use std::io;

/// What was given does not open the file.
#[cfg(feature = "age")]
pub(super) fn wrong_key(message: &str) -> Error {
    Error::new(ErrorKind::WrongKey, message)
}

/// What age says, in our classes.
#[cfg(feature = "age")]
pub(super) fn class(error: DecryptError) -> Error {
    match error {
        DecryptError::NoMatchingKeys | DecryptError::KeyDecryptionFailed => {
            wrong_key("the passphrase or key does not open this file")
        }
        DecryptError::ExcessiveWork { required, .. } => {
            Error::limit(format!("checking the passphrase would take 2^{required} steps"))
        }
        DecryptError::Io(e) => class_io(e),
        // Never age's own texts: they come through its translations, which panic where those are not installed.
        DecryptError::InvalidMac => Error::corrupt("the age header was changed"),
        // "Unknown format", too: the version is ours, so the rest of the header is what nobody can read.
        _ => Error::corrupt("the age header is malformed"),
    }
}

/// age reports authentication failures as invalid data.
pub(super) fn class_io(error: io::Error) -> Error {
    match error.kind() {
        _ if Error::is_in(&error) => error.into(),
        io::ErrorKind::InvalidData => Error::corrupt("the encrypted data was changed or cut off"),
        io::ErrorKind::UnexpectedEof => Error::truncated("the encrypted data is cut off"),
        _ => Error::from(error),
    }
}
