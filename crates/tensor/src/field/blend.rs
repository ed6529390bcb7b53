//! The dense forms of a field: several predictors weighed by what they were worth nearby, residuals mixed.

use super::around::{Around, Step};
use super::grid::Grid;
use super::ols::Ols;
use super::plain::{get_mask, put_mask};
use super::residual::{Io, Model, Source, Writer, fine_log};
use super::word::{self, Word};
use crate::Dtype;
use minlen_core::varint::Reader;
use minlen_core::{Env, Result};

/// Predictors that are weighed.
const PREDICTORS: usize = 4;
/// Contexts of a residual.
const CONTEXTS: usize = 8;
const LEVELS: usize = 270;
const SIZES: [usize; CONTEXTS] = [1, LEVELS, 40 * 40, LEVELS, 40 * 40, 2 * LEVELS, 2 * LEVELS, 9 * 48];

/// A field on its way through the coder, in both directions.
struct Field<'a, W> {
    /// The type, where prediction is from values; none where it is from the ordered words.
    by_value: Option<Dtype>,
    grid: &'a Grid,
    around: Around,
    words: Vec<W>,
    /// What is predicted from: the values, for floats of 32 and 64 bits; else the ordered words.
    values: Vec<f64>,
    /// False for fill values and what is not finite.
    valid: Vec<bool>,
    /// Magnitudes of residuals.
    sizes: Vec<u64>,
    /// Errors of each predictor.
    errors: Vec<[f32; PREDICTORS]>,
    signs: Vec<i8>,
    /// For values within a bound.
    lossy: Option<Lossy>,
}

/// How values are rounded to within a bound.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lossy {
    /// Half of a step.
    pub bound: f64,
    /// Largest difference of a value from what stands for it, at most `bound`; decoding has no use for it.
    pub limit: f64,
}

/// Contexts see sizes in this many parts of a step.
const FINE: f64 = 16.0;
/// Stands for a value that is kept exactly.
const EXACT: i64 = i64::MIN;
/// More steps than this are no saving.
const FAR: f64 = 1e15;

/// Bytes of memory for each cell.
const PER_CELL: u64 = 8 + 8 + 1 + 8 + 4 * PREDICTORS as u64 + 1;

impl<'a, W: Word> Field<'a, W> {
    fn new(by_value: Option<Dtype>, lossy: Option<Lossy>, grid: &'a Grid, words: Vec<W>) -> Self {
        let n = grid.cells;
        Self {
            by_value,
            grid,
            around: Around::new(grid),
            words,
            values: vec![0.0; n],
            valid: vec![false; n],
            sizes: vec![0; n],
            errors: vec![[0.0; PREDICTORS]; n],
            signs: vec![0; n],
            lossy,
        }
    }

    fn value(&self, word: W) -> f64 {
        match self.by_value {
            Some(dtype) => word::to_f64(word.wide(), dtype),
            // Centred, so that 64-bit integers near 0 are exact.
            None => W::narrow(word.wide() ^ 1 << (W::BITS - 1)).signed() as f64,
        }
    }

    fn nearest(&self, value: f64) -> W {
        match self.by_value {
            Some(dtype) => W::narrow(word::from_f64(value, dtype)),
            None => W::narrow(value as i64 as u64 ^ 1 << (W::BITS - 1)),
        }
    }

    /// Codes every cell.
    fn run<I: Io>(
        &mut self,
        io: &mut I,
        mask: Option<&[u8]>,
        mut check: impl FnMut(&I, usize) -> Result<()>,
    ) -> Result<()> {
        let steps = self.around.steps();
        let mut model = Model::<CONTEXTS>::new(SIZES, 48, self.grid.cells);
        let near = steps.len().min(if self.grid.outer.is_empty() { 3 } else { 11 });
        let mut wide = Ols::new(steps.len(), 0.9998, 6);
        let mut narrow = Ols::new(near, 0.998, 6);
        let mut inputs = vec![0.0; steps.len()];
        for cell in 0..self.grid.cells {
            if cell % 1024 == 0 {
                check(io, cell)?;
            }
            if mask.is_some_and(|mask| mask[cell] != 0) {
                continue;
            }
            let around = Near::find(self, &steps, cell, &mut inputs);
            let base = around.base;
            let guesses = [
                base + wide.predict(&inputs),
                base + narrow.predict(&inputs[..near]),
                base + around.lorenzo(&inputs, self.grid.outer.len()),
                base + around.plane(&inputs, self.grid.outer.len()),
            ];
            let guess = self.weigh(&guesses, &around, base);
            let predicted = self.nearest(guess);
            let contexts = self.contexts(&around, &guesses, guess, predicted);
            let word = match self.lossy {
                None => self.exact(io, &mut model, cell, predicted, contexts),
                Some(lossy) => self.bounded(io, &mut model, cell, guess, lossy, contexts),
            };
            self.words[cell] = word;
            let value = self.value(word);
            if value.is_finite() {
                self.values[cell] = value;
                self.valid[cell] = true;
                self.errors[cell] = guesses.map(|guess| (guess - value) as f32);
                let weight = 1.0 / (around.spread + (guess - value).abs() + 1e-30);
                let weight = if weight.is_finite() { weight } else { 0.0 };
                wide.learn(value - base, weight);
                narrow.learn(value - base, weight);
            }
        }
        Ok(())
    }

