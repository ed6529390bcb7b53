//! Sums and means over dimensions.

use super::Op;
use super::binary::Walk;
use crate::tape::{Back, Tape, Var};
use crate::{Shape, math};

/// The way through what is summed, and the factor of the sums.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reduce {
    walk: Walk,
    factor: f32,
}

impl Tape<'_> {
    /// Sums over these dimensions, which stay with size 1.
    pub fn sum_keep(&mut self, x: Var, axes: &[usize]) -> Var {
        self.reduce(x, axes, 1.0)
    }

    /// Means over these dimensions, which stay with size 1.
    pub fn mean_keep(&mut self, x: Var, axes: &[usize]) -> Var {
        let shape = self.shape(x);
        let count: usize = axes.iter().map(|&axis| shape.sizes()[axis]).product();
        self.reduce(x, axes, 1.0 / count.max(1) as f32)
    }

    /// Sums over these dimensions, which go.
    pub fn sum(&mut self, x: Var, axes: &[usize]) -> Var {
        let sums = self.sum_keep(x, axes);
        self.without(sums, axes)
    }

    /// Means over these dimensions, which go.
    pub fn mean(&mut self, x: Var, axes: &[usize]) -> Var {
        let means = self.mean_keep(x, axes);
        self.without(means, axes)
    }

    /// The sum of each record (row of the first dimension).
    pub fn sum_records(&mut self, x: Var) -> Var {
        let shape = self.shape(x);
        let (n, rest) = (shape.sizes()[0], shape.sizes()[1..].iter().product());
        let flat = self.reshape(x, [n, rest]);
        self.sum(flat, &[1])
    }

    fn without(&mut self, x: Var, axes: &[usize]) -> Var {
        let shape = self.shape(x);
        let left: Vec<usize> =
            (0..shape.rank()).filter(|d| !axes.contains(d)).map(|d| shape.sizes()[d]).collect();
        self.reshape(x, &left[..])
    }

    fn reduce(&mut self, x: Var, axes: &[usize], factor: f32) -> Var {
        let shape = self.shape(x);
        let mut sizes = shape.sizes().to_vec();
        for &axis in axes {
            assert!(axis < sizes.len(), "dimension {axis} of {shape:?}");
            sizes[axis] = 1;
        }
        let result = Shape::new(&sizes);
        let op = Reduce { walk: Walk::between(shape, result), factor };
        self.push(Op::Reduce(op), &[x], result, |values, out| op.forward(values.of(x.0), out.value))
    }
}

impl Reduce {
    fn forward(&self, x: &[f32], out: &mut [f32]) {
        out.fill(0.0);
        let (_, step) = self.walk.steps();
        self.walk.runs(|from, _, to, n| {
            let run = &x[from..][..n];
            if step == 0 {
                out[to] += math::sum(run);
            } else {
                out[to..][..n].iter_mut().zip(run).for_each(|(o, x)| *o += x);
            }
        });
        if self.factor != 1.0 {
            out.iter_mut().for_each(|o| *o *= self.factor);
        }
    }

    pub(super) fn backward(self, mut back: Back<'_>) {
        let Some(mut slot) = back.open(0) else { return };
        let (sums, g, factor) = (slot.sums(), back.grad, self.factor);
        let (_, step) = self.walk.steps();
        self.walk.runs(|from, _, to, n| {
            let run = &mut sums[from..][..n];
            if step == 0 {
                let g = factor * g[to];
                run.iter_mut().for_each(|s| *s += g);
            } else {
                run.iter_mut().zip(&g[to..][..n]).for_each(|(s, g)| *s += factor * g);
            }
        });
        back.close(0, slot);
    }
}
