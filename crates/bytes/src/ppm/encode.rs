//! Bytes to a payload.

use super::model::Model;
use super::spec::{self, Header, Known, SPEC};
use minlen_core::{Env, Error, Params, Result};
use minlen_entropy::binary::Encoder;

/// Appends the payload for `input` to `out`, with a model that has learned from `prefix`; nothing for an empty input.
///
/// # Errors
/// Limit if both together are over 256 MiB or over the budget; cancelled.
pub fn encode_with_prefix(
    prefix: &[u8],
    input: &[u8],
    params: &Params,
    env: &Env,
    out: &mut Vec<u8>,
) -> Result<()> {
    if input.is_empty() {
        return Ok(());
    }
    let len = prefix.len().saturating_add(input.len());
    if len as u64 > SPEC.max_input {
        return Err(Error::limit("ppm: over 256 MiB in one part"));
    }
    let header = Header::of(params, len);
    let _held = env.budget.reserve(spec::memory(header.slots, len))?;
    let mut model = Model::new(header, len);
    // The prefix is no work that anybody waits for to be reported.
    model.train(prefix, &env.clone().with_progress(std::sync::Arc::new(minlen_core::NoProgress)))?;
    header.put(out);
    let mut coder = Encoder::append_to(std::mem::take(out));
    let done = spec::run(&mut model, &mut coder, input, input.len(), env);
    *out = coder.finish();
    done
}

impl Model {
    /// Learns `text` as if it had been coded. A model and its clone go on alike.
    pub(super) fn train(&mut self, text: &[u8], env: &Env) -> Result<()> {
        spec::run(self, &mut Known, text, text.len(), env)
    }
}
