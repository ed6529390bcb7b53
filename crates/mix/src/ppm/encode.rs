//! Bytes to a payload.

use super::spec::{self, Header, SPEC};
use super::start;
use crate::pretrained::Pretrained;
use minlen_core::{Env, Error, Result};
use minlen_entropy::binary::Encoder;

/// Appends the payload for `input` to `out`; nothing for an empty input.
///
/// # Errors
/// Limit if it is over 256 MiB or over the budget; cancelled.
pub(super) fn encode(
    header: &Header,
    input: &[u8],
    models: &Pretrained,
    env: &Env,
    out: &mut Vec<u8>,
) -> Result<()> {
    if input.is_empty() {
        return Ok(());
    }
    if input.len() as u64 > SPEC.max_input {
        return Err(Error::limit("ppm: over 256 MiB in one part"));
    }
    let _held = env.budget.reserve(header.memory(input.len()))?;
    let mut model = start::model(header, input.len(), models, env)?;
    header.put(out);
    let mut coder = Encoder::append_to(std::mem::take(out));
    let done = spec::run(&mut model, &mut coder, input, input.len(), env);
    *out = coder.finish();
    done
}
