//! Canonical Huffman coding in blocks.
//!
//! For bytes whose frequencies differ but whose order says little: residuals, byte planes, the output of another
//! stage; and where decoding must be fast. Blocks of 128 KiB have their own code, so that the code follows the data.
//!
//! Limits: sees no repetition, and spends at least one bit a byte in a block of more than one value.
//! Format: docs/format/codecs/huffman.md. Source: Huffman 1952; lengths by package-merge (Larmore and Hirschberg,
//! JACM 1990). The coder itself is [`minlen_entropy::huffman`].
//!
//! It has no parameters, and its memory does not depend on the length.
//!
//! ```
//! use minlen_core::Env;
//! let codec = minlen_bytes::huffman::codec().expect("always there");
//! // Four values, one of them half of the bytes: 1.75 bits each.
//! let data = b"aaaabbcd".repeat(1000);
//! let params = codec.params();
//! let mut payload = Vec::new();
//! codec.encode(&data, &params, &Env::default(), &mut payload)?;
//! assert!(payload.len() < data.len() / 4);
//! let mut back = Vec::new();
//! codec.decode(&payload, data.len(), &Env::default(), &mut back)?;
//! assert_eq!(back, data);
//! // A payload that was cut off is refused.
//! assert!(codec.decode(&payload[..100], data.len(), &Env::default(), &mut Vec::new()).is_err());
//! # Ok::<(), minlen_core::Error>(())
//! ```
//!
//! A block is stored as it is where a code would not make it smaller, and as one byte where it has one value only. Codes have at most 14
//! bits; four streams of a block are decoded side by side.
//!
//! ```
//! use minlen_core::Env;
//! let huffman = minlen_bytes::huffman::codec().expect("always there");
//! let size = |data: &[u8]| {
//!     let mut payload = Vec::new();
//!     huffman.encode(data, &huffman.params(), &Env::default(), &mut payload).map(|()| payload.len())
//! };
//! // One value only: a length, a form, the value.
//! assert!(size(&[7; 100_000])? <= 5);
//! // All values alike: as they are, and a few bytes more.
//! let flat: Vec<u8> = (0..=255).cycle().take(25_600).collect();
//! assert!((25_600..25_610).contains(&size(&flat)?));
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod decode;
mod encode;
mod spec;
#[cfg(test)]
mod tests;

use minlen_core::{Codec, CodecSpec, Env, Memory, Params, Result};
use std::sync::Arc;

/// The codec, to be registered.
#[must_use]
pub fn codec() -> Option<Arc<dyn Codec>> {
    Some(Arc::new(Huffman))
}

struct Huffman;

impl Codec for Huffman {
    fn spec(&self) -> &'static CodecSpec {
        &spec::SPEC
    }

    fn encode(&self, input: &[u8], _params: &Params, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        encode::encode(input, env, out)
    }

    fn decode(&self, payload: &[u8], output_len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        decode::decode(payload, output_len, env, out)
    }

    fn memory(&self, _params: &Params, _len: usize) -> Memory {
        Memory { encode: spec::ENCODE_MEMORY, decode: spec::DECODE_MEMORY }
    }
}
