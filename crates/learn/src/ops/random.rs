//! Operations with random numbers, which belong to record and step.

use super::Op;
use crate::Random;
use crate::tape::{Back, Tape, Var};

impl Tape<'_> {
    /// `x` plus noise that is uniform in -1/2..1/2 (additive-noise quantising: Ballé, Laparra and Simoncelli 2016).
    pub fn noise(&mut self, x: Var) -> Var {
        let shape = self.shape(x);
        let streams = self.streams(x);
        self.push(Op::Noise, &[x], shape, |values, out| {
            let width = (out.value.len() / streams.len()).max(1);
            for (row, mut random) in out.value.chunks_exact_mut(width).zip(streams) {
                random.fill_uniform(row, -0.5, 0.5);
            }
            out.value.iter_mut().zip(values.of(x.0)).for_each(|(y, x)| *y += x);
        })
    }

    /// [`Self::noise`] in training, whole numbers otherwise.
    pub fn quantize(&mut self, x: Var) -> Var {
        if self.is_training() { self.noise(x) } else { self.round_through(x) }
    }

    /// `x` plus normal noise of this deviation, in training only.
    pub fn jitter(&mut self, x: Var, deviation: f32) -> Var {
        if !self.is_training() {
            return x;
        }
        let shape = self.shape(x);
        let streams = self.streams(x);
        self.push(Op::Noise, &[x], shape, |values, out| {
            let width = (out.value.len() / streams.len()).max(1);
            for (row, mut random) in out.value.chunks_exact_mut(width).zip(streams) {
                row.iter_mut().for_each(|v| *v = deviation * random.normal());
            }
            out.value.iter_mut().zip(values.of(x.0)).for_each(|(y, x)| *y += x);
        })
    }

    /// In training, values that are 0 with this probability, and larger otherwise, so that the mean stays.
    pub fn dropout(&mut self, x: Var, probability: f32) -> Var {
        if !self.is_training() || probability <= 0.0 {
            return x;
        }
        let shape = self.shape(x);
        let streams = self.streams(x);
        self.push(Op::Dropout, &[x], shape, |values, out| {
            out.kept.resize(out.value.len(), 0.0);
            let width = (out.value.len() / streams.len()).max(1);
            let factor = 1.0 / (1.0 - probability);
            for (row, mut random) in out.kept.chunks_exact_mut(width).zip(streams) {
                row.iter_mut().for_each(|v| *v = if random.unit() < probability { 0.0 } else { factor });
            }
            let products = values.of(x.0).iter().zip(&*out.kept);
            out.value.iter_mut().zip(products).for_each(|(y, (x, f))| *y = x * f);
        })
    }

    /// A stream of random numbers for each row of the first dimension, other ones for each call.
    fn streams(&mut self, x: Var) -> Vec<Random> {
        self.draws += 1;
        let rows = self.shape(x).sizes().first().copied().unwrap_or(1).max(1);
        let records = self.context.records;
        // Without records, or with other rows than those, rows count by their place.
        let number = |row: usize| if records.len() == rows { records[row] } else { row as u32 };
        (0..rows).map(|row| self.random(self.draws, number(row))).collect()
    }
}

/// A slope of 1.
pub(super) fn pass(mut back: Back<'_>) {
    let Some(mut slot) = back.open(0) else { return };
    slot.add1(back.grad, |g| g);
    back.close(0, slot);
}

pub(super) fn dropout_backward(mut back: Back<'_>) {
    let Some(mut slot) = back.open(0) else { return };
    slot.add2(back.grad, back.kept, |g, factor| g * factor);
    back.close(0, slot);
}
