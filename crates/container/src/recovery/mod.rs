//! Reed–Solomon recovery data for whole files (docs/format/recovery.md).
//!
//! Everything in the file so far is cut into shards; shards far from one another form groups, and each group gets
//! recovery shards of its own, so that a burst of damage is spread over many groups. Damage is found by the hash of
//! each shard. Bytes that were inserted or removed in the middle of a file are not found again: only changed ones,
//! and missing ones at the end.
//!
//! [`append`] puts the data into the file itself, [`sidecar`] into one beside it, which a file needs that others must be able to read
//! unchanged. [`repair`] uses either.
//!
//! ```
//! use minlen_container::{StreamWriter, recovery, seal};
//! use minlen_core::{Coded, Env, ids};
//! use std::io::Cursor;
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("a.mln");
//! # let content = (0..50_000u32).map(|n| (n * n >> 3) as u8).collect::<Vec<_>>();
//! # let coded = Coded { ids: vec![ids::STORE], inner: Vec::new(), payload: content.clone() };
//! let mut writer = StreamWriter::new(Vec::new())?;
//! writer.write_block(&seal(&content, coded))?;
//! let mut file = Cursor::new(writer.finish(*blake3::hash(&content).as_bytes())?);
//! recovery::append(&mut file, 10, &Env::default())?;
//!
//! let whole = file.into_inner();
//! let mut damaged = whole.clone();
//! damaged[20_000..21_000].fill(0);
//! std::fs::write(&path, &damaged)?;
//! let report = recovery::repair(&path, None, &path, true, &Env::default())?;
//! assert!(!report.repaired.is_empty() && std::fs::read(&path)? == whole);
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod geometry;
mod protect;
mod protection;
mod repair;
mod restore;
mod store;
mod table;

use crate::section::{Section, kind};
use geometry::{Geometry, HEADER_LEN};
use minlen_core::{Env, Error, Result};
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;
use store::{Apart, Whole};

pub use protection::{Protection, agrees, protection};
pub use repair::{has_data, protects, repair};

/// The letters of a recovery trailer.
pub(crate) const LETTERS: [u8; 3] = *b"MLR";
/// The first bytes of a file that holds recovery data for another one.
pub const SIDECAR_MAGIC: [u8; 8] = [0x8d, b'M', b'L', b'R', 0x0d, 0x0a, 0x1a, 0x0a];

/// What a repair found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Bytes of protected data.
    pub protected: u64,
    /// Ranges of the file that were wrong and are right now.
    pub repaired: Vec<Range<u64>>,
    /// True if the recovery data itself was damaged (inside the file it has been made again).
    pub recovery_damaged: bool,
    /// Bytes of the file that no recovery data covers: whether they are right is not known.
    pub unprotected: u64,
    /// Zero bytes behind the end, which were left out.
    pub padding: u64,
}

/// Appends recovery data of `percent` (1 to 100) of the size of everything in `file` so far; gives the bytes added.
///
/// In every group of up to 1024 shards, as many may be lost as `percent` says, wherever they are. Memory: about
/// 100 MiB for files of gigabytes.
///
/// # Errors
/// Usage for an impossible percentage or an empty file; limit; I/O.
pub fn append<F: Read + Write + Seek>(file: &mut F, percent: u32, env: &Env) -> Result<u64> {
    let len = file.seek(SeekFrom::End(0))?;
    let geometry = Geometry::choose(len, percent)?;
    protect::write(&mut Whole { file, section_at: len }, geometry, env)
}

/// Writes recovery data for all of `data` into a file of its own, `out` (empty so far); gives its length.
///
/// # Errors
/// As [`append`].
pub fn sidecar<R: Read + Seek, W: Write + Seek>(
    data: &mut R,
    out: &mut W,
    percent: u32,
    env: &Env,
) -> Result<u64> {
    let geometry = Geometry::choose(data.seek(SeekFrom::End(0))?, percent)?;
    out.seek(SeekFrom::Start(0))?;
    out.write_all(&SIDECAR_MAGIC)?;
    let magic_len = SIDECAR_MAGIC.len() as u64;
    let written = protect::write(&mut Apart { data, out, section_at: magic_len }, geometry, env)?;
    Ok(written + magic_len)
}

/// The payload's length of a RECOVERY section.
pub(crate) fn payload_len(section: &Section) -> Result<u64> {
    Geometry::parse(section).map(|(geometry, _)| geometry.section_len() - HEADER_LEN)
}

/// Where the recovery section whose last header copy is at `head_at` and whose end is at `end` begins.
pub(crate) fn section_start<R: Read + Seek>(r: &mut R, head_at: u64, end: u64) -> Result<u64> {
    let last = header_at(r, head_at)?;
    let wrong = || Error::corrupt("a trailer without recovery data").at(head_at);
    let (geometry, copy) = Geometry::parse(&last)?;
    let start = end.checked_sub(geometry.section_len()).filter(|_| copy == 3).ok_or_else(wrong)?;
    if Geometry::parse(&header_at(r, start)?)? != (geometry, 0) {
        return Err(wrong());
    }
    Ok(start)
}

fn header_at<R: Read + Seek>(r: &mut R, at: u64) -> Result<Section> {
    r.seek(SeekFrom::Start(at))?;
    let mut input = crate::primitives::Input::new(r, at);
    let [first] = input.array("recovery data")?;
    if first != kind::RECOVERY {
        return Err(Error::corrupt("no recovery data where it should be").at(at));
    }
    Section::read(first, &mut input)
}

#[cfg(test)]
mod geometry_tests;
#[cfg(test)]
mod math;
#[cfg(test)]
mod tests;
