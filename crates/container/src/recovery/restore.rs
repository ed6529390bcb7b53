//! Restoring one protected range.

use super::geometry::Geometry;
use super::protect::failed;
use super::store::read_some;
use super::table;
use crate::primitives::{hash64, to_usize};
use crate::tree::short_hash;
use minlen_core::{Advice, Env, Error, Result};
use reed_solomon_simd::ReedSolomonDecoder;
use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;

/// Where things are.
pub(super) struct Restoring<'a, D, S, O> {
    /// The damaged file, and where the protected range begins in it.
    pub(super) data: &'a mut D,
    pub(super) data_at: u64,
    /// The file with the section, and where that begins.
    pub(super) section: &'a mut S,
    pub(super) section_at: u64,
    /// The new file; the range begins where it does in the damaged one.
    pub(super) out: &'a mut O,
    pub(super) geometry: Geometry,
}

/// Ranges in an error message.
const NAMED: usize = 8;

impl<D: Read + Seek, S: Read + Seek, O: Read + Write + Seek> Restoring<'_, D, S, O> {
    /// Writes the range to the new file, every byte right; gives what was wrong.
    pub(super) fn run(&mut self, env: &Env) -> Result<Vec<Range<u64>>> {
        let geometry = self.geometry;
        let _held = env.budget.reserve(geometry.group_memory() + geometry.hashes() * 16)?;
        let hashes = table::read(self.section, self.section_at, &geometry)?;
        let bad = self.copy(&hashes, env)?;
        let mut lost = Vec::new();
        for (&g, shards) in &bad {
            env.check()?;
            if !self.group(g, shards, &hashes)? {
                lost.extend(shards.iter().copied());
            }
        }
        if !lost.is_empty() {
            return Err(beyond_repair(self.ranges(lost)));
        }
        if self.hash_out(env)? != geometry.hash {
            return Err(Error::corrupt("what could be restored is not what was protected"));
        }
        Ok(self.ranges(bad.into_values().flatten().collect()))
    }

    /// Copies what is right; gives the shards that are not, by group.
    fn copy(&mut self, hashes: &[Option<u64>], env: &Env) -> Result<BTreeMap<u64, Vec<u64>>> {
        let geometry = self.geometry;
        let mut bad: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        let mut shard = vec![0; to_usize(geometry.shard)?];
        for i in 0..geometry.data_shards() {
            env.check()?;
            let len = geometry.shard_len(i) as usize;
            let at = self.data_at + i * geometry.shard;
            let got = read_some(self.data, at, &mut shard[..len])?;
            shard[got..].fill(0);
            // A hash that is lost says nothing; the hash of the whole will.
            let right = got == len && hashes[i as usize].is_none_or(|h| h == hash64(&shard));
            if !right {
                shard.fill(0);
                bad.entry(i % geometry.groups).or_default().push(i);
            }
            self.out.seek(SeekFrom::Start(at))?;
            self.out.write_all(&shard[..len])?;
        }
        Ok(bad)
    }

    /// Restores the shards `bad` of a group; false if there are too many.
    fn group(&mut self, g: u64, bad: &[u64], hashes: &[Option<u64>]) -> Result<bool> {
        let geometry = self.geometry;
        let (count, recovery) = (geometry.group_len(g), geometry.recovery);
        let mut shard = vec![0; to_usize(geometry.shard)?];
        let mut decoder = ReedSolomonDecoder::new(count as usize, recovery as usize, geometry.shard as usize)
            .map_err(failed)?;
        let mut found = 0;
        for j in 0..recovery {
            if found == bad.len() {
                break;
            }
            let at = self.section_at.saturating_add(geometry.recovery_at(j, g));
            let whole = read_some(self.section, at, &mut shard)? == shard.len();
            let hash = hashes[(geometry.data_shards() + j * geometry.groups + g) as usize];
            if whole && hash == Some(hash64(&shard)) {
                decoder.add_recovery_shard(j as usize, &shard).map_err(failed)?;
                found += 1;
            }
        }
        if found < bad.len() {
            return Ok(false);
        }
        for k in 0..count {
            let i = g + k * geometry.groups;
            if bad.binary_search(&i).is_err() {
                let len = geometry.shard_len(i) as usize;
                self.out.seek(SeekFrom::Start(self.data_at + i * geometry.shard))?;
                self.out.read_exact(&mut shard[..len])?;
                shard[len..].fill(0);
                decoder.add_original_shard(k as usize, &shard).map_err(failed)?;
            }
        }
        let restored = decoder.decode().map_err(failed)?;
        for (k, shard) in restored.restored_original_iter() {
            let i = g + k as u64 * geometry.groups;
            self.out.seek(SeekFrom::Start(self.data_at + i * geometry.shard))?;
            self.out.write_all(&shard[..geometry.shard_len(i) as usize])?;
        }
        Ok(true)
    }

    fn hash_out(&mut self, env: &Env) -> Result<[u8; 16]> {
        self.out.seek(SeekFrom::Start(self.data_at))?;
        let mut hasher = blake3::Hasher::new();
        let mut buf = vec![0; 1 << 16];
        let mut left = self.geometry.protected;
        while left > 0 {
            env.check()?;
            let n = left.min(buf.len() as u64) as usize;
            self.out.read_exact(&mut buf[..n])?;
            hasher.update(&buf[..n]);
            left -= n as u64;
        }
        Ok(short_hash(&hasher.finalize()))
    }

    /// Shards as ranges of the file, neighbours joined.
    fn ranges(&self, mut shards: Vec<u64>) -> Vec<Range<u64>> {
        shards.sort_unstable();
        let mut out: Vec<Range<u64>> = Vec::new();
        for i in shards {
            let start = self.data_at + i * self.geometry.shard;
            let end = start + self.geometry.shard_len(i);
            match out.last_mut() {
                Some(last) if last.end == start => last.end = end,
                _ => out.push(start..end),
            }
        }
        out
    }
}

fn beyond_repair(ranges: Vec<Range<u64>>) -> Error {
    let named: Vec<String> = ranges.iter().take(NAMED).map(|r| format!("{}..{}", r.start, r.end)).collect();
    let more =
        if ranges.len() > NAMED { format!(" and {} more", ranges.len() - NAMED) } else { String::new() };
    Error::corrupt(format!("more damage than recovery data; lost are the bytes {}{more}", named.join(", ")))
        .advise(Advice::Salvage)
}
