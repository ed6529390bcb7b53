//! The sixteen lanes on SSE2, AVX2 and AVX-512 registers. Every method is one instruction a register, or a few.

use std::arch::x86_64::*;

use super::lanes::{LANES, Lanes, MANTISSA, ONE_BITS, POW2_BIAS, RSQRT_MAGIC};

/// Two 8-lane registers. Holding one proves AVX2.
#[derive(Clone, Copy)]
pub(crate) struct Avx2(());
/// One 16-lane register. Holding one proves AVX-512F.
#[derive(Clone, Copy)]
pub(crate) struct Avx512(());

impl Avx2 {
    /// # Safety
    /// The processor must have AVX2, and the caller must be compiled for it.
    #[inline(always)]
    pub(crate) unsafe fn new() -> Self {
        Self(())
    }
}
impl Avx512 {
    /// # Safety
    /// The processor must have AVX-512F, and the caller must be compiled for it.
    #[inline(always)]
    pub(crate) unsafe fn new() -> Self {
        Self(())
    }
}

/// The last two steps of the tree, on four lanes. SSE2 is part of x86-64.
#[inline(always)]
fn tree4(v: __m128) -> f32 {
    // SAFETY: SSE2 belongs to every x86-64 processor; no memory is touched.
    unsafe {
        let two = _mm_add_ps(v, _mm_movehl_ps(v, v));
        _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
    }
}

/// Four 4-lane registers: SSE2 belongs to every x86-64 processor.
#[derive(Clone, Copy)]
pub(crate) struct Sse2;

/// One operation on all four registers.
macro_rules! four {
    ($x:ident, $v:expr => $e:expr) => {{
        let v = $v;
        // SAFETY: SSE2 is part of x86-64; register operations only.
        let one = |$x: __m128| unsafe { $e };
        [one(v[0]), one(v[1]), one(v[2]), one(v[3])]
    }};
    ($f:ident($a:ident, $b:ident)) => {
        // SAFETY: SSE2 is part of x86-64; register operations only.
        unsafe { [$f($a[0], $b[0]), $f($a[1], $b[1]), $f($a[2], $b[2]), $f($a[3], $b[3])] }
    };
}

impl Lanes for Sse2 {
    type V = [__m128; 4];
    #[inline(always)]
    fn splat(self, x: f32) -> Self::V {
        // SAFETY: SSE2 is part of x86-64.
        [unsafe { _mm_set1_ps(x) }; 4]
    }
    #[inline(always)]
    fn load(self, p: &[f32; LANES]) -> Self::V {
        let p = p.as_ptr();
        // SAFETY: the array holds 16 readable f32, unaligned loads are allowed.
        unsafe { [_mm_loadu_ps(p), _mm_loadu_ps(p.add(4)), _mm_loadu_ps(p.add(8)), _mm_loadu_ps(p.add(12))] }
    }
    #[inline(always)]
    fn store(self, p: &mut [f32; LANES], v: Self::V) {
        let p = p.as_mut_ptr();
        // SAFETY: the array holds 16 writable f32, unaligned stores are allowed.
        unsafe {
            _mm_storeu_ps(p, v[0]);
            _mm_storeu_ps(p.add(4), v[1]);
            _mm_storeu_ps(p.add(8), v[2]);
            _mm_storeu_ps(p.add(12), v[3]);
        }
    }
    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        four!(_mm_add_ps(a, b))
    }
    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        four!(_mm_sub_ps(a, b))
    }
    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        four!(_mm_mul_ps(a, b))
    }
    #[inline(always)]
    fn div(self, a: Self::V, b: Self::V) -> Self::V {
        four!(_mm_div_ps(a, b))
    }
    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        four!(_mm_max_ps(a, b))
    }
    #[inline(always)]
    fn min(self, a: Self::V, b: Self::V) -> Self::V {
        four!(_mm_min_ps(a, b))
    }
    #[inline(always)]
    fn flush(self, v: Self::V, tiny: f32) -> Self::V {
        four!(x, v => _mm_andnot_ps(_mm_cmplt_ps(_mm_andnot_ps(_mm_set1_ps(-0.0), x), _mm_set1_ps(tiny)), x))
    }
    #[inline(always)]
    fn pow2(self, v: Self::V) -> Self::V {
        four!(x, v => {
            let k = _mm_add_epi32(_mm_castps_si128(x), _mm_set1_epi32(POW2_BIAS));
            _mm_castsi128_ps(_mm_slli_epi32::<23>(k))
        })
    }
    #[inline(always)]
    fn rsqrt_guess(self, v: Self::V) -> Self::V {
        four!(x, v => {
            let half = _mm_srli_epi32::<1>(_mm_castps_si128(x));
            _mm_castsi128_ps(_mm_sub_epi32(_mm_set1_epi32(RSQRT_MAGIC), half))
        })
    }
    #[inline(always)]
    fn select(self, c: Self::V, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: SSE2 is part of x86-64; register operations only.
        let one = |k: usize| unsafe {
            let yes = _mm_cmpgt_ps(c[k], _mm_setzero_ps());
            _mm_or_ps(_mm_and_ps(yes, a[k]), _mm_andnot_ps(yes, b[k]))
        };
        [one(0), one(1), one(2), one(3)]
    }
    #[inline(always)]
    fn exponent(self, v: Self::V) -> Self::V {
        four!(x, v => {
            let bits = _mm_srli_epi32::<23>(_mm_castps_si128(x));
            _mm_cvtepi32_ps(_mm_sub_epi32(bits, _mm_set1_epi32(127)))
        })
    }
    #[inline(always)]
    fn mantissa(self, v: Self::V) -> Self::V {
        four!(x, v => {
            let bits = _mm_and_si128(_mm_castps_si128(x), _mm_set1_epi32(MANTISSA));
            _mm_castsi128_ps(_mm_or_si128(bits, _mm_set1_epi32(ONE_BITS)))
        })
    }
    #[inline(always)]
    fn tree_sum(self, v: Self::V) -> f32 {
        // SAFETY: SSE2 is part of x86-64; register operations only.
        tree4(unsafe { _mm_add_ps(_mm_add_ps(v[0], v[2]), _mm_add_ps(v[1], v[3])) })
    }
}

