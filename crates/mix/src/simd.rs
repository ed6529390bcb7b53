//! The two loops that take the time, in three versions with the same result: plain, AVX2 and AVX-512.
//!
//! Everything is integer arithmetic: a product of 16-bit numbers summed in pairs, shifted, and summed with wrapping
//! 32-bit additions, so no order of summation can change a bit. `MINLEN_ISA=scalar|avx2|avx512` forces a version.

#![allow(unsafe_code)]

use std::sync::OnceLock;

/// Weights and inputs come in multiples of this many.
pub const LANES: usize = 32;

/// A version of the loops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// Plain Rust.
    Scalar,
    /// 256-bit vectors.
    Avx2,
    /// 512-bit vectors.
    Avx512,
}

/// The best version that this machine can run, or the one that the environment asks for.
#[must_use]
pub fn isa() -> Isa {
    static ISA: OnceLock<Isa> = OnceLock::new();
    *ISA.get_or_init(|| {
        let wanted = match std::env::var("MINLEN_ISA").as_deref() {
            Ok("scalar") => Isa::Scalar,
            Ok("avx2") => Isa::Avx2,
            _ => Isa::Avx512,
        };
        wanted.min(best())
    })
}

#[cfg(target_arch = "x86_64")]
fn best() -> Isa {
    if is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx2") {
        Isa::Avx512
    } else if is_x86_feature_detected!("avx2") {
        Isa::Avx2
    } else {
        Isa::Scalar
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn best() -> Isa {
    Isa::Scalar
}

/// Bits dropped from each pair's product before summing, so that no sum can overflow.
const PAIR_SHIFT: u32 = 8;

/// For every set `s`: `Σ (x[2i] w[2i] + x[2i+1] w[2i+1]) >> 8` with the weights `weights[sets[s]]`.
///
/// `M` is a multiple of [`LANES`]; a set outside the weights gives 0.
#[inline(always)]
pub fn dots<const M: usize, const S: usize>(
    isa: Isa,
    x: &[i16; M],
    weights: &[[i16; M]],
    sets: &[u32; S],
) -> [i32; S] {
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `isa()` gives this version only where the processor has the instructions.
        Isa::Avx512 => unsafe { x86::dots512(x, weights, sets) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Isa::Avx2 => unsafe { x86::dots256(x, weights, sets) },
        _ => sets.map(|set| row(weights, set).map_or(0, |w| dot_scalar(x, w))),
    }
}

/// The weights of one set.
#[inline(always)]
fn row<const M: usize>(weights: &[[i16; M]], set: u32) -> Option<&[i16; M]> {
    weights.get(set as usize)
}

fn dot_scalar<const M: usize>(x: &[i16; M], w: &[i16; M]) -> i32 {
    let pair = |(x, w): (&[i16; 2], &[i16; 2])| {
        let sum = i32::from(x[0]) * i32::from(w[0]) + i32::from(x[1]) * i32::from(w[1]);
        sum >> PAIR_SHIFT
    };
    x.as_chunks().0.iter().zip(w.as_chunks().0).map(pair).fold(0, i32::wrapping_add)
}

/// For every set `s`: `w[i] += (x[i] * errors[s] + 2^14) >> 15`, saturating.
#[inline(always)]
pub fn trains<const M: usize, const S: usize>(
    isa: Isa,
    x: &[i16; M],
    weights: &mut [[i16; M]],
    sets: &[u32; S],
    errors: &[i16; S],
) {
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `isa()` gives this version only where the processor has the instructions.
        Isa::Avx512 => unsafe { x86::trains512(x, weights, sets, errors) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Isa::Avx2 => unsafe { x86::trains256(x, weights, sets, errors) },
        _ => {
            for s in 0..S {
                if let Some(w) = weights.get_mut(sets[s] as usize) {
                    train_scalar(x, w, errors[s]);
                }
            }
        }
    }
}

fn train_scalar<const M: usize>(x: &[i16; M], w: &mut [i16; M], error: i16) {
    for (w, &x) in w.iter_mut().zip(x) {
        // The one product that does not fit 16 bits, -32768 squared, cannot occur: inputs are within ±2047.
        let delta = (i32::from(x) * i32::from(error) + (1 << 14)) >> 15;
        *w = w.saturating_add(delta as i16);
    }
}

/// As [`dots`] for rows whose length `x.len()` is known at run time only.
#[inline]
pub fn dots_any(isa: Isa, x: &[i16], weights: &[i16], sets: &[u32], out: &mut [i32]) {
    let (x, weights) = (x.as_chunks::<LANES>().0, weights.as_chunks::<LANES>().0);
    for (&set, out) in sets.iter().zip(out) {
        let start = set as usize * x.len();
        let Some(row) = weights.get(start..start + x.len()) else { continue };
        *out = x
            .iter()
            .zip(row)
            .fold(0, |sum: i32, (x, w)| sum.wrapping_add(dots(isa, x, std::slice::from_ref(w), &[0])[0]));
    }
}

/// As [`trains`] for rows whose length `x.len()` is known at run time only.
#[inline]
pub fn trains_any(isa: Isa, x: &[i16], weights: &mut [i16], sets: &[u32], errors: &[i16]) {
    let (x, weights) = (x.as_chunks::<LANES>().0, weights.as_chunks_mut::<LANES>().0);
    for (&set, &error) in sets.iter().zip(errors) {
        let start = set as usize * x.len();
        let Some(row) = weights.get_mut(start..start + x.len()) else { continue };
        for (x, w) in x.iter().zip(row) {
            trains(isa, x, std::slice::from_mut(w), &[0], &[error]);
        }
    }
}

/// Asks for the cache line of `data[index]`.
#[inline(always)]
pub fn prefetch<T>(data: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(item) = data.get(index) {
        // SAFETY: a prefetch of a valid reference; it has no effect but on speed.
        unsafe {
            std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(
                std::ptr::from_ref(item).cast(),
            );
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (data, index);
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{PAIR_SHIFT, row};
    use std::arch::x86_64::*;

    #[target_feature(enable = "avx512bw,avx2")]
    pub fn dots512<const M: usize, const S: usize>(
        x: &[i16; M],
        weights: &[[i16; M]],
        sets: &[u32; S],
    ) -> [i32; S] {
        let mut out = [0; S];
        for s in 0..S {
            let Some(w) = row(weights, sets[s]) else { continue };
            let mut sum = _mm512_setzero_si512();
            for i in (0..M).step_by(32) {
                // SAFETY: `M` is a multiple of 32, so 32 numbers follow each `i`; unaligned loads.
                let (x, w) = unsafe {
                    (
                        _mm512_loadu_si512(x.as_ptr().add(i).cast()),
                        _mm512_loadu_si512(w.as_ptr().add(i).cast()),
                    )
                };
                sum = _mm512_add_epi32(sum, _mm512_srai_epi32::<PAIR_SHIFT>(_mm512_madd_epi16(x, w)));
            }
            let half = _mm256_add_epi32(_mm512_castsi512_si256(sum), _mm512_extracti64x4_epi64::<1>(sum));
            out[s] = total(half);
        }
        out
    }

    #[target_feature(enable = "avx2")]
    pub fn dots256<const M: usize, const S: usize>(
        x: &[i16; M],
        weights: &[[i16; M]],
        sets: &[u32; S],
    ) -> [i32; S] {
        let mut out = [0; S];
        for s in 0..S {
            let Some(w) = row(weights, sets[s]) else { continue };
            let mut sum = _mm256_setzero_si256();
            for i in (0..M).step_by(16) {
                // SAFETY: `M` is a multiple of 32, so 16 numbers follow each `i`; unaligned loads.
                let (x, w) = unsafe {
                    (
                        _mm256_loadu_si256(x.as_ptr().add(i).cast()),
                        _mm256_loadu_si256(w.as_ptr().add(i).cast()),
                    )
                };
                let pairs = _mm256_madd_epi16(x, w);
                sum = _mm256_add_epi32(sum, _mm256_srai_epi32::<{ PAIR_SHIFT as i32 }>(pairs));
            }
            out[s] = total(sum);
        }
        out
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn total(sum: __m256i) -> i32 {
        let sum = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum));
        let sum = _mm_add_epi32(sum, _mm_shuffle_epi32::<0b00_00_11_10>(sum));
        _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32::<0b00_00_00_01>(sum)))
    }

    #[target_feature(enable = "avx512bw,avx2")]
    pub fn trains512<const M: usize, const S: usize>(
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

    #[target_feature(enable = "avx2")]
    pub fn trains256<const M: usize, const S: usize>(
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agree<const M: usize>(seed: u64) {
        let mut state = seed;
        let mut random = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as i32
        };
        for round in 0..100 {
            let extreme = round % 5 == 0;
            let x: [i16; M] = std::array::from_fn(|_| if extreme { 2047 } else { (random() % 2048) as i16 });
            let w: Vec<[i16; M]> = (0..3)
                .map(|_| std::array::from_fn(|_| if extreme { -32768 } else { random() as i16 }))
                .collect();
            let errors: [i16; 4] = std::array::from_fn(|_| (random() as i16).max(-32767));
            let sets = [0, 2, 1, 9];
            let versions = [Isa::Scalar, Isa::Avx2, Isa::Avx512].into_iter().filter(|isa| *isa <= best());
            let results: Vec<_> = versions
                .map(|isa| {
                    let mut w = w.clone();
                    let out = dots(isa, &x, &w, &sets);
                    trains(isa, &x, &mut w, &sets, &errors);
                    (out, w)
                })
                .collect();
            assert!(results.windows(2).all(|pair| pair[0] == pair[1]), "round {round}");
        }
    }

    #[test]
    fn all_versions_agree() {
        agree::<32>(1);
        agree::<64>(2);
        agree::<128>(3);
        agree::<224>(4);
    }
}
