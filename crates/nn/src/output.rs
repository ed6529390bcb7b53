//! The softmax layer over all hidden states.

use crate::config::Config;
use crate::simd::{self, Buffer, Isa, Rms};

/// Output weights `[hidden][256]`, one row more for the bias (with rows of zeros after it, to a multiple of 8).
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) matrix: Buffer,
    pub(crate) matrix_v: Buffer,
    pub(crate) bias: Buffer,
    pub(crate) bias_v: Buffer,
    pub(crate) probs: Box<[f32; 256]>,
    logits: [f32; 256],
    errors: Buffer,
    d_bias: [f32; 256],
    hidden: usize,
}

impl Output {
    pub(crate) fn new(config: &Config) -> Self {
        let hidden = config.layers * config.cells;
        Self {
            // Zero weights: the first prediction is uniform, and the first gradients are the best start.
            matrix: Buffer::zeros(hidden * 256),
            matrix_v: Buffer::zeros(hidden * 256),
            bias: Buffer::zeros(256),
            bias_v: Buffer::zeros(256),
            probs: Box::new([1.0 / 256.0; 256]),
            logits: [0.0; 256],
            errors: Buffer::zeros(config.horizon * 256),
            d_bias: [0.0; 256],
            hidden,
        }
    }

    /// The distribution for hidden states `h`.
    pub(crate) fn forward(&mut self, isa: Isa, h: &[f32]) {
        self.logits.copy_from_slice(&self.bias);
        simd::matvec(isa, &mut self.logits, &self.matrix, h);
        simd::softmax(isa, &mut self.probs[..], &self.logits);
    }

    /// Notes the error of step `t` against `byte`.
    pub(crate) fn note(&mut self, t: usize, byte: u8) {
        let error = &mut self.errors[t * 256..(t + 1) * 256];
        error.copy_from_slice(&self.probs[..]);
        error[usize::from(byte)] -= 1.0;
    }

    /// The gradients `dhs` of the hidden states of steps `from..to`.
    pub(crate) fn backward(&mut self, isa: Isa, from: usize, to: usize, dhs: &mut [f32]) {
        let dhs = &mut dhs[from * self.hidden..to * self.hidden];
        dhs.fill(0.0);
        simd::dot_rows_many(isa, dhs, &self.matrix, &self.errors[from * 256..to * 256], 256);
    }

    /// Changes the weights by the errors of steps `from..to` with hidden states `hs` (of those steps).
    pub(crate) fn learn(&mut self, isa: Isa, from: usize, to: usize, hs: &[f32], rule: Rms) {
        let errors = &self.errors[from * 256..to * 256];
        let hs = &hs[from * self.hidden..to * self.hidden];
        simd::outer_rms(isa, &mut self.matrix, &mut self.matrix_v, hs, errors, 256, rule);
        self.d_bias.fill(0.0);
        for error in errors.chunks_exact(256) {
            self.d_bias.iter_mut().zip(error).for_each(|(d, e)| *d += e);
        }
        simd::step_rms(isa, &mut self.bias, &mut self.bias_v, &self.d_bias, rule);
    }
}
