//! Passphrases and X25519 keys as text.

use super::SecretString;
use age::secrecy::ExposeSecret;
use age::{scrypt, x25519};
use minlen_core::{Error, Result};

/// A new pair of keys: the secret one (`AGE-SECRET-KEY-1...`) and the one to encrypt to (`age1...`).
#[must_use]
pub fn generate() -> (SecretString, String) {
    let identity = x25519::Identity::generate();
    (identity.to_string(), identity.to_public().to_string())
}

/// The recipients in a text: one `age1...` a line, with empty lines and comments after `#`.
///
/// # Errors
/// Usage naming the line that is no recipient.
pub fn parse_recipients(text: &str) -> Result<Vec<String>> {
    lines(text)
        .map(|(number, line)| {
            recipient(line).map_err(|e| Error::usage(format!("line {number}: {e}")))?;
            Ok(line.to_owned())
        })
        .collect()
}

/// The secret keys in a text, as `age-keygen` writes it.
///
/// # Errors
/// Usage naming the line that is no secret key (but never its content).
pub fn parse_identities(text: &str) -> Result<Vec<SecretString>> {
    lines(text)
        .map(|(number, line)| {
            let secret = SecretString::from(line.to_owned());
            identity(&secret).map_err(|e| Error::usage(format!("line {number}: {e}")))?;
            Ok(secret)
        })
        .collect()
}

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().map(str::trim).enumerate();
    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).map(|(i, line)| (i + 1, line))
}

pub(super) fn recipient(text: &str) -> Result<x25519::Recipient> {
    text.trim().parse().map_err(|_| {
        Error::usage(format!("'{text}' is no age recipient")).remedy("X25519 recipients look like age1...")
    })
}

pub(super) fn identity(secret: &SecretString) -> Result<x25519::Identity> {
    secret.expose_secret().trim().parse().map_err(|_| {
        Error::usage("not an age secret key").remedy("X25519 keys look like AGE-SECRET-KEY-1...")
    })
}

pub(super) fn passphrase_recipient(passphrase: &SecretString, work_factor: u8) -> Result<scrypt::Recipient> {
    if passphrase.expose_secret().is_empty() {
        return Err(Error::usage("an empty passphrase"));
    }
    let mut recipient = scrypt::Recipient::new(passphrase.clone());
    recipient.set_work_factor(work_factor);
    Ok(recipient)
}
