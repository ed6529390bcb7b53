//! How a protected range is cut up, and where everything is in a RECOVERY section.

use crate::section::{Section, kind};
use minlen_core::varint::Reader;
use minlen_core::{Error, Result};
use reed_solomon_simd::ReedSolomonEncoder;

/// Bytes of fields; fixed, so that a copy is easy to find.
pub(super) const FIELDS_LEN: usize = 8 + 1 + 8 + 4 + 4 + 4 + 16;
/// Bytes of a section header.
pub(super) const HEADER_LEN: u64 = FIELDS_LEN as u64 + 6;
/// Bytes of trailer after the last copy of the header.
const TRAILER_LEN: u64 = 4;
/// Hashes in a page of the table.
pub(super) const PAGE: u64 = 512;
/// Bytes of a hash.
pub(super) const HASH: u64 = 8;

/// Shards that a small file is cut into, about.
const SHARDS: u64 = 128;
const MIN_SHARD: u64 = 256;
/// Largest shard until there would be too many of them.
const USUAL_SHARD: u64 = 1 << 15;
const MAX_SHARD: u64 = 1 << 20;
const MANY_SHARDS: u64 = 1 << 20;
/// Most data shards of a group that we write, and their most bytes.
const GROUP_SHARDS: u64 = 1024;
const GROUP_BYTES: u64 = 64 << 20;
/// Most data or recovery shards of a group that we read.
const MAX_GROUP: u64 = 1 << 15;

/// A section to repair with has at most so many times the bytes that it protects, and some more.
const MOST_SHARE: u64 = 4;
const MOST_EXTRA: u64 = 4096;

/// How a range is cut up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Geometry {
    /// Bytes before the section that are protected.
    pub(super) protected: u64,
    /// Bytes of a shard, a multiple of 64; the last is filled up with zeros.
    pub(super) shard: u64,
    /// Data shard i belongs to group i modulo this.
    pub(super) groups: u64,
    /// Recovery shards of each group.
    pub(super) recovery: u64,
    /// First 16 bytes of the BLAKE3 of the protected bytes.
    pub(super) hash: [u8; 16],
}

impl Geometry {
    /// A geometry for `protected` bytes; the hash is not known yet.
    pub(super) fn choose(protected: u64, percent: u32) -> Result<Self> {
        if !(1..=100).contains(&percent) {
            return Err(Error::usage(format!("recovery data of {percent} %: 1 to 100 are possible")));
        }
        if protected == 0 {
            return Err(Error::usage("there is nothing to protect"));
        }
        let usual = protected.div_ceil(SHARDS).min(USUAL_SHARD).next_power_of_two();
        let shard =
            usual.max(protected.div_ceil(MANY_SHARDS).min(MAX_SHARD).next_power_of_two()).max(MIN_SHARD);
        let data = protected.div_ceil(shard);
        let groups = data.div_ceil((GROUP_BYTES / shard).min(GROUP_SHARDS));
        let recovery = (data.div_ceil(groups) * u64::from(percent)).div_ceil(100);
        let geometry = Self { protected, shard, groups, recovery, hash: [0; 16] };
        geometry.check().map_err(|e| Error::limit(e.to_string()))?;
        Ok(geometry)
    }

    /// The section header, as copy 0 to 3.
    pub(super) fn header(&self, copy: u8) -> Result<Vec<u8>> {
        let mut fields = Vec::with_capacity(FIELDS_LEN);
        fields.extend((self.section_len() - HEADER_LEN).to_le_bytes());
        fields.push(copy);
        fields.extend(self.protected.to_le_bytes());
        fields.extend((self.shard as u32).to_le_bytes());
        fields.extend((self.groups as u32).to_le_bytes());
        fields.extend((self.recovery as u32).to_le_bytes());
        fields.extend(self.hash);
        Section::bytes(kind::RECOVERY, &fields)
    }

