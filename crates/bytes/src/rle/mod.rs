//! Run-length encoding of bytes.
//!
//! For data made of long runs: bitmaps, masks, sparse tables; and in front of an entropy coder. Each run and each
//! stretch of other bytes starts with a control byte, so there is no escape byte to avoid, and the worst case is
//! known: one byte more in 128.
//!
//! Limits: sees runs of one byte value only.
//! Format: docs/format/codecs/rle.md. Source: in the manner of PackBits (Apple, 1984), with unbounded runs.

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
