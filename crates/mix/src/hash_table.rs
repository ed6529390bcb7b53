//! The hashed table of bit histories.
//!
//! A context and half a byte name a bucket of 16 bytes: a check byte and the states of the 15 nodes of a binary tree
//! over the next four bits. Four buckets share a cache line, and a context looks among these four only: one miss for each
//! half byte (the arrangement of lpaq and ZPAQ; Mahoney 2007). A new context replaces the bucket that knows least.

use crate::bit_history;
use minlen_core::{Error, Result};

/// States of 15 nodes; index 0 is the check.
pub type Bucket = [u8; 16];

/// The memory of a table.
#[cfg(feature = "mmap")]
pub(crate) type Bytes = memmap2::MmapMut;
/// The memory of a table.
#[cfg(not(feature = "mmap"))]
pub(crate) type Bytes = Vec<u8>;

/// So many zero bytes, in large pages where the system has them: that saves half of the address translations.
///
/// # Errors
/// Limit if the system has not that much memory.
#[cfg(feature = "mmap")]
pub(crate) fn zeros(len: usize) -> Result<Bytes> {
    let bytes = memmap2::MmapMut::map_anon(len)
        .map_err(|e| Error::limit(format!("no memory for a table of {} KiB: {e}", len >> 10)))?;
    #[cfg(target_os = "linux")]
    let _ = bytes.advise(memmap2::Advice::HugePage);
    Ok(bytes)
}

/// So many zero bytes.
///
/// # Errors
/// Limit if the system has not that much memory.
#[cfg(not(feature = "mmap"))]
pub(crate) fn zeros(len: usize) -> Result<Bytes> {
    let none = |_| Error::limit(format!("no memory for a table of {} KiB", len >> 10));
    // Asked for first: a vector that cannot be had would end the process, and one that is reserved would be filled with zeros page by page.
    Vec::<u8>::new().try_reserve_exact(len).map_err(none)?;
    Ok(vec![0; len])
}

/// A copy of what [`zeros`] gave. Pages that hold zeros only are not touched.
///
/// # Errors
/// Limit if the system has not that much memory.
pub(crate) fn copied(bytes: &[u8]) -> Result<Bytes> {
    let mut copy = zeros(bytes.len())?;
    for (to, from) in copy.chunks_mut(PAGE).zip(bytes.chunks(PAGE)) {
        if from.iter().any(|&byte| byte != 0) {
            to.copy_from_slice(from);
        }
    }
    Ok(copy)
}

/// Bytes of the smallest pages of memory.
const PAGE: usize = 4 << 10;

/// A table of buckets whose number is a power of two.
///
/// For each context and half byte: [`HashTable::prefetch`], [`HashTable::load`], then the states of the nodes in the copy are read and
/// changed, and [`HashTable::store`] writes it back. The whole of the memory is taken when the table is made.
///
/// ```
/// use minlen_mix::bit_history::next;
/// use minlen_mix::hash_table::HashTable;
/// let mut table = HashTable::new(16)?;
/// let (hash, check) = (0xdead_beef, 7);
/// let mut bucket = [0; 16];
/// let place = table.load(hash, 0, check, &mut bucket);
/// // Nothing is known of this context yet. A one comes at the first node.
/// assert_eq!(bucket[1], 0);
/// bucket[1] = next(bucket[1], 1);
/// table.store(place, &bucket);
///
/// let mut again = [0; 16];
/// assert_eq!(table.load(hash, 0, check, &mut again), place);
/// assert_eq!(again, bucket);
/// // Another context that falls on the same line has another check, and so another bucket.
/// table.load(hash, 0, 8, &mut again);
/// assert_eq!(again[1], 0);
/// assert_eq!(HashTable::memory(16), 1 << 16);
/// # Ok::<(), minlen_core::Error>(())
/// ```
pub struct HashTable {
    bytes: Bytes,
    shift: u32,
}

impl std::fmt::Debug for HashTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HashTable").field("bytes", &self.bytes.len()).finish()
    }
}

/// Where a bucket lives.
pub type Place = u32;

impl HashTable {
    /// A table of `2^bits` bytes (`bits` in 12..=32).
    ///
    /// # Errors
    /// Limit if the system has not that much memory.
    pub fn new(bits: u32) -> Result<Self> {
        let bits = bits.clamp(12, 32);
        let bytes = zeros(1 << bits)?;
        Ok(Self { bytes, shift: 32 + 6 - bits })
    }

    /// The same table again.
    ///
    /// # Errors
    /// Limit if the system has not that much memory.
    pub fn try_clone(&self) -> Result<Self> {
        Ok(Self { bytes: copied(&self.bytes)?, shift: self.shift })
    }

    /// Memory in bytes of a table with `bits`.
    #[must_use]
    pub fn memory(bits: u32) -> u64 {
        1 << bits.clamp(12, 32)
    }

    #[inline(always)]
    fn line_of(&self, hash: u32) -> usize {
        (u64::from(hash) >> self.shift) as usize
    }

    /// Asks the processor to fetch the line of `hash` soon.
    #[inline(always)]
    pub fn prefetch(&self, hash: u32, near: u32) {
        minlen_entropy::mixing::simd::prefetch(&self.bytes, (self.line_of(hash) ^ near as usize) * 64);
    }

    /// Finds or makes the bucket of `hash`, gives its place and copies it to `to`.
    #[inline(always)]
    pub fn load(&self, hash: u32, near: u32, check: u8, to: &mut Bucket) -> Place {
        let line = self.line_of(hash) ^ near as usize;
        let Some(ways) = self.bytes.as_chunks::<64>().0.get(line) else { return 0 };
        let ways = ways.as_chunks::<16>().0;
        // A zero check marks an empty bucket.
        let check = check.max(1);
        // Without branches: which way it is cannot be predicted, and a wrong guess would wait for the memory first.
        let key = |k: usize| {
            let other = u32::from(ways[k][0] != check);
            other.wrapping_neg() & (u32::from(bit_history::observations(ways[k][1])) + 1) << 2 | k as u32
        };
        let best = key(0).min(key(1)).min(key(2).min(key(3)));
        let way = (best & 3) as usize;
        let found = u128::from(best < 4).wrapping_neg();
        *to = (u128::from_le_bytes(ways[way]) & found).to_le_bytes();
        to[0] = check;
        (line * 4 + way) as u32
    }

    /// Writes a bucket back.
    #[inline(always)]
    pub fn store(&mut self, place: Place, bucket: &Bucket) {
        if let Some(at) = self.bytes.as_chunks_mut::<16>().0.get_mut(place as usize) {
            *at = *bucket;
        }
    }
}