    /// Geometry and number of a copy.
    pub(super) fn parse(section: &Section) -> Result<(Self, u8)> {
        let mut r = Reader::new(&section.fields);
        let payload_len = r.u64()?;
        let copy = r.u8()?;
        let geometry = Self {
            protected: r.u64()?,
            shard: u64::from(r.u32()?),
            groups: u64::from(r.u32()?),
            recovery: u64::from(r.u32()?),
            hash: r.array()?,
        };
        geometry.check()?;
        if !r.is_empty() || copy > 3 || geometry.section_len() - HEADER_LEN != payload_len {
            return Err(Error::corrupt("an impossible header of recovery data"));
        }
        Ok((geometry, copy))
    }

    fn check(&self) -> Result<()> {
        let shard_ok = self.shard.is_multiple_of(64) && (64..=MAX_SHARD).contains(&self.shard);
        // Keeps every product below far from 2^64.
        let size_ok = (1..=1 << 50).contains(&self.protected);
        if !shard_ok || !size_ok || self.groups == 0 || self.groups > self.data_shards() {
            return Err(Error::corrupt("impossible shards of recovery data"));
        }
        let (most, least) = (self.data_shards().div_ceil(self.groups), self.data_shards() / self.groups);
        let counts_ok = most <= MAX_GROUP && (1..=MAX_GROUP).contains(&self.recovery);
        let supported = |n: u64| ReedSolomonEncoder::supports(n as usize, self.recovery as usize);
        if !counts_ok || !supported(most) || !supported(least) {
            return Err(Error::corrupt("impossible groups of recovery data"));
        }
        Ok(())
    }

    /// True if the section is of a size that a writer would give it: about twice what it protects at most. What is repaired is
    /// written again, so this bounds the output by the input.
    pub(super) fn is_proportionate(&self) -> bool {
        self.section_len() <= MOST_SHARE * self.protected + MOST_EXTRA
    }

    pub(super) fn data_shards(&self) -> u64 {
        self.protected.div_ceil(self.shard)
    }

    pub(super) fn recovery_shards(&self) -> u64 {
        self.groups * self.recovery
    }

    /// Data shards of group `g`.
    pub(super) fn group_len(&self, g: u64) -> u64 {
        (self.data_shards() - g).div_ceil(self.groups)
    }

    /// Bytes of real data in shard `i`.
    pub(super) fn shard_len(&self, i: u64) -> u64 {
        self.shard.min(self.protected - i * self.shard)
    }

    /// Hashes in the table: of data shards, then of recovery shards.
    pub(super) fn hashes(&self) -> u64 {
        self.data_shards() + self.recovery_shards()
    }

    pub(super) fn table_len(&self) -> u64 {
        (self.hashes() + self.hashes().div_ceil(PAGE)) * HASH
    }

    /// Where copy 0 to 3 of the header is in the section.
    pub(super) fn header_at(&self, copy: u8) -> u64 {
        let shards = self.recovery_shards() * self.shard;
        [0, HEADER_LEN + self.table_len(), 2 * HEADER_LEN + self.table_len() + shards]
            .get(usize::from(copy))
            .copied()
            .unwrap_or(3 * HEADER_LEN + 2 * self.table_len() + shards)
    }

    /// Where the first or second copy of the table is in the section.
    pub(super) fn table_at(&self, second: bool) -> u64 {
        self.header_at(if second { 2 } else { 0 }) + HEADER_LEN
    }

    /// Where recovery shard `j` of group `g` is in the section.
    pub(super) fn recovery_at(&self, j: u64, g: u64) -> u64 {
        self.header_at(1) + HEADER_LEN + (j * self.groups + g) * self.shard
    }

    /// Bytes of the whole section.
    pub(super) fn section_len(&self) -> u64 {
        self.header_at(3) + HEADER_LEN + TRAILER_LEN
    }

    /// Memory for coding a group: the shards twice over, in counts rounded up to powers of two.
    pub(super) fn group_memory(&self) -> u64 {
        let data = self.group_len(0).next_power_of_two();
        (data + self.recovery.next_power_of_two()) * self.shard * 2
    }
}
