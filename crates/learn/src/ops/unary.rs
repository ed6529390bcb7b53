//! Functions of single values.

use super::Op;
use crate::math::{exp, floor, ln, round, sigmoid, softplus, tanh};
use crate::tape::{Back, Out, Tape, Var};
use crate::wide::wide;

/// A function of one value. Those whose slope costs more than a product keep it on the way forward.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unary {
    Affine(f32, f32),
    Relu,
    LeakyRelu(f32),
    Silu,
    Gelu,
    Tanh,
    Sigmoid,
    Softplus,
    Exp,
    Log,
    Square,
    Sqrt,
    Abs,
    Clamp(f32, f32),
    ClampThrough(f32, f32),
    RoundThrough,
    SoftRound(f32),
    SoftRoundInverse(f32),
}

/// Distance from 0 within which `abs` has its slope go from -1 to 1, and least argument of the slopes of `sqrt` and `log`.
const NEAR: f32 = 1e-12;

impl Tape<'_> {
    fn unary(&mut self, op: Unary, x: Var) -> Var {
        let shape = self.shape(x);
        self.push(Op::Unary(op), &[x], shape, |values, out| op.forward(values.of(x.0), out))
    }

    /// `factor * x + shift`.
    pub fn affine(&mut self, x: Var, factor: f32, shift: f32) -> Var {
        self.unary(Unary::Affine(factor, shift), x)
    }

    /// `factor * x`.
    pub fn scale(&mut self, x: Var, factor: f32) -> Var {
        self.affine(x, factor, 0.0)
    }

    /// The larger of `x` and 0.
    pub fn relu(&mut self, x: Var) -> Var {
        self.unary(Unary::Relu, x)
    }

    /// `x`, times `slope` where it is negative.
    pub fn leaky_relu(&mut self, x: Var, slope: f32) -> Var {
        self.unary(Unary::LeakyRelu(slope), x)
    }

    /// `x` times its sigmoid.
    pub fn silu(&mut self, x: Var) -> Var {
        self.unary(Unary::Silu, x)
    }

    /// The Gaussian error linear unit in its form with tanh (Hendrycks and Gimpel 2016).
    pub fn gelu(&mut self, x: Var) -> Var {
        self.unary(Unary::Gelu, x)
    }

    /// Hyperbolic tangent.
    pub fn tanh(&mut self, x: Var) -> Var {
        self.unary(Unary::Tanh, x)
    }

    /// `1 / (1 + e^-x)`.
    pub fn sigmoid(&mut self, x: Var) -> Var {
        self.unary(Unary::Sigmoid, x)
    }

    /// `ln (1 + e^x)`.
    pub fn softplus(&mut self, x: Var) -> Var {
        self.unary(Unary::Softplus, x)
    }

    /// `e^x`, at most 2e38.
    pub fn exp(&mut self, x: Var) -> Var {
        self.unary(Unary::Exp, x)
    }

    /// The natural logarithm; of what is under 1.2e-38 the logarithm of that.
    pub fn log(&mut self, x: Var) -> Var {
        self.unary(Unary::Log, x)
    }

    /// `x * x`.
    pub fn square(&mut self, x: Var) -> Var {
        self.unary(Unary::Square, x)
    }

    /// The square root; its slope stays finite at 0.
    pub fn sqrt(&mut self, x: Var) -> Var {
        self.unary(Unary::Sqrt, x)
    }

    /// The absolute value; its slope at 0 is 0.
    pub fn abs(&mut self, x: Var) -> Var {
        self.unary(Unary::Abs, x)
    }

    /// `x` held to a range; outside of it the slope is 0.
    pub fn clamp(&mut self, x: Var, low: f32, high: f32) -> Var {
        assert!(low <= high, "a range from {low} to {high}");
        self.unary(Unary::Clamp(low, high), x)
    }

    /// `x` held to a range with a slope of 1 everywhere (straight-through).
    pub fn clamp_through(&mut self, x: Var, low: f32, high: f32) -> Var {
        assert!(low <= high, "a range from {low} to {high}");
        self.unary(Unary::ClampThrough(low, high), x)
    }

    /// The nearest whole number, with a slope of 1 (straight-through).
    pub fn round_through(&mut self, x: Var) -> Var {
        self.unary(Unary::RoundThrough, x)
    }

    /// A smooth function between `x` (`alpha` near 0) and its rounding (`alpha` large): Agustsson and Theis 2020.
    pub fn soft_round(&mut self, x: Var, alpha: f32) -> Var {
        assert!(alpha > 0.0, "alpha of soft rounding");
        self.unary(Unary::SoftRound(alpha), x)
    }

    /// The inverse of [`Self::soft_round`].
    pub fn soft_round_inverse(&mut self, x: Var, alpha: f32) -> Var {
        assert!(alpha > 0.0, "alpha of soft rounding");
        self.unary(Unary::SoftRoundInverse(alpha), x)
    }
}

#[inline(always)]
fn silu(x: f32) -> (f32, f32) {
    let s = sigmoid(x);
    (x * s, s * (1.0 + x * (1.0 - s)))
}

