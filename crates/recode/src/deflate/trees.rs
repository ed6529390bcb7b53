//! Code lengths of a dynamic block, coded as where they differ from those that zlib would use.

use super::coder::Coder;
use super::huffman::{lengths, spell};
use super::parse::Trees;
use super::tables::{CODE_ORDER, DISTANCES, END, LITERALS};
use minlen_core::{Error, Result};
use minlen_entropy::binary::Prob16;

/// How often each symbol occurs in a block: literals and lengths, then distances.
pub(super) struct Freqs(pub(super) [u32; LITERALS], pub(super) [u32; DISTANCES]);

/// What is learnt about code lengths.
pub(super) struct TreeModel {
    same: [Prob16; 8],
    count: Vec<Prob16>,
    length_same: [Prob16; 64],
    length: Vec<Prob16>,
    op: Vec<Prob16>,
    extra_most: [Prob16; 4],
    extra: Vec<Prob16>,
    op_length: Vec<Prob16>,
}

impl TreeModel {
    pub(super) fn new() -> Self {
        let probs = |n: usize| vec![Prob16::default(); n];
        Self {
            same: [Prob16::new(62_000); 8],
            count: probs(3 * 32),
            length_same: [Prob16::new(48_000); 64],
            length: probs(16 * 16),
            op: probs(64 * 4),
            extra_most: [Prob16::default(); 4],
            extra: probs(4 * 128),
            op_length: probs(8 * 8),
        }
    }

    /// Codes `actual`, or decodes it.
    pub(super) fn code<C: Coder>(&mut self, coder: &mut C, freqs: &Freqs, actual: &Trees) -> Result<Trees> {
        let (lengths, literals) = self.lengths(coder, freqs, actual)?;
        let ops = self.ops(coder, &lengths, literals, actual)?;
        let (op_lengths, op_count) = self.op_lengths(coder, &ops, actual)?;
        Ok(Trees { lengths, literals, ops, op_lengths, op_count })
    }

    fn lengths<C: Coder>(
        &mut self,
        coder: &mut C,
        freqs: &Freqs,
        actual: &Trees,
    ) -> Result<(Vec<u8>, usize)> {
        let mut first = lengths(&freqs.0, 15);
        first.resize(first.len().max(END + 1), 0);
        let second = lengths(&freqs.1, 15);
        let expected = (first.len(), second.len());
        let (literals, distances) =
            (actual.literals, actual.lengths.len() - actual.literals.min(actual.lengths.len()));
        let same = expected == (literals, distances)
            && actual.lengths[..literals] == first
            && actual.lengths[literals..] == second;
        if coder.bit(&mut self.same[0], same) {
            return Ok(([first, second].concat(), expected.0));
        }
        let literals = self.count(coder, 0, 5, expected.0 - 257, literals.wrapping_sub(257)) + 257;
        let distances = self.count(coder, 1, 5, expected.1 - 1, distances.wrapping_sub(1)) + 1;
        if literals > LITERALS || distances > DISTANCES {
            return Err(Error::corrupt("deflate: too many symbols"));
        }
        first.resize(literals, 0);
        first.extend(second);
        first.resize(literals + distances, 0);
        let mut off = 0usize;
        for (i, slot) in first.iter_mut().enumerate() {
            let value = actual.lengths.get(i).copied().unwrap_or(0);
            let context = (off & 3) << 4 | usize::from(*slot);
            if coder.bit(&mut self.length_same[context], *slot == value) {
                off <<= 1;
                continue;
            }
            off = off << 1 | 1;
            let tree = &mut self.length[usize::from(*slot) * 16..][..16];
            *slot = coder.tree(tree, 4, u32::from(value)) as u8;
        }
        Ok((first, literals))
    }

    fn count<C: Coder>(
        &mut self,
        coder: &mut C,
        which: usize,
        bits: u32,
        expected: usize,
        actual: usize,
    ) -> usize {
        if coder.bit(&mut self.same[1 + which], expected == actual) {
            return expected;
        }
        coder.tree(&mut self.count[which * 32..][..32], bits, actual as u32 & 31) as usize
    }

    fn ops<C: Coder>(
        &mut self,
        coder: &mut C,
        lengths: &[u8],
        literals: usize,
        actual: &Trees,
    ) -> Result<Vec<(u8, u8)>> {
        let expected = spell(lengths, literals);
        if coder.bit(&mut self.same[4], expected == actual.ops) {
            return Ok(expected);
        }
        let mut ops = Vec::new();
        let (mut at, mut given) = (0, actual.ops.iter());
        while at < lengths.len() {
            let value = lengths[at];
            let run = lengths[at..].iter().take_while(|&&l| l == value).count();
            let again = at > 0 && lengths[at - 1] == value;
            let op = given.next().copied().unwrap_or((value, 0));
            let kind = if op.0 < 16 { 0 } else { u32::from(op.0) - 15 };
            let context = run.min(12) | usize::from(value == 0) << 4 | usize::from(again) << 5;
            let kind = coder.tree(&mut self.op[context * 4..][..4], 2, kind) as usize;
            let (base, bits) = [(1, 0), (3, 2), (3, 3), (11, 7)][kind];
            let possible = match kind {
                0 => true,
                1 => again && run >= base,
                _ => value == 0 && run >= base,
            };
            if !possible {
                return Err(Error::corrupt("deflate: a run that the lengths do not have"));
            }
            let most = (run - base).min((1 << bits) - 1);
            let mut extra = if kind == 0 { 0 } else { most };
            if kind > 0 && !coder.bit(&mut self.extra_most[kind], usize::from(op.1) == most) {
                extra = coder.tree(&mut self.extra[kind * 128..][..128], bits, u32::from(op.1)) as usize;
            }
            if extra > most {
                return Err(Error::corrupt("deflate: a run that the lengths do not have"));
            }
            ops.push((if kind == 0 { value } else { kind as u8 + 15 }, extra as u8));
            at += base + extra;
        }
        Ok(ops)
    }

    fn op_lengths<C: Coder>(
        &mut self,
        coder: &mut C,
        ops: &[(u8, u8)],
        actual: &Trees,
    ) -> Result<([u8; 19], usize)> {
        let mut freqs = [0u32; 19];
        ops.iter().for_each(|&(op, _)| freqs[usize::from(op)] += 1);
        let mut out = [0u8; 19];
        out.iter_mut().zip(lengths(&freqs, 7)).for_each(|(slot, len)| *slot = len);
        let count = CODE_ORDER.iter().rposition(|&s| out[s] > 0).map_or(0, |p| p + 1).max(4);
        if coder.bit(&mut self.same[5], out == actual.op_lengths && count == actual.op_count) {
            return Ok((out, count));
        }
        let count = self.count(coder, 2, 4, count - 4, actual.op_count.wrapping_sub(4)).min(15) + 4;
        for (i, &symbol) in CODE_ORDER.iter().enumerate() {
            let expected = usize::from(std::mem::take(&mut out[symbol]));
            if i < count {
                let tree = &mut self.op_length[expected * 8..][..8];
                out[symbol] = coder.tree(tree, 3, u32::from(actual.op_lengths[symbol])) as u8;
            }
        }
        if ops.iter().any(|&(op, _)| out[usize::from(op)] == 0) {
            return Err(Error::corrupt("deflate: a symbol without a code word"));
        }
        Ok((out, count))
    }
}
