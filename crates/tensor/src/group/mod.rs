//! The arrays of one block, coded together.
//!
//! Stretches that occur twice are coded once ([`copies`]); the rest is cut into chunks ([`plan`]), each with its length and a
//! checksum of what it holds, so that any array, or some rows of one, can be had without the others. Layout:
//! docs/format/tensor.md.

mod copies;
mod plan;

use crate::fast::chunk::{self, Piece};
use crate::fast::lanes::Tables;
use crate::fast::scheme::{Model, Shape};
use crate::fast::side::{Reader as SideReader, Writer};
use crate::fast::simd;
use crate::fast::survey::survey;
use crate::fast::table::{Coder, Table};
use crate::{Array, Target, dense};
use minlen_core::varint::{self, Reader};
use minlen_core::{Env, Error, Result};
use plan::{Outline, Placed, Plan};
use xxhash_rust::xxh3::xxh3_64;

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

/// The layout of static tables; the number is part of the format.
const TABLES: u8 = 0;

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
    let spacing = if strength == Strength::Fast { 128 } else { 32 };
    let copies = if total >> 32 == 0 { copies::find(arrays, spacing, env)? } else { Vec::new() };
    let plan = Plan::new(&outlines, &copies, env)?;
    let shapes = shapes(&outlines, &plan);
    let pieces = plan.by_array();
    let model = match strength {
        Strength::Fast => survey(arrays, &shapes, &pieces, env)?,
        Strength::Dense | Strength::Max => dense::survey(arrays, &shapes, &pieces, env)?,
    };
    let mut side = Writer::default();
    copies::code(&mut side, &copies, total, env)?;
    model.code(&mut side, &shapes, env)?;
    let side = side.finish();
    let coders: Vec<Coder> = model.tables.iter().map(Coder::new).collect();
    let (mut index, mut chunks) = (Vec::new(), Vec::new());
    for range in &plan.chunks {
        let pieces = pieces_of(&plan.pieces[range.clone()]);
        let coded = chunk::encode(&model, &coders, arrays, &shapes, &pieces, simd::isa())?;
        varint::put(&mut index, coded.len() as u64);
        index.extend_from_slice(&checksum_of(arrays, &pieces).to_le_bytes());
        chunks.extend_from_slice(&coded);
        env.work(pieces.iter().map(|piece| piece.len as u64).sum())?;
    }
    out.push(TABLES);
    varint::put(out, side.len() as u64);
    let head = [side.as_slice(), &index].concat();
    out.extend_from_slice(&checksum(&head).to_le_bytes());
    out.extend_from_slice(&head);
    out.extend_from_slice(&chunks);
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

