//! The bytes as they are.
//!
//! For what nothing makes smaller: noise, encrypted and already compressed data. The planner falls back to it by
//! itself, so it proposes nothing. It gains nothing either.
//! Format: docs/format/codecs/store.md.
//!
//! ```
//! use minlen_core::Env;
//! let codec = minlen_bytes::store::codec().expect("always there");
//! let data = [1, 2, 3];
//! let params = codec.params();
//! let mut payload = Vec::new();
//! codec.encode(&data, &params, &Env::default(), &mut payload)?;
//! assert_eq!(payload, data);
//! let mut back = Vec::new();
//! codec.decode(&payload, data.len(), &Env::default(), &mut back)?;
//! assert_eq!(back, data);
//! // The length is all that can be checked here; checksums are the container's.
//! assert!(codec.decode(&payload, 4, &Env::default(), &mut Vec::new()).is_err());
//! # Ok::<(), minlen_core::Error>(())
//! ```

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
        env.work(input.len() as u64)
    }

    fn decode(&self, payload: &[u8], output_len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        env.check()?;
        if payload.len() != output_len {
            return Err(mismatch(payload.len(), output_len));
        }
        out.extend_from_slice(payload);
        env.work(output_len as u64)
    }

    fn memory(&self, _params: &Params, _len: usize) -> Memory {
        Memory::default()
    }
}

fn mismatch(have: usize, want: usize) -> Error {
    let message = format!("store: {have} bytes where {want} belong");
    if have < want { Error::truncated(message) } else { Error::corrupt(message) }
}