#[inline(always)]
fn gelu(x: f32) -> (f32, f32) {
    const C: f32 = 0.797_884_6;
    let t = tanh(C * (x + 0.044_715 * x * x * x));
    let inner = C * (1.0 + 3.0 * 0.044_715 * x * x);
    (0.5 * x * (1.0 + t), 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * inner)
}

#[inline(always)]
fn soft_round(x: f32, alpha: f32, scale: f32) -> (f32, f32) {
    let middle = floor(x) + 0.5;
    let t = tanh(alpha * (x - middle));
    (middle + t * scale, alpha * scale * (1.0 - t * t))
}

#[inline(always)]
fn soft_round_inverse(y: f32, alpha: f32, scale: f32) -> (f32, f32) {
    let middle = floor(y) + 0.5;
    // Within the range of tanh, whose ends are the borders of the cell.
    let t = ((y - middle) / scale).clamp(-0.999_999, 0.999_999);
    (middle + 0.5 * (ln(1.0 + t) - ln(1.0 - t)) / alpha, 1.0 / (alpha * scale * (1.0 - t * t)))
}

impl Unary {
    fn forward(self, x: &[f32], out: Out<'_>) {
        match self {
            Self::Affine(a, b) => map(x, out, |x| a * x + b),
            Self::Relu => map(x, out, |x| x.max(0.0)),
            Self::LeakyRelu(slope) => map(x, out, |x| if x > 0.0 { x } else { slope * x }),
            Self::Silu => map_keep(x, out, silu),
            Self::Gelu => map_keep(x, out, gelu),
            Self::Tanh => map(x, out, tanh),
            Self::Sigmoid => map(x, out, sigmoid),
            Self::Softplus => map_keep(x, out, softplus),
            Self::Exp => map(x, out, exp),
            Self::Log => map(x, out, ln),
            Self::Square => map(x, out, |x| x * x),
            Self::Sqrt => map(x, out, f32::sqrt),
            Self::Abs => map(x, out, f32::abs),
            Self::Clamp(low, high) | Self::ClampThrough(low, high) => map(x, out, |x| x.clamp(low, high)),
            Self::RoundThrough => map(x, out, round),
            Self::SoftRound(alpha) => {
                let scale = 0.5 / tanh(0.5 * alpha);
                map_keep(x, out, |x| soft_round(x, alpha, scale));
            }
            Self::SoftRoundInverse(alpha) => {
                let scale = 0.5 / tanh(0.5 * alpha);
                map_keep(x, out, |x| soft_round_inverse(x, alpha, scale));
            }
        }
    }

    pub(super) fn backward(self, mut back: Back<'_>) {
        let Some(mut slot) = back.open(0) else { return };
        let (g, x, y) = (back.grad, back.input(0), back.output());
        match self {
            Self::Affine(a, _) => slot.add1(g, |g| a * g),
            Self::Relu => slot.add2(g, x, |g, x| if x > 0.0 { g } else { 0.0 }),
            Self::LeakyRelu(slope) => slot.add2(g, x, |g, x| if x > 0.0 { g } else { slope * g }),
            Self::Tanh => slot.add2(g, y, |g, y| g * (1.0 - y * y)),
            Self::Sigmoid => slot.add2(g, y, |g, y| g * y * (1.0 - y)),
            Self::Exp => slot.add2(g, y, |g, y| g * y),
            Self::Log => slot.add2(g, x, |g, x| if x > NEAR { g / x } else { g / NEAR }),
            Self::Square => slot.add2(g, x, |g, x| 2.0 * g * x),
            Self::Sqrt => slot.add2(g, y, |g, y| 0.5 * g / if y > 1e-6 { y } else { 1e-6 }),
            Self::Abs => slot.add2(g, x, |g, x| g * (x / NEAR).clamp(-1.0, 1.0)),
            Self::Clamp(low, high) => slot.add2(g, x, |g, x| if x >= low && x <= high { g } else { 0.0 }),
            Self::ClampThrough(..) | Self::RoundThrough => slot.add1(g, |g| g),
            Self::Silu | Self::Gelu | Self::Softplus | Self::SoftRound(_) | Self::SoftRoundInverse(_) => {
                slot.add2(g, back.kept, |g, slope| g * slope);
            }
        }
        back.close(0, slot);
    }
}

#[inline(always)]
fn map(x: &[f32], out: Out<'_>, f: impl Fn(f32) -> f32) {
    wide(|| out.value.iter_mut().zip(x).for_each(|(y, &x)| *y = f(x)));
}

/// Writes the value and keeps the slope, if there will be a way back.
#[inline(always)]
fn map_keep(x: &[f32], out: Out<'_>, f: impl Fn(f32) -> (f32, f32)) {
    if !out.learns {
        return map(x, out, |x| f(x).0);
    }
    out.kept.resize(x.len(), 0.0);
    wide(|| {
        for ((y, slope), &x) in out.value.iter_mut().zip(out.kept.iter_mut()).zip(x) {
            (*y, *slope) = f(x);
        }
    });
}
