//! In the place of the library `lepton_jpeg`, in builds without it: it codes nothing, and what it has coded is refused.

use super::Coded;
use minlen_core::{Env, Error, Result};

/// Codes a JPEG: not in this build.
pub(crate) fn encode(_: &[u8], _: &Env) -> Option<Coded> {
    None
}

/// Says what is missing.
///
/// # Errors
/// Unsupported.
pub(crate) fn decode(_: &[u8], _: &[u8], _: usize, _: &Env, _: &mut Vec<u8>) -> Result<()> {
    Err(Error::unsupported("recode: a JPEG that Lepton coded")
        .remedy("build with the Cargo feature `lepton`"))
}