    /// Codes a word by its difference from the predicted one.
    #[inline(always)]
    fn exact<I: Io>(
        &mut self,
        io: &mut I,
        model: &mut Model<CONTEXTS>,
        cell: usize,
        predicted: W,
        contexts: ([usize; CONTEXTS], usize),
    ) -> W {
        let residual = self.words[cell].minus(predicted).signed();
        let residual = model.code(io, residual, contexts.0, contexts.1);
        self.sizes[cell] = residual.unsigned_abs();
        self.signs[cell] = residual.signum() as i8;
        predicted.plus(W::narrow(residual as u64))
    }

    /// Codes a value by how many steps it is from the guess; gives what will stand for it.
    #[inline(always)]
    fn bounded<I: Io>(
        &mut self,
        io: &mut I,
        model: &mut Model<CONTEXTS>,
        cell: usize,
        guess: f64,
        lossy: Lossy,
        contexts: ([usize; CONTEXTS], usize),
    ) -> W {
        let step = 2.0 * lossy.bound;
        let truth = self.value(self.words[cell]);
        let steps = (truth - guess) / step;
        // To the nearest: half away from zero.
        let steps =
            if steps.abs() < FAR { (steps + if steps < 0.0 { -0.5 } else { 0.5 }) as i64 } else { EXACT };
        let stands = |steps: i64| self.nearest(guess + steps as f64 * step);
        let within = steps != EXACT && word::within(self.value(stands(steps)), truth, lossy.limit);
        let steps = model.code(io, if within { steps } else { EXACT }, contexts.0, contexts.1);
        if steps == EXACT {
            let word = self.words[cell].wide();
            let low = io.raw(word & 0xffff_ffff, 32);
            let high = if W::BITS == 64 { io.raw(word >> 32, 32) } else { 0 };
            return W::narrow(high << 32 | low);
        }
        self.sizes[cell] = steps.unsigned_abs().saturating_mul(FINE as u64);
        self.signs[cell] = steps.signum() as i8;
        self.nearest(guess + steps as f64 * step)
    }

    /// How far a guess is from the one that is used, in steps of what is coded.
    #[inline(always)]
    fn apart(&self, other: f64, guess: f64, predicted: W) -> i64 {
        match self.lossy {
            None => self.nearest(if other.is_finite() { other } else { 0.0 }).minus(predicted).signed(),
            Some(lossy) => ((other - guess) / (2.0 * lossy.bound) * FINE) as i64,
        }
    }

    /// The mean of the guesses, each weighed by its squared errors nearby.
    fn weigh(&self, guesses: &[f64; PREDICTORS], near: &Near, base: f64) -> f64 {
        let mut squares = [0.0f64; PREDICTORS];
        for cell in near.cells.iter().flatten() {
            for (square, &error) in squares.iter_mut().zip(&self.errors[*cell]) {
                *square += f64::from(error) * f64::from(error);
            }
        }
        let (mut sum, mut total) = (0.0, 0.0);
        for (guess, square) in guesses.iter().zip(squares) {
            let weight = 1.0 / (square * square + 1e-60);
            sum += weight * (guess - base);
            total += weight;
        }
        let guess = base + sum / total;
        if guess.is_finite() { guess } else { base }
    }

    fn contexts(
        &self,
        near: &Near,
        guesses: &[f64; PREDICTORS],
        guess: f64,
        predicted: W,
    ) -> ([usize; CONTEXTS], usize) {
        let size = |k: usize| near.cells[k].map_or(0, |cell| self.sizes[cell]);
        let plane = [size(0), size(1), size(2), size(3)];
        let mean = |parts: &[u64]| parts.iter().fold(0u64, |a, &b| a.saturating_add(b / parts.len() as u64));
        let space = mean(&plane);
        let time = mean(&[size(4), size(4), size(5), size(6)]);
        let all = mean(&[space, space, size(4), size(5) / 2 + size(6) / 2]);
        let split = |other: f64| {
            let apart = self.apart(other, guess, predicted);
            fine_log(apart.unsigned_abs()) + LEVELS * usize::from(apart < 0)
        };
        let coarse = |x: u64| (fine_log(x) / 2).min(39);
        let length = |x: u64| (64 - x.leading_zeros()) as usize;
        let sign = |k: usize| near.cells[k].map_or(1, |cell| (self.signs[cell] + 1) as usize);
        (
            [
                0,
                fine_log(all),
                length(plane[0]).min(39) * 40 + length(plane[1]).min(39),
                fine_log(time),
                coarse(space) * 40 + coarse(time),
                split(guesses[0]),
                split(guesses[1]),
                (sign(0) * 3 + sign(1)) * 48 + (fine_log(all) / 3).min(47),
            ],
            (fine_log(all) / 3).min(47),
        )
    }
}

