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
