//! The loops in AVX2 and AVX-512.

use super::vector::{PAIR_SHIFT, Task, Vector, row};
use std::arch::x86_64::*;

/// To be made by [`with512`] only, where the processor is known to have the instructions.
#[derive(Clone, Copy)]
struct Avx512;

/// To be made by [`with256`] only.
#[derive(Clone, Copy)]
struct Avx2;

#[target_feature(enable = "avx512bw,avx512vl,avx512dq,avx2,bmi1,bmi2,lzcnt,popcnt")]
pub fn with512<T: Task>(task: T) -> T::Out {
    task.run(Avx512)
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
pub fn with256<T: Task>(task: T) -> T::Out {
    task.run(Avx2)
}

impl Vector for Avx512 {
    #[inline(always)]
    fn pairs<const M: usize>(self, x: &mut [i16; M], pair: impl Fn(usize) -> [i16; 2]) {
        for (i, x) in x.as_chunks_mut::<32>().0.iter_mut().enumerate() {
            // SAFETY: there is no `Avx512` but on a processor that has the instructions.
            unsafe { store512(x, std::array::from_fn(|k| pack(pair(16 * i + k)))) };
        }
    }

    #[inline(always)]
    fn dots<const M: usize, const S: usize>(
        self,
        x: &[i16; M],
        weights: &[[i16; M]],
        sets: &[u32; S],
    ) -> [i32; S] {
        // SAFETY: there is no `Avx512` but on a processor that has the instructions.
        unsafe { dots512(x, weights, sets) }
    }

    #[inline(always)]
    fn trains<const M: usize, const S: usize>(
        self,
        x: &[i16; M],
        weights: &mut [[i16; M]],
        sets: &[u32; S],
        errors: &[i16; S],
    ) {
        // SAFETY: as above.
        unsafe { trains512(x, weights, sets, errors) }
    }
}

impl Vector for Avx2 {
    #[inline(always)]
    fn pairs<const M: usize>(self, x: &mut [i16; M], pair: impl Fn(usize) -> [i16; 2]) {
        for (i, x) in x.as_chunks_mut::<16>().0.iter_mut().enumerate() {
            // SAFETY: there is no `Avx2` but on a processor that has the instructions.
            unsafe { store256(x, std::array::from_fn(|k| pack(pair(8 * i + k)))) };
        }
    }

    #[inline(always)]
    fn dots<const M: usize, const S: usize>(
        self,
        x: &[i16; M],
        weights: &[[i16; M]],
        sets: &[u32; S],
    ) -> [i32; S] {
        // SAFETY: there is no `Avx2` but on a processor that has the instructions.
        unsafe { dots256(x, weights, sets) }
    }

    #[inline(always)]
    fn trains<const M: usize, const S: usize>(
        self,
        x: &[i16; M],
        weights: &mut [[i16; M]],
        sets: &[u32; S],
        errors: &[i16; S],
    ) {
        // SAFETY: as above.
        unsafe { trains256(x, weights, sets, errors) }
    }
}

#[inline(always)]
fn pack([low, high]: [i16; 2]) -> i32 {
    i32::from(low as u16) | i32::from(high) << 16
}

#[inline]
#[target_feature(enable = "avx512bw,avx2")]
fn store512(x: &mut [i16; 32], p: [i32; 16]) {
    let v = _mm512_setr_epi32(
        p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10], p[11], p[12], p[13], p[14], p[15],
    );
    // SAFETY: `x` has 64 bytes; unaligned store.
    unsafe { _mm512_storeu_si512(x.as_mut_ptr().cast(), v) };
}

#[inline]
#[target_feature(enable = "avx2")]
fn store256(x: &mut [i16; 16], p: [i32; 8]) {
    let v = _mm256_setr_epi32(p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7]);
    // SAFETY: `x` has 32 bytes; unaligned store.
    unsafe { _mm256_storeu_si256(x.as_mut_ptr().cast(), v) };
}

