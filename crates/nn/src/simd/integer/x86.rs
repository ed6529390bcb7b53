//! The inner product on SSE2, AVX2, AVX-512 and its dot-product instruction (`vpdpwssd`, the form that does not saturate).

use std::arch::x86_64::*;

use super::tiles::{Tile, Tiles};
use super::{Channels, Line, PANEL, Seen};

/// Holding one proves SSE2, which is part of x86-64.
#[derive(Clone, Copy)]
pub(crate) struct Sse2(());
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
proofs!(Sse2 Avx2 Avx512 Vnni);

/// Products of `R` windows by `P` panels in registers of `$lanes` outputs: `$part` is which of those of a panel.
macro_rules! tile {
    ($tile:ident, $starts:ident, $sums:ident, $part:expr, $lanes:expr, $type:ty,
     [$zero:ident, $load:ident, $get:ident, $put:ident, $set:ident], $add:expr) => {{
        let [segments, pairs, apart] = $tile.segments;
        let mut from = [$tile.x.as_ptr(); R];
        for (from, start) in from.iter_mut().zip($starts) {
            *from = from.add(*start);
        }
        let mut all = [[$zero(); R]; P];
        for (all, sums) in all.iter_mut().zip($sums.iter()) {
            for (all, sums) in all.iter_mut().zip(sums) {
                *all = $get(sums.as_ptr().add($part * $lanes).cast());
            }
        }
        for segment in 0..segments {
            let lines = $tile.lines.as_ptr().add(segment * pairs);
            for k in 0..pairs {
                let mut weights = [$zero(); P];
                for (p, weights) in weights.iter_mut().enumerate() {
                    *weights = $load(lines.add(p * $tile.pairs + k).cast::<$type>().add($part));
                }
                for r in 0..R {
                    let pair = from[r].add(segment * apart + 2 * k).cast::<i32>().read_unaligned();
                    let x = $set(pair);
                    for p in 0..P {
                        all[p][r] = $add(all[p][r], weights[p], x);
                    }
                }
            }
        }
        for (all, sums) in all.iter().zip($sums.iter_mut()) {
            for (all, sums) in all.iter().zip(sums) {
                $put(sums.as_mut_ptr().add($part * $lanes).cast(), *all);
            }
        }
    }};
}

impl Tiles for Sse2 {
    #[inline(always)]
    fn tile<const R: usize, const P: usize>(
        self,
        tile: &Tile<'_>,
        starts: &[usize; R],
        sums: &mut [[[i32; PANEL]; R]; P],
    ) {
        assert!(tile.is_within(starts, P));
        for quarter in 0..tile.width.div_ceil(4).min(4) {
            // SAFETY: SSE2 is part of x86-64. Loads of weights are of 16 bytes, at most 48 bytes into a line of 64 within `lines`;
            // those of inputs of 4 bytes within `x`, by the assertion; those of sums of 16 bytes in an array of 64.
            unsafe {
                tile!(
                    tile,
                    starts,
                    sums,
                    quarter,
                    4,
                    __m128i,
                    [_mm_setzero_si128, _mm_load_si128, _mm_loadu_si128, _mm_storeu_si128, _mm_set1_epi32],
                    |all, w, x| _mm_add_epi32(all, _mm_madd_epi16(w, x))
                );
            }
        }
    }
}

