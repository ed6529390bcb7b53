//! What is coded of a block besides its levels, and the state of the coder.

use super::canvas::{ABSENT, CELL, Node};
use super::filter::Known;
use super::levels::{self, Coding, LevelMix, Magnitudes, STRIDE, Site, scan};
use super::mix::{Decision, Mix};
use super::predict::{DC, HORIZONTAL, MODES, PLANAR, VERTICAL};
use super::quantizer::Quantizer;
use super::rate::{Flag, Tally};
use super::transform::KEPT;
use minlen_core::{Error, Result};
use minlen_entropy::binary::BitCoder;
use minlen_entropy::mixing::simd::{self, Isa, Task, Vector};

/// Contexts of a flag.
const CONTEXTS: usize = 7;
/// Values of each.
const VALUES: usize = 1024;
/// Kinds of flags: those of [`Flag`] and the bits of numbers.
const KINDS: usize = 12;
const REST: usize = 8;
const END_BITS: usize = 9;
const STRENGTH: usize = 10;

/// Modes that are likely, by those on the left and above.
pub(super) const LIKELY: usize = 6;

/// How a block is split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Split {
    None = 0,
    /// Into four.
    Quad = 1,
    /// One above the other.
    Level = 2,
    /// Side by side.
    Upright = 3,
}

impl Split {
    /// Whether a node may be split so.
    pub fn fits(self, node: Node) -> bool {
        let (w, h) = (node.w, node.h);
        match self {
            Self::None => true,
            Self::Quad => w == h && w >= 2 * CELL,
            Self::Level => h >= 2 * CELL && w <= 2 * h && w < 64,
            Self::Upright => w >= 2 * CELL && h <= 2 * w && h < 64,
        }
    }

    /// The parts.
    pub fn parts(self, node: Node) -> impl Iterator<Item = Node> {
        let Node { x, y, w, h } = node;
        let (columns, rows) = match self {
            Self::None => (1, 1),
            Self::Quad => (2, 2),
            Self::Level => (1, 2),
            Self::Upright => (2, 1),
        };
        let (w, h) = (w / columns, h / rows);
        (0..columns * rows).map(move |i| Node { x: x + i % columns * w, y: y + i / columns * h, w, h })
    }
}

/// A block that is predicted and transformed as a whole.
#[derive(Clone, Debug, Default)]
pub(super) struct Leaf {
    pub mode: u8,
    /// How the second and third plane are predicted: 0 in the mode of the first, 1 by a line, 2 planar, 3 DC.
    pub chroma: u8,
    /// The transforms of the first plane, for [`super::transform::Pair::new`].
    pub kinds: u8,
    /// Levels of each plane in rows of at most [`KEPT`], or nothing where all are 0.
    pub levels: [Vec<i32>; 3],
}

/// What is known of a cell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    mode: u8,
    chroma: u8,
    logs: (u8, u8),
    energies: [u8; 3],
    /// Whether it is at a side of its block.
    edge: bool,
}

const NOWHERE: Cell = Cell { mode: ABSENT, chroma: 0, logs: (2, 2), energies: [2; 3], edge: true };

/// The modes that are likely next to these two.
pub(super) fn likely(left: u8, above: u8) -> [u8; LIKELY] {
    let [left, above] = [left, above].map(|mode| if mode == ABSENT { PLANAR } else { mode });
    let turned = |mode: u8, by: i32| ((i32::from(mode) - 2 + by).rem_euclid(i32::from(MODES) - 2) + 2) as u8;
    let mut modes = [ABSENT; LIKELY];
    let mut n = 0;
    let mut push = |mode: u8| {
        if n < LIKELY && !modes.contains(&mode) {
            modes[n] = mode;
            n += 1;
        }
    };
    push(left);
    push(above);
    push(PLANAR);
    for by in [1, 2] {
        for mode in [left, above] {
            if mode > DC {
                push(turned(mode, -by));
                push(turned(mode, by));
            }
        }
        push(DC);
    }
    [VERTICAL, HORIZONTAL, VERTICAL - 4, VERTICAL + 4, HORIZONTAL - 4, HORIZONTAL + 4]
        .into_iter()
        .for_each(push);
    modes
}

/// Models, and what is known of the cells.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub flags: Mix<CONTEXTS, 16>,
    pub levels: LevelMix,
    cells: Vec<Cell>,
    columns: usize,
    planes: usize,
    pub quantizer: Quantizer,
    magnitudes: [Box<Magnitudes>; 3],
    isa: Isa,
    pub tally: Option<Box<Tally>>,
}

struct CodeFlag<'a, C> {
    mix: &'a mut Mix<CONTEXTS, 16>,
    coder: &'a mut C,
    bit: u32,
    decision: Decision<CONTEXTS>,
}

impl<C: BitCoder> Task for CodeFlag<'_, C> {
    type Out = u32;
    #[inline(always)]
    fn run<V: Vector>(self, v: V) -> u32 {
        self.mix.code(v, self.coder, self.bit, &self.decision).0
    }
}

impl<C: BitCoder> Task for Coding<'_, C> {
    type Out = Result<()>;
    #[inline(always)]
    fn run<V: Vector>(self, v: V) -> Result<()> {
        self.run(v)
    }
}

