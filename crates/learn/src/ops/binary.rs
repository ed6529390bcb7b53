//! Sums, differences, products and quotients of two tensors. A dimension of size 1, or one that is missing in front, is
//! repeated (broadcasting).

use super::Op;
use crate::Shape;
use crate::math;
use crate::shape::MAX_RANK;
use crate::tape::{Back, Tape, Var};

/// What is computed of two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// A rule and the way through both tensors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Binary {
    rule: Rule,
    walk: Walk,
}

/// Loops over the values of a result, with the distance that each step moves in two other tensors. The innermost is last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk {
    loops: [(usize, usize, usize); MAX_RANK],
    depth: usize,
}

impl Walk {
    /// Through `shape` and two tensors that are repeated along dimensions of stride 0.
    fn new(shape: Shape, a: [usize; MAX_RANK], b: [usize; MAX_RANK]) -> Self {
        let mut walk = Self { loops: [(1, 0, 0); MAX_RANK], depth: 0 };
        for (d, &size) in shape.sizes().iter().enumerate() {
            if size == 1 {
                continue;
            }
            let joins = walk.depth > 0 && {
                let (_, x, y) = walk.loops[walk.depth - 1];
                x == a[d] * size && y == b[d] * size
            };
            if joins {
                let (n, ..) = walk.loops[walk.depth - 1];
                walk.loops[walk.depth - 1] = (n * size, a[d], b[d]);
            } else {
                walk.loops[walk.depth] = (size, a[d], b[d]);
                walk.depth += 1;
            }
        }
        walk.depth = walk.depth.max(1);
        walk
    }

    /// From a result of one tensor that is repeated along dimensions in which it has size 1, to the tensor.
    pub(super) fn between(shape: Shape, other: Shape) -> Self {
        Self::new(shape, shape.strides(), repeated(other, shape))
    }

    /// Calls `f` for each run of the innermost loop: place in the result, in both tensors, and length; `f` moves by the
    /// steps of [`Self::steps`].
    #[inline(always)]
    pub(super) fn runs(&self, mut f: impl FnMut(usize, usize, usize, usize)) {
        let outer = &self.loops[..self.depth - 1];
        let (n, ..) = self.loops[self.depth - 1];
        if self.loops[..self.depth].iter().any(|l| l.0 == 0) {
            return;
        }
        let (mut counts, mut result, mut a, mut b) = ([0; MAX_RANK], 0, 0, 0);
        loop {
            f(result, a, b, n);
            result += n;
            let mut d = outer.len();
            loop {
                if d == 0 {
                    return;
                }
                d -= 1;
                let (size, x, y) = outer[d];
                counts[d] += 1;
                (a, b) = (a + x, b + y);
                if counts[d] < size {
                    break;
                }
                (a, b) = (a - size * x, b - size * y);
                counts[d] = 0;
            }
        }
    }

    /// Distances of the innermost loop.
    pub(super) fn steps(&self) -> (usize, usize) {
        let (_, a, b) = self.loops[self.depth - 1];
        (a, b)
    }
}

/// Strides of a tensor within a larger shape: 0 where it is repeated.
fn repeated(inner: Shape, outer: Shape) -> [usize; MAX_RANK] {
    let (own, mut strides) = (inner.strides(), [0; MAX_RANK]);
    let missing = outer.rank() - inner.rank();
    for (d, &size) in inner.sizes().iter().enumerate() {
        strides[missing + d] = if size == 1 { 0 } else { own[d] };
    }
    strides
}

/// The shape that both take when they are repeated.
fn common(a: Shape, b: Shape) -> Shape {
    let rank = a.rank().max(b.rank());
    let mut sizes = [1; MAX_RANK];
    for (d, place) in sizes[..rank].iter_mut().enumerate() {
        let of = |s: Shape| (d + s.rank()).checked_sub(rank).map_or(1, |d| s.sizes()[d]);
        let (x, y) = (of(a), of(b));
        assert!(x == y || x == 1 || y == 1, "shapes {a:?} and {b:?} do not fit each other");
        *place = if x == 1 { y } else { x };
    }
    Shape::new(&sizes[..rank])
}

impl Tape<'_> {
    fn binary(&mut self, rule: Rule, a: Var, b: Var) -> Var {
        let shape = common(self.shape(a), self.shape(b));
        let walk = Walk::new(shape, repeated(self.shape(a), shape), repeated(self.shape(b), shape));
        self.push(Op::Binary(Binary { rule, walk }), &[a, b], shape, |values, out| {
            let (a, b) = (values.of(a.0), values.of(b.0));
            match rule {
                Rule::Add => combine(&walk, a, b, out.value, |a, b| a + b),
                Rule::Subtract => combine(&walk, a, b, out.value, |a, b| a - b),
                Rule::Multiply => combine(&walk, a, b, out.value, |a, b| a * b),
                Rule::Divide => combine(&walk, a, b, out.value, |a, b| a / b),
            }
        })
    }

    /// `a + b`.
    pub fn add(&mut self, a: Var, b: Var) -> Var {
        self.binary(Rule::Add, a, b)
    }

    /// `a - b`.
    pub fn sub(&mut self, a: Var, b: Var) -> Var {
        self.binary(Rule::Subtract, a, b)
    }

    /// `a * b`, value by value.
    pub fn mul(&mut self, a: Var, b: Var) -> Var {
        self.binary(Rule::Multiply, a, b)
    }

    /// `a / b`, value by value.
    pub fn div(&mut self, a: Var, b: Var) -> Var {
        self.binary(Rule::Divide, a, b)
    }
}

