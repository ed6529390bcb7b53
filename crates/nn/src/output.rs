//! The softmax layer over all hidden states.

use crate::config::Config;
use crate::layer::Layer;
use crate::random::Random;
use crate::simd::{self, Buffer, Isa, Rms};
use crate::table::Table;

/// Output weights `[hidden][256]`, the layers' rows one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) matrix: Buffer,
    pub(crate) matrix_v: Buffer,
    /// Bias: a table of one row.
    pub(crate) bias: Table,
    pub(crate) probs: Box<[f32; 256]>,
    logits: [f32; 256],
    errors: Buffer,
    cells: usize,
}

impl Output {
    pub(crate) fn new(config: &Config) -> Self {
        let hidden = config.layers * config.cells;
        Self {
            // Zero weights: the first prediction is uniform, and the first gradients are the best start.
            matrix: Buffer::zeros(hidden * 256),
            matrix_v: Buffer::zeros(hidden * 256),
            bias: Table::new(1, 256, 0.0, &mut Random::new(0)),
            probs: Box::new([1.0 / 256.0; 256]),
            logits: [0.0; 256],
            errors: Buffer::zeros(config.horizon * 256),
            cells: config.cells,
        }
    }

    /// The distribution after step `t` of the layers.
    pub(crate) fn forward(&mut self, isa: Isa, t: usize, layers: &[Layer]) {
        let cells = self.cells;
        self.logits.copy_from_slice(self.bias.row(0));
        for (layer, matrix) in layers.iter().zip(self.matrix.chunks_exact(cells * 256)) {
            simd::matvec(isa, &mut self.logits, matrix, &layer.hs[t * cells..(t + 1) * cells]);
        }
        simd::softmax(isa, &mut self.probs[..], &self.logits);
    }

    /// Notes the error of step `t` against `byte`.
    pub(crate) fn note(&mut self, t: usize, byte: u8) {
        let error = &mut self.errors[t * 256..(t + 1) * 256];
        error.copy_from_slice(&self.probs[..]);
        error[usize::from(byte)] -= 1.0;
    }

    /// Gives the layers the gradients of the errors of steps `from..to`, then changes the weights by them.
    pub(crate) fn learn(&mut self, isa: Isa, from: usize, to: usize, layers: &mut [Layer], rule: Rms) {
        let errors = &self.errors[from * 256..to * 256];
        let span = from * self.cells..to * self.cells;
        let size = self.cells * 256;
        let matrices = self.matrix.chunks_exact_mut(size).zip(self.matrix_v.chunks_exact_mut(size));
        for (layer, (w, v)) in layers.iter_mut().zip(matrices) {
            let dhs = &mut layer.dhs[span.clone()];
            dhs.fill(0.0);
            simd::dot_rows_many(isa, dhs, w, errors, 256);
            simd::outer_rms(isa, w, v, &layer.hs[span.clone()], errors, 256, rule);
        }
        self.bias.learn(isa, &[0; 128][..to - from], errors, rule);
    }
}
