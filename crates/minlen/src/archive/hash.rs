//! The hash of a file as its bytes go by; holes count as the zeros that a reader sees.

use minlen_container::tree::{is_hash, stored_hash};
use minlen_core::Result;

/// Calls `each` with the offset and bytes of pieces of zeros that fill `at..end`; nothing if `end` is not after `at`.
pub(super) fn zeros(mut at: u64, end: u64, each: &mut dyn FnMut(u64, &[u8]) -> Result<()>) -> Result<()> {
    static ZEROS: [u8; 64 << 10] = [0; 64 << 10];
    while at < end {
        let n = (end - at).min(ZEROS.len() as u64);
        each(at, &ZEROS[..n as usize])?;
        at += n;
    }
    Ok(())
}

/// The hash that a tree records of a file with these bytes: for small ones, faster than piece by piece.
pub(super) fn of_all(bytes: &[u8]) -> [u8; 16] {
    stored_hash(&blake3::hash(bytes), bytes.len() as u64)
}

/// BLAKE3 over a file in file order.
#[derive(Default)]
pub(super) struct FileHash {
    hasher: blake3::Hasher,
    at: u64,
}

impl FileHash {
    /// How far the file has been seen.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Takes the next bytes.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.at += bytes.len() as u64;
    }

    /// Takes a hole up to `end`; nothing if that is not ahead.
    pub(super) fn zeros_until(&mut self, end: u64) {
        let hasher = &mut self.hasher;
        // Hashing cannot fail.
        let _ = zeros(self.at, end, &mut |_, bytes| {
            hasher.update(bytes);
            Ok(())
        });
        self.at = self.at.max(end);
    }

    /// The hash that a tree records.
    pub(super) fn finish(&self) -> [u8; 16] {
        stored_hash(&self.whole(), self.at)
    }

    /// All of the hash.
    pub(super) fn whole(&self) -> blake3::Hash {
        self.hasher.finalize()
    }

    /// True if this is the file whose entry says `expected`.
    pub(super) fn is(&self, expected: &[u8; 16]) -> bool {
        is_hash(expected, self.at, &self.whole())
    }
}
