//! Products of stacks of matrices.

use super::Op;
use crate::gemm::{Matrix, multiply};
use crate::tape::{Back, Tape, Var};

/// `count` products of `m` by `k` and `k` by `n`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matmul {
    count: usize,
    m: usize,
    k: usize,
    n: usize,
    /// Which factors are stored transposed.
    transposed: (bool, bool),
}

/// A matrix of a stack, transposed if it is stored so.
fn factor(data: &[f32], i: usize, rows: usize, columns: usize, transposed: bool) -> Matrix<'_> {
    let data = &data[i * rows * columns..][..rows * columns];
    if transposed { Matrix::new(data, columns, rows).t() } else { Matrix::new(data, rows, columns) }
}

impl Tape<'_> {
    /// Products of the matrices in the last two dimensions, for each place in those before, which are the same for both.
    pub fn matmul(&mut self, a: Var, b: Var) -> Var {
        self.matmul_as(a, b, (false, false))
    }

    /// The same with the transpose of `a`, of `b`, or of both.
    pub fn matmul_as(&mut self, a: Var, b: Var, transposed: (bool, bool)) -> Var {
        let (x, y) = (self.shape(a), self.shape(b));
        assert!(x.rank() >= 2 && x.rank() == y.rank(), "matrices of {x:?} and {y:?}");
        let split = x.rank() - 2;
        assert_eq!(x.sizes()[..split], y.sizes()[..split], "stacks of {x:?} and {y:?}");
        let sides = |sizes: &[usize], t: bool| if t { (sizes[1], sizes[0]) } else { (sizes[0], sizes[1]) };
        let (m, k) = sides(&x.sizes()[split..], transposed.0);
        let (inner, n) = sides(&y.sizes()[split..], transposed.1);
        assert_eq!(k, inner, "columns and rows of {x:?} and {y:?}");
        let count = x.sizes()[..split].iter().product();
        let op = Matmul { count, m, k, n, transposed };
        let mut sizes = x.sizes().to_vec();
        (sizes[split], sizes[split + 1]) = (m, n);
        self.push(Op::Matmul(op), &[a, b], sizes[..].into(), |values, out| {
            let (x, y) = (values.of(a.0), values.of(b.0));
            for i in 0..count {
                let place = &mut out.value[i * m * n..][..m * n];
                multiply(factor(x, i, m, k, transposed.0), factor(y, i, k, n, transposed.1), 0.0, place);
            }
        })
    }
}

impl Matmul {
    pub(super) fn backward(self, mut back: Back<'_>) {
        let Self { count, m, k, n, transposed } = self;
        let grad = back.grad;
        if let Some(mut slot) = back.open(0) {
            let y = back.input(1);
            let (keep, place) = slot.product();
            for i in 0..count {
                let place = &mut place[i * m * k..][..m * k];
                let (g, y) = (factor(grad, i, m, n, false), factor(y, i, k, n, transposed.1));
                if transposed.0 {
                    multiply(y, g.t(), keep, place);
                } else {
                    multiply(g, y.t(), keep, place);
                }
            }
            back.close(0, slot);
        }
        if let Some(mut slot) = back.open(1) {
            let x = back.input(0);
            let (keep, place) = slot.product();
            for i in 0..count {
                let place = &mut place[i * k * n..][..k * n];
                let (g, x) = (factor(grad, i, m, n, false), factor(x, i, m, k, transposed.0));
                if transposed.1 {
                    multiply(g.t(), x, keep, place);
                } else {
                    multiply(x.t(), g, keep, place);
                }
            }
            back.close(1, slot);
        }
    }
}
