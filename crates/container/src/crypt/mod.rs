//! Encryption with age: the file opens with the ordinary `age` program (docs/format/encryption.md).
//!
//! A whole file is wrapped: everything minlen knows about it, names and sizes included, is inside. What remains
//! visible is the length to within 64 KiB and the kind of recipients.
//!
//! [`encrypt_writer`] goes around whatever writes a file. For reading, [`open_reader`] where the file can be sought in, [`decrypt_pipe`]
//! where it comes through a pipe, and [`salvage_reader`] where it is damaged.
//!
//! ```
//! # #[cfg(feature = "age")] {
//! use minlen_container::crypt::{self, Recipients, Unlock};
//! use std::io::{Cursor, Read, Write};
//! let (secret, public) = crypt::generate();
//! let mut writer = crypt::encrypt_writer(Vec::new(), &Recipients::Keys(vec![public]))?;
//! writer.write_all(b"for one reader only")?;
//! let file = writer.finish()?;
//! assert!(crypt::is_age(&file));
//!
//! let unlock = Unlock { passphrase: None, identities: vec![secret] };
//! let mut plain = String::new();
//! crypt::open_reader(Cursor::new(file), &unlock, &minlen_core::Env::default())?.read_to_string(&mut plain)?;
//! assert_eq!(plain, "for one reader only");
//! # }
//! # Ok::<(), minlen_core::Error>(())
//! ```
//!
//! In a build without the Cargo feature `age`, encrypted files are known and refused, and nothing is encrypted.

mod armor;
#[cfg(feature = "age")]
mod bare;
mod error;
mod header;
#[cfg(feature = "age")]
mod keys;
mod lost;
#[cfg(feature = "age")]
mod open;
#[cfg(feature = "age")]
mod salvage;
#[cfg(not(feature = "age"))]
mod without;
#[cfg(feature = "age")]
mod write;

#[cfg(feature = "age")]
pub use age::secrecy::SecretString;
pub use header::check_header;
#[cfg(feature = "age")]
pub use keys::{generate, parse_identities, parse_recipients, plain_text, read_identities, recipients_of};
pub use lost::LostPieces;
#[cfg(feature = "age")]
pub use open::{DecryptReader, PipeReader, Unlock, decrypt_pipe, open_reader};
#[cfg(feature = "age")]
pub use salvage::{SalvageReader, salvage_reader};
#[cfg(not(feature = "age"))]
pub use without::{
    DecryptReader, SalvageReader, SecretString, Unlock, open_reader, read_identities, salvage_reader,
};
#[cfg(feature = "age")]
pub use write::{EncryptWriter, Recipients, check_recipients, encrypt_writer};

/// The first line of an age file.
const INTRO: &[u8] = b"age-encryption.org/v1\n";
/// What begins it in every version.
const FAMILY: &[u8] = b"age-encryption.org/v";
/// How the header goes on where a passphrase opens the file; then nothing else does.
#[cfg(feature = "age")]
const SCRYPT: &[u8] = b"-> scrypt ";
/// So many of its first bytes tell an age file, with its armour and what editors put in front of that.
pub const HEAD: usize = 256;

/// True if `bytes` begin like an age file of any version, in binary or as text ([`HEAD`] bytes of it are enough).
#[must_use]
pub fn is_age(bytes: &[u8]) -> bool {
    bytes.starts_with(FAMILY) || armor::start(&bytes[..bytes.len().min(HEAD)]).is_some()
}

/// True if an age file that begins with `head` is opened by a passphrase, and not by a key.
#[cfg(feature = "age")]
#[must_use]
pub fn asks_for_passphrase(head: &[u8]) -> bool {
    let inner = bare::inner_head(&head[..head.len().min(HEAD)]);
    inner.strip_prefix(INTRO).is_some_and(|rest| rest.starts_with(SCRYPT))
}

/// A secret of this text.
#[must_use]
pub fn secret(text: &str) -> SecretString {
    SecretString::from(text.to_owned())
}

#[cfg(test)]
#[cfg(feature = "age")]
mod tests;
