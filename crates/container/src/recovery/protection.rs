//! What a file says of its recovery data.

use super::geometry::{Geometry, HEADER_LEN};
use super::{LETTERS, SIDECAR_MAGIC, header_at, section_start};
use crate::archive::padding;
use crate::tree::short_hash;
use minlen_core::{Env, Result};
use std::io::{Read, Seek, SeekFrom};

/// Recovery data, as its header describes it. Whether it is whole, only a repair tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Protection {
    /// Bytes that it protects.
    pub protected: u64,
    /// Bytes that it takes.
    pub stored: u64,
    /// Bytes of a shard, the unit of damage.
    pub shard: u64,
    /// Groups of shards; each can lose as many as it has recovery shards.
    pub groups: u64,
    /// Recovery shards of a group.
    pub recovery: u64,
}

impl Protection {
    fn of(geometry: &Geometry) -> Self {
        let Geometry { protected, shard, groups, recovery, .. } = *geometry;
        Self { protected, stored: geometry.section_len(), shard, groups, recovery }
    }

    /// The most bytes that can be mended, if the damage is spread as evenly as possible.
    #[must_use]
    pub fn most(&self) -> u64 {
        self.shard.saturating_mul(self.groups).saturating_mul(self.recovery).min(self.protected)
    }

    /// The percentage that gives as much: 5 where that may be it, since few groups of few shards do not tell it from others.
    #[must_use]
    pub fn percent(&self) -> u32 {
        let shards = self.protected.div_ceil(self.shard.max(1)).div_ceil(self.groups.max(1)).max(1);
        let least = (self.recovery.saturating_sub(1)).saturating_mul(100) / shards + 1;
        let most = (self.recovery.saturating_mul(100) / shards).max(least);
        USUAL.clamp(least, most).clamp(1, 100) as u32
    }
}

/// The percentage of most files.
const USUAL: u64 = 5;

/// The recovery data at the end of a file, or in one that holds nothing else; `None` where there is none.
///
/// # Errors
/// I/O; cancelled.
pub fn protection<R: Read + Seek>(file: &mut R, env: &Env) -> Result<Option<Protection>> {
    let len = file.seek(SeekFrom::End(0))?;
    let end = padding::zeros_from(file, len, env)?;
    let at = match starts_with(file, &SIDECAR_MAGIC)? {
        true => Some(SIDECAR_MAGIC.len() as u64),
        false => inside(file, end)?,
    };
    let header = at.and_then(|at| header_at(file, at).ok());
    Ok(header.and_then(|header| Geometry::parse(&header).ok()).map(|(geometry, _)| Protection::of(&geometry)))
}

/// Whether the recovery data at the end of a file is that of what stands before it, down to the last bit; `None` without any.
///
/// # Errors
/// I/O; cancelled.
pub fn agrees<R: Read + Seek>(file: &mut R, env: &Env) -> Result<Option<bool>> {
    let len = file.seek(SeekFrom::End(0))?;
    let end = padding::zeros_from(file, len, env)?;
    let Some(at) = inside(file, end)? else { return Ok(None) };
    let (geometry, _) = Geometry::parse(&header_at(file, at)?)?;
    file.seek(SeekFrom::Start(0))?;
    let (mut hasher, mut left) = (blake3::Hasher::new(), geometry.protected);
    let mut piece = vec![0; 1 << 18];
    while left > 0 {
        env.check()?;
        let n = left.min(piece.len() as u64) as usize;
        file.read_exact(&mut piece[..n])?;
        hasher.update(&piece[..n]);
        left -= n as u64;
    }
    Ok(Some(geometry.protected == at && short_hash(&hasher.finalize()) == geometry.hash))
}

/// Where the last section begins, if it is one of recovery data.
fn inside<R: Read + Seek>(file: &mut R, end: u64) -> Result<Option<u64>> {
    let trailer = 1 + LETTERS.len() as u64;
    let Some(head_at) = end.checked_sub(trailer + HEADER_LEN) else { return Ok(None) };
    let mut tail = [0; 4];
    file.seek(SeekFrom::Start(end - trailer))?;
    file.read_exact(&mut tail)?;
    if tail[1..] != LETTERS {
        return Ok(None);
    }
    Ok(section_start(file, head_at, end).ok())
}

fn starts_with<R: Read + Seek>(file: &mut R, magic: &[u8]) -> Result<bool> {
    file.seek(SeekFrom::Start(0))?;
    let mut head = Vec::new();
    file.by_ref().take(magic.len() as u64).read_to_end(&mut head)?;
    Ok(head == magic)
}
