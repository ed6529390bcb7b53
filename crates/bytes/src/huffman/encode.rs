//! Blocks, each with its length in front.

use super::spec::{BLOCK, ENCODE_MEMORY};
use minlen_core::{Env, Result, varint};
use minlen_entropy::huffman;

/// Appends the payload of `input`.
pub(super) fn encode(input: &[u8], env: &Env, out: &mut Vec<u8>) -> Result<()> {
    let _held = env.budget.reserve(ENCODE_MEMORY)?;
    let mut body = Vec::new();
    for block in input.chunks(BLOCK) {
        env.work(block.len() as u64)?;
        body.clear();
        huffman::encode_bytes(block, &mut body);
        varint::put(out, body.len() as u64);
        out.extend_from_slice(&body);
    }
    Ok(())
}
