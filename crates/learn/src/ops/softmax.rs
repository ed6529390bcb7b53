//! Softmax, its logarithm, and cross entropy.

use super::Op;
use crate::math::{self, exp};
use crate::tape::{Back, Tape, Var};

/// Rows of the last dimension that are made to sum to 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Softmax {
    columns: usize,
    logarithm: bool,
    /// Row `i` of every square sees its first `i + 1` columns only.
    causal: Option<usize>,
}

impl Tape<'_> {
    /// Probabilities that are proportional to `e^x` along the last dimension.
    pub fn softmax(&mut self, x: Var) -> Var {
        self.normalised(x, false, None)
    }

    /// Their logarithms.
    pub fn log_softmax(&mut self, x: Var) -> Var {
        self.normalised(x, true, None)
    }

    /// The softmax of squares in the last two dimensions, in which row `i` sees columns up to `i` and the others are 0.
    pub fn causal_softmax(&mut self, x: Var) -> Var {
        let shape = self.shape(x);
        let s = shape.sizes();
        assert!(s.len() >= 2 && s[s.len() - 2] == s[s.len() - 1], "squares, not {shape:?}");
        self.normalised(x, false, Some(shape.last()))
    }

    fn normalised(&mut self, x: Var, logarithm: bool, causal: Option<usize>) -> Var {
        let shape = self.shape(x);
        let op = Softmax { columns: shape.last(), logarithm, causal };
        self.push(Op::Softmax(op), &[x], shape, |values, out| op.forward(values.of(x.0), out.value))
    }

    /// For each row of `logits` minus the logarithm (natural) of the probability of its label: a loss for each record.
    pub fn cross_entropy(&mut self, logits: Var, labels: &[u32]) -> Var {
        let shape = self.shape(logits);
        let (rows, classes) = (shape.rows(), shape.last());
        assert_eq!(rows, labels.len(), "a label for each row");
        assert!(labels.iter().all(|&label| (label as usize) < classes), "labels under {classes}");
        self.push(Op::CrossEntropy, &[logits], [rows].into(), |values, out| {
            out.indices.clear();
            out.indices.extend(labels);
            out.kept.resize(shape.len(), 0.0);
            let rows = values.of(logits.0).chunks_exact(classes).zip(out.kept.chunks_exact_mut(classes));
            for ((loss, &label), (row, p)) in out.value.iter_mut().zip(labels).zip(rows) {
                let (most, sum) = powers(row, p);
                p.iter_mut().for_each(|p| *p /= sum);
                *loss = most + math::ln(sum) - row[label as usize];
            }
        })
    }
}

/// Writes `e^(x - most)`, and says the most and the sum.
fn powers(x: &[f32], out: &mut [f32]) -> (f32, f32) {
    let most = x.iter().copied().fold(f32::NEG_INFINITY, |a, b| if b > a || b.is_nan() { b } else { a });
    out.iter_mut().zip(x).for_each(|(o, x)| *o = exp(x - most));
    (most, math::sum(out))
}

pub(super) fn cross_entropy_backward(mut back: Back<'_>) {
    let Some(mut slot) = back.open(0) else { return };
    let classes = back.source(0).shape.last();
    let rows = slot.sums().chunks_exact_mut(classes).zip(back.kept.chunks_exact(classes));
    for ((d, p), (&g, &label)) in rows.zip(back.grad.iter().zip(back.indices)) {
        d.iter_mut().zip(p).for_each(|(d, p)| *d += g * p);
        d[label as usize] -= g;
    }
    back.close(0, slot);
}

impl Softmax {
    /// How much of row `i` is seen.
    fn seen(&self, i: usize) -> usize {
        self.causal.map_or(self.columns, |side| i % side + 1)
    }

    fn forward(&self, x: &[f32], out: &mut [f32]) {
        let n = self.columns.max(1);
        for (i, (row, x)) in out.chunks_exact_mut(n).zip(x.chunks_exact(n)).enumerate() {
            let seen = self.seen(i);
            let (most, sum) = powers(&x[..seen], &mut row[..seen]);
            if self.logarithm {
                let shift = most + math::ln(sum);
                row.iter_mut().zip(x).for_each(|(o, x)| *o = x - shift);
            } else {
                row[..seen].iter_mut().for_each(|o| *o /= sum);
                row[seen..].fill(0.0);
            }
        }
    }

    pub(super) fn backward(self, mut back: Back<'_>) {
        let Some(mut slot) = back.open(0) else { return };
        let n = self.columns.max(1);
        let rows = back.grad.chunks_exact(n).zip(back.output().chunks_exact(n));
        for (i, (d, (g, y))) in slot.sums().chunks_exact_mut(n).zip(rows).enumerate() {
            let seen = self.seen(i);
            let values = d[..seen].iter_mut().zip(&g[..seen]).zip(&y[..seen]);
            if self.logarithm {
                let sum = math::sum(g);
                values.for_each(|((d, g), &y)| *d += g - exp(y) * sum);
            } else {
                let along = math::dot(&g[..seen], &y[..seen]);
                values.for_each(|((d, g), y)| *d += y * (g - along));
            }
        }
        back.close(0, slot);
    }
}
