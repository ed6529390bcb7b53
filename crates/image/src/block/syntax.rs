//! What is coded of a block: how it is split, modes and strengths of the filter; and the state of the coder.

use super::canvas::{ABSENT, CELL, Node};
use super::filter::Known;
use super::levels::{self, LevelMix, Magnitudes, STRIDE};
use super::mix::{Decision, Mix};
use super::predict::{DC, HORIZONTAL, MODES, PLANAR, VERTICAL};
use super::quantizer::Quantizer;
use super::rate::{Flag, Tally};
use super::residual::energy;
use minlen_core::Result;
use minlen_entropy::binary::BitCoder;
use minlen_entropy::mixing::simd::{self, Isa, Task, Vector};

/// Contexts of a flag.
const CONTEXTS: usize = 7;
/// Values of each.
const VALUES: usize = 1024;
/// Kinds of flags: those of [`Flag`] and the bits of numbers.
const KINDS: usize = 12;
const REST: usize = 8;
pub(super) const END_BITS: usize = 9;
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
    pub mode: u8,
    pub chroma: u8,
    pub logs: (u8, u8),
    pub energies: [u8; 3],
    /// Whether it is at a side of its block.
    pub edge: bool,
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
    pub magnitudes: [Box<Magnitudes>; 3],
    pub isa: Isa,
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
    pub fn flag<C: BitCoder>(
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

    pub fn count(&mut self, flag: Flag, context: usize, bit: bool) {
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
}
