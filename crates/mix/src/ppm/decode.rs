//! A payload back to bytes.

use super::spec::{self, Header, SPEC};
use super::start;
use crate::pretrained::Pretrained;
use minlen_core::{Env, Error, Result};
use minlen_entropy::binary::Decoder;

/// Appends the first `wanted` of `output_len` bytes to `out`; what follows in the payload is not looked at.
///
/// # Errors
/// Corrupt or truncated for bytes that no encoder wrote; unsupported without the prior; limit; cancelled.
pub(super) fn decode(
    payload: &[u8],
    (output_len, wanted): (usize, usize),
    models: &Pretrained,
    env: &Env,
    out: &mut Vec<u8>,
) -> Result<()> {
    if output_len == 0 {
        return if payload.is_empty() { Ok(()) } else { Err(Error::corrupt("ppm: bytes for an empty part")) };
    }
    if output_len as u64 > SPEC.max_input {
        return Err(Error::corrupt("ppm: impossible length"));
    }
    let (header, rest) = Header::get(payload, output_len, &env.resources)?;
    let _held = env.budget.reserve(header.memory(output_len))?;
    let mut model = start::model(&header, output_len, models, env)?;
    let mut coder = Decoder::new(rest);
    spec::run(&mut model, &mut coder, &[], wanted.min(output_len), env)?;
    if coder.overrun() {
        return Err(Error::truncated("ppm: the code ends too early"));
    }
    if wanted >= output_len && coder.consumed() < rest.len() {
        return Err(Error::corrupt("ppm: bytes after the end"));
    }
    out.extend_from_slice(model.text().get(header.window(output_len).len()..).unwrap_or_default());
    Ok(())
}
