//! Values in other places: reshaping, permuting, joining, cutting.

use super::Op;
use crate::Shape;
use crate::shape::MAX_RANK;
use crate::tape::{Back, Tape, Var};

/// Distances in the source, by dimension of the result.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Permute {
    shape: Shape,
    strides: [usize; MAX_RANK],
}

/// Tensors one after another in the middle dimension of (outer, joined, inner).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Concat {
    outer: usize,
}

/// A part of the middle dimension.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slice {
    outer: usize,
    /// Values from one block to the next, where the part begins in it, and its values.
    block: usize,
    start: usize,
    len: usize,
}

impl Tape<'_> {
    /// The same values in another shape.
    pub fn reshape(&mut self, x: Var, shape: impl Into<Shape>) -> Var {
        let (shape, before) = (shape.into(), self.shape(x));
        assert_eq!(shape.len(), before.len(), "{before:?} in the shape {shape:?}");
        if shape == before {
            return x;
        }
        self.push(Op::Reshape, &[x], shape, |values, out| out.value.copy_from_slice(values.of(x.0)))
    }

    /// All dimensions but the first made one.
    pub fn flatten(&mut self, x: Var) -> Var {
        let shape = self.shape(x);
        let rows = shape.sizes()[0];
        self.reshape(x, [rows, shape.sizes()[1..].iter().product()])
    }

    /// Dimensions in another order: `order[i]` is the one that becomes the `i`-th.
    pub fn permute(&mut self, x: Var, order: &[usize]) -> Var {
        let shape = self.shape(x);
        let mut seen = [false; MAX_RANK];
        order.iter().for_each(|&d| seen[d] = true);
        assert!(
            order.len() == shape.rank() && seen[..shape.rank()].iter().all(|s| *s),
            "order {order:?} of {shape:?}"
        );
        let (mut sizes, mut strides, own) = ([1; MAX_RANK], [0; MAX_RANK], shape.strides());
        for (i, &d) in order.iter().enumerate() {
            (sizes[i], strides[i]) = (shape.sizes()[d], own[d]);
        }
        let shape = Shape::new(&sizes[..order.len()]);
        let op = Permute { shape, strides };
        self.push(Op::Permute(op), &[x], shape, |values, out| {
            let x = values.of(x.0);
            op.runs(|to, from, step, n| {
                let place = &mut out.value[to..][..n];
                if step == 1 {
                    place.copy_from_slice(&x[from..][..n]);
                } else {
                    place.iter_mut().enumerate().for_each(|(i, v)| *v = x[from + i * step]);
                }
            });
        })
    }

    /// The transpose of the last two dimensions.
    pub fn transpose(&mut self, x: Var) -> Var {
        let rank = self.shape(x).rank();
        assert!(rank >= 2, "a transpose needs two dimensions");
        let mut order = [0, 1, 2, 3, 4, 5];
        order.swap(rank - 1, rank - 2);
        self.permute(x, &order[..rank])
    }

    /// Tensors joined along a dimension.
    pub fn concat(&mut self, parts: &[Var], axis: usize) -> Var {
        assert!(!parts.is_empty(), "nothing to join");
        let first = self.shape(parts[0]);
        assert!(axis < first.rank(), "dimension {axis} of {first:?}");
        let mut sizes = first.sizes().to_vec();
        sizes[axis] = 0;
        for &part in parts {
            let shape = self.shape(part);
            let fits = |d: usize| d == axis || shape.sizes().get(d) == first.sizes().get(d);
            assert!(shape.rank() == first.rank() && (0..shape.rank()).all(fits), "{first:?} and {shape:?}");
            sizes[axis] += shape.sizes()[axis];
        }
        let op = Concat { outer: sizes[..axis].iter().product() };
        let learns = parts.iter().any(|part| self.arena.nodes[part.0 as usize].learns);
        let var = self.push(Op::Concat(op), &[], sizes[..].into(), |values, out| {
            out.indices.clear();
            out.indices.extend(parts.iter().map(|part| part.0));
            let row = out.value.len() / op.outer.max(1);
            let mut at = 0;
            for part in parts.iter().map(|part| values.of(part.0)) {
                let width = part.len() / op.outer.max(1);
                for i in 0..op.outer {
                    out.value[i * row + at..][..width].copy_from_slice(&part[i * width..][..width]);
                }
                at += width;
            }
        });
        self.arena.nodes[var.0 as usize].learns = learns;
        var
    }

    /// The part `start..start + len` of a dimension.
    pub fn slice(&mut self, x: Var, axis: usize, start: usize, len: usize) -> Var {
        let shape = self.shape(x);
        let sizes = shape.sizes();
        assert!(
            axis < sizes.len() && start + len <= sizes[axis],
            "{start}..+{len} of dimension {axis} of {shape:?}"
        );
        let inner: usize = sizes[axis + 1..].iter().product();
        let op = Slice {
            outer: sizes[..axis].iter().product(),
            block: sizes[axis] * inner,
            start: start * inner,
            len: len * inner,
        };
        let mut result = sizes.to_vec();
        result[axis] = len;
        self.push(Op::Slice(op), &[x], result[..].into(), |values, out| {
            let x = values.of(x.0);
            for i in 0..op.outer {
                out.value[i * op.len..][..op.len].copy_from_slice(&x[i * op.block + op.start..][..op.len]);
            }
        })
    }
}

impl Permute {
    /// Calls `f` for each run of the last dimension of the result: where it is, where it comes from, the distance there of
    /// neighbours, and its length.
    fn runs(&self, mut f: impl FnMut(usize, usize, usize, usize)) {
        let rank = self.shape.rank();
        let sizes = self.shape.sizes();
        if rank == 0 {
            return f(0, 0, 1, 1);
        }
        let (n, step) = (sizes[rank - 1], self.strides[rank - 1]);
        for row in 0..self.shape.rows() {
            let (mut rest, mut from) = (row, 0);
            for d in (0..rank - 1).rev() {
                from += rest % sizes[d] * self.strides[d];
                rest /= sizes[d];
            }
            f(row * n, from, step, n);
        }
    }

    pub(super) fn backward(self, mut back: Back<'_>) {
        let Some(mut slot) = back.open(0) else { return };
        let (sums, g) = (slot.sums(), back.grad);
        self.runs(|from, to, step, n| {
            for (i, g) in g[from..][..n].iter().enumerate() {
                sums[to + i * step] += g;
            }
        });
        back.close(0, slot);
    }
}

impl Concat {
    pub(super) fn backward(self, mut back: Back<'_>) {
        let (g, row) = (back.grad, back.grad.len() / self.outer.max(1));
        let mut at = 0;
        for &part in back.indices {
            let width = back.values.nodes[part as usize].shape.len() / self.outer.max(1);
            if let Some(mut slot) = back.open_node(part) {
                let sums = slot.sums();
                for i in 0..self.outer {
                    let g = &g[i * row + at..][..width];
                    sums[i * width..][..width].iter_mut().zip(g).for_each(|(s, g)| *s += g);
                }
                back.close_node(part, slot);
            }
            at += width;
        }
    }
}

impl Slice {
    pub(super) fn backward(self, mut back: Back<'_>) {
        let Some(mut slot) = back.open(0) else { return };
        let sums = slot.sums();
        for i in 0..self.outer {
            let g = &back.grad[i * self.len..][..self.len];
            let place = &mut sums[i * self.block + self.start..][..self.len];
            place.iter_mut().zip(g).for_each(|(s, g)| *s += g);
        }
        back.close(0, slot);
    }
}
