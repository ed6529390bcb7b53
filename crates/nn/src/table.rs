//! One-hot inputs: a matrix of which one row counts at a time.

use crate::random::Random;
use crate::simd::{self, Buffer, Isa, Rms};

/// One row per value of the input. Reading costs a copy, learning costs the rows that occurred.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) width: usize,
    pub(crate) w: Buffer,
    pub(crate) v: Buffer,
    /// β2^(changes) of each row: rare values change rarely.
    pub(crate) decay: Vec<f32>,
    gradient: Buffer,
}

impl Table {
    pub(crate) fn new(rows: usize, width: usize, range: f32, random: &mut Random) -> Self {
        Self {
            width,
            w: random.fill(rows * width, range),
            v: Buffer::zeros(rows * width),
            decay: vec![1.0; rows],
            gradient: Buffer::zeros(width),
        }
    }

    /// The row of `value`.
    pub(crate) fn row(&self, value: u16) -> &[f32] {
        &self.w[usize::from(value) * self.width..][..self.width]
    }

    /// Changes the rows of `values`, one value a step, by the gradients `dz` of the steps.
    pub(crate) fn learn(&mut self, isa: Isa, values: &[u16], dz: &[f32], rule: Rms) {
        let width = self.width;
        for (t, &value) in values.iter().enumerate() {
            if values[..t].contains(&value) {
                continue;
            }
            self.gradient.fill(0.0);
            for (&other, dz) in values[t..].iter().zip(dz[t * width..].chunks_exact(width)) {
                if other == value {
                    simd::add(isa, &mut self.gradient, dz);
                }
            }
            let row = usize::from(value) * width;
            let decay = &mut self.decay[usize::from(value)];
            *decay *= rule.keep;
            let rule = Rms { correction: 1.0 / (1.0 - *decay), ..rule };
            simd::step_rms(
                isa,
                &mut self.w[row..row + width],
                &mut self.v[row..row + width],
                &self.gradient,
                rule,
            );
        }
    }
}