/// Energy of a block as its neighbours see it: the logarithm of the mean magnitude, 0 for none, to 11.
fn energy(sum: u32, area: usize) -> u8 {
    let scaled = (sum * 256) / area as u32;
    if sum == 0 { 0 } else { (33 - (scaled | 1).leading_zeros()).min(11) as u8 }
}

/// The model of all flags.
pub(super) fn flag_model() -> Mix<CONTEXTS, 16> {
    Mix::new(KINDS * CONTEXTS * VALUES, [KINDS * 8, KINDS * 25, KINDS], KINDS)
}

impl State {
    pub fn new(columns: usize, rows: usize, planes: usize, quantizer: Quantizer) -> Self {
        Self {
            flags: flag_model(),
            levels: levels::model(),
            cells: vec![NOWHERE; columns * rows],
            columns,
            planes,
            quantizer,
            magnitudes: std::array::from_fn(|_| Box::new([0; STRIDE * STRIDE])),
            isa: simd::isa(),
            tally: None,
        }
    }

    /// What is known left of and above a node whose first cell is this.
    fn beside(&self, column: usize, row: usize) -> (Cell, Cell) {
        let at = row * self.columns + column;
        let left = if column > 0 { self.cells[at - 1] } else { NOWHERE };
        (left, if row > 0 { self.cells[at - self.columns] } else { NOWHERE })
    }

    /// Codes a flag; `number` says which of its kind, for the weights.
    fn flag<C: BitCoder>(
        &mut self,
        coder: &mut C,
        kind: usize,
        (number, shape): (usize, usize),
        contexts: [usize; CONTEXTS],
        bit: bool,
    ) -> bool {
        let mut decision = Decision {
            at: [0; CONTEXTS],
            sets: [(kind * 8 + number.min(7)) as u32, (kind * 25 + shape) as u32, kind as u32],
            last: kind as u32,
        };
        for (i, (at, value)) in decision.at.iter_mut().zip(contexts).enumerate() {
            *at = ((kind * CONTEXTS + i) * VALUES + value.min(VALUES - 1)) as u32;
        }
        let task = CodeFlag { mix: &mut self.flags, coder, bit: u32::from(bit), decision };
        simd::with(self.isa, task) != 0
    }

    fn count(&mut self, flag: Flag, context: usize, bit: bool) {
        if let Some(tally) = &mut self.tally {
            tally.flag(flag, context, u32::from(bit));
        }
    }

    /// Codes how a node is split, whose first cell is (`column`, `row`).
    pub fn split<C: BitCoder>(
        &mut self,
        coder: &mut C,
        (column, row): (usize, usize),
        node: Node,
        wanted: Split,
    ) -> Split {
        let fits = [Split::Quad, Split::Level, Split::Upright].map(|split| split.fits(node));
        if fits == [false; 3] {
            return Split::None;
        }
        let (lw, lh) = node.logs();
        let shape = 5 * lw + lh;
        let (left, above) = self.beside(column, row);
        let size = |cell: Cell| usize::from(cell.logs.0 * 5 + cell.logs.1);
        let log = |cell: Cell| usize::from(cell.logs.0 + cell.logs.1);
        let smaller =
            usize::from(usize::from(left.logs.1) < lh) + usize::from(usize::from(above.logs.0) < lw);
        let energies = usize::from(left.energies[0]) * 12 + usize::from(above.energies[0]);
        let contexts = |of: usize| {
            [
                shape,
                (shape * 3 + smaller) * 4 + of,
                size(left) * 25 + shape,
                size(above) * 25 + shape,
                (log(left) * 9 + log(above)) * 9 + lw + lh,
                energies * 5 + lw.max(lh),
                self.quantizer.octave * 25 + shape,
            ]
        };
        let all = contexts(0);
        let split = self.flag(coder, Flag::Split as usize, (smaller, shape), all, wanted != Split::None);
        self.count(Flag::Split, shape, split);
        if !split {
            return Split::None;
        }
        let mut rest = 0;
        if fits[0] && (fits[1] || fits[2]) {
            let quad = self.flag(coder, Flag::Quad as usize, (smaller, shape), all, wanted == Split::Quad);
            self.count(Flag::Quad, shape, quad);
            if quad {
                return Split::Quad;
            }
            rest = 1;
        } else if fits[0] {
            return Split::Quad;
        }
        if fits[1] && fits[2] {
            let number = smaller + 3 * rest;
            let upright =
                self.flag(coder, Flag::Upright as usize, (number, shape), all, wanted == Split::Upright);
            self.count(Flag::Upright, shape, upright);
            return if upright { Split::Upright } else { Split::Level };
        }
        if fits[2] { Split::Upright } else { Split::Level }
    }

