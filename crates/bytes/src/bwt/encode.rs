//! Bytes to a payload: take repeats out, sort, predict.

use super::model::{Model, spelled};
use super::spec::{HALVED, Header, SHAPED, STEP};
use super::tree::{Tree, code_lengths, lengths};
use super::{bytes, repeat, sort};
use minlen_core::{Env, Params, Result, varint};
use minlen_entropy::binary::wide::Encoder;

/// Appends the payload for `input` to `out`; nothing for an empty input.
pub(super) fn encode(input: &[u8], params: &Params, env: &Env, out: &mut Vec<u8>) -> Result<()> {
    if input.is_empty() {
        return Ok(());
    }
    let mut reduced =
        if params.get("repeats") == 1 { repeat::reduce(input) } else { repeat::Reduced::default() };
    let text = if reduced.tokens.is_empty() { input } else { &reduced.literals[..] };
    env.check()?;
    let (column, starts) = sort::forward(text)?;
    let fast = params.get("model") == 1;
    Header { len: text.len(), tokens: reduced.tokens.len(), fast, starts }.put(out);
    let mut coder = Encoder::new();
    bytes::code_tokens(&mut coder, &mut reduced.tokens);
    let tree = if column.len() < SHAPED {
        Tree::flat()
    } else {
        Tree::from_lengths(&code_lengths(&mut coder, &lengths(&spelled(&column))))?
    };
    let code = if fast { code_column::<4, 8, 1> } else { code_column::<6, 16, 2> };
    if column.len() < HALVED {
        out.extend(code(&column, tree, coder, env)?);
        return Ok(());
    }
    let (first, second) = column.split_at(column.len() / 2);
    let first = code(first, tree.clone(), coder, env)?;
    varint::put(out, first.len() as u64);
    out.extend(first);
    out.extend(code(second, tree, Encoder::new(), env)?);
    Ok(())
}

fn code_column<const C: usize, const N: usize, const M: usize>(
    column: &[u8],
    tree: Tree,
    mut coder: Encoder,
    env: &Env,
) -> Result<Vec<u8>> {
    let mut model = Model::<C, N, M>::new(column.len(), tree);
    for symbols in column.chunks(STEP) {
        for &symbol in symbols {
            model.code(&mut coder, symbol);
        }
        env.work(symbols.len() as u64)?;
    }
    Ok(coder.finish())
}
