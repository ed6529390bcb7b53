//! A payload being decoded.

use super::copies;
use super::outline::Outline;
use super::plan::{Placed, Plan};
use super::{MIXED, TABLES, checksum, checksum_of, mixed, pieces_of, shapes};
use crate::fast::chunk;
use crate::fast::lanes::Tables;
use crate::fast::scheme::{Mode, Model};
use crate::fast::shape::Shape;
use crate::fast::side::Reader as SideReader;
use crate::fast::simd;
use crate::{Target, sums_differ};
use minlen_core::varint::Reader;
use minlen_core::{Env, Error, Result};
use std::ops::Range;

/// Tables and schemes.
struct Static {
    shapes: Vec<Shape>,
    model: Model,
    tables: Tables,
}

/// A chunk's coded bytes and the checksums of what it holds: one, or with mixing one for each piece.
struct Chunk<'a> {
    coded: &'a [u8],
    sums: Vec<u32>,
}

/// Memory that is used again from chunk to chunk.
#[derive(Debug, Default)]
pub(super) struct Spare {
    scratch: Vec<u8>,
    bytes: Vec<u8>,
}

/// A payload that has been looked into.
pub(super) struct Block<'a> {
    pub(super) plan: Plan,
    /// None where the chunks are coded by mixing.
    tables: Option<Static>,
    chunks: Vec<Chunk<'a>>,
}

impl<'a> Block<'a> {
    /// # Errors
    /// Corrupt, truncated or unsupported; limit.
    pub(super) fn open(payload: &'a [u8], outlines: &[Outline], env: &Env) -> Result<Self> {
        let mut reader = Reader::new(payload);
        let mixed = match reader.u8()? {
            TABLES => false,
            MIXED => true,
            other => return Err(Error::unsupported(format!("arrays coded in way {other}"))),
        };
        let len = reader.varint_max(payload.len() as u64, "length of side information")? as usize;
        let sum = reader.u32()?;
        let head = reader.rest();
        let side = reader.bytes(len)?;
        let total: u64 = outlines.iter().map(|outline| outline.2 as u64).sum();
        let mut side = SideReader::new(side);
        let copies = copies::code(&mut side, &[], total, env)?;
        let plan = Plan::new(outlines, &copies, mixed, env)?;
        let mut index = Vec::with_capacity(plan.chunks.len());
        for range in &plan.chunks {
            let len = reader.varint_max(payload.len() as u64, "length of a chunk")? as usize;
            let count = if mixed { range.len() } else { 1 };
            let sums = reader.bytes(4 * count)?.as_chunks().0.iter().map(|sum| u32::from_le_bytes(*sum));
            index.push((len, sums.collect()));
        }
        if sums_differ(checksum(&head[..head.len() - reader.rest().len()]), sum) {
            return Err(Error::corrupt("checksum of the side information of arrays differs"));
        }
        let tables = if mixed { None } else { Some(Static::read(&mut side, shapes(outlines, &plan), env)?) };
        let mut chunks = Vec::with_capacity(index.len());
        for (len, sums) in index {
            chunks.push(Chunk { coded: reader.bytes(len)?, sums });
        }
        if !reader.is_empty() {
            return Err(Error::corrupt("bytes after the last chunk of arrays"));
        }
        Ok(Self { plan, tables, chunks })
    }

    /// The array with the byte at this place.
    fn array_of(&self, at: u64) -> usize {
        self.plan.starts.partition_point(|start| *start <= at) - 1
    }

