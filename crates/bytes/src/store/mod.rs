//! The bytes as they are.
//!
//! For what nothing makes smaller: noise, encrypted and already compressed data. The planner falls back to it by
//! itself, so it proposes nothing. It gains nothing either.
//! Format: docs/format/codecs/store.md.

mod spec;
#[cfg(test)]
mod tests;

use minlen_core::{Codec, CodecSpec, Env, Error, Memory, Params, Result};
use std::sync::Arc;

/// The codec, to be registered.
#[must_use]
pub fn codec() -> Option<Arc<dyn Codec>> {
    Some(Arc::new(Store))
}

struct Store;

impl Codec for Store {
    fn spec(&self) -> &'static CodecSpec {
        &spec::SPEC
    }

    fn encode(&self, input: &[u8], _params: &Params, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        env.check()?;
        out.extend_from_slice(input);
        Ok(())
    }

    fn decode(&self, payload: &[u8], output_len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        env.check()?;
        if payload.len() != output_len {
            return Err(mismatch(payload.len(), output_len));
        }
        out.extend_from_slice(payload);
        Ok(())
    }

    fn memory(&self, _params: &Params, _len: usize) -> Memory {
        Memory::default()
    }
}

fn mismatch(have: usize, want: usize) -> Error {
    let message = format!("store: {have} bytes where {want} belong");
    if have < want { Error::truncated(message) } else { Error::corrupt(message) }
}
