//! exp, sigmoid, tanh and 1/sqrt from `+ - * /` and bit tricks alone: no libm, the same bits everywhere.

use super::lanes::{Lanes, ROUND};

/// e^x for x in [-80, 80] (clamped to it): 2^k by the exponent bits, 2^f by a polynomial (relative error
/// about 2e-7 + 6e-8 |x|).
#[inline(always)]
pub(crate) fn exp<L: Lanes>(l: L, x: L::V) -> L::V {
    let x = l.max(l.min(x, l.splat(80.0)), l.splat(-80.0));
    let t = l.mul(x, l.splat(std::f32::consts::LOG2_E));
    let rounded = l.add(t, l.splat(ROUND));
    let f = l.sub(t, l.sub(rounded, l.splat(ROUND)));
    // Taylor of 2^f on [-1/2, 1/2]; the last coefficient takes the tail along.
    let mut p = l.splat(1.545_6e-4);
    for c in [1.333_355_8e-3, 9.618_129e-3, 5.550_411e-2, 0.240_226_5, std::f32::consts::LN_2, 1.0] {
        p = l.mac(l.splat(c), f, p);
    }
    l.mul(l.pow2(rounded), p)
}

/// 1 / (1 + e^-x), in (0, 1]; exactly 1 from about 17 on.
#[inline(always)]
pub(crate) fn sigmoid<L: Lanes>(l: L, x: L::V) -> L::V {
    let one = l.splat(1.0);
    l.div(one, l.add(one, exp(l, l.sub(l.splat(0.0), x))))
}

/// 2 sigmoid(2x) - 1: absolute error about 1e-7, in [-1, 1], zero or at least 5e-8 in size.
#[inline(always)]
pub(crate) fn tanh<L: Lanes>(l: L, x: L::V) -> L::V {
    let s = sigmoid(l, l.add(x, x));
    l.sub(l.add(s, s), l.splat(1.0))
}

/// 1/sqrt(v) for normal v > 0: bit trick and two Newton steps (relative error 5e-6).
#[inline(always)]
pub(crate) fn rsqrt<L: Lanes>(l: L, v: L::V) -> L::V {
    let half = l.mul(v, l.splat(0.5));
    let mut y = l.rsqrt_guess(v);
    for _ in 0..2 {
        y = l.mul(y, l.sub(l.splat(1.5), l.mul(half, l.mul(y, y))));
    }
    y
}

/// ln v for normal v > 0 (relative error about 1e-6): exponent and mantissa, and the series of the area tangent of `(m - 1) / (m + 1)`.
#[inline(always)]
pub(crate) fn ln<L: Lanes>(l: L, v: L::V) -> L::V {
    let (m, one) = (l.mantissa(v), l.splat(1.0));
    let t = l.div(l.sub(m, one), l.add(m, one));
    let square = l.mul(t, t);
    let mut p = l.splat(2.0 / 11.0);
    for c in [2.0 / 9.0, 2.0 / 7.0, 2.0 / 5.0, 2.0 / 3.0, 2.0] {
        p = l.mac(l.splat(c), square, p);
    }
    l.mac(l.mul(l.exponent(v), l.splat(std::f32::consts::LN_2)), t, p)
}