impl Tiles for Avx2 {
    #[inline(always)]
    fn tile<const R: usize, const P: usize>(
        self,
        tile: &Tile<'_>,
        starts: &[usize; R],
        sums: &mut [[[i32; PANEL]; R]; P],
    ) {
        assert!(tile.is_within(starts, P));
        // Eight outputs at a time: twelve windows of them fill the registers.
        for half in 0..tile.width.div_ceil(8).min(2) {
            // SAFETY: `self` proves AVX2. Loads of weights are of 32 bytes, at most 32 bytes into a line of 64 within `lines`;
            // those of inputs of 4 bytes within `x`, by the assertion; those of sums of 32 bytes in an array of 64.
            unsafe {
                tile!(
                    tile,
                    starts,
                    sums,
                    half,
                    8,
                    __m256i,
                    [
                        _mm256_setzero_si256,
                        _mm256_load_si256,
                        _mm256_loadu_si256,
                        _mm256_storeu_si256,
                        _mm256_set1_epi32
                    ],
                    |all, w, x| _mm256_add_epi32(all, _mm256_madd_epi16(w, x))
                );
            }
        }
    }
    #[inline(always)]
    fn gather<const P: usize>(
        self,
        lines: &[Line],
        pairs: usize,
        seen: &[Seen],
        sums: &mut [[i32; PANEL]; P],
    ) {
        assert!(lines.len() >= P * pairs && seen.iter().all(|seen| (seen.place as usize) < pairs));
        for half in 0..2 {
            // SAFETY: `self` proves AVX2. Loads of weights are of 32 bytes, at most 32 bytes into a line of 64, and the line is within
            // `lines` by the assertion; those of sums are of 32 bytes in an array of 64.
            unsafe {
                let mut all = [_mm256_setzero_si256(); P];
                for (all, sums) in all.iter_mut().zip(sums.iter()) {
                    *all = _mm256_loadu_si256(sums.as_ptr().add(8 * half).cast());
                }
                for Seen { place, pair } in seen {
                    let x = _mm256_set1_epi32(pair.as_ptr().cast::<i32>().read_unaligned());
                    for (p, all) in all.iter_mut().enumerate() {
                        let line = lines.as_ptr().add(p * pairs + *place as usize);
                        let w = _mm256_load_si256(line.cast::<__m256i>().add(half));
                        *all = _mm256_add_epi32(*all, _mm256_madd_epi16(w, x));
                    }
                }
                for (all, sums) in all.iter().zip(sums.iter_mut()) {
                    _mm256_storeu_si256(sums.as_mut_ptr().add(8 * half).cast(), *all);
                }
            }
        }
    }
    #[inline(always)]
    fn finish(self, channels: &Channels, limit: i16, sums: &[i32; PANEL]) -> [i16; PANEL] {
        let mut out = [0; PANEL];
        for half in 0..2 {
            // SAFETY: `self` proves AVX2; all loads are of 32 bytes of arrays of 64, and the store is of 16 bytes of an array of 32.
            unsafe {
                let part = |all: &[i32; PANEL]| _mm256_loadu_si256(all.as_ptr().add(8 * half).cast());
                let (sum, factor, shift) = (part(sums), part(&channels.multiplier), part(&channels.shift));
                let low = _mm256_and_si256(shift, _mm256_set1_epi64x(63));
                let even = scale2(sum, factor, low);
                let odd = scale2(
                    _mm256_srli_epi64::<32>(sum),
                    _mm256_srli_epi64::<32>(factor),
                    _mm256_srli_epi64::<32>(shift),
                );
                let both = _mm256_blend_epi32::<0b1010_1010>(even, _mm256_slli_epi64::<32>(odd));
                let most = _mm256_set1_epi32(i32::from(limit));
                let least = _mm256_set1_epi32(-i32::from(limit));
                let kept = _mm256_max_epi32(_mm256_min_epi32(both, most), least);
                let packed =
                    _mm_packs_epi32(_mm256_castsi256_si128(kept), _mm256_extracti128_si256::<1>(kept));
                _mm_storeu_si128(out.as_mut_ptr().add(8 * half).cast(), packed);
            }
        }
        out
    }
}

/// The products of the lower halves of four 64-bit lanes, rounded and shifted. AVX2 has no arithmetic shift of 64 bits, so numbers are
/// made positive for a logical one.
///
/// # Safety
/// The processor must have AVX2, and the caller must be compiled for it.
#[inline(always)]
unsafe fn scale2(sum: __m256i, factor: __m256i, shift: __m256i) -> __m256i {
    // SAFETY: register operations of AVX2, which the caller vouches for.
    unsafe {
        let half = _mm256_srli_epi64::<1>(_mm256_sllv_epi64(_mm256_set1_epi64x(1), shift));
        let product = _mm256_add_epi64(_mm256_mul_epi32(sum, factor), half);
        let lift = _mm256_set1_epi64x(i64::MIN);
        let moved = _mm256_srlv_epi64(_mm256_xor_si256(product, lift), shift);
        _mm256_sub_epi64(moved, _mm256_srlv_epi64(lift, shift))
    }
}

/// The same for sixteen outputs at once.
macro_rules! finish_wide {
    ($channels:ident, $limit:ident, $sums:ident) => {{
        let mut out = [0; PANEL];
        // SAFETY: `self` proves AVX-512; all loads are whole arrays of 64 bytes, and the store is a whole array of 32.
        unsafe {
            let part = |all: &[i32; PANEL]| _mm512_loadu_si512(all.as_ptr().cast());
            let (sum, factor, shift) = (part($sums), part(&$channels.multiplier), part(&$channels.shift));
            let scale = |sum, factor, shift| {
                let half = _mm512_srli_epi64::<1>(_mm512_sllv_epi64(_mm512_set1_epi64(1), shift));
                _mm512_srav_epi64(_mm512_add_epi64(_mm512_mul_epi32(sum, factor), half), shift)
            };
            let even = scale(sum, factor, _mm512_and_si512(shift, _mm512_set1_epi64(63)));
            let odd = scale(
                _mm512_srli_epi64::<32>(sum),
                _mm512_srli_epi64::<32>(factor),
                _mm512_srli_epi64::<32>(shift),
            );
            let both = _mm512_mask_blend_epi32(0xaaaa, even, _mm512_slli_epi64::<32>(odd));
            let (most, least) = (_mm512_set1_epi32(i32::from($limit)), _mm512_set1_epi32(-i32::from($limit)));
            let kept = _mm512_max_epi32(_mm512_min_epi32(both, most), least);
            _mm256_storeu_si256(out.as_mut_ptr().cast(), _mm512_cvtsepi32_epi16(kept));
        }
        out
    }};
}