    /// Codes a leaf.
    ///
    /// # Errors
    /// If what was read is none.
    pub fn leaf<C: BitCoder>(
        &mut self,
        coder: &mut C,
        (column, row): (usize, usize),
        node: Node,
        leaf: &mut Leaf,
    ) -> Result<()> {
        let (left, above) = self.beside(column, row);
        let low_left = self.beside(column, row + node.h / CELL - 1).0;
        let above_right = self.beside(column + node.w / CELL - 1, row).1;
        leaf.mode = self.mode(coder, node, (low_left.mode, above_right.mode), leaf.mode);
        if self.planes > 1 {
            leaf.chroma = self.chroma(coder, node, (left, above), leaf);
        }
        let mut energies = [0; 3];
        for plane in 0..self.planes {
            let sum = self.plane(coder, plane, node, (left, above), &energies, leaf)?;
            energies[plane] = energy(sum, node.area());
        }
        let (lw, lh) = node.logs();
        let cell =
            Cell { mode: leaf.mode, chroma: leaf.chroma, logs: (lw as u8, lh as u8), energies, edge: true };
        let (columns, rows) = (node.w / CELL, node.h / CELL);
        for y in 0..rows {
            let cells = &mut self.cells[(row + y) * self.columns + column..][..columns];
            cells.fill(cell);
            if y > 0 && y + 1 < rows && columns > 2 {
                cells[1..columns - 1].iter_mut().for_each(|cell| cell.edge = false);
            }
        }
        Ok(())
    }

    /// What the filter is told of the cells.
    pub fn known(&self) -> Vec<Known> {
        self.cells.iter().map(|cell| Known { coded: cell.energies[0] > 0, edge: cell.edge }).collect()
    }

    /// Codes how strongly a root block is filtered in a plane, next to blocks with these strengths.
    pub fn strength<C: BitCoder>(&mut self, coder: &mut C, plane: usize, beside: (u8, u8), wanted: u8) -> u8 {
        let beside = usize::from(beside.0) * 4 + usize::from(beside.1);
        // The usual one first.
        for (number, strength) in [2, 1, 3].into_iter().enumerate() {
            let n = plane * 3 + number;
            let octave = n * 12 + self.quantizer.octave;
            let contexts = [n, n * 16 + beside, octave, number, number * 16 + beside, 0, 0];
            if self.flag(coder, STRENGTH, (number, plane), contexts, wanted == strength) {
                return strength;
            }
        }
        0
    }

    fn mode<C: BitCoder>(&mut self, coder: &mut C, node: Node, (left, above): (u8, u8), wanted: u8) -> u8 {
        let likely = likely(left, above);
        let (lw, lh) = node.logs();
        let shape = 5 * lw + lh;
        let class = |mode: u8| match mode {
            ABSENT => 0,
            PLANAR => 1,
            DC => 2,
            _ => 3 + usize::from(mode - 2) / 5,
        };
        let near = usize::from(left.abs_diff(above)).min(9);
        for (rank, &mode) in likely.iter().enumerate() {
            let contexts = [
                rank,
                rank * 25 + shape,
                rank * 17 + class(left),
                rank * 17 + class(above),
                (rank * 10 + near) * 9 + lw + lh,
                class(mode) * 6 + rank,
                self.quantizer.octave * 6 + rank,
            ];
            let hit = self.flag(coder, Flag::Rank as usize, (rank, shape), contexts, wanted == mode);
            self.count(Flag::Rank, rank, hit);
            if hit {
                return mode;
            }
        }
        // The number among the others, by six bits.
        let others = |mode: &u8| !likely.contains(mode);
        let number = (0..wanted).filter(others).count();
        let mut tree = 1;
        for shift in (0..6).rev() {
            let contexts = [
                tree,
                tree * 16 + class(left).min(15),
                tree * 16 + class(above).min(15),
                tree * 3 + usize::from(lw < lh) + 2 * usize::from(lw > lh),
                tree * 9 + lw + lh,
                0,
                0,
            ];
            let bit = self.flag(coder, REST, (shift, shape), contexts, number >> shift & 1 == 1);
            tree = 2 * tree + usize::from(bit);
        }
        (0..MODES).filter(others).nth(tree - 64).unwrap_or(PLANAR)
    }

    fn chroma<C: BitCoder>(
        &mut self,
        coder: &mut C,
        node: Node,
        (left, above): (Cell, Cell),
        leaf: &Leaf,
    ) -> u8 {
        let (lw, lh) = node.logs();
        let shape = 5 * lw + lh;
        let class = usize::from(leaf.mode.min(2)) + usize::from(leaf.mode > 2 && leaf.mode % 16 == 2);
        let beside = usize::from(left.chroma) * 4 + usize::from(above.chroma);
        for number in 0..3 {
            let contexts = [
                number,
                number * 25 + shape,
                number * 16 + beside,
                (number * 16 + beside) * 4 + class,
                (number * 12 + usize::from(left.energies[1])) * 12 + usize::from(above.energies[1]),
                number * 67 + usize::from(leaf.mode),
                number * 12 + self.quantizer.octave,
            ];
            let hit = self.flag(
                coder,
                Flag::Chroma as usize,
                (number, shape),
                contexts,
                usize::from(leaf.chroma) == number,
            );
            self.count(Flag::Chroma, number, hit);
            if hit {
                return number as u8;
            }
        }
        3
    }

    /// Codes the levels of a plane, and gives the sum of their magnitudes.
    fn plane<C: BitCoder>(
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