#[inline(always)]
fn combine(walk: &Walk, a: &[f32], b: &[f32], out: &mut [f32], f: impl Fn(f32, f32) -> f32) {
    let steps = walk.steps();
    walk.runs(|o, i, j, n| {
        let out = &mut out[o..][..n];
        match steps {
            (1, 1) => {
                out.iter_mut().zip(&a[i..][..n]).zip(&b[j..][..n]).for_each(|((o, &a), &b)| *o = f(a, b));
            }
            (1, 0) => {
                let b = b[j];
                out.iter_mut().zip(&a[i..][..n]).for_each(|(o, &a)| *o = f(a, b));
            }
            (0, 1) => {
                let a = a[i];
                out.iter_mut().zip(&b[j..][..n]).for_each(|(o, &b)| *o = f(a, b));
            }
            (x, y) => out.iter_mut().enumerate().for_each(|(k, o)| *o = f(a[i + k * x], b[j + k * y])),
        }
    });
}

impl Binary {
    pub(super) fn backward(self, mut back: Back<'_>) {
        let (g, a, b, walk) = (back.grad, back.input(0), back.input(1), &self.walk);
        if let Some(mut slot) = back.open(0) {
            match self.rule {
                Rule::Add | Rule::Subtract => collect(walk, g, slot.sums(), a, b, false, |g, _, _| g),
                Rule::Multiply => collect(walk, g, slot.sums(), a, b, false, |g, _, b| g * b),
                Rule::Divide => collect(walk, g, slot.sums(), a, b, false, |g, _, b| g / b),
            }
            back.close(0, slot);
        }
        if let Some(mut slot) = back.open(1) {
            match self.rule {
                Rule::Add => collect(walk, g, slot.sums(), a, b, true, |g, _, _| g),
                Rule::Subtract => collect(walk, g, slot.sums(), a, b, true, |g, _, _| -g),
                Rule::Multiply => collect(walk, g, slot.sums(), a, b, true, |g, a, _| g * a),
                Rule::Divide => collect(walk, g, slot.sums(), a, b, true, |g, a, b| -g * a / (b * b)),
            }
            back.close(1, slot);
        }
    }
}

/// Adds `f` of gradient and both values to the gradient of `a`, or of `b`: where it was repeated, to the same place.
#[inline(always)]
fn collect(
    walk: &Walk,
    g: &[f32],
    sums: &mut [f32],
    a: &[f32],
    b: &[f32],
    second: bool,
    f: impl Fn(f32, f32, f32) -> f32,
) {
    let (x, y) = walk.steps();
    walk.runs(|o, i, j, n| {
        let g = &g[o..][..n];
        let (place, step) = if second { (j, y) } else { (i, x) };
        match (step, x, y) {
            (1, 1, 1) => {
                let ab = a[i..][..n].iter().zip(&b[j..][..n]);
                sums[place..][..n].iter_mut().zip(g).zip(ab).for_each(|((s, &g), (&a, &b))| *s += f(g, a, b));
            }
            (1, 1, 0) => {
                let (sums, b) = (&mut sums[place..][..n], b[j]);
                sums.iter_mut().zip(g).zip(&a[i..][..n]).for_each(|((s, &g), &a)| *s += f(g, a, b));
            }
            (1, 0, 1) => {
                let (sums, a) = (&mut sums[place..][..n], a[i]);
                sums.iter_mut().zip(g).zip(&b[j..][..n]).for_each(|((s, &g), &b)| *s += f(g, a, b));
            }
            (0, ..) => {
                // Many values of one: in blocks, so that the sum is taken in vectors.
                let mut block = [0.0; 64];
                let mut total = 0.0;
                for from in (0..n).step_by(64) {
                    let len = (n - from).min(64);
                    for k in 0..len {
                        block[k] = f(g[from + k], a[i + (from + k) * x], b[j + (from + k) * y]);
                    }
                    total += math::sum(&block[..len]);
                }
                sums[place] += total;
            }
            _ => {
                for (k, &g) in g.iter().enumerate() {
                    sums[place + k * step] += f(g, a[i + k * x], b[j + k * y]);
                }
            }
        }
    });
}
