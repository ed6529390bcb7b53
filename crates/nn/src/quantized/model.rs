//! The prediction of every binary decision of an integer, and its coding.
//!
//! An integer is: 0 or not; its sign; over 1?; over 2? ... up to over 14?; then an Exp-Golomb code of what is left.

use super::context::{Near, Seen, Stat};
use super::mixer::{Cell, INPUTS, Mixer};
use super::numbers::{Binary, code_large};
use minlen_entropy::log2::bit_cost_q16;
use minlen_entropy::mixing::stretch;

/// Decisions with predictions of their own: zero, sign, over 1 to over 14.
const BINS: usize = 16;
const SIGN: usize = 1;
/// From here on what is computed is the same.
const GROWTH: usize = 2;
/// Magnitudes from here on have an Exp-Golomb tail.
const TAIL: u32 = BINS as u32 - 1;
/// Inputs that come from cells; before them those that are computed from statistics.
const CELLS: usize = 9;
const COMPUTED: usize = 9;
/// Contexts of one input for one decision.
const CONTEXTS: usize = 1024;
/// Bits that a cell remembers.
const LIMIT: u32 = 800;
/// What a cell's memory is cut to where a new matrix begins.
const KEPT: u32 = 6;
/// Rate of the mixer.
const RATE: i32 = 12;

/// What all matrices of a network teach.
#[derive(Clone, Debug)]
pub(super) struct Model {
    cells: Vec<Cell>,
    mixer: Mixer,
    tail: Vec<Cell>,
}

/// The contexts of one place.
#[derive(Clone, Debug)]
pub(super) struct Place {
    near: Near,
    row: Stat,
    /// This row and the one before.
    recent: Stat,
    all: Stat,
    /// Contexts for zero and magnitudes, and those for the sign.
    contexts: [usize; CELLS],
    signs: [usize; CELLS],
    /// Second set of weights.
    set: usize,
}

impl Default for Model {
    fn default() -> Self {
        let mut start = [0; INPUTS];
        start[..COMPUTED].copy_from_slice(&[4000, 4000, 8000, 2000, 3000, 12000, 2_000, 4000, 8000]);
        start[COMPUTED..COMPUTED + CELLS].fill(5000);
        Self {
            cells: vec![Cell::default(); CELLS * BINS * CONTEXTS],
            mixer: Mixer::new(BINS + BINS * 8, start),
            tail: vec![Cell::default(); 64],
        }
    }
}

impl Model {
    /// Bytes that a model takes.
    pub(super) const MEMORY: u64 =
        (CELLS * BINS * CONTEXTS * size_of::<Cell>() + BINS * 9 * INPUTS * 4) as u64;

    /// Says that a new matrix begins.
    pub(super) fn next_layer(&mut self) {
        self.cells.iter_mut().chain(&mut self.tail).for_each(|cell| cell.forget(KEPT));
    }

    /// Codes (or decodes, and then `q` counts for nothing) the integer at a place, and learns it.
    pub(super) fn code(&mut self, io: &mut impl Binary, place: &Place, q: i32) -> i32 {
        if self.bit(io, place, &place.computed(0), 0, u32::from(q != 0)) == 0 {
            return 0;
        }
        let negative = self.bit(io, place, &place.computed(SIGN), SIGN, u32::from(q < 0));
        let size = q.unsigned_abs();
        let growth = place.computed(GROWTH);
        let mut k = 1;
        while k < TAIL && self.bit(io, place, &growth, 1 + k as usize, u32::from(size > k)) != 0 {
            k += 1;
        }
        if k == TAIL {
            k += code_large(io, &mut self.tail, size.saturating_sub(TAIL));
        }
        if negative != 0 { -(k as i32) } else { k as i32 }
    }

    /// What an integer would cost at a place, in 1/65536 bit; nothing is learnt.
    pub(super) fn cost(&self, place: &Place, q: i32) -> u64 {
        let price = |computed: &[i32; COMPUTED], bin: usize, bit: bool| {
            let mixed = self.mixer.mix(&self.inputs(place, computed, bin), sets(place, bin));
            bit_cost_q16(mixed, bit)
        };
        let mut sum = price(&place.computed(0), 0, q != 0);
        if q == 0 {
            return sum;
        }
        sum += price(&place.computed(SIGN), SIGN, q < 0);
        let size = q.unsigned_abs();
        let growth = place.computed(GROWTH);
        for k in 1..TAIL.min(size + 1) {
            sum += price(&growth, 1 + k as usize, size > k);
        }
        if size >= TAIL {
            // About: one bit of length and one of value for each bit.
            sum += u64::from(32 - (size - TAIL + 1).leading_zeros()) * 2 * 65_536;
        }
        sum
    }