/// One register for a window and a panel; `$add` adds the products of a pair.
macro_rules! wide {
    ($tile:ident, $starts:ident, $sums:ident, $add:expr) => {{
        assert!($tile.is_within($starts, P));
        // SAFETY: `self` proves the instruction set. A load of weights is one line of `lines`; those of inputs are of 4 bytes
        // within `x`, by the assertion; sums are arrays of 64 bytes.
        unsafe {
            tile!(
                $tile,
                $starts,
                $sums,
                0,
                16,
                __m512i,
                [
                    _mm512_setzero_si512,
                    _mm512_load_si512,
                    _mm512_loadu_si512,
                    _mm512_storeu_si512,
                    _mm512_set1_epi32
                ],
                $add
            );
        }
    }};
}

/// The sums of a panel stay in one register.
macro_rules! gather_wide {
    ($lines:ident, $pairs:ident, $seen:ident, $sums:ident) => {{
        assert!($lines.len() >= P * $pairs && $seen.iter().all(|seen| (seen.place as usize) < $pairs));
        // SAFETY: `self` proves AVX-512. A load of weights is one line within `lines`, by the assertion; sums are arrays of 64 bytes.
        unsafe {
            let mut all = [_mm512_setzero_si512(); P];
            for (all, sums) in all.iter_mut().zip($sums.iter()) {
                *all = _mm512_loadu_si512(sums.as_ptr().cast());
            }
            for Seen { place, pair } in $seen {
                let x = _mm512_set1_epi32(pair.as_ptr().cast::<i32>().read_unaligned());
                for (p, all) in all.iter_mut().enumerate() {
                    let w = _mm512_load_si512($lines.as_ptr().add(p * $pairs + *place as usize).cast());
                    *all = _mm512_add_epi32(*all, _mm512_madd_epi16(w, x));
                }
            }
            for (all, sums) in all.iter().zip($sums.iter_mut()) {
                _mm512_storeu_si512(sums.as_mut_ptr().cast(), *all);
            }
        }
    }};
}

/// A panel of at most eight outputs fills half a register only.
macro_rules! narrow {
    ($tile:ident, $starts:ident, $sums:ident) => {
        if P == 1 && $tile.width <= 8 {
            // SAFETY: AVX-512 contains AVX2.
            return unsafe { Avx2::new() }.tile::<R, P>($tile, $starts, $sums);
        }
    };
}

impl Tiles for Avx512 {
    const PAIRED: bool = true;

    #[inline(always)]
    fn tile<const R: usize, const P: usize>(
        self,
        tile: &Tile<'_>,
        starts: &[usize; R],
        sums: &mut [[[i32; PANEL]; R]; P],
    ) {
        narrow!(tile, starts, sums);
        wide!(tile, starts, sums, |all, w, x| _mm512_add_epi32(all, _mm512_madd_epi16(w, x)));
    }
    #[inline(always)]
    fn gather<const P: usize>(
        self,
        lines: &[Line],
        pairs: usize,
        seen: &[Seen],
        sums: &mut [[i32; PANEL]; P],
    ) {
        gather_wide!(lines, pairs, seen, sums);
    }
    #[inline(always)]
    fn finish(self, channels: &Channels, limit: i16, sums: &[i32; PANEL]) -> [i16; PANEL] {
        finish_wide!(channels, limit, sums)
    }
}

impl Tiles for Vnni {
    const PAIRED: bool = true;

    #[inline(always)]
    fn tile<const R: usize, const P: usize>(
        self,
        tile: &Tile<'_>,
        starts: &[usize; R],
        sums: &mut [[[i32; PANEL]; R]; P],
    ) {
        narrow!(tile, starts, sums);
        // The fused form waits five cycles for its own sum, so it pays from many sums on.
        if R * P > 4 {
            wide!(tile, starts, sums, |all, w, x| _mm512_dpwssd_epi32(all, w, x));
        } else {
            wide!(tile, starts, sums, |all, w, x| _mm512_add_epi32(all, _mm512_madd_epi16(w, x)));
        }
    }
    #[inline(always)]
    fn gather<const P: usize>(
        self,
        lines: &[Line],
        pairs: usize,
        seen: &[Seen],
        sums: &mut [[i32; PANEL]; P],
    ) {
        gather_wide!(lines, pairs, seen, sums);
    }
    #[inline(always)]
    fn finish(self, channels: &Channels, limit: i16, sums: &[i32; PANEL]) -> [i16; PANEL] {
        finish_wide!(channels, limit, sums)
    }
}
