//! The arrays of one block, coded together.
//!
//! Stretches that occur twice are coded once (`copies`); the rest is cut into chunks (`plan`), each with its length and a
//! checksum of what it holds, so that any array, or some rows of one, can be had without the others. Layout:
//! docs/format/tensor.md.

mod copies;
mod mixed;
mod open;
mod plan;

use crate::fast::chunk::{self, Job, Piece};
use crate::fast::lanes::Tables;
use crate::fast::scheme::{self, Shape};
use crate::fast::side::Writer;
use crate::fast::simd;
use crate::fast::survey::survey;
use crate::fast::table::Coder;
use crate::{Array, Target, dense};
use minlen_core::varint;
use minlen_core::{Env, Error, Result};
use open::{Block, Spare};
use plan::{Outline, Placed, Plan};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// How much time may go into making the arrays small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// Static tables: [`crate::fast`].
    Fast,
    /// A table for every scale of row and column: [`crate::dense`].
    Dense,
    /// Mixing of predictions: [`crate::max`].
    Max,
}

/// Chunks by static tables; the numbers are part of the format.
const TABLES: u8 = 0;
/// Chunks by mixing.
const MIXED: u8 = 1;

/// Bytes of a block from which on repeats are looked for at fewer places, where there is little time.
const LARGE: u64 = 16 << 20;

/// The lower half of the XXH3 of `bytes`.
fn checksum(bytes: &[u8]) -> u32 {
    xxh3_64(bytes) as u32
}

/// Codes the arrays of a block together and appends the payload to `out`.
///
/// # Errors
/// Usage where an array is not a whole number of units; cancelled on request; limit if the memory does not suffice.
pub fn encode(arrays: &[Array<'_>], strength: Strength, env: &Env, out: &mut Vec<u8>) -> Result<()> {
    let outlines: Vec<Outline> = arrays.iter().map(|a| (a.dtype, a.columns.max(1), a.bytes.len())).collect();
    check_units(&outlines)?;
    let total: u64 = outlines.iter().map(|outline| outline.2 as u64).sum();
    let spacing = match strength {
        Strength::Fast if total >= LARGE => 1024,
        Strength::Fast => 512,
        Strength::Dense | Strength::Max => 32,
    };
    let mut copies = if total >> 32 == 0 { copies::find(arrays, spacing, env)? } else { Vec::new() };
    let mixed = strength == Strength::Max;
    if mixed {
        copies::keep_whole(&mut copies, &outlines);
    }
    let plan = Plan::new(&outlines, &copies, mixed, env)?;
    let mut side = Writer::default();
    copies::code(&mut side, &copies, total, env)?;
    let start = out.len();
    let mut coded = Coded { index: Vec::new(), chunks: out };
    if mixed {
        mixed::encode(arrays, &plan, &mut coded, env)?;
    } else {
        encode_static(arrays, &outlines, &plan, strength, &mut side, &mut coded, env)?;
    }
    let side = side.finish();
    let body = [side.as_slice(), &coded.index].concat();
    let mut head = vec![if mixed { MIXED } else { TABLES }];
    varint::put(&mut head, side.len() as u64);
    head.extend_from_slice(&checksum(&body).to_le_bytes());
    head.extend_from_slice(&body);
    // The chunks are there already, and make room.
    let end = out.len();
    out.resize(end + head.len(), 0);
    out.copy_within(start..end, start + head.len());
    out[start..start + head.len()].copy_from_slice(&head);
    Ok(())
}

/// Chunks that are coded, and the index of them.
#[derive(Debug)]
struct Coded<'a> {
    index: Vec<u8>,
    /// Where the chunks go.
    chunks: &'a mut Vec<u8>,
}

impl Coded<'_> {
    /// Adds a chunk with the checksums of what it holds.
    fn push(&mut self, chunk: &[u8], sums: impl IntoIterator<Item = u32>) {
        varint::put(&mut self.index, chunk.len() as u64);
        sums.into_iter().for_each(|sum| self.index.extend_from_slice(&sum.to_le_bytes()));
        self.chunks.extend_from_slice(chunk);
    }
}

fn encode_static(
    arrays: &[Array<'_>],
    outlines: &[Outline],
    plan: &Plan,
    strength: Strength,
    side: &mut Writer,
    coded: &mut Coded<'_>,
    env: &Env,
) -> Result<()> {
    let shapes = shapes(outlines, plan);
    let pieces = plan.by_array();
    let model = match strength {
        Strength::Fast => survey(arrays, &shapes, &pieces, env)?,
        Strength::Dense | Strength::Max => dense::survey(arrays, &shapes, &pieces, env)?,
    };
    model.code(side, &shapes, env)?;
    let coders: Vec<Coder> = model.tables.iter().map(Coder::new).collect();
    let (mut spare, mut chunk) = (chunk::Spare::default(), Vec::new());
    for range in &plan.chunks {
        let pieces = pieces_of(&plan.pieces[range.clone()]);
        chunk.clear();
        chunk::encode(
            &Job { model: &model, coders: &coders, arrays, shapes: &shapes },
            &pieces,
            simd::isa(),
            &mut spare,
            &mut chunk,
        )?;
        let parts = pieces.iter().map(|p| &arrays[p.array].bytes[p.start..p.start + p.len]);
        coded.push(&chunk, [checksum_of(parts)]);
        env.work(pieces.iter().map(|piece| piece.len as u64).sum())?;
    }
    Ok(())
}

fn check_units(outlines: &[Outline]) -> Result<()> {
    if outlines.iter().any(|(dtype, _, len)| len % dtype.unit() != 0) {
        return Err(Error::usage("an array that is not a whole number of units"));
    }
    Ok(())
}

fn shapes(outlines: &[Outline], plan: &Plan) -> Vec<Shape> {
    let shapes = outlines.iter().zip(&plan.literal);
    shapes.map(|(&(dtype, columns, len), &literal)| Shape { dtype, columns, len, literal }).collect()
}

fn pieces_of(placed: &[Placed]) -> Vec<Piece> {
    placed.iter().map(|placed| placed.piece).collect()
}

/// That of several parts: each is hashed with what came of those before it as the seed (0 at first).
fn checksum_of<'a>(parts: impl Iterator<Item = &'a [u8]>) -> u32 {
    parts.fold(0, |seed, part| xxh3_64_with_seed(part, seed)) as u32
}

/// Decodes what the targets want of the arrays that [`encode`] coded, in the same order.
///
/// # Errors
/// Usage where a target is as no array can be; corrupt or truncated where the payload is damaged or of other arrays; limit if the
/// memory does not suffice.
pub fn decode(payload: &[u8], targets: &mut [Target<'_>], env: &Env) -> Result<()> {
    let outlines: Vec<Outline> = targets.iter().map(|t| (t.dtype, t.columns.max(1), t.len)).collect();
    check_units(&outlines)?;
    if targets.iter().any(|t| t.wanted.end > t.len || t.wanted.len() != t.out.len()) {
        return Err(Error::usage("a range that is not one of the array"));
    }
    // Plan, schemes and scales; tables.
    let rows: u64 = outlines
        .iter()
        .map(|(dtype, columns, len)| (len / dtype.unit() / columns + columns.min(len)) as u64)
        .sum();
    let _held = env.budget.reserve(
        payload.len() as u64 / 4
            + outlines.len() as u64 * 400
            + rows
            + scheme::TABLES as u64 * Tables::MEMORY,
    )?;
    let block = Block::open(payload, &outlines, env)?;
    let mut spare = Spare::default();
    for number in 0..block.plan.chunks.len() {
        block.decode_chunk(number, targets, &mut spare, env)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
