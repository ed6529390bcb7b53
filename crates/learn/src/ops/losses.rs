//! Losses, one number for each record (row of the first dimension).

use super::Op;
use crate::math::{self, exp, ln};
use crate::tape::{Back, Tape, Var};

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
                *loss = op.row(x, t, slopes);
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

impl Loss {
    /// The loss of a record, and its slope by each value of `x`. `x` and `t` are short enough for sums of f32.
    fn row(self, x: &[f32], t: &[f32], slopes: &mut [f32]) -> f32 {
        match self {
            Self::Squared(factor) => {
                row(x, t, slopes, |x, t| (factor * (x - t) * (x - t), 2.0 * factor * (x - t)))
            }
            Self::Binary => row(x, t, slopes, |x, t| {
                // One power for both: softplus and sigmoid of x from e^-|x|.
                let e = exp(-x.abs());
                let s = if x >= 0.0 { 1.0 } else { e } / (1.0 + e);
                (x.max(0.0) + ln(1.0 + e) - t * x, s - t)
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
                sums.iter_mut().zip(slopes).for_each(|(d, s)| *d += g * s);
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

#[inline(always)]
fn row(x: &[f32], t: &[f32], slopes: &mut [f32], f: impl Fn(f32, f32) -> (f32, f32)) -> f32 {
    let mut total = 0.0;
    let mut block = [0.0; 64];
    for ((x, t), slopes) in x.chunks(64).zip(t.chunks(64)).zip(slopes.chunks_mut(64)) {
        for (((loss, slope), &x), &t) in block.iter_mut().zip(slopes).zip(x).zip(t) {
            (*loss, *slope) = f(x, t);
        }
        total += math::sum(&block[..x.len()]);
    }
    total
}
