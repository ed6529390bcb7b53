//! Sixteen virtual lanes: the one arithmetic of this crate, on registers of any width.
//!
//! Every operation here is one IEEE-754 operation per lane (`+ - * /`), a comparison or a bit trick, so a lane's
//! value does not depend on how many lanes a register holds. Sums over lanes follow one tree, 8-4-2-1. There is
//! no fused multiply-add and no approximate instruction (`rsqrtps` and friends differ between makers).

/// Lanes of a virtual vector.
pub(crate) const LANES: usize = 16;

/// A value of type `Self` is the proof that the instruction set may be used: only the dispatcher makes them.
pub(crate) trait Lanes: Copy {
    /// Sixteen f32.
    type V: Copy;
    fn splat(self, x: f32) -> Self::V;
    fn load(self, p: &[f32; LANES]) -> Self::V;
    fn store(self, p: &mut [f32; LANES], v: Self::V);
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    fn div(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a` where `a > b`, else `b` (the meaning of `maxps`).
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a` where `a < b`, else `b` (the meaning of `minps`).
    fn min(self, a: Self::V, b: Self::V) -> Self::V;
    /// Zero where |v| < `tiny`, else v.
    fn flush(self, v: Self::V, tiny: f32) -> Self::V;
    /// 2^k for lanes that hold [`ROUND`] + k.
    fn pow2(self, v: Self::V) -> Self::V;
    /// The bit-trick guess of 1/sqrt(v).
    fn rsqrt_guess(self, v: Self::V) -> Self::V;
    /// `a` where `c > 0`, else `b`.
    fn select(self, c: Self::V, a: Self::V, b: Self::V) -> Self::V;
    /// The exponent of positive normal numbers, as a number.
    fn exponent(self, v: Self::V) -> Self::V;
    /// Positive normal numbers without their exponents: in [1, 2).
    fn mantissa(self, v: Self::V) -> Self::V;
    /// `a + b * c`, rounded twice.
    #[inline(always)]
    fn mac(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        self.add(a, self.mul(b, c))
    }
    /// Sum over the lanes by the tree: lane k takes lane k + 8, then k + 4, k + 2, k + 1.
    fn tree_sum(self, v: Self::V) -> f32;
}

/// 1.5 * 2^23: adding it rounds to an integer, which then stands in the low bits.
pub(crate) const ROUND: f32 = 12_582_912.0;
const ROUND_BITS: i32 = ROUND.to_bits() as i32;
/// What turns the bits of `ROUND + k` into the exponent field of 2^k, before the shift.
pub(super) const POW2_BIAS: i32 = 127 - ROUND_BITS;
pub(super) const RSQRT_MAGIC: i32 = 0x5f37_59df;

/// The bits of a number without its exponent, and those of 1.
pub(super) const MANTISSA: i32 = 0x007f_ffff;
pub(super) const ONE_BITS: i32 = 0x3f80_0000;

/// Plain arrays: the reference, and what runs where there is no AVX2.
#[derive(Clone, Copy)]
pub(crate) struct Plain;

/// `out[k] = f(a[k], b[k])` without a closure: closures may fail to inline.
macro_rules! each {
    ($k:ident => $e:expr) => {{
        let mut out = [0.0f32; LANES];
        let mut $k = 0;
        while $k < LANES {
            out[$k] = $e;
            $k += 1;
        }
        out
    }};
}

impl Lanes for Plain {
    type V = [f32; LANES];
    #[inline(always)]
    fn splat(self, x: f32) -> Self::V {
        [x; LANES]
    }
    #[inline(always)]
    fn load(self, p: &[f32; LANES]) -> Self::V {
        *p
    }
    #[inline(always)]
    fn store(self, p: &mut [f32; LANES], v: Self::V) {
        *p = v;
    }
    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        each!(k => a[k] + b[k])
    }
    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        each!(k => a[k] - b[k])
    }
    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        each!(k => a[k] * b[k])
    }
    #[inline(always)]
    fn div(self, a: Self::V, b: Self::V) -> Self::V {
        each!(k => a[k] / b[k])
    }
    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        each!(k => if a[k] > b[k] { a[k] } else { b[k] })
    }
    #[inline(always)]
    fn min(self, a: Self::V, b: Self::V) -> Self::V {
        each!(k => if a[k] < b[k] { a[k] } else { b[k] })
    }
    #[inline(always)]
    fn flush(self, v: Self::V, tiny: f32) -> Self::V {
        each!(k => if v[k].abs() < tiny { 0.0 } else { v[k] })
    }
    #[inline(always)]
    fn pow2(self, v: Self::V) -> Self::V {
        each!(k => f32::from_bits(((v[k].to_bits() as i32).wrapping_add(POW2_BIAS) << 23) as u32))
    }
    #[inline(always)]
    fn rsqrt_guess(self, v: Self::V) -> Self::V {
        each!(k => f32::from_bits(RSQRT_MAGIC.wrapping_sub((v[k].to_bits() >> 1) as i32) as u32))
    }
    #[inline(always)]
    fn select(self, c: Self::V, a: Self::V, b: Self::V) -> Self::V {
        each!(k => if c[k] > 0.0 { a[k] } else { b[k] })
    }
    #[inline(always)]
    fn exponent(self, v: Self::V) -> Self::V {
        each!(k => ((v[k].to_bits() >> 23) as i32 - 127) as f32)
    }
    #[inline(always)]
    fn mantissa(self, v: Self::V) -> Self::V {
        each!(k => f32::from_bits((v[k].to_bits() as i32 & MANTISSA | ONE_BITS) as u32))
    }
    #[inline(always)]
    fn tree_sum(self, v: Self::V) -> f32 {
        let mut t = v;
        let mut half = LANES / 2;
        while half > 0 {
            for k in 0..half {
                t[k] += t[k + half];
            }
            half /= 2;
        }
        t[0]
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) use super::x86::{Avx2, Avx512, Sse2};
