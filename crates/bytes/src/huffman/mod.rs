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