fn checksum_of(arrays: &[Array<'_>], pieces: &[Piece]) -> u32 {
    let bytes = |piece: &Piece| &arrays[piece.array].bytes[piece.start..piece.start + piece.len];
    match pieces {
        [only] => checksum(bytes(only)),
        _ => checksum(&pieces.iter().map(bytes).collect::<Vec<_>>().concat()),
    }
}

/// A payload that has been looked into.
struct Block<'a> {
    plan: Plan,
    shapes: Vec<Shape>,
    model: Model,
    tables: Tables,
    /// Coded bytes and checksum of every chunk.
    chunks: Vec<(&'a [u8], u32)>,
}

impl<'a> Block<'a> {
    fn open(payload: &'a [u8], outlines: &[Outline], env: &Env) -> Result<Self> {
        let mut reader = Reader::new(payload);
        match reader.u8()? {
            TABLES => {}
            other => return Err(Error::unsupported(format!("arrays coded in way {other}"))),
        }
        let len = reader.varint_max(payload.len() as u64, "length of side information")? as usize;
        let sum = reader.u32()?;
        let head = reader.rest();
        let side = reader.bytes(len)?;
        let total: u64 = outlines.iter().map(|outline| outline.2 as u64).sum();
        let mut side = SideReader::new(side);
        let copies = copies::code(&mut side, &[], total, env)?;
        let plan = Plan::new(outlines, &copies, env)?;
        let mut index = Vec::with_capacity(plan.chunks.len());
        for _ in &plan.chunks {
            let len = reader.varint_max(payload.len() as u64, "length of a chunk")? as usize;
            index.push((len, reader.u32()?));
        }
        if checksum(&head[..head.len() - reader.rest().len()]) != sum {
            return Err(Error::corrupt("checksum of the side information of arrays differs"));
        }
        let shapes = shapes(outlines, &plan);
        let model = Model::default().code(&mut side, &shapes, env)?;
        let mut chunks = Vec::with_capacity(index.len());
        for (len, sum) in index {
            chunks.push((reader.bytes(len)?, sum));
        }
        if !reader.is_empty() {
            return Err(Error::corrupt("bytes after the last chunk of arrays"));
        }
        let mut tables = Tables::default();
        model.tables.iter().for_each(|freqs| tables.push(Table::new(freqs)));
        Ok(Self { plan, shapes, model, tables, chunks })
    }
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
    let rows: u64 = outlines.iter().map(|(dtype, columns, len)| (len / dtype.unit() / columns + columns.min(len)) as u64).sum();
    let _held = env.budget.reserve(
        payload.len() as u64 / 4 + outlines.len() as u64 * 400 + rows + crate::fast::scheme::TABLES as u64 * Table::MEMORY,
    )?;
    let block = Block::open(payload, &outlines, env)?;
    for number in 0..block.plan.chunks.len() {
        decode_chunk(&block, number, targets, env)?;
    }
    Ok(())
}

/// The part of `from..from+len` that a target whose array begins at `start` wants: relative to `from`, and in its output.
fn wanted(target: &Target<'_>, start: u64, from: u64, len: u64) -> Option<(std::ops::Range<usize>, usize)> {
    let (first, last) = (start + target.wanted.start as u64, start + target.wanted.end as u64);
    let (begin, end) = (from.max(first), (from + len).min(last));
    (begin < end).then(|| ((begin - from) as usize..(end - from) as usize, (begin - first) as usize))
}

fn decode_chunk(block: &Block<'_>, number: usize, targets: &mut [Target<'_>], env: &Env) -> Result<()> {
    let plan = &block.plan;
    let placed = &plan.pieces[plan.chunks[number].clone()];
    let array_of = |at: u64| plan.starts.partition_point(|start| *start <= at) - 1;
    let needs = |targets: &[Target<'_>], at: u64, len: u64, array: usize| {
        wanted(&targets[array], plan.starts[array], at, len).is_some()
    };
    let needed = placed.iter().any(|p| {
        needs(targets, p.at, p.piece.len as u64, p.piece.array)
            || plan.copies_of(p).iter().any(|c| needs(targets, c.to, c.len, array_of(c.to)))
    });
    if !needed {
        return Ok(());
    }
    let len: usize = placed.iter().map(|p| p.piece.len).sum();
    let _held = env.budget.reserve(len as u64 * 4)?;
    let (payload, sum) = block.chunks[number];
    let pieces = pieces_of(placed);
    let run = |out: &mut [u8]| {
        chunk::decode(&block.model, &block.tables, &block.shapes, &pieces, payload, simd::isa(), out)?;
        if checksum(out) == sum { Ok(()) } else { Err(Error::corrupt("checksum of a chunk of arrays differs")) }
    };
    if let ([only], target) = (placed, &mut targets[placed[0].piece.array]) {
        let (start, end) = (only.piece.start, only.piece.start + only.piece.len);
        let inside = target.wanted.start <= start && end <= target.wanted.end;
        if inside && plan.copies_of(only).is_empty() {
            let from = start - target.wanted.start;
            return run(&mut target.out[from..from + len]);
        }
    }
    let mut bytes = vec![0; len];
    run(&mut bytes)?;
    let mut rest = bytes.as_slice();
    for p in placed {
        let (here, after) = rest.split_at(p.piece.len);
        rest = after;
        give(&mut targets[p.piece.array], plan.starts[p.piece.array], p.at, here);
        for copy in plan.copies_of(p) {
            let array = array_of(copy.to);
            let from = (copy.from - p.at) as usize;
            give(&mut targets[array], plan.starts[array], copy.to, &here[from..from + copy.len as usize]);
        }
    }
    env.work(len as u64)
}

/// Copies the wanted part of the bytes at `at` to a target whose array begins at `start`.
fn give(target: &mut Target<'_>, start: u64, at: u64, bytes: &[u8]) {
    if let Some((range, to)) = wanted(target, start, at, bytes.len() as u64) {
        let len = range.len();
        target.out[to..to + len].copy_from_slice(&bytes[range]);
    }
}

#[cfg(test)]
mod tests;