    /// True if anything of a piece is wanted, or of what is copied from it.
    fn needed(&self, targets: &[Target<'_>], placed: &Placed) -> bool {
        let wants =
            |array: usize, at, len| wanted(&targets[array], self.plan.starts[array], at, len).is_some();
        wants(placed.piece.array, placed.at, placed.piece.len as u64)
            || self.plan.copies_of(placed).iter().any(|copy| wants(self.array_of(copy.to), copy.to, copy.len))
    }

    /// Decodes a chunk, if it is needed, and puts it where it is wanted.
    ///
    /// # Errors
    /// Corrupt or truncated; limit; cancelled.
    pub(super) fn decode_chunk(
        &self,
        number: usize,
        targets: &mut [Target<'_>],
        spare: &mut Spare,
        env: &Env,
    ) -> Result<()> {
        let placed = &self.plan.pieces[self.plan.chunks[number].clone()];
        let needed: Vec<bool> = placed.iter().map(|p| self.needed(targets, p)).collect();
        if !needed.contains(&true) {
            return Ok(());
        }
        let len: usize = placed.iter().map(|p| p.piece.len).sum();
        let _held = env.budget.reserve(len as u64 * 4)?;
        let chunk = &self.chunks[number];
        let Some(tables) = &self.tables else {
            let mut bytes = vec![0; len];
            mixed::decode(chunk.coded, &chunk.sums, placed, &needed, targets, &mut bytes, env)?;
            self.scatter(placed, &needed, &bytes, targets);
            return env.work(len as u64);
        };
        // Pieces that are wanted in whole, and from which nothing is copied, go straight to where they belong.
        let apart: Vec<bool> = (0..placed.len()).map(|i| !self.straight(placed, i, targets)).collect();
        let others: usize =
            placed.iter().zip(&apart).filter(|(_, apart)| **apart).map(|(p, _)| p.piece.len).sum();
        spare.bytes.resize(others, 0);
        let mut outs = Vec::with_capacity(placed.len());
        let mut rest = spare.bytes.as_mut_slice();
        let mut arrays = targets.iter_mut().enumerate();
        for (p, apart) in placed.iter().zip(&apart) {
            if *apart {
                let (here, after) = rest.split_at_mut(p.piece.len);
                rest = after;
                outs.push(here);
            } else if let Some((_, target)) = arrays.find(|(array, _)| *array == p.piece.array) {
                let from = p.piece.start - target.wanted.start;
                outs.push(&mut target.out[from..from + p.piece.len]);
            }
        }
        tables.decode(chunk, placed, &mut spare.scratch, &mut outs)?;
        let pieces: Vec<Placed> =
            placed.iter().zip(&apart).filter(|(_, apart)| **apart).map(|(p, _)| *p).collect();
        self.scatter(&pieces, &vec![true; pieces.len()], &spare.bytes, targets);
        env.work(len as u64)
    }

    /// True if a piece can be decoded into its target: it is the only one of its array in the chunk, all of it is wanted, and
    /// nothing is copied from it.
    fn straight(&self, placed: &[Placed], number: usize, targets: &[Target<'_>]) -> bool {
        let p = &placed[number];
        let (array, wanted) = (p.piece.array, &targets[p.piece.array].wanted);
        let alone = |other: Option<&Placed>| other.is_none_or(|other| other.piece.array != array);
        alone(number.checked_sub(1).map(|before| &placed[before]))
            && alone(placed.get(number + 1))
            && wanted.start <= p.piece.start
            && p.piece.start + p.piece.len <= wanted.end
            && self.plan.copies_of(p).is_empty()
    }

    /// Puts the decoded bytes of a chunk where they are wanted.
    fn scatter(&self, placed: &[Placed], needed: &[bool], bytes: &[u8], targets: &mut [Target<'_>]) {
        let starts = &self.plan.starts;
        let mut rest = bytes;
        for (p, needed) in placed.iter().zip(needed) {
            let (here, after) = rest.split_at(p.piece.len);
            rest = after;
            if !needed {
                continue;
            }
            give(&mut targets[p.piece.array], starts[p.piece.array], p.at, here);
            for copy in self.plan.copies_of(p) {
                let array = self.array_of(copy.to);
                let from = (copy.from - p.at) as usize;
                give(&mut targets[array], starts[array], copy.to, &here[from..from + copy.len as usize]);
            }
        }
    }
}

impl Static {
    fn read(side: &mut SideReader<'_>, shapes: Vec<Shape>, env: &Env) -> Result<Self> {
        let model = Model::default().code(side, &shapes, env)?;
        let modes = || model.schemes.iter().flatten().flat_map(|scheme| &scheme.modes);
        let each = modes().any(|mode| matches!(mode, Mode::Position(_) | Mode::Above(_)));
        let tables = Tables::new(&model.tables, each, simd::isa());
        Ok(Self { shapes, model, tables })
    }

    fn decode(
        &self,
        chunk: &Chunk<'_>,
        placed: &[Placed],
        scratch: &mut Vec<u8>,
        outs: &mut [&mut [u8]],
    ) -> Result<()> {
        let pieces = pieces_of(placed);
        let (model, tables, shapes) = (&self.model, &self.tables, &self.shapes);
        chunk::decode(model, tables, shapes, &pieces, chunk.coded, simd::isa(), scratch, outs)?;
        let sum = checksum_of(outs.iter().map(|out| &**out));
        if chunk.sums.iter().any(|told| sums_differ(sum, *told)) {
            return Err(Error::corrupt("checksum of a chunk of arrays differs"));
        }
        Ok(())
    }
}

/// The part of `from..from+len` that a target whose array begins at `start` wants: relative to `from`, and in its output.
fn wanted(target: &Target<'_>, start: u64, from: u64, len: u64) -> Option<(Range<usize>, usize)> {
    let (first, last) = (start + target.wanted.start as u64, start + target.wanted.end as u64);
    let (begin, end) = (from.max(first), (from + len).min(last));
    (begin < end).then(|| ((begin - from) as usize..(end - from) as usize, (begin - first) as usize))
}

/// Copies the wanted part of the bytes at `at` to a target whose array begins at `start`.
fn give(target: &mut Target<'_>, start: u64, at: u64, bytes: &[u8]) {
    if let Some((range, to)) = wanted(target, start, at, bytes.len() as u64) {
        let len = range.len();
        target.out[to..to + len].copy_from_slice(&bytes[range]);
    }
}
