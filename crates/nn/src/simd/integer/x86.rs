//! The inner product on AVX2, AVX-512 and its dot-product instruction (`vpdpwssd`, the form that does not saturate).

use std::arch::x86_64::*;

use super::tiles::Tiles;
use super::{Line, PANEL};

/// Holding one proves AVX2.
#[derive(Clone, Copy)]
pub(crate) struct Avx2(());
/// Holding one proves AVX-512 F, BW, DQ and VL.
#[derive(Clone, Copy)]
pub(crate) struct Avx512(());
/// Holding one proves all of these and AVX-512 VNNI.
#[derive(Clone, Copy)]
pub(crate) struct Vnni(());

macro_rules! proofs {
    ($($name:ident)*) => {$(
        impl $name {
            /// # Safety
            /// The processor must have the instruction set, and the caller must be compiled for it.
            #[inline(always)]
            pub(crate) unsafe fn new() -> Self {
                Self(())
            }
        }
    )*};
}
proofs!(Avx2 Avx512 Vnni);

/// Two inputs of row `r` as one number of 32 bits, for all lanes.
macro_rules! pair {
    ($x:ident, $pairs:ident, $r:expr, $k:expr) => {
        $x.as_ptr().add($r * $pairs + $k).cast::<i32>().read_unaligned()
    };
}

impl Tiles for Avx2 {
    #[inline(always)]
    fn tile<const R: usize>(
        self,
        lines: &[Line],
        x: &[[i16; 2]],
        width: usize,
        sums: &mut [[i32; PANEL]; R],
    ) {
        let pairs = lines.len();
        assert!(x.len() >= R * pairs);
        // Eight outputs at a time: twelve rows of them fill the registers.
        for half in 0..width.div_ceil(8).min(2) {
            // SAFETY: `self` proves AVX2. Loads of weights are of 32 bytes, at most 32 bytes into a line of 64 within `lines`;
            // those of inputs of 4 bytes within `x`, by the assertion; those of sums of 32 bytes in an array of 64.
            unsafe {
                let mut all = [_mm256_setzero_si256(); R];
                for (all, sums) in all.iter_mut().zip(sums.iter()) {
                    *all = _mm256_loadu_si256(sums.as_ptr().add(8 * half).cast());
                }
                for k in 0..pairs {
                    let w = _mm256_load_si256(lines.as_ptr().add(k).cast::<__m256i>().add(half));
                    for (r, all) in all.iter_mut().enumerate() {
                        let x = _mm256_set1_epi32(pair!(x, pairs, r, k));
                        *all = _mm256_add_epi32(*all, _mm256_madd_epi16(w, x));
                    }
                }
                for (all, sums) in all.iter().zip(sums.iter_mut()) {
                    _mm256_storeu_si256(sums.as_mut_ptr().add(8 * half).cast(), *all);
                }
            }
        }
    }
}

/// One register a row; `$add` adds the products of a pair.
macro_rules! wide {
    ($lines:ident, $x:ident, $sums:ident, $add:expr) => {{
        let pairs = $lines.len();
        assert!($x.len() >= R * pairs);
        // SAFETY: `self` proves the instruction set. A load of weights is one line of `lines`; those of inputs are of 4 bytes
        // within `x`, by the assertion; sums are arrays of 64 bytes.
        unsafe {
            let mut all = [_mm512_setzero_si512(); R];
            for (all, sums) in all.iter_mut().zip($sums.iter()) {
                *all = _mm512_loadu_si512(sums.as_ptr().cast());
            }
            for k in 0..pairs {
                let w = _mm512_load_si512($lines.as_ptr().add(k).cast());
                for (r, all) in all.iter_mut().enumerate() {
                    let x = _mm512_set1_epi32(pair!($x, pairs, r, k));
                    *all = $add(*all, w, x);
                }
            }
            for (all, sums) in all.iter().zip($sums.iter_mut()) {
                _mm512_storeu_si512(sums.as_mut_ptr().cast(), *all);
            }
        }
    }};
}

impl Tiles for Avx512 {
    #[inline(always)]
    fn tile<const R: usize>(self, lines: &[Line], x: &[[i16; 2]], _: usize, sums: &mut [[i32; PANEL]; R]) {
        wide!(lines, x, sums, |all, w, x| _mm512_add_epi32(all, _mm512_madd_epi16(w, x)));
    }
}

impl Tiles for Vnni {
    #[inline(always)]
    fn tile<const R: usize>(self, lines: &[Line], x: &[[i16; 2]], _: usize, sums: &mut [[i32; PANEL]; R]) {
        // The fused form waits five cycles for its own sum, so it pays from many rows on.
        if R > 4 {
            wide!(lines, x, sums, |all, w, x| _mm512_dpwssd_epi32(all, w, x));
        } else {
            wide!(lines, x, sums, |all, w, x| _mm512_add_epi32(all, _mm512_madd_epi16(w, x)));
        }
    }
}
