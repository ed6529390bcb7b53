//! A payload back to bytes.

use super::coder::Decoder;
use super::model::Model;
use super::spec::{Header, SHAPED};
use super::tree::{Tree, code_lengths};
use super::{STEP, bytes, decode_memory, repeat, sort};
use minlen_core::{Env, Error, Result};

/// Appends exactly `output_len` bytes to `out`.
pub(super) fn decode(payload: &[u8], output_len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
    if output_len == 0 {
        return if payload.is_empty() { Ok(()) } else { Err(Error::corrupt("bwt: bytes for an empty part")) };
    }
    let (header, rest) = Header::get(payload, output_len)?;
    let _held = env.budget.reserve(decode_memory(header.len) + header.tokens as u64)?;
    let mut coder = Decoder::new(rest);
    let mut tokens = vec![0; header.tokens];
    bytes::code_tokens(&mut coder, &mut tokens);
    let column = column(&mut coder, header.len, env)?;
    if !coder.is_used_up() {
        return Err(Error::corrupt("bwt: bytes after the end of the data"));
    }
    if tokens.is_empty() {
        return sort::inverse(&column, &header.starts, env, out);
    }
    let mut literals = Vec::new();
    sort::inverse(&column, &header.starts, env, &mut literals)?;
    repeat::restore(&literals, &tokens, output_len, out)
}

fn column(coder: &mut Decoder<'_>, len: usize, env: &Env) -> Result<Vec<u8>> {
    let tree = if len < SHAPED { Tree::flat() } else { Tree::from_lengths(&code_lengths(coder, &[0; 256]))? };
    let mut model = Model::new(len, tree);
    let mut column = Vec::with_capacity(len);
    while column.len() < len {
        env.check()?;
        for _ in 0..STEP.min(len - column.len()) {
            column.push(model.code(coder, 0));
        }
    }
    Ok(column)
}
