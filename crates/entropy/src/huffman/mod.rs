//! Canonical Huffman codes with bounded length, table-driven decoding and four interleaved streams.
//!
//! Use it where speed counts more than the last percents: it spends whole bits per symbol, so it loses on sources
//! with a symbol more likely than one half, where [`crate::rans`] does not. Code lengths are optimal under the
//! length limit (package-merge: Larmore and Hirschberg, *A fast algorithm for optimal length-limited Huffman
//! codes*, JACM 1990). Codes are canonical (Schwartz and Kallick 1964), so that only the lengths travel.
//!
//! | task | use |
//! |---|---|
//! | a buffer of bytes | [`encode_bytes`], [`decode_bytes`] |
//! | symbols mixed with other bits (LZ77) | [`limited_lengths`], [`write_lengths`], [`CodeBook`], [`DecodeTable`] |
//!
//! ```
//! use minlen_entropy::huffman;
//! let text = b"abracadabra, abracadabra, abracadabra, abracadabra, abracadabra, abracadabra!";
//! let mut packed = Vec::new();
//! huffman::encode_bytes(text, &mut packed);
//! assert!(packed.len() < text.len());
//! let mut back = Vec::new();
//! huffman::decode_bytes(&packed, text.len(), &mut back)?;
//! assert_eq!(back, text);
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod book;
mod bytes;
mod header;
mod lengths;
mod streams;
mod table;

pub use book::CodeBook;
pub use bytes::{decode_bytes, encode_bytes};
pub use header::{read_lengths, write_lengths};
pub use lengths::limited_lengths;
pub use table::DecodeTable;

/// The longest code that any function here handles.
pub const MAX_LEN: u32 = 20;

/// Bits that coding `freqs` with `lengths` takes.
#[must_use]
pub fn cost_bits(freqs: &[u32], lengths: &[u8]) -> u64 {
    freqs.iter().zip(lengths).map(|(&f, &l)| u64::from(f) * u64::from(l)).sum()
}