/// One operation on both halves.
macro_rules! both {
    ($f:ident($a:expr $(, $b:expr)?)) => {
        // SAFETY: `self` proves AVX2; register operations only.
        unsafe { ($f($a.0 $(, $b.0)?), $f($a.1 $(, $b.1)?)) }
    };
}

impl Lanes for Avx2 {
    type V = (__m256, __m256);
    #[inline(always)]
    fn splat(self, x: f32) -> Self::V {
        // SAFETY: `self` proves AVX2.
        let v = unsafe { _mm256_set1_ps(x) };
        (v, v)
    }
    #[inline(always)]
    fn load(self, p: &[f32; LANES]) -> Self::V {
        // SAFETY: `self` proves AVX2; the array holds 16 readable f32, unaligned loads are allowed.
        unsafe { (_mm256_loadu_ps(p.as_ptr()), _mm256_loadu_ps(p.as_ptr().add(8))) }
    }
    #[inline(always)]
    fn store(self, p: &mut [f32; LANES], v: Self::V) {
        // SAFETY: `self` proves AVX2; the array holds 16 writable f32, unaligned stores are allowed.
        unsafe {
            _mm256_storeu_ps(p.as_mut_ptr(), v.0);
            _mm256_storeu_ps(p.as_mut_ptr().add(8), v.1);
        }
    }
    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        both!(_mm256_add_ps(a, b))
    }
    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        both!(_mm256_sub_ps(a, b))
    }
    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        both!(_mm256_mul_ps(a, b))
    }
    #[inline(always)]
    fn div(self, a: Self::V, b: Self::V) -> Self::V {
        both!(_mm256_div_ps(a, b))
    }
    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        both!(_mm256_max_ps(a, b))
    }
    #[inline(always)]
    fn min(self, a: Self::V, b: Self::V) -> Self::V {
        both!(_mm256_min_ps(a, b))
    }
    #[inline(always)]
    fn flush(self, v: Self::V, tiny: f32) -> Self::V {
        // SAFETY: `self` proves AVX2; register operations only.
        let one = |x: __m256| unsafe {
            let size = _mm256_andnot_ps(_mm256_set1_ps(-0.0), x);
            _mm256_andnot_ps(_mm256_cmp_ps::<_CMP_LT_OQ>(size, _mm256_set1_ps(tiny)), x)
        };
        (one(v.0), one(v.1))
    }
    #[inline(always)]
    fn pow2(self, v: Self::V) -> Self::V {
        // SAFETY: `self` proves AVX2; register operations only.
        let one = |x: __m256| unsafe {
            let k = _mm256_add_epi32(_mm256_castps_si256(x), _mm256_set1_epi32(POW2_BIAS));
            _mm256_castsi256_ps(_mm256_slli_epi32::<23>(k))
        };
        (one(v.0), one(v.1))
    }
    #[inline(always)]
    fn rsqrt_guess(self, v: Self::V) -> Self::V {
        // SAFETY: `self` proves AVX2; register operations only.
        let one = |x: __m256| unsafe {
            let half = _mm256_srli_epi32::<1>(_mm256_castps_si256(x));
            _mm256_castsi256_ps(_mm256_sub_epi32(_mm256_set1_epi32(RSQRT_MAGIC), half))
        };
        (one(v.0), one(v.1))
    }
    #[inline(always)]
    fn select(self, c: Self::V, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: `self` proves AVX2; register operations only.
        let one =
            |c, a, b| unsafe { _mm256_blendv_ps(b, a, _mm256_cmp_ps::<_CMP_GT_OQ>(c, _mm256_setzero_ps())) };
        (one(c.0, a.0, b.0), one(c.1, a.1, b.1))
    }
    #[inline(always)]
    fn exponent(self, v: Self::V) -> Self::V {
        // SAFETY: `self` proves AVX2; register operations only.
        let one = |x: __m256| unsafe {
            let bits = _mm256_srli_epi32::<23>(_mm256_castps_si256(x));
            _mm256_cvtepi32_ps(_mm256_sub_epi32(bits, _mm256_set1_epi32(127)))
        };
        (one(v.0), one(v.1))
    }
    #[inline(always)]
    fn mantissa(self, v: Self::V) -> Self::V {
        // SAFETY: `self` proves AVX2; register operations only.
        let one = |x: __m256| unsafe {
            let bits = _mm256_and_si256(_mm256_castps_si256(x), _mm256_set1_epi32(MANTISSA));
            _mm256_castsi256_ps(_mm256_or_si256(bits, _mm256_set1_epi32(ONE_BITS)))
        };
        (one(v.0), one(v.1))
    }
    #[inline(always)]
    fn tree_sum(self, v: Self::V) -> f32 {
        // SAFETY: `self` proves AVX2; register operations only.
        unsafe {
            let eight = _mm256_add_ps(v.0, v.1);
            tree4(_mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps::<1>(eight)))
        }
    }
}

