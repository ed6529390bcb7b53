//! Splits the input into runs of at least three and what lies between.

use super::spec::{CHECK_EVERY, LITERALS, LONG, LONG_RUN, RUN, SHORTEST};
use minlen_core::{Env, Result, varint};

/// Appends the payload of `input`.
pub(super) fn encode(input: &[u8], env: &Env, out: &mut Vec<u8>) -> Result<()> {
    let (mut from, mut at, mut told) = (0, 0, 0);
    for (i, run) in input.chunk_by(|a, b| a == b).enumerate() {
        if i % CHECK_EVERY == 0 {
            env.work((at - told) as u64)?;
            told = at;
        }
        if run.len() >= SHORTEST {
            put_literals(&input[from..at], out);
            put_run(run[0], run.len(), out);
            from = at + run.len();
        }
        at += run.len();
    }
    put_literals(&input[from..], out);
    env.work((input.len() - told) as u64)
}

fn put_literals(literals: &[u8], out: &mut Vec<u8>) {
    for piece in literals.chunks(LITERALS) {
        out.push((piece.len() - 1) as u8);
        out.extend_from_slice(piece);
    }
}

fn put_run(byte: u8, len: usize, out: &mut Vec<u8>) {
    if len < LONG {
        out.extend([RUN + (len - SHORTEST) as u8, byte]);
    } else {
        out.extend([LONG_RUN, byte]);
        varint::put(out, (len - LONG) as u64);
    }
}
