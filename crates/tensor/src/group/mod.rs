//! The arrays of one block, coded together.
//!
//! Stretches that occur twice are coded once (`copies`); the rest is cut into chunks (`plan`), each with its length and a
//! checksum of what it holds, so that any array, or some rows of one, can be had without the others. Layout:
//! docs/format/tensor.md.
//!
//! Payloads have no types, shapes and lengths of the arrays: [`decode`] is told the same ones as [`encode`], in the same order. Memory is
//! that of the tables and of one chunk beside input and output, and is reserved from the budget of the [`Env`]. Damage is found by
//! the checksum of each chunk before its bytes are given out.
//!
//! ```
//! use minlen_core::{Env, ErrorKind};
//! use minlen_tensor::group::{self, Strength};
//! use minlen_tensor::{Array, Dtype, Target};
//! let bytes: Vec<u8> = (0..1000u16).flat_map(|i| (i % 50).to_le_bytes()).collect();
//! let array = Array { dtype: Dtype::U16, columns: 50, bytes: &bytes, base: None };
//! fn target(out: &mut [u8]) -> Target<'_> {
//!     Target { dtype: Dtype::U16, columns: 50, len: 2000, base: None, wanted: 0..2000, out }
//! }
//! for strength in [Strength::Fast, Strength::Dense] {
//!     let mut payload = Vec::new();
//!     // The second array is equal to the first, and costs next to nothing.
//!     group::encode(&[array, array], strength, &Env::default(), &mut payload)?;
//!     let (mut one, mut two) = (vec![0; 2000], vec![0; 2000]);
//!     group::decode(&payload, &mut [target(&mut one), target(&mut two)], &Env::default())?;
//!     assert!(one == bytes && two == bytes);
//!     let last = payload.len() - 1;
//!     payload[last] ^= 1;
//!     assert!(group::decode(&payload, &mut [target(&mut one), target(&mut two)], &Env::default()).is_err());
//! }
//! // Three bytes are no whole number of 16 bits.
//! let odd = Array { bytes: &[1, 2, 3], ..array };
//! let error = group::encode(&[odd], Strength::Fast, &Env::default(), &mut Vec::new()).unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::Usage);
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod copies;
mod mixed;
mod open;
mod outline;
mod plan;

use crate::fast::chunk::{self, Job, Piece};
use crate::fast::lanes::Tables;
use crate::fast::scheme;
use crate::fast::shape::Shape;
use crate::fast::side::Writer;
use crate::fast::simd;
use crate::fast::survey::survey;
use crate::fast::table::Coder;
use crate::{Array, Target, dense};
use minlen_core::varint;
use minlen_core::{Env, Error, NoProgress, Result};
use open::{Block, Spare};
use outline::{Copy, Outline};
use plan::{Placed, Plan};
use std::sync::Arc;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// How much time may go into making the arrays small.
///
/// What can be had alone is a chunk: 256 KiB for numbers of 8 and 16 bits and 512 KiB for others with tables, 1 MiB with mixing. The size
/// of what one row costs to decode follows from that.
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
    let start = out.len();
    let (outlines, copies) = survey_copies(arrays, strength, env)?;
    encode_as(arrays, &outlines, copies.clone(), strength, env, out)?;
    if strength == Strength::Max {
        // What mixing learns may not be worth what learning costs; tables take a twentieth of its time.
        let (mut tables, quiet) = (Vec::new(), env.clone().with_progress(Arc::new(NoProgress)));
        encode_as(arrays, &outlines, copies, Strength::Dense, &quiet, &mut tables)?;
        if tables.len() < out.len() - start {
            out.truncate(start);
            out.append(&mut tables);
        }
    }
    Ok(())
}

