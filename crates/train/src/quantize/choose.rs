//! Choosing the integers of a matrix: each with the errors before it in mind, and with its cost in the real coder.

use super::factor::Factor;
use super::feedback::Feedback;
use minlen_core::Result;
use minlen_tensor::packed::scales::Scales;
use minlen_tensor::quantized::{INTEGER_MAX, Layer, Pricer};

/// A matrix to be quantized.
#[derive(Clone, Debug)]
pub struct Matrix<'a> {
    /// Weights, row by row.
    pub weights: &'a [f32],
    /// The step of each weight.
    pub scales: &'a Scales,
    /// How much errors matter, by row and by column.
    pub factors: (&'a Factor, &'a Factor),
    /// What a bit is worth: this much of the error that matters.
    pub lambda: f64,
    /// Weights that are to be zero; empty for none.
    pub pruned: &'a [bool],
}

/// The integers chosen, and what they come to.
#[derive(Clone, Debug, Default)]
pub struct Chosen {
    /// Row by row.
    pub integers: Vec<i32>,
    /// Bits they cost.
    pub bits: f64,
    /// The divergence that is expected of the errors, in nats per byte.
    pub expected: f64,
}

impl Matrix<'_> {
    /// Chooses the integers, row by row and within the row column by column.
    ///
    /// # Errors
    /// Usage if the shapes differ.
    pub fn choose(&self, pricer: &mut Pricer) -> Result<Chosen> {
        let (rows, cols) = (self.scales.rows.len(), self.scales.columns.len());
        pricer.begin(&Layer::new(rows, cols, self.rounded()))?;
        let mut chosen = Chosen { integers: Vec::with_capacity(rows * cols), ..Chosen::default() };
        let mut feedback = Feedback::new(self.factors);
        for row in 0..rows {
            feedback.begin(row);
            self.row(row, &mut feedback, pricer, &mut chosen);
        }
        Ok(chosen)
    }

    /// Plain rounding: tells the coder which rows and columns may be left out.
    fn rounded(&self) -> Vec<i32> {
        let cols = self.scales.columns.len().max(1);
        let round = |(i, w): (usize, &f32)| {
            // With feedback a weight close to half a step may come out as 1.
            let q = w / self.scales.step(i / cols, i % cols) * 1.5;
            let q = q.round().clamp(-INTEGER_MAX as f32, INTEGER_MAX as f32) as i32;
            if self.pruned.get(i).copied().unwrap_or(false) { 0 } else { q }
        };
        self.weights.iter().enumerate().map(round).collect()
    }

    fn row(&self, row: usize, feedback: &mut Feedback<'_>, pricer: &mut Pricer, chosen: &mut Chosen) {
        let cols = self.scales.columns.len();
        for col in 0..cols {
            let (at, step) = (row * cols + col, self.scales.step(row, col));
            let (weight, owed) = (self.weights[at], feedback.owed(col));
            let matters = feedback.matters(row, col);
            let pruned = self.pruned.get(at).copied().unwrap_or(false) || pricer.is_skipped();
            let unit = matters * f64::from(step) * f64::from(step);
            let q = if pruned { 0 } else { self.best(pricer, (weight - owed) / step, unit) };
            let q = self.finite(row, col, q);
            chosen.bits += f64::from(pricer.commit(q));
            chosen.integers.push(q);
            let error = self.scales.value(row, col, q) - weight;
            chosen.expected += matters * f64::from(error + owed) * f64::from(error + owed);
            feedback.made(col, error);
        }
    }

    /// The integer, or the next smaller one that stands for a number: rounding up can lead beyond the largest one of the type.
    fn finite(&self, row: usize, col: usize, mut q: i32) -> i32 {
        let mut tries = 0;
        while q != 0 && !self.scales.value(row, col, q).is_finite() {
            q = if tries < 4 { q - q.signum() } else { q / 2 };
            tries += 1;
        }
        q
    }

    /// The cheapest of 0 and the two integers around `scaled`; an error of one step costs `unit`.
    fn best(&self, pricer: &Pricer, scaled: f32, unit: f64) -> i32 {
        let most = INTEGER_MAX as f32;
        let scaled = if scaled.is_nan() { 0.0 } else { scaled.clamp(-most, most) };
        let nearest = scaled.round() as i32;
        if nearest == 0 || self.lambda == 0.0 {
            return nearest;
        }
        let inner = nearest - nearest.signum();
        let mut best = (f64::INFINITY, 0);
        for q in [nearest, inner, 0] {
            let error = f64::from(scaled) - f64::from(q);
            let cost = unit * error * error + self.lambda * f64::from(pricer.cost(q));
            if cost < best.0 {
                best = (cost, q);
            }
            if q == 0 || nearest.abs() > 3 && q == inner {
                break;
            }
        }
        best.1
    }
}
