//! Products with weights: dense layers, and those with a mask over the weights.

use super::Op;
use crate::matrix::{Matrix, multiply_into};
use crate::tape::{Back, Tape, Var, room};
use crate::wide::wide;

/// `inputs` values a row become `outputs`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dense {
    rows: usize,
    inputs: usize,
    outputs: usize,
    bias: bool,
    masked: bool,
}

impl Tape<'_> {
    /// `x` times the transpose of `weights`, plus `bias`: weights are outputs by inputs. All dimensions of `x` but the last
    /// are rows.
    pub fn dense(&mut self, x: Var, weights: Var, bias: Option<Var>) -> Var {
        self.product(x, weights, bias, None)
    }

    /// The same with the weights times a constant of their shape, as a network that may see only part of its input.
    pub fn masked_dense(&mut self, x: Var, weights: Var, bias: Option<Var>, mask: Var) -> Var {
        self.product(x, weights, bias, Some(mask))
    }

    fn product(&mut self, x: Var, w: Var, bias: Option<Var>, mask: Option<Var>) -> Var {
        let (shape, weights) = (self.shape(x), self.shape(w));
        assert_eq!(weights.rank(), 2, "weights are outputs by inputs");
        let (outputs, inputs) = (weights.sizes()[0], weights.sizes()[1]);
        assert_eq!(shape.last(), inputs, "values of {shape:?} for weights of {weights:?}");
        let mut vars = [x, w, w, w];
        let mut n = 2;
        for extra in [bias, mask].into_iter().flatten() {
            vars[n] = extra;
            n += 1;
        }
        assert!(bias.is_none_or(|b| self.shape(b).len() == outputs), "a bias for each of {outputs} outputs");
        assert!(mask.is_none_or(|m| self.shape(m) == weights), "a mask of the weights' shape");
        let op = Dense { rows: shape.rows(), inputs, outputs, bias: bias.is_some(), masked: mask.is_some() };
        self.push(Op::Dense(op), &vars[..n], shape.with_last(outputs), |values, out| {
            let mut weights = values.of(w.0);
            if let Some(mask) = mask {
                out.kept.clear();
                out.kept.extend(weights.iter().zip(values.of(mask.0)).map(|(w, m)| w * m));
                weights = out.kept;
            }
            if let Some(bias) = bias {
                let bias = values.of(bias.0);
                out.value.chunks_exact_mut(outputs).for_each(|row| row.copy_from_slice(bias));
            }
            let keep = if bias.is_some() { 1.0 } else { 0.0 };
            let (x, w) =
                (Matrix::new(values.of(x.0), op.rows, inputs), Matrix::new(weights, outputs, inputs));
            multiply_into(x, w.t(), keep, out.value);
        })
    }
}

impl Dense {
    pub(super) fn backward(self, mut back: Back<'_>) {
        let grad = Matrix::new(back.grad, self.rows, self.outputs);
        if let Some(mut slot) = back.open(0) {
            let (keep, place) = slot.product();
            let weights = if self.masked { &back.kept[..] } else { back.input(1) };
            multiply_into(grad, Matrix::new(weights, self.outputs, self.inputs), keep, place);
            back.close(0, slot);
        }
        if let Some(mut slot) = back.open(1) {
            let x = Matrix::new(back.input(0), self.rows, self.inputs);
            if self.masked {
                let mask = back.input(2 + usize::from(self.bias));
                let all = room(&mut back.scratch.a, mask.len());
                multiply_into(grad.t(), x, 0.0, all);
                slot.add2(all, mask, |d, m| d * m);
            } else {
                let (keep, place) = slot.product();
                multiply_into(grad.t(), x, keep, place);
            }
            back.close(1, slot);
        }
        if self.bias
            && let Some(mut slot) = back.open(2)
        {
            add_rows(back.grad, slot.sums());
            back.close(2, slot);
        }
    }
}

/// Adds all rows of a matrix to one.
pub(super) fn add_rows(matrix: &[f32], sums: &mut [f32]) {
    if sums.is_empty() {
        return;
    }
    for row in matrix.chunks_exact(sums.len()) {
        wide(|| sums.iter_mut().zip(row).for_each(|(sum, v)| *sum += v));
    }
}
