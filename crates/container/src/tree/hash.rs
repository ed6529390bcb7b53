//! Hashes of files: as many bytes of BLAKE3 as pay.
//!
//! Blocks have checksums of their own, and the content has a whole BLAKE3: what the hash of a file adds is the certainty that it was put
//! together from the right pieces. So a small file has a short one. Two files are never taken for equal by such a hash alone.

/// Bytes of a hash that is kept whole.
const WHOLE: usize = 16;
/// Bytes of hash for files below these lengths.
const WIDTHS: [(u64, usize); 2] = [(64 << 10, 4), (1 << 20, 8)];

/// How many bytes of BLAKE3 a tree keeps of a file of `len` bytes.
#[must_use]
pub fn hash_width(len: u64) -> usize {
    WIDTHS.iter().find(|(below, _)| len < *below).map_or(WHOLE, |(_, width)| *width)
}

/// The hash of a file in a tree: the first bytes of its BLAKE3, as many as [`hash_width`] says, and zeros.
#[must_use]
pub fn file_hash(bytes: &[u8]) -> [u8; 16] {
    stored_hash(&blake3::hash(bytes), bytes.len() as u64)
}

/// The same for a file of `len` bytes whose BLAKE3 is known.
///
/// ```
/// use minlen_container::tree::{file_hash, stored_hash};
/// assert_eq!(stored_hash(&blake3::hash(b"abc"), 3), file_hash(b"abc"));
/// ```
#[must_use]
pub fn stored_hash(hash: &blake3::Hash, len: u64) -> [u8; 16] {
    let mut short = [0; WHOLE];
    let width = hash_width(len);
    short[..width].copy_from_slice(&hash.as_bytes()[..width]);
    short
}

/// The first 16 bytes of a BLAKE3.
#[must_use]
pub fn short_hash(hash: &blake3::Hash) -> [u8; 16] {
    stored_hash(hash, u64::MAX)
}

/// As much as an entry knows of the BLAKE3 of its file of `len` bytes: 4, 8 or 16 bytes.
#[must_use]
pub fn known_hash(hash: &[u8; 16], len: u64) -> &[u8] {
    let width = hash_width(len);
    // In trees of form 1 there is more.
    if hash[width..].iter().any(|&byte| byte != 0) { hash } else { &hash[..width] }
}

/// True if `hash` is that of a file of `len` bytes whose entry says `expected`. Trees of form 1 keep 16 bytes of every file; then all of
/// them are compared.
///
/// ```
/// use minlen_container::tree::{file_hash, is_hash, short_hash};
/// let hash = blake3::hash(b"abc");
/// assert!(is_hash(&file_hash(b"abc"), 3, &hash) && is_hash(&short_hash(&hash), 3, &hash));
/// assert!(!is_hash(&file_hash(b"abd"), 3, &hash));
/// ```
#[must_use]
pub fn is_hash(expected: &[u8; 16], len: u64, hash: &blake3::Hash) -> bool {
    *expected == short_hash(hash) || *expected == stored_hash(hash, len)
}
