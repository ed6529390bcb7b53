//! What is coded of a plane of a block: whether it has levels, their transforms, how many there are, and the levels.

use super::canvas::Node;
use super::levels::{Coding, STRIDE, Site, scan};
use super::rate::Flag;
use super::syntax::{Cell, END_BITS, Leaf, State};
use super::transform::KEPT;
use minlen_core::{Error, Result};
use minlen_entropy::binary::BitCoder;
use minlen_entropy::mixing::simd::{self, Task, Vector};

impl<C: BitCoder> Task for Coding<'_, C> {
    type Out = Result<()>;
    #[inline(always)]
    fn run<V: Vector>(self, v: V) -> Result<()> {
        self.run(v)
    }
}

/// Energy of a block as its neighbours see it: the logarithm of the mean magnitude, 0 for none, to 11.
pub(super) fn energy(sum: u32, area: usize) -> u8 {
    let scaled = (sum * 256) / area as u32;
    if sum == 0 { 0 } else { (33 - (scaled | 1).leading_zeros()).min(11) as u8 }
}

impl State {
    /// Codes the levels of a plane, and gives the sum of their magnitudes.
    pub fn plane<C: BitCoder>(
        &mut self,
        coder: &mut C,
        plane: usize,
        node: Node,
        (left, above): (Cell, Cell),
        before: &[u8; 3],
        leaf: &mut Leaf,
    ) -> Result<u32> {
        let (lw, lh) = node.logs();
        let shape = 5 * lw + lh;
        let (el, ea) = (usize::from(left.energies[plane]), usize::from(above.energies[plane]));
        let [e0, e1] = [before[0], before[1]].map(usize::from);
        self.magnitudes[plane].fill(0);
        let coded_before = usize::from(plane > 0 && (e0 > 0 && plane == 1 || e1 > 0));
        let contexts = [
            plane * 25 + shape,
            (plane * 12 + el) * 12 + ea,
            (plane * 9 + lw + lh) * 12 + if plane > 1 { e1 } else { e0 },
            plane * 144 + e0 * 12 + e1,
            (plane * 4 + usize::from(leaf.chroma)) * 9 + lw + lh,
            plane * 67 + usize::from(leaf.mode),
            (plane * 12 + self.quantizer.octave) * 12 + (el + ea) / 2,
        ];
        let wanted = !leaf.levels[plane].is_empty();
        let number = plane * 2 + coded_before;
        let coded = self.flag(coder, Flag::Coded as usize, (number, shape), contexts, wanted);
        self.count(Flag::Coded, number * 9 + lw + lh, coded);
        if !coded {
            return Ok(0);
        }
        let (w, h) = (node.w.min(KEPT), node.h.min(KEPT));
        leaf.levels[plane].resize(w * h, 0);
        if plane == 0 && node.w <= KEPT && node.h <= KEPT {
            leaf.kinds = self.kinds(coder, node, leaf);
        }
        let end = self.end(coder, plane, node, (el, ea, e0), leaf)?;
        let (earlier, rest) = self.magnitudes.split_at_mut(plane);
        let none: &[u8] = &[0; STRIDE * STRIDE];
        let none_levels: &[i32] = &[];
        let (earlier_levels, these) = leaf.levels.split_at_mut(plane);
        let site = Site {
            plane,
            node,
            mode: leaf.mode,
            kinds: leaf.kinds,
            energies: (el, ea),
            before: [0, 1].map(|i| earlier.get(i).map_or(none, |m| &m[..])),
            earlier: [0, 1].map(|i| earlier_levels.get(i).map_or(none_levels, |l| &l[..])),
            chroma: leaf.chroma,
        };
        let coding = Coding {
            mix: &mut self.levels,
            coder,
            site,
            quantizer: self.quantizer,
            end,
            levels: &mut these[0],
            magnitudes: &mut rest[0],
            tally: self.tally.as_deref_mut(),
        };
        simd::with(self.isa, coding)?;
        Ok(leaf.levels[plane]
            .iter()
            .fold(0u32, |sum, level| sum.saturating_add(level.unsigned_abs().min(4096))))
    }

    fn kinds<C: BitCoder>(&mut self, coder: &mut C, node: Node, leaf: &Leaf) -> u8 {
        let (lw, lh) = node.logs();
        let shape = 5 * lw + lh;
        let mode = usize::from(leaf.mode);
        let bit = |state: &mut Self, coder: &mut C, number: usize, known: usize, wanted: bool| {
            let n = number + known;
            let contexts = [
                n,
                n * 25 + shape,
                n * 67 + mode,
                (n * 17 + mode / 4) * 9 + lw + lh,
                n * 12 + state.quantizer.octave,
                0,
                0,
            ];
            let hit = state.flag(coder, Flag::Kinds as usize, (n, shape), contexts, wanted);
            state.count(Flag::Kinds, n * 9 + lw + lh, hit);
            u8::from(hit)
        };
        let down = bit(self, coder, 0, 0, leaf.kinds & 1 == 1);
        down | bit(self, coder, 1, usize::from(down), leaf.kinds >> 1 == 1) << 1
    }

    /// Codes the number of levels up to the last that is not 0.
    fn end<C: BitCoder>(
        &mut self,
        coder: &mut C,
        plane: usize,
        node: Node,
        (el, ea, e0): (usize, usize, usize),
        leaf: &Leaf,
    ) -> Result<usize> {
        let scan = scan(node.w, node.h);
        let levels = &leaf.levels[plane];
        let width = node.w.min(KEPT);
        let nonzero = |&(x, y): &(u8, u8)| levels[usize::from(y) * width + usize::from(x)] != 0;
        let number = scan.iter().rposition(nonzero).unwrap_or(0);
        let (lw, lh) = node.logs();
        let shape = 5 * lw + lh;
        let wanted = (number + 1).ilog2() as usize;
        let most = scan.len().ilog2() as usize;
        let chroma = usize::from(plane > 0);
        let mut length = 0;
        while length < most {
            let n = length;
            let contexts = [
                (chroma * 25 + shape) * 11 + n,
                ((plane * 12 + (el + ea).div_ceil(2)) * 11 + n).min(1023),
                (plane * 11 + n) * 12 + el,
                (plane * 11 + n) * 12 + ea,
                (plane * 11 + n) * 12 + if plane > 0 { e0 } else { usize::from(leaf.kinds) },
                n * 67 + usize::from(leaf.mode),
                (chroma * 12 + self.quantizer.octave) * 11 + n,
            ];
            let more = self.flag(coder, Flag::End as usize, (n, shape), contexts, wanted > n);
            self.count(Flag::End, (chroma * 9 + lw + lh) * 12 + n, more);
            if !more {
                break;
            }
            length += 1;
        }
        // The bits below the first, the upper ones with contexts.
        let mut tree = 1;
        for shift in (0..length).rev() {
            let bit = (number + 1) >> shift & 1 == 1;
            let depth = length - 1 - shift;
            let low = tree & ((1 << depth.min(2)) - 1) | 1 << depth.min(2);
            let at = (length * 8 + low) * 3 + depth.min(2);
            let contexts = [
                at,
                (at * 2 + chroma).min(1023),
                length * 25 + shape,
                (low * 3 + depth.min(2)) * 34 + usize::from(leaf.mode / 2),
                0,
                0,
                0,
            ];
            tree = 2 * tree + usize::from(self.flag(coder, END_BITS, (depth, shape), contexts, bit));
        }
        if tree > scan.len() {
            return Err(Error::corrupt("levels beyond the end of a block"));
        }
        Ok(tree)
    }
}
