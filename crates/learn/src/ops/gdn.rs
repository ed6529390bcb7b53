//! Generalised divisive normalisation (Ballé, Laparra and Simoncelli, arXiv 1511.06281) over channels, and its inverse.

use super::Op;
use super::dense::add_rows;
use crate::gemm::{Matrix, multiply};
use crate::tape::{Back, Tape, Var, room};

/// Rows of channels divided by, or times, the root of `beta + gamma x²`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gdn {
    rows: usize,
    channels: usize,
    inverse: bool,
}

impl Tape<'_> {
    /// `x / sqrt(beta + gamma x²)` over the last dimension; `beta` (channels) and `gamma` (channels by channels) have to be
    /// positive: see [`crate::layers::Gdn`].
    pub fn gdn(&mut self, x: Var, beta: Var, gamma: Var) -> Var {
        self.normalise_channels(x, beta, gamma, false)
    }

    /// `x * sqrt(beta + gamma x²)`.
    pub fn gdn_inverse(&mut self, x: Var, beta: Var, gamma: Var) -> Var {
        self.normalise_channels(x, beta, gamma, true)
    }

    fn normalise_channels(&mut self, x: Var, beta: Var, gamma: Var, inverse: bool) -> Var {
        let shape = self.shape(x);
        let (rows, channels) = (shape.rows(), shape.last());
        assert_eq!(self.shape(beta).len(), channels, "a beta for each channel");
        assert_eq!(self.shape(gamma).len(), channels * channels, "a gamma for each pair of channels");
        let op = Gdn { rows, channels, inverse };
        self.push(Op::Gdn(op), &[x, beta, gamma], shape, |values, out| {
            let (x, beta, gamma) = (values.of(x.0), values.of(beta.0), values.of(gamma.0));
            let squares = room(&mut out.scratch.a, x.len());
            squares.iter_mut().zip(x).for_each(|(s, x)| *s = x * x);
            out.kept.resize(x.len(), 0.0);
            out.kept.chunks_exact_mut(channels.max(1)).for_each(|row| row.copy_from_slice(beta));
            let gamma = Matrix::new(gamma, channels, channels);
            multiply(Matrix::new(squares, rows, channels), gamma.t(), 1.0, out.kept);
            let values = out.value.iter_mut().zip(x).zip(&*out.kept);
            if inverse {
                values.for_each(|((y, x), n)| *y = x * n.sqrt());
            } else {
                values.for_each(|((y, x), n)| *y = x / n.sqrt());
            }
        })
    }
}

impl Gdn {
    pub(super) fn backward(self, mut back: Back<'_>) {
        let (x, gamma, g) = (back.input(0), back.input(2), back.grad);
        // The gradient of the sums under the root replaces the sums, whose roots are still needed by `x`.
        let n = x.len();
        let mut own = std::mem::take(&mut back.scratch.b);
        let slopes = room(&mut own, n);
        for i in 0..n {
            let norm = back.kept[i];
            let root = norm.sqrt();
            slopes[i] =
                if self.inverse { 0.5 * g[i] * x[i] / root } else { -0.5 * g[i] * x[i] / (norm * root) };
        }
        let sums = Matrix::new(slopes, self.rows, self.channels);
        if let Some(mut slot) = back.open(0) {
            let cross = room(&mut back.scratch.a, n);
            multiply(sums, Matrix::new(gamma, self.channels, self.channels), 0.0, cross);
            let place = slot.sums();
            for i in 0..n {
                let root = back.kept[i].sqrt();
                let direct = if self.inverse { g[i] * root } else { g[i] / root };
                place[i] += direct + 2.0 * x[i] * cross[i];
            }
            back.close(0, slot);
        }
        if let Some(mut slot) = back.open(1) {
            add_rows(slopes, slot.sums());
            back.close(1, slot);
        }
        if let Some(mut slot) = back.open(2) {
            let squares = room(&mut back.scratch.a, n);
            squares.iter_mut().zip(x).for_each(|(s, x)| *s = x * x);
            let (keep, place) = slot.product();
            multiply(sums.t(), Matrix::new(squares, self.rows, self.channels), keep, place);
            back.close(2, slot);
        }
        back.scratch.b = own;
    }
}