impl Lanes for Avx512 {
    type V = __m512;
    #[inline(always)]
    fn splat(self, x: f32) -> Self::V {
        // SAFETY: `self` proves AVX-512F.
        unsafe { _mm512_set1_ps(x) }
    }
    #[inline(always)]
    fn load(self, p: &[f32; LANES]) -> Self::V {
        // SAFETY: `self` proves AVX-512F; the array holds 16 readable f32, unaligned loads are allowed.
        unsafe { _mm512_loadu_ps(p.as_ptr()) }
    }
    #[inline(always)]
    fn store(self, p: &mut [f32; LANES], v: Self::V) {
        // SAFETY: `self` proves AVX-512F; the array holds 16 writable f32, unaligned stores are allowed.
        unsafe { _mm512_storeu_ps(p.as_mut_ptr(), v) }
    }
    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: `self` proves AVX-512F.
        unsafe { _mm512_add_ps(a, b) }
    }
    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: `self` proves AVX-512F.
        unsafe { _mm512_sub_ps(a, b) }
    }
    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: `self` proves AVX-512F.
        unsafe { _mm512_mul_ps(a, b) }
    }
    #[inline(always)]
    fn div(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: `self` proves AVX-512F.
        unsafe { _mm512_div_ps(a, b) }
    }
    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: `self` proves AVX-512F.
        unsafe { _mm512_max_ps(a, b) }
    }
    #[inline(always)]
    fn min(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: `self` proves AVX-512F.
        unsafe { _mm512_min_ps(a, b) }
    }
    #[inline(always)]
    fn flush(self, v: Self::V, tiny: f32) -> Self::V {
        // SAFETY: `self` proves AVX-512F; register operations only. Not-less-than keeps what `flush` keeps.
        unsafe {
            let keep = _mm512_cmp_ps_mask::<_CMP_NLT_UQ>(_mm512_abs_ps(v), _mm512_set1_ps(tiny));
            _mm512_maskz_mov_ps(keep, v)
        }
    }
    #[inline(always)]
    fn pow2(self, v: Self::V) -> Self::V {
        // SAFETY: `self` proves AVX-512F; register operations only.
        unsafe {
            let k = _mm512_add_epi32(_mm512_castps_si512(v), _mm512_set1_epi32(POW2_BIAS));
            _mm512_castsi512_ps(_mm512_slli_epi32::<23>(k))
        }
    }
    #[inline(always)]
    fn rsqrt_guess(self, v: Self::V) -> Self::V {
        // SAFETY: `self` proves AVX-512F; register operations only.
        unsafe {
            let half = _mm512_srli_epi32::<1>(_mm512_castps_si512(v));
            _mm512_castsi512_ps(_mm512_sub_epi32(_mm512_set1_epi32(RSQRT_MAGIC), half))
        }
    }
    #[inline(always)]
    fn select(self, c: Self::V, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: `self` proves AVX-512F; register operations only.
        unsafe { _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(c, _mm512_setzero_ps()), b, a) }
    }
    #[inline(always)]
    fn exponent(self, v: Self::V) -> Self::V {
        // SAFETY: `self` proves AVX-512F; register operations only.
        unsafe {
            let bits = _mm512_srli_epi32::<23>(_mm512_castps_si512(v));
            _mm512_cvtepi32_ps(_mm512_sub_epi32(bits, _mm512_set1_epi32(127)))
        }
    }
    #[inline(always)]
    fn mantissa(self, v: Self::V) -> Self::V {
        // SAFETY: `self` proves AVX-512F; register operations only.
        unsafe {
            let bits = _mm512_and_si512(_mm512_castps_si512(v), _mm512_set1_epi32(MANTISSA));
            _mm512_castsi512_ps(_mm512_or_si512(bits, _mm512_set1_epi32(ONE_BITS)))
        }
    }
    #[inline(always)]
    fn tree_sum(self, v: Self::V) -> f32 {
        // SAFETY: `self` proves AVX-512F; register operations only.
        unsafe {
            let high = _mm256_castpd_ps(_mm512_extractf64x4_pd::<1>(_mm512_castps_pd(v)));
            let eight = _mm256_add_ps(_mm512_castps512_ps256(v), high);
            tree4(_mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps::<1>(eight)))
        }
    }
}
