//! Chunks by mixing: runs of arrays, or of rows of large ones.

use super::plan::{Placed, Plan};
use super::{Coded, checksum};
use crate::{Array, Target, max, sums_differ};
use minlen_core::{Env, Error, Result};

/// Codes every chunk of the plan.
pub(super) fn encode(arrays: &[Array<'_>], plan: &Plan, coded: &mut Coded<'_>, env: &Env) -> Result<()> {
    for range in &plan.chunks {
        let pieces: Vec<Array<'_>> = plan.pieces[range.clone()]
            .iter()
            .map(|p| {
                let (array, span) = (&arrays[p.piece.array], p.piece.start..p.piece.start + p.piece.len);
                let base = array.base.and_then(|base| base.get(span.clone()));
                Array { bytes: &array.bytes[span], base, ..*array }
            })
            .collect();
        let chunk = max::encode(&pieces, env)?;
        let start = coded.chunks.len();
        coded.chunks.extend_from_slice(&chunk);
        coded.push(start, pieces.iter().map(|piece| checksum(piece.bytes)));
    }
    Ok(())
}

/// Decodes the needed pieces of a chunk into their places in `out`, which has room for all of them.
pub(super) fn decode(
    coded: &[u8],
    sums: &[u32],
    placed: &[Placed],
    needed: &[bool],
    targets: &[Target<'_>],
    out: &mut [u8],
    env: &Env,
) -> Result<()> {
    let mut parts = Vec::with_capacity(placed.len());
    let mut rest = out;
    for (p, needed) in placed.iter().zip(needed) {
        let (here, after) = rest.split_at_mut(p.piece.len);
        rest = after;
        let (array, start) = (&targets[p.piece.array], p.piece.start);
        parts.push(Target {
            dtype: array.dtype,
            columns: array.columns,
            len: p.piece.len,
            base: array.base.and_then(|base| base.get(start..start + p.piece.len)),
            wanted: if *needed { 0..p.piece.len } else { 0..0 },
            out: if *needed { here } else { &mut [] },
        });
    }
    max::decode(coded, &mut parts, env)?;
    for (part, sum) in parts.iter().zip(sums).filter(|(part, _)| !part.wanted.is_empty()) {
        if sums_differ(checksum(part.out), *sum) {
            return Err(Error::corrupt("checksum of an array differs"));
        }
    }
    Ok(())
}
