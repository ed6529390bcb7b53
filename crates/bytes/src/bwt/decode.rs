//! A payload back to bytes.

use super::model::Model;
use super::spec::{HALVED, Header, SHAPED, STEP, decode_memory};
use super::tree::{Tree, code_lengths};
use super::{bytes, repeat, sort};
use minlen_core::varint::Reader;
use minlen_core::{Env, Error, ErrorKind, Result};
use minlen_entropy::binary::wide::Decoder;
use std::sync::Mutex;

/// Appends exactly `output_len` bytes to `out`.
pub(super) fn decode(payload: &[u8], output_len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
    if output_len == 0 {
        return if payload.is_empty() { Ok(()) } else { Err(Error::corrupt("bwt: bytes for an empty part")) };
    }
    let (header, rest) = Header::get(payload, output_len)?;
    let _held = env.budget.reserve(decode_memory(header.len) + header.tokens as u64)?;
    let mut tokens = vec![0; header.tokens];
    let column = column(rest, &header, &mut tokens, env)?;
    if tokens.is_empty() {
        return sort::inverse(&column, &header.starts, env, out);
    }
    let mut literals = Vec::new();
    sort::inverse(&column, &header.starts, env, &mut literals)?;
    repeat::restore(&literals, &tokens, output_len, out)
}

/// The last column, in one piece or in two halves; the latter on two threads if there is one to spare.
fn column(payload: &[u8], header: &Header, tokens: &mut [u8], env: &Env) -> Result<Vec<u8>> {
    let mut reader = Reader::new(payload);
    let halved = header.len >= HALVED;
    let first_bytes =
        if halved { reader.varint_max(payload.len() as u64, "bwt: first half")? as usize } else { 0 };
    let first = if halved { reader.bytes(first_bytes)? } else { reader.rest() };
    let mut coder = Decoder::new(first);
    bytes::code_tokens(&mut coder, tokens);
    let tree = if header.len < SHAPED {
        Tree::flat()
    } else {
        Tree::from_lengths(&code_lengths(&mut coder, &[0; 256]))?
    };
    let mut column = vec![0; header.len];
    let half = if halved { header.len / 2 } else { header.len };
    let (head, tail) = column.split_at_mut(half);
    let fill = if header.fast { fill::<4, 8, 1> } else { fill::<6, 16, 2> };
    if !halved {
        fill(head, tree, coder, env)?;
        return Ok(column);
    }
    let rest = reader.rest();
    let (first_tree, second) = (tree.clone(), move || fill(tail, tree, Decoder::new(rest), env));
    if env.threads < 2 {
        fill(head, first_tree, coder, env)?;
        second()?;
        return Ok(column);
    }
    // Whoever comes first takes it: the helper, or this thread where there is no helper to be had.
    let second = Mutex::new(Some(second));
    let take = || second.lock().ok().and_then(|mut second| second.take());
    std::thread::scope(|scope| {
        let helper = std::thread::Builder::new().spawn_scoped(scope, || take().map_or(Ok(()), |fill| fill()));
        let mine = fill(head, first_tree, coder, env);
        let theirs = match helper {
            Ok(helper) => {
                helper.join().unwrap_or_else(|_| Err(Error::new(ErrorKind::Io, "bwt: a thread failed")))
            }
            Err(_) => take().map_or(Ok(()), |fill| fill()),
        };
        mine.and(theirs)
    })?;
    Ok(column)
}

fn fill<const C: usize, const N: usize, const M: usize>(
    column: &mut [u8],
    tree: Tree,
    mut coder: Decoder<'_>,
    env: &Env,
) -> Result<()> {
    let mut model = Model::<C, N, M>::new(column.len(), tree);
    for symbols in column.chunks_mut(STEP) {
        let len = symbols.len() as u64;
        for symbol in symbols {
            *symbol = model.code(&mut coder, 0);
        }
        env.work(len)?;
    }
    if !coder.is_used_up() {
        return Err(Error::corrupt("bwt: bytes after the end of the data"));
    }
    Ok(())
}
