//! Reed–Solomon recovery data for whole files (docs/format/recovery.md).

use crate::section::Section;
use minlen_core::varint::Reader as Fields;
use minlen_core::{Env, Error, Result};
use std::io::{Read, Seek, Write};
use std::ops::Range;
use std::path::Path;

/// The letters of a recovery trailer.
pub(crate) const LETTERS: [u8; 3] = *b"MLR";

/// What a repair found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Bytes of protected data.
    pub protected: u64,
    /// Ranges of the file that were wrong and are right now.
    pub repaired: Vec<Range<u64>>,
    /// True if the recovery data itself was damaged (and has been made anew).
    pub recovery_damaged: bool,
}

/// Appends recovery data of `percent` (1 to 100) of the size of everything in `file` so far; gives the bytes added.
///
/// # Errors
/// Usage for an impossible percentage; limit; I/O.
pub fn append<F: Read + Write + Seek>(file: &mut F, percent: u32, env: &Env) -> Result<u64> {
    let _ = (file, percent, env);
    Err(Error::unsupported("being built"))
}

/// Writes recovery data for `data` into a file of its own, `out`; gives its length.
///
/// # Errors
/// As [`append`].
pub fn sidecar<R: Read + Seek, W: Read + Write + Seek>(
    data: &mut R,
    out: &mut W,
    percent: u32,
    env: &Env,
) -> Result<u64> {
    let _ = (data, out, percent, env);
    Err(Error::unsupported("being built"))
}

/// Repairs `damaged`, with the recovery data inside it or in `sidecar`, into the new file `out`.
///
/// # Errors
/// Corrupt naming the lost ranges if there is more damage than recovery data, or none is found; exists; I/O.
pub fn repair(
    damaged: &Path,
    sidecar: Option<&Path>,
    out: &Path,
    overwrite: bool,
    env: &Env,
) -> Result<Report> {
    let _ = (damaged, sidecar, out, overwrite, env);
    Err(Error::unsupported("being built"))
}

/// The payload's length of a RECOVERY section.
pub(crate) fn payload_len(section: &Section) -> Result<u64> {
    Fields::new(&section.fields).varint()
}

/// Where the recovery section whose last header copy is at `head_at` and whose end is at `end` begins.
pub(crate) fn section_start<R: Read + Seek>(_r: &mut R, _head_at: u64, _end: u64) -> Result<u64> {
    Err(Error::unsupported("being built"))
}
