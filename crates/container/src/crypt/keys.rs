//! Passphrases and X25519 keys as text. No message ever repeats what was given as a key: it may be a secret one.

use super::{SecretString, Unlock, asks_for_passphrase, decrypt_pipe, is_age, secret};
use age::secrecy::ExposeSecret;
use age::{scrypt, x25519};
use minlen_core::{Env, Error, ErrorKind, Result};
use std::io::Read;

/// No file of keys is longer; what is longer is the wrong file.
const LONGEST: u64 = 64 << 10;

/// A new pair of keys: the secret one (`AGE-SECRET-KEY-1...`) and the one to encrypt to (`age1...`).
#[must_use]
pub fn generate() -> (SecretString, String) {
    let identity = x25519::Identity::generate();
    (identity.to_string(), identity.to_public().to_string())
}

/// The recipients in a text: one `age1...` a line, with empty lines and comments after `#`.
///
/// # Errors
/// Usage naming the line that is no recipient (but never its content).
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
            let secret = secret(line);
            identity(&secret).map_err(|e| Error::usage(format!("line {number}: {e}")))?;
            Ok(secret)
        })
        .collect()
}

/// The secret keys in an identity file: a text, or one that `age -p` locked with a passphrase, which `passphrase` gives.
///
/// # Errors
/// As [`parse_identities`]; usage for a file that holds no key or is none; wrong key; whatever `passphrase` says.
pub fn read_identities(
    file: &[u8],
    passphrase: impl FnOnce() -> Result<SecretString>,
    env: &Env,
) -> Result<Vec<SecretString>> {
    let mut opened = Vec::new();
    if is_age(file) {
        if !asks_for_passphrase(file) {
            return Err(Error::usage("this identity file is encrypted to a key, not with a passphrase")
                .remedy("decrypt it first, and give what comes out with -i -"));
        }
        let unlock = Unlock { passphrase: Some(passphrase()?), identities: Vec::new() };
        decrypt_pipe(file, &unlock, env)?.take(LONGEST + 1).read_to_end(&mut opened)?;
    }
    let file = if is_age(file) { &opened[..] } else { file };
    if file.len() as u64 > LONGEST {
        return Err(Error::usage("is too long for a file of keys"));
    }
    let keys = parse_identities(&plain_text(file)?)?;
    if keys.is_empty() {
        return Err(Error::usage("holds no secret key").remedy("`age-keygen -o FILE` makes one"));
    }
    Ok(keys)
}

/// A text in UTF-8, or in UTF-16 with a byte-order mark; without the mark.
///
/// # Errors
/// Usage if it is neither.
pub fn plain_text(bytes: &[u8]) -> Result<String> {
    let units = |unit: fn([u8; 2]) -> u16, rest: &[u8]| -> Option<String> {
        let (pairs, odd) = rest.as_chunks::<2>();
        let text = char::decode_utf16(pairs.iter().map(|pair| unit(*pair)));
        odd.is_empty().then(|| text.collect::<Result<String, _>>().ok()).flatten()
    };
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => units(u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => units(u16::from_be_bytes, rest),
        [0xef, 0xbb, 0xbf, rest @ ..] | rest => std::str::from_utf8(rest).ok().map(str::to_owned),
    };
    text.ok_or_else(|| Error::usage("is not a text in UTF-8"))
}

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.lines().map(str::trim).enumerate();
    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).map(|(i, line)| (i + 1, line))
}

/// True where `text` begins with `start`, in capitals or not.
fn begins(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

pub(super) fn recipient(text: &str) -> Result<x25519::Recipient> {
    let text = text.trim();
    text.parse().map_err(|_| {
        let remedy = "X25519 recipients look like age1...";
        if begins(text, "AGE-SECRET-KEY-") || begins(text, "AGE-PLUGIN-") {
            return Error::usage("a secret key where a recipient belongs").remedy(
                "give the public key, age1..., which `age-keygen -y` shows, and take care of the secret one",
            );
        }
        if begins(text, "ssh-") {
            return Error::usage("an SSH key, to which minlen cannot encrypt").remedy(remedy);
        }
        let other = begins(text, "age1") && text[4..].contains('1');
        let what =
            if other { "an age recipient that needs a plugin or is not X25519" } else { "no age recipient" };
        Error::usage(what).remedy(remedy)
    })
}

pub(super) fn identity(key: &SecretString) -> Result<x25519::Identity> {
    let text = key.expose_secret().trim();
    text.parse().map_err(|_| {
        let (what, remedy) = match text {
            _ if begins(text, "AGE-PLUGIN-") => (
                "an identity that needs an age plugin, and minlen runs none",
                "decrypt with `age -d`, and pipe what comes out into minlen",
            ),
            _ if begins(text, "-----BEGIN") && text.contains("PRIVATE KEY") => (
                "an SSH key, with which minlen cannot decrypt",
                "decrypt with `age -d`, and pipe what comes out into minlen",
            ),
            _ if begins(text, "AGE-SECRET-KEY-PQ-") => (
                "an age key that is not X25519",
                "decrypt with `age -d`, and pipe what comes out into minlen",
            ),
            _ if begins(text, "age1") => (
                "a recipient, which locks but does not open",
                "the identity is the secret key, AGE-SECRET-KEY-1...",
            ),
            _ => ("not an age secret key", "X25519 keys look like AGE-SECRET-KEY-1..."),
        };
        Error::usage(what).remedy(remedy)
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

/// The public keys of secret ones: who can open what these open.
///
/// # Errors
/// Usage for a malformed key.
pub fn recipients_of(identities: &[SecretString]) -> Result<Vec<String>> {
    identities.iter().map(|key| Ok(identity(key)?.to_public().to_string())).collect()
}

/// The error for a file that asks for a passphrase when there is none.
pub(super) fn no_passphrase() -> Error {
    Error::new(ErrorKind::WrongKey, "encrypted with a passphrase").remedy("give the passphrase")
}