    fn bit(
        &mut self,
        io: &mut impl Binary,
        place: &Place,
        computed: &[i32; COMPUTED],
        bin: usize,
        bit: u32,
    ) -> u32 {
        let (inputs, sets) = (self.inputs(place, computed, bin), sets(place, bin));
        let mixed = self.mixer.mix(&inputs, sets);
        let bit = io.bit(bit, mixed);
        self.mixer.update(&inputs, sets, bit, mixed, RATE);
        for i in 0..CELLS {
            self.cells[cell(place, i, bin)].update(bit, mixed, LIMIT);
        }
        bit
    }

    fn inputs(&self, place: &Place, computed: &[i32; COMPUTED], bin: usize) -> [i32; INPUTS] {
        let mut inputs = [0; INPUTS];
        inputs[..COMPUTED].copy_from_slice(computed);
        for i in 0..CELLS {
            inputs[COMPUTED + i] = self.cells[cell(place, i, bin)].input();
        }
        inputs[INPUTS - 1] = 256;
        inputs
    }
}

fn cell(place: &Place, input: usize, bin: usize) -> usize {
    let context = if bin == SIGN { place.signs[input] } else { place.contexts[input] };
    (input * BINS + bin) * CONTEXTS + context % CONTEXTS
}

fn sets(place: &Place, bin: usize) -> [usize; 2] {
    [bin, BINS + bin * 8 + place.set]
}

impl Place {
    /// The contexts of column `c` of the present row.
    pub(super) fn new(seen: &Seen, c: usize) -> Self {
        let near = seen.near(c);
        let (row, all) = (seen.row, seen.all);
        let mut recent = row;
        recent += seen.last_row;
        let prior = all.density(2, 16_384);
        let class = |stat: Stat, weight| class(stat.density(weight, prior));
        let (row_class, around) = (class(row, 6), class(near.around, 24));
        let small = |q: i32, most: u32| q.unsigned_abs().min(most) as usize;
        let four = small(near.left, 3) << 6
            | small(near.up, 3) << 4
            | small(near.up_left, 3) << 2
            | small(near.up_right, 3);
        let above = small(near.before, 3) << 4 | small(near.before2, 3) << 2 | small(near.left, 3);
        let contexts = [
            row.mean_class(),
            near.column.mean_class(),
            row.mean_class() << 5 | near.column.mean_class(),
            four,
            above << 4 | around,
            around << 5 | near.local.mean_class(),
            class(near.row_plane, 4) << 4 | class(near.plane, 8),
            class(near.source, 1) << 4 | row_class,
            class(near.column, 6) << 4 | row_class,
        ];
        Self { signs: signs(&near, row), set: row_class >> 1, near, row, recent, all, contexts }
    }

    /// Predictions for a decision from statistics.
    fn computed(&self, bin: usize) -> [i32; COMPUTED] {
        let prior = match bin {
            0 => self.all.density(2, 16_384),
            SIGN => 32_768,
            _ => self.all.growth(2, 16_384),
        };
        let Self { near, row, recent, .. } = self;
        let stats = [
            *row,
            near.column,
            near.around,
            near.row_plane,
            near.plane,
            near.local,
            *recent,
            near.region,
            near.wide,
        ];
        let weights = [6, 6, 40, 6, 10, 2, 10, 120, 8];
        std::array::from_fn(|i| {
            let (stat, weight) = (stats[i], weights[i]);
            stretch(match bin {
                0 => stat.density(weight, prior),
                SIGN => 65_536 - stat.sign(weight, prior),
                _ => stat.growth(weight, prior),
            })
        })
    }
}

/// The contexts of the sign.
fn signs(near: &Near, row: Stat) -> [usize; CELLS] {
    let sign = |q: i32| (q.signum() + 1) as usize;
    let [left, up, before] = [near.left, near.up, near.before].map(sign);
    let square = ((left * 3 + up) * 3 + sign(near.up_left)) * 3 + sign(near.up_right);
    let (column, around, local) =
        (near.column.sign_class(), near.around.sign_class(), near.local.sign_class());
    [
        square,
        column,
        row.sign_class() * 3 + before,
        around * 3 + left,
        local,
        near.row_plane.sign_class(),
        column * 8 + row.sign_class(),
        (before * 3 + sign(near.before2)) * 9 + left * 3 + sign(near.left2),
        local * 8 + around,
    ]
}

/// A probability on a scale of 0..=15, a factor of two in odds to a step.
fn class(p: u32) -> usize {
    ((stretch(p) + 1280) / 128).clamp(0, 15) as usize
}
