//! The order, then one arithmetic-coded stream.

use super::spec::CHUNK;
use minlen_core::{Env, Result};
use minlen_entropy::{binary::Encoder, models::ByteModel};

/// Appends the payload of `input`.
pub(super) fn encode(input: &[u8], order: u32, env: &Env, out: &mut Vec<u8>) -> Result<()> {
    if input.is_empty() {
        return Ok(());
    }
    let _held = env.budget.reserve(ByteModel::memory(order, input.len()))?;
    out.push(order as u8);
    let (mut model, mut encoder) = (ByteModel::new(order), Encoder::append_to(std::mem::take(out)));
    let mut result = Ok(());
    for chunk in input.chunks(CHUNK) {
        model.encode_all(&mut encoder, chunk);
        result = env.work(chunk.len() as u64);
        if result.is_err() {
            break;
        }
    }
    *out = encoder.finish();
    result
}
