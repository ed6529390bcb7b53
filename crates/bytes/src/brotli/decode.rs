//! A Brotli stream back to bytes.

use super::spec::decode_memory;
use minlen_core::{Env, Error, Result};
use std::io::Read;

const BUFFER: usize = 64 << 10;

/// Appends exactly `output_len` bytes to `out`.
pub(super) fn decode(payload: &[u8], output_len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
    if output_len == 0 {
        return if payload.is_empty() {
            Ok(())
        } else {
            Err(Error::corrupt("brotli: bytes for an empty part"))
        };
    }
    let _held = env.budget.reserve(decode_memory(window(payload), output_len))?;
    let start = out.len();
    out.resize(start + output_len, 0);
    let mut stream = brotli::Decompressor::new(payload, BUFFER.min(payload.len().max(64)));
    for piece in out[start..].chunks_mut(BUFFER) {
        stream.read_exact(piece).map_err(|e| failed(&e))?;
        env.work(piece.len() as u64)?;
    }
    // One more read must find the end of the stream, or the promised length was wrong.
    match stream.read(&mut [0]).map_err(|e| failed(&e))? {
        0 => Ok(()),
        _ => Err(Error::corrupt(format!("brotli: more than the {output_len} bytes that were promised"))),
    }
}

fn failed(error: &std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => Error::truncated("brotli: the stream ends too early"),
        _ => Error::corrupt(format!("brotli: {error}")),
    }
}

/// The window that the stream header claims (RFC 7932 section 9.1; the large-window form of draft
/// "Large Window Brotli"), or the largest there is where the header makes no sense.
fn window(payload: &[u8]) -> u64 {
    let first = payload.first().copied().unwrap_or(0);
    let bits = match (first & 1, (first >> 1) & 7, (first >> 4) & 7) {
        (0, _, _) => 16,
        (_, n @ 1.., _) => 17 + n,
        (_, _, 1) => payload.get(1).map_or(30, |b| b & 63),
        (_, _, 0) => 17,
        (_, _, n) => 8 + n,
    };
    1 << bits.min(30)
}
