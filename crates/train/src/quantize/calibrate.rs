//! What a text says about which weights matter.

use super::factor::{Factor, Side};
use super::random::Random;
use crate::transformer::{Sink, Transformer, View, add_tn, draw, groups, in_parallel, softmax};
use minlen_core::{Env, Result};

/// Parts that the text is worked through in: the sums do not depend on the number of threads.
const PARTS: usize = 4;

/// The second moments of a matrix's inputs and of its outputs' gradients, per byte of text.
#[derive(Clone, Debug)]
pub struct Moments {
    /// By row (output).
    pub rows: Side,
    /// By column (input).
    pub columns: Side,
}

impl Moments {
    /// Both sides, decomposed: see [`super::Options::damping`].
    #[must_use]
    pub fn factors(&self, damping: (f64, f64)) -> (Factor, Factor) {
        // How often symbols occur is known better than how gradients vary together.
        let rows = if matches!(self.rows, Side::Diagonal(_)) { damping.1 * 0.5 } else { damping.0 };
        (self.rows.factor(rows), self.columns.factor(damping.1))
    }
}

/// Sums over bytes.
struct Sums<'a> {
    model: &'a Transformer,
    /// Of each slot: products of gradients, products of inputs (counts for embeddings).
    all: Vec<(Vec<f32>, Vec<f32>)>,
}

impl<'a> Sums<'a> {
    fn new(model: &'a Transformer) -> Self {
        let sums = model.slots.iter().enumerate().map(|(i, slot)| {
            let square = |n: usize| vec![0f32; n * n];
            if model.is_norm(i) {
                (Vec::new(), vec![0.0; slot.cols])
            } else if model.is_embedding(i) {
                (vec![0.0; slot.rows], square(slot.cols))
            } else {
                (square(slot.rows), square(slot.cols))
            }
        });
        Self { model, all: sums.collect() }
    }
}

impl Sink for Sums<'_> {
    fn matrix(&mut self, slot: usize, inputs: &[f32], grads: &[f32]) {
        let (rows, cols) = (self.model.slots[slot].rows, self.model.slots[slot].cols);
        let (by_row, by_column) = &mut self.all[slot];
        add_tn(&View::new(grads, rows), &View::new(grads, rows), by_row);
        add_tn(&View::new(inputs, cols), &View::new(inputs, cols), by_column);
    }

    fn rows(&mut self, slot: usize, taken: &[usize], grads: &[f32]) {
        let cols = self.model.slots[slot].cols;
        let (counts, by_column) = &mut self.all[slot];
        let squares = grads.chunks(cols).map(|grad| grad.iter().map(|g| g * g).sum::<f32>());
        taken.iter().zip(squares).for_each(|(&row, square)| counts[row] += square);
        add_tn(&View::new(grads, cols), &View::new(grads, cols), by_column);
    }

    fn vector(&mut self, slot: usize, grads: &[f32]) {
        let sums = &mut self.all[slot].1;
        for grad in grads.chunks(sums.len()) {
            sums.iter_mut().zip(grad).for_each(|(sum, g)| *sum += g * g);
        }
    }
}

/// The moments of every slot of `model` over `windows`. Labels are drawn from the model itself, so the products of gradients
/// are those of the Fisher matrix.
///
/// # Errors
/// Cancelled.
pub fn moments(model: &Transformer, windows: &[&[u8]], seed: u64, env: &Env) -> Result<Vec<Moments>> {
    let groups = groups(windows, model.config.positions);
    let numbered: Vec<(usize, &Vec<u8>)> = groups.iter().map(|(inputs, _)| inputs).enumerate().collect();
    let parts: Vec<&[(usize, &Vec<u8>)]> = numbered.chunks(numbered.len().div_ceil(PARTS).max(1)).collect();
    let sums = in_parallel(&parts, env, |part| -> Result<Vec<(Vec<f32>, Vec<f32>)>> {
        let mut sums = Sums::new(model);
        for (number, inputs) in part.iter() {
            env.check()?;
            let cache = model.forward(inputs);
            let grads = drawn(&cache.logits, seed ^ *number as u64);
            model.backward(&cache, &grads, &mut sums);
        }
        Ok(sums.all)
    })?;
    let bytes: usize = groups.iter().map(|(inputs, _)| inputs.len()).sum();
    let scale = 1.0 / bytes.max(1) as f64;
    let mut all: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
    for part in sums {
        let part = part?;
        all.resize_with(part.len(), Default::default);
        for (sum, part) in all.iter_mut().zip(part) {
            add(&mut sum.0, &part.0, scale);
            add(&mut sum.1, &part.1, scale);
        }
    }
    let sides = all.into_iter().enumerate().map(|(i, (rows, columns))| {
        if model.is_norm(i) {
            Moments { rows: Side::Diagonal(vec![1.0]), columns: Side::Diagonal(columns) }
        } else if model.is_embedding(i) {
            // Shares of the squared gradients: the columns hold the sum.
            let all: f64 = rows.iter().sum::<f64>().max(1e-30);
            let rows: Vec<f64> = rows.iter().map(|row| row / all).collect();
            Moments { rows: Side::Diagonal(rows), columns: Side::Full(columns) }
        } else {
            Moments { rows: Side::Full(rows), columns: Side::Full(columns) }
        }
    });
    Ok(sides.collect())
}

/// Gradients of the logits where each next byte is drawn from the model's own prediction.
fn drawn(logits: &[f32], seed: u64) -> Vec<f32> {
    let mut random = Random::new(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
    let mut grads = logits.to_vec();
    for row in grads.chunks_mut(256) {
        let byte = draw(row, random.unit());
        softmax(row);
        row[usize::from(byte)] -= 1.0;
    }
    grads
}

fn add(sum: &mut Vec<f64>, part: &[f32], scale: f64) {
    sum.resize(part.len(), 0.0);
    sum.iter_mut().zip(part).for_each(|(a, b)| *a += f64::from(*b) * scale);
}
