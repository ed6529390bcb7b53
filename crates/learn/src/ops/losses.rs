//! Losses, one number for each record (row of the first dimension).

use super::Op;
use crate::math;
use crate::tape::{Back, Tape, Var};
use crate::wide::{Loop, wide, wide_loop};

/// What is summed over the values of a record.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Loss {
    /// Factor of the squared differences.
    Squared(f32),
    /// Binary cross entropy of a target in 0..1 with a logit, in nats.
    Binary,
    /// Squares up to a distance, straight lines from there on.
    Huber(f32),
}

impl Tape<'_> {
    fn loss(&mut self, op: Loss, x: Var, target: Var) -> Var {
        let shape = self.shape(x);
        assert_eq!(shape.len(), self.shape(target).len(), "values and targets");
        let records = shape.sizes().first().copied().unwrap_or(1);
        self.push(Op::Loss(op), &[x, target], [records].into(), |values, out| {
            let (x, t) = (values.of(x.0), values.of(target.0));
            let width = (x.len() / records.max(1)).max(1);
            out.kept.resize(x.len(), 0.0);
            let rows = x.chunks_exact(width).zip(t.chunks_exact(width)).zip(out.kept.chunks_exact_mut(width));
            out.value.fill(0.0);
            for (loss, ((x, t), slopes)) in out.value.iter_mut().zip(rows) {
                *loss = wide_loop(Row { op, x, t, slopes });
            }
        })
    }

    /// The sum of squared differences of each record.
    pub fn sse(&mut self, x: Var, target: Var) -> Var {
        self.loss(Loss::Squared(1.0), x, target)
    }

    /// The mean of squared differences of each record.
    pub fn mse(&mut self, x: Var, target: Var) -> Var {
        let shape = self.shape(x);
        let width = shape.len() / shape.sizes().first().copied().unwrap_or(1).max(1);
        self.loss(Loss::Squared(1.0 / width.max(1) as f32), x, target)
    }

    /// The binary cross entropy, in nats, summed over each record: targets in 0..1, and logits (before the sigmoid).
    pub fn bce(&mut self, logits: Var, target: Var) -> Var {
        self.loss(Loss::Binary, logits, target)
    }

    /// Half the squared difference up to `delta`, from there on straight on (Huber 1964), summed over each record.
    pub fn huber(&mut self, x: Var, target: Var, delta: f32) -> Var {
        self.loss(Loss::Huber(delta), x, target)
    }
}

/// The loss of a record.
struct Row<'a> {
    op: Loss,
    x: &'a [f32],
    t: &'a [f32],
    slopes: &'a mut [f32],
}

impl Loop for Row<'_> {
    type Out = f32;

    #[inline(always)]
    fn run(self) -> f32 {
        self.op.row(self.x, self.t, self.slopes)
    }
}

impl Loss {
    /// The loss of a record, and its slope by each value of `x`. `x` and `t` are short enough for sums of f32.
    #[inline(always)]
    fn row(self, x: &[f32], t: &[f32], slopes: &mut [f32]) -> f32 {
        match self {
            Self::Squared(factor) => {
                row(x, t, slopes, |x, t| (factor * (x - t) * (x - t), 2.0 * factor * (x - t)))
            }
            Self::Binary => row(x, t, slopes, |x, t| {
                let (softplus, sigmoid) = math::softplus(x);
                (softplus - t * x, sigmoid - t)
            }),
            Self::Huber(delta) => row(x, t, slopes, |x, t| {
                let d = x - t;
                let slope = d.clamp(-delta, delta);
                (slope * (d - 0.5 * slope), slope)
            }),
        }
    }

    pub(super) fn backward(self, mut back: Back<'_>) {
        let records = back.grad.len().max(1);
        let width = (back.kept.len() / records).max(1);
        if let Some(mut slot) = back.open(0) {
            let rows = slot.sums().chunks_exact_mut(width).zip(back.kept.chunks_exact(width));
            for (&g, (sums, slopes)) in back.grad.iter().zip(rows) {
                wide(|| sums.iter_mut().zip(slopes).for_each(|(d, s)| *d += g * s));
            }
            back.close(0, slot);
        }
        let x = back.input(0);
        if let Some(mut slot) = back.open(1) {
            let rows = slot
                .sums()
                .chunks_exact_mut(width)
                .zip(back.kept.chunks_exact(width).zip(x.chunks_exact(width)));
            for (&g, (sums, (slopes, x))) in back.grad.iter().zip(rows) {
                match self {
                    Self::Binary => sums.iter_mut().zip(x).for_each(|(d, x)| *d -= g * x),
                    _ => sums.iter_mut().zip(slopes).for_each(|(d, s)| *d -= g * s),
                }
            }
            back.close(1, slot);
        }
    }
}

/// Values worked on together: a number that is known lets loops become vector code.
const BLOCK: usize = 64;

#[inline(always)]
fn row(x: &[f32], t: &[f32], slopes: &mut [f32], f: impl Fn(f32, f32) -> (f32, f32)) -> f32 {
    let (x, x_rest) = x.as_chunks::<BLOCK>();
    let (t, t_rest) = t.as_chunks::<BLOCK>();
    let (slopes, slopes_rest) = slopes.as_chunks_mut::<BLOCK>();
    let mut total = 0.0;
    for ((x, t), slopes) in x.iter().zip(t).zip(slopes) {
        let mut losses = [0.0; BLOCK];
        for i in 0..BLOCK {
            (losses[i], slopes[i]) = f(x[i], t[i]);
        }
        total += math::sum(&losses);
    }
    for ((&x, &t), slope) in x_rest.iter().zip(t_rest).zip(slopes_rest) {
        let loss;
        (loss, *slope) = f(x, t);
        total += loss;
    }
    total
}
