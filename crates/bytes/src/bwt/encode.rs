//! Bytes to a payload: take repeats out, sort, predict.

use super::coder::Encoder;
use super::model::{Model, spelled};
use super::spec::{Header, SHAPED};
use super::tree::{Tree, code_lengths, lengths};
use super::{STEP, bytes, repeat, sort};
use minlen_core::{Env, Params, Result};

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
    Header { len: text.len(), tokens: reduced.tokens.len(), starts }.put(out);
    let mut coder = Encoder::new();
    bytes::code_tokens(&mut coder, &mut reduced.tokens);
    let tree = if column.len() < SHAPED {
        Tree::flat()
    } else {
        Tree::from_lengths(&code_lengths(&mut coder, &lengths(&spelled(&column))))?
    };
    let mut model = Model::new(column.len(), tree);
    for symbols in column.chunks(STEP) {
        env.check()?;
        for &symbol in symbols {
            model.code(&mut coder, symbol);
        }
    }
    out.extend(coder.finish());
    Ok(())
}
