//! Blocks one after the other, until the part is complete.

use super::spec::{BLOCK, DECODE_MEMORY};
use minlen_core::{Env, Error, Result, varint};
use minlen_entropy::huffman;

/// Appends the `len` bytes of `payload`.
pub(super) fn decode(payload: &[u8], len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
    let _held = env.budget.reserve(DECODE_MEMORY)?;
    let mut reader = varint::Reader::new(payload);
    let mut left = len;
    while left > 0 {
        let n = left.min(BLOCK);
        let size = reader.varint_max(BLOCK as u64 + 1, "size of a Huffman block")? as usize;
        huffman::decode_bytes(reader.bytes(size)?, n, out)?;
        left -= n;
        env.work(n as u64)?;
    }
    if reader.is_empty() { Ok(()) } else { Err(Error::corrupt("huffman: more bytes than the part has")) }
}