/// The neighbours of one cell.
struct Near {
    /// A valid value nearby.
    base: f64,
    /// How far the neighbours are from it, as a mean.
    spread: f64,
    /// Left, up, left of it, right of it; one plane before: same place, up, left. (In one dimension: 1 to 3 before.)
    cells: [Option<usize>; 7],
    /// Places in the inputs of the cells used by [`Near::lorenzo`].
    dims: usize,
}

impl Near {
    fn find<W: Word>(field: &Field<'_, W>, steps: &[Step], cell: usize, inputs: &mut [f64]) -> Self {
        let place = field.around.place(cell);
        let mut base = None;
        let mut found = [None; 64];
        for (slot, step) in found.iter_mut().zip(steps) {
            *slot = field.around.cell(&place, step).filter(|&at| field.valid[at]);
            if base.is_none() {
                base = slot.map(|at| field.values[at]);
            }
        }
        let base = base.unwrap_or(0.0);
        let mut spread = 0.0;
        for (input, slot) in inputs.iter_mut().zip(found) {
            *input = slot.map_or(0.0, |at| field.values[at] - base);
            spread += input.abs();
        }
        let dims = field.grid.outer.len();
        let cells = match dims {
            0 => [found[0], found[1], found[2], None, None, None, None],
            1 => [found[0], found[3], found[4], found[5], None, None, None],
            _ => [found[0], found[3], found[4], found[5], found[11], found[14], found[12]],
        };
        Self { base, spread: spread / steps.len().max(1) as f64, cells, dims }
    }

    /// The corner of the cube, as a difference from the base.
    fn lorenzo(&self, inputs: &[f64], dims: usize) -> f64 {
        match dims {
            0 => inputs[0] + (inputs[0] - inputs[1]),
            1 => inputs[0] + inputs[3] - inputs[4],
            // Up along the row's axis: 3, up left: 4; plane before: 11, its left 12, its up 14, its up left 15.
            _ => inputs[0] + inputs[3] - inputs[4] + inputs[11] - inputs[12] - inputs[14] + inputs[15],
        }
    }

    /// The corner of the square; in one dimension the parabola.
    fn plane(&self, inputs: &[f64], dims: usize) -> f64 {
        debug_assert_eq!(self.dims, dims);
        match dims {
            0 => 3.0 * inputs[0] - 3.0 * inputs[1] + inputs[2],
            1 => 2.0 * inputs[0] - inputs[1],
            _ => inputs[0] + inputs[3] - inputs[4],
        }
    }
}

/// Appends the words of a field.
///
/// # Errors
/// Over the memory budget; cancelled.
pub(super) fn encode<W: Word>(
    mut words: Vec<W>,
    by_value: Option<Dtype>,
    lossy: Option<Lossy>,
    grid: &Grid,
    env: &Env,
    out: &mut Vec<u8>,
) -> Result<()> {
    let _memory = env.budget.reserve(memory(grid))?;
    let mask = put_mask(&mut words, grid, out);
    let mut field = Field::new(by_value, lossy, grid, words);
    let mut writer = Writer::default();
    field.run(&mut writer, mask.as_deref(), |_, _| env.work(1024 * u64::from(W::BITS / 8)))?;
    writer.finish(out);
    Ok(())
}

fn memory(grid: &Grid) -> u64 {
    (grid.cells as u64).saturating_mul(PER_CELL) + Model::<CONTEXTS>::memory(SIZES, 48, grid.cells)
}

/// The words that [`encode`] wrote.
///
/// # Errors
/// Truncated or corrupt; over a limit; cancelled.
pub(super) fn decode<W: Word>(
    reader: &mut Reader<'_>,
    by_value: Option<Dtype>,
    lossy: Option<Lossy>,
    grid: &Grid,
    env: &Env,
) -> Result<Vec<W>> {
    let _memory = env.budget.reserve(memory(grid))?;
    let mask = get_mask::<W>(reader, grid, env)?;
    let mut source = Source::new(reader)?;
    let mut field = Field::new(by_value, lossy, grid, vec![W::default(); grid.cells]);
    field.run(&mut source, mask.as_ref().map(|(_, cells)| cells.as_slice()), |source: &Source<'_>, _| {
        source.check()?;
        env.work(1024 * u64::from(W::BITS / 8))
    })?;
    source.finish()?;
    let mut words = field.words;
    if let Some((fill, cells)) = &mask {
        words.iter_mut().zip(cells).for_each(|(word, &m)| *word = if m == 0 { *word } else { *fill });
    }
    Ok(words)
}