#[inline]
#[target_feature(enable = "avx512bw,avx2")]
fn dots512<const M: usize, const S: usize>(x: &[i16; M], weights: &[[i16; M]], sets: &[u32; S]) -> [i32; S] {
    let mut sums = [_mm_setzero_si128(); S];
    for s in 0..S {
        let Some(w) = row(weights, sets[s]) else { continue };
        let mut sum = _mm512_setzero_si512();
        for i in (0..M).step_by(32) {
            // SAFETY: `M` is a multiple of 32, so 32 numbers follow each `i`; unaligned loads.
            let (x, w) = unsafe {
                (_mm512_loadu_si512(x.as_ptr().add(i).cast()), _mm512_loadu_si512(w.as_ptr().add(i).cast()))
            };
            sum = _mm512_add_epi32(sum, _mm512_srai_epi32::<PAIR_SHIFT>(_mm512_madd_epi16(x, w)));
        }
        sums[s] = quarter(_mm256_add_epi32(_mm512_castsi512_si256(sum), _mm512_extracti64x4_epi64::<1>(sum)));
    }
    totals(&sums)
}

#[inline]
#[target_feature(enable = "avx2")]
fn dots256<const M: usize, const S: usize>(x: &[i16; M], weights: &[[i16; M]], sets: &[u32; S]) -> [i32; S] {
    let mut sums = [_mm_setzero_si128(); S];
    for s in 0..S {
        let Some(w) = row(weights, sets[s]) else { continue };
        let mut sum = _mm256_setzero_si256();
        for i in (0..M).step_by(16) {
            // SAFETY: `M` is a multiple of 32, so 16 numbers follow each `i`; unaligned loads.
            let (x, w) = unsafe {
                (_mm256_loadu_si256(x.as_ptr().add(i).cast()), _mm256_loadu_si256(w.as_ptr().add(i).cast()))
            };
            let pairs = _mm256_madd_epi16(x, w);
            sum = _mm256_add_epi32(sum, _mm256_srai_epi32::<{ PAIR_SHIFT as i32 }>(pairs));
        }
        sums[s] = quarter(sum);
    }
    totals(&sums)
}

#[inline]
#[target_feature(enable = "avx2")]
fn quarter(sum: __m256i) -> __m128i {
    _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum))
}

/// The sum of each vector, four vectors at a time.
#[inline]
#[target_feature(enable = "avx2")]
fn totals<const S: usize>(sums: &[__m128i; S]) -> [i32; S] {
    let mut out = [0; S];
    let zero = _mm_setzero_si128();
    for s in (0..S).step_by(4) {
        let of = |k: usize| sums.get(s + k).copied().unwrap_or(zero);
        let pairs = (_mm_hadd_epi32(of(0), of(1)), _mm_hadd_epi32(of(2), of(3)));
        let four = _mm_hadd_epi32(pairs.0, pairs.1);
        let four = [
            _mm_extract_epi32::<0>(four),
            _mm_extract_epi32::<1>(four),
            _mm_extract_epi32::<2>(four),
            _mm_extract_epi32::<3>(four),
        ];
        for (out, total) in out[s..].iter_mut().zip(four) {
            *out = total;
        }
    }
    out
}

#[inline]
#[target_feature(enable = "avx512bw,avx2")]
fn trains512<const M: usize, const S: usize>(
    x: &[i16; M],
    weights: &mut [[i16; M]],
    sets: &[u32; S],
    errors: &[i16; S],
) {
    for s in 0..S {
        let Some(w) = weights.get_mut(sets[s] as usize) else { continue };
        let error = _mm512_set1_epi16(errors[s]);
        for i in (0..M).step_by(32) {
            // SAFETY: `M` is a multiple of 32, so 32 numbers follow each `i`; unaligned loads and store.
            unsafe {
                let delta = _mm512_mulhrs_epi16(_mm512_loadu_si512(x.as_ptr().add(i).cast()), error);
                let w = w.as_mut_ptr().add(i);
                let sum = _mm512_adds_epi16(_mm512_loadu_si512(w.cast()), delta);
                _mm512_storeu_si512(w.cast(), sum);
            }
        }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn trains256<const M: usize, const S: usize>(
    x: &[i16; M],
    weights: &mut [[i16; M]],
    sets: &[u32; S],
    errors: &[i16; S],
) {
    for s in 0..S {
        let Some(w) = weights.get_mut(sets[s] as usize) else { continue };
        let error = _mm256_set1_epi16(errors[s]);
        for i in (0..M).step_by(16) {
            // SAFETY: `M` is a multiple of 32, so 16 numbers follow each `i`; unaligned loads and store.
            unsafe {
                let delta = _mm256_mulhrs_epi16(_mm256_loadu_si256(x.as_ptr().add(i).cast()), error);
                let w = w.as_mut_ptr().add(i);
                let sum = _mm256_adds_epi16(_mm256_loadu_si256(w.cast()), delta);
                _mm256_storeu_si256(w.cast(), sum);
            }
        }
    }
}
