//! Records of one kind by a codec file that was trained on others of it: near them, in few bytes.
//!
//! A codec file (`minlen train autoencoder`, docs/format/autoencoder.md) knows records of one shape and type: small pictures, windows of
//! a sensor, rows of a table. [`open`] checks one; with [`crate::Options::with_model`] and a target ([`crate::Options::with_target`])
//! the arrays of such records that a file declares are replaced by others near them, record by record as near as the target says. The
//! compressed file names the codec file by its hash and cannot be read without it; [`Model`] says what a codec file holds.
//!
//! | You know | Use |
//! |---|---|
//! | what a record may cost | [`crate::Target::BytesPerRecord`] |
//! | how near every record must be, in decibels of the range of its array | [`crate::Target::Psnr`] |
//! | how far off a number may be | [`crate::Target::MaxError`] |

mod codec;
mod describe;
mod records;
#[cfg(test)]
mod tests;

pub(crate) use codec::codec;
pub use minlen_latent::{Body, Member, Model, is_codec_file};
pub(crate) use records::Records;

use minlen_core::{Env, Learned, Resources, Result, missing_model};
use std::sync::Arc;

/// The first bytes of the hash of a codec file: what payloads name it by.
pub(crate) type Name = [u8; 8];

/// A codec file to be had at hand, named by the hash of its file.
///
/// ```
/// use minlen::{ErrorKind, latent};
/// assert_eq!(latent::open(b"no codec file").unwrap_err().kind(), ErrorKind::Corrupt);
/// ```
///
/// # Errors
/// Corrupt for what is no codec file; unsupported for one of a later version; limit for one that is too large.
pub fn open(file: &[u8]) -> Result<Learned> {
    let model = Model::read(file, &Env::default())?;
    let part = Learned::new(file.to_vec(), *blake3::hash(file).as_bytes());
    // Kept there, so that nobody has to read it again.
    part.opened(|_| Ok(model));
    Ok(part)
}

/// What a learned part holds, if it is a codec file.
#[must_use]
pub fn model_of(part: &Learned) -> Option<Arc<Model>> {
    let is_model = is_codec_file(part.bytes());
    is_model.then(|| part.opened(|bytes| Model::read(bytes, &Env::default())))?
}

/// What payloads name a learned part by.
pub(crate) fn name_of(part: &Learned) -> Name {
    std::array::from_fn(|i| part.hash()[i])
}

/// The codec file of that name.
///
/// # Errors
/// Unsupported where it is not at hand.
pub(crate) fn named(resources: &Resources, name: &Name) -> Result<Arc<Model>> {
    resources.learned(name).and_then(model_of).ok_or_else(|| missing_model(name))
}
