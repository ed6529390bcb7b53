//! A payload back to bytes.

use super::model::Model;
use super::spec::{self, Header, SPEC};
use minlen_core::{Env, Error, NoProgress, Result};
use minlen_entropy::binary::Decoder;
use std::sync::Arc;

/// Appends exactly `output_len` bytes to `out`, with a model that has learned from the `prefix` that the encoder had.
///
/// # Errors
/// Corrupt or truncated for bytes that no encoder wrote; limit; cancelled.
pub fn decode_with_prefix(
    prefix: &[u8],
    payload: &[u8],
    output_len: usize,
    env: &Env,
    out: &mut Vec<u8>,
) -> Result<()> {
    decode_first(prefix, payload, (output_len, output_len), env, out)
}

/// The same of the first `wanted` of `output_len` bytes; what follows in the payload is not looked at.
pub(super) fn decode_first(
    prefix: &[u8],
    payload: &[u8],
    (output_len, wanted): (usize, usize),
    env: &Env,
    out: &mut Vec<u8>,
) -> Result<()> {
    if output_len == 0 {
        return if payload.is_empty() { Ok(()) } else { Err(Error::corrupt("ppm: bytes for an empty part")) };
    }
    let len = prefix.len().saturating_add(output_len);
    if len as u64 > SPEC.max_input {
        return Err(Error::corrupt("ppm: impossible length"));
    }
    let (header, rest) = Header::get(payload, len)?;
    let _held = env.budget.reserve(spec::memory(header.slots, len))?;
    let mut model = Model::new(header, len);
    model.train(prefix, &env.clone().with_progress(Arc::new(NoProgress)))?;
    let mut coder = Decoder::new(rest);
    spec::run(&mut model, &mut coder, &[], wanted.min(output_len), env)?;
    if coder.overrun() {
        return Err(Error::truncated("ppm: the code ends too early"));
    }
    if wanted >= output_len && coder.consumed() < rest.len() {
        return Err(Error::corrupt("ppm: bytes after the end"));
    }
    out.extend_from_slice(model.text().get(prefix.len()..).unwrap_or_default());
    Ok(())
}
