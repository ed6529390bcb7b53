//! Run-length encoding of bytes.
//!
//! For data made of long runs: bitmaps, masks, sparse tables; and in front of an entropy coder. Each run and each
//! stretch of other bytes starts with a control byte, so there is no escape byte to avoid, and the worst case is
//! known: one byte more in 128.
//!
//! Limits: sees runs of one byte value only.
//! Format: docs/format/codecs/rle.md. Source: in the manner of PackBits (Apple, 1984), with unbounded runs.
//!
//! It has no parameters and needs no memory.
//!
//! ```
//! use minlen_core::Env;
//! let codec = minlen_bytes::rle::codec().expect("always there");
//! let data = [vec![0; 5000], b"abc".to_vec(), vec![255; 300]].concat();
//! let params = codec.params();
//! let mut payload = Vec::new();
//! codec.encode(&data, &params, &Env::default(), &mut payload)?;
//! assert!(payload.len() < 16);
//! let mut back = Vec::new();
//! codec.decode(&payload, data.len(), &Env::default(), &mut back)?;
//! assert_eq!(back, data);
//! // Without runs, a byte in 128 is added.
//! let mut worst = Vec::new();
//! codec.encode(&(0..128).collect::<Vec<u8>>(), &params, &Env::default(), &mut worst)?;
//! assert_eq!(worst.len(), 129);
//! # Ok::<(), minlen_core::Error>(())
//! ```
//!
//! A payload is a row of tokens, each a control byte `c` and what it calls for: below 128, `c + 1` bytes follow as they are; from 128 to 254, the
//! next byte stands for `c - 125` of it; 255 is followed by the byte and how many there are above 130. Runs of three and more become tokens.
//!
//! ```
//! use minlen_core::Env;
//! let rle = minlen_bytes::rle::codec().expect("always there");
//! let mut payload = Vec::new();
//! rle.encode(b"aaaaaXY", &rle.params(), &Env::default(), &mut payload)?;
//! assert_eq!(payload, [125 + 5, b'a', 1, b'X', b'Y']);
//! // More than was promised is refused, and so is less.
//! for len in [6, 8] {
//!     assert!(rle.decode(&payload, len, &Env::default(), &mut Vec::new()).is_err());
//! }
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
    Some(Arc::new(Rle))
}

struct Rle;

impl Codec for Rle {
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
        Memory::default()
    }
}