/// What the arrays are, and the stretches of them that occur twice.
fn survey_copies(arrays: &[Array<'_>], strength: Strength, env: &Env) -> Result<(Vec<Outline>, Vec<Copy>)> {
    let outlines: Vec<Outline> = arrays.iter().map(|a| (a.dtype, a.columns.max(1), a.bytes.len())).collect();
    check_units(&outlines)?;
    let total: u64 = outlines.iter().map(|outline| outline.2 as u64).sum();
    let spacing = match strength {
        Strength::Fast if total >= LARGE => 1024,
        Strength::Fast => 512,
        Strength::Dense | Strength::Max => 32,
    };
    let copies = if total >> 32 == 0 { copies::find(arrays, spacing, env)? } else { Vec::new() };
    Ok((outlines, copies))
}

fn encode_as(
    arrays: &[Array<'_>],
    outlines: &[Outline],
    mut copies: Vec<Copy>,
    strength: Strength,
    env: &Env,
    out: &mut Vec<u8>,
) -> Result<()> {
    let total: u64 = outlines.iter().map(|outline| outline.2 as u64).sum();
    let mixed = strength == Strength::Max;
    if mixed {
        copies::keep_whole(&mut copies, outlines);
    }
    let plan = Plan::new(outlines, &copies, mixed, env)?;
    let mut side = Writer::default();
    copies::code(&mut side, &copies, total, env)?;
    let mut coded = Coded { index: Vec::new(), chunks: out, start: 0, room: 0 };
    if mixed {
        let side = side.finish();
        coded.make_room(side.len(), plan.pieces.iter().map(|placed| placed.piece.len), 4);
        mixed::encode(arrays, &plan, &mut coded, env)?;
        coded.finish(MIXED, &side);
    } else {
        let side = encode_static(arrays, outlines, &plan, strength, side, &mut coded, env)?;
        coded.finish(TABLES, &side);
    }
    Ok(())
}

/// Chunks that are coded, and the index of them.
#[derive(Debug)]
struct Coded<'a> {
    index: Vec<u8>,
    /// Where the chunks go, after what is there and room for their head.
    chunks: &'a mut Vec<u8>,
    /// Where the head begins, and the room for it.
    start: usize,
    room: usize,
}

impl Coded<'_> {
    /// Makes about the room that the head takes: with so much side information, and chunks of at most these lengths.
    fn make_room(&mut self, side: usize, chunks: impl Iterator<Item = usize>, sums: usize) {
        let digits = |len: usize| (usize::BITS - (len | 1).leading_zeros()).div_ceil(7) as usize;
        self.start = self.chunks.len();
        self.room = 1 + digits(side) + 4 + side + chunks.map(|len| digits(len) + sums).sum::<usize>();
        self.chunks.resize(self.start + self.room, 0);
    }

    /// Adds what is behind `start` in the chunks, with the checksums of what it holds, to the index.
    fn push(&mut self, start: usize, sums: impl IntoIterator<Item = u32>) {
        varint::put(&mut self.index, (self.chunks.len() - start) as u64);
        sums.into_iter().for_each(|sum| self.index.extend_from_slice(&sum.to_le_bytes()));
    }

    /// Puts the head before the chunks, which move if it does not fit its room.
    fn finish(self, way: u8, side: &[u8]) {
        let body = [side, &self.index].concat();
        let mut head = vec![way];
        varint::put(&mut head, side.len() as u64);
        head.extend_from_slice(&checksum(&body).to_le_bytes());
        head.extend_from_slice(&body);
        let (from, to) = (self.start + self.room, self.start + head.len());
        let end = self.chunks.len();
        if to > from {
            self.chunks.resize(end + to - from, 0);
        }
        if to != from {
            self.chunks.copy_within(from..end, to);
            self.chunks.truncate(end + to - from);
        }
        self.chunks[self.start..to].copy_from_slice(&head);
    }
}

fn encode_static(
    arrays: &[Array<'_>],
    outlines: &[Outline],
    plan: &Plan,
    strength: Strength,
    mut side: Writer,
    coded: &mut Coded<'_>,
    env: &Env,
) -> Result<Vec<u8>> {
    let shapes = shapes(outlines, plan);
    let pieces = plan.by_array();
    let model = match strength {
        Strength::Fast => survey(arrays, &shapes, &pieces, env)?,
        Strength::Dense | Strength::Max => dense::survey(arrays, &shapes, &pieces, env)?,
    };
    model.code(&mut side, &shapes, env)?;
    let side = side.finish();
    let coders: Vec<Coder> = model.tables.iter().map(Coder::new).collect();
    let len = |range: &std::ops::Range<usize>| plan.pieces[range.clone()].iter().map(|p| p.piece.len).sum();
    coded.make_room(side.len(), plan.chunks.iter().map(len), 4);
    let mut spare = chunk::Spare::default();
    for range in &plan.chunks {
        let pieces = pieces_of(&plan.pieces[range.clone()]);
        let start = coded.chunks.len();
        let job = Job { model: &model, coders: &coders, arrays, shapes: &shapes };
        chunk::encode(&job, &pieces, simd::isa(), &mut spare, coded.chunks)?;
        let parts = pieces.iter().map(|p| &arrays[p.array].bytes[p.start..p.start + p.len]);
        coded.push(start, [checksum_of(parts)]);
        env.work(pieces.iter().map(|piece| piece.len as u64).sum())?;
    }
    Ok(side)
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
/// A chunk of which nothing is wanted is not decoded; a target with an empty range costs nothing.
///
/// ```
/// use minlen_core::{Env, ErrorKind};
/// use minlen_tensor::group::{self, Strength};
/// use minlen_tensor::{Array, Dtype, Target};
/// let array = Array { dtype: Dtype::U8, columns: 8, bytes: &[5; 64], base: None };
/// let mut payload = Vec::new();
/// group::encode(&[array], Strength::Fast, &Env::default(), &mut payload)?;
/// let mut out = [0; 8];
/// // A range behind the end of the array is refused.
/// let target = Target { dtype: Dtype::U8, columns: 8, len: 64, base: None, wanted: 60..68, out: &mut out };
/// let error = group::decode(&payload, &mut [target], &Env::default()).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Usage);
/// # Ok::<(), minlen_core::Error>(())
/// ```
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
mod props;
#[cfg(test)]
mod tests;
