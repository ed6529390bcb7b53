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
        let best = best();
        let wanted = match std::env::var("MINLEN_ISA").as_deref() {
            Ok("scalar") => Isa::Scalar,
            Ok("avx2") => Isa::Avx2,
            _ => Isa::Avx512,
        };
        wanted.min(best)
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

/// For every set `s`: `out[s] = Σ (x[2i] w[2i] + x[2i+1] w[2i+1]) >> 8` with the weights at `weights[sets[s] * n..]`.
///
/// `inputs.len()` is `n`, a multiple of [`LANES`]; a set outside the weights gives 0.
#[inline]
pub fn dots(isa: Isa, inputs: &[i16], weights: &[i16], sets: &[u32], out: &mut [i32]) {
    for (set, out) in sets.iter().zip(out) {
        let start = *set as usize * inputs.len();
        let row = weights.get(start..start + inputs.len()).unwrap_or(&[]);
        *out = dot(isa, inputs, row);
    }
}

#[inline]
fn dot(isa: Isa, x: &[i16], w: &[i16]) -> i32 {
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `isa()` gives this version only where the processor has the instructions.
        Isa::Avx512 => unsafe { x86::dot512(x, w) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Isa::Avx2 => unsafe { x86::dot256(x, w) },
        _ => dot_scalar(x, w),
    }
}

fn dot_scalar(x: &[i16], w: &[i16]) -> i32 {
    let pair = |(x, w): (&[i16; 2], &[i16; 2])| {
        let sum = i32::from(x[0]) * i32::from(w[0]) + i32::from(x[1]) * i32::from(w[1]);
        sum >> PAIR_SHIFT
    };
    x.as_chunks().0.iter().zip(w.as_chunks().0).map(pair).fold(0, i32::wrapping_add)
}

/// For every set `s`: `w[i] += (x[i] * errors[s] + 2^14) >> 15`, saturating.
#[inline]
pub fn trains(isa: Isa, inputs: &[i16], weights: &mut [i16], sets: &[u32], errors: &[i16]) {
    for (set, &error) in sets.iter().zip(errors) {
        if error == 0 {
            continue;
        }
        let start = *set as usize * inputs.len();
        let Some(row) = weights.get_mut(start..start + inputs.len()) else { continue };
        train(isa, inputs, row, error);
    }
}

#[inline]
fn train(isa: Isa, x: &[i16], w: &mut [i16], error: i16) {
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `isa()` gives this version only where the processor has the instructions.
        Isa::Avx512 => unsafe { x86::train512(x, w, error) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Isa::Avx2 => unsafe { x86::train256(x, w, error) },
        _ => train_scalar(x, w, error),
    }
}

fn train_scalar(x: &[i16], w: &mut [i16], error: i16) {
    for (w, &x) in w.iter_mut().zip(x) {
        // The one product that does not fit 16 bits, -32768 squared, cannot occur: inputs are within ±2047.
        let delta = (i32::from(x) * i32::from(error) + (1 << 14)) >> 15;
        *w = w.saturating_add(delta as i16);
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
    use super::PAIR_SHIFT;
    use std::arch::x86_64::*;

    #[inline]
    #[target_feature(enable = "avx512bw,avx2")]
    pub fn dot512(x: &[i16], w: &[i16]) -> i32 {
        let mut sum = _mm512_setzero_si512();
        for (x, w) in x.as_chunks::<32>().0.iter().zip(w.as_chunks::<32>().0) {
            // SAFETY: both are arrays of 64 bytes; unaligned loads.
            let (x, w) =
                unsafe { (_mm512_loadu_si512(x.as_ptr().cast()), _mm512_loadu_si512(w.as_ptr().cast())) };
            sum = _mm512_add_epi32(sum, _mm512_srai_epi32::<PAIR_SHIFT>(_mm512_madd_epi16(x, w)));
        }
        let half = _mm256_add_epi32(_mm512_castsi512_si256(sum), _mm512_extracti64x4_epi64::<1>(sum));
        total(half)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn dot256(x: &[i16], w: &[i16]) -> i32 {
        let mut sum = _mm256_setzero_si256();
        for (x, w) in x.as_chunks::<16>().0.iter().zip(w.as_chunks::<16>().0) {
            // SAFETY: both are arrays of 32 bytes; unaligned loads.
            let (x, w) =
                unsafe { (_mm256_loadu_si256(x.as_ptr().cast()), _mm256_loadu_si256(w.as_ptr().cast())) };
            let pairs = _mm256_madd_epi16(x, w);
            sum = _mm256_add_epi32(sum, _mm256_srai_epi32::<{ PAIR_SHIFT as i32 }>(pairs));
        }
        total(sum)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn total(sum: __m256i) -> i32 {
        let sum = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum));
        let sum = _mm_add_epi32(sum, _mm_shuffle_epi32::<0b00_00_11_10>(sum));
        _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32::<0b00_00_00_01>(sum)))
    }

    #[inline]
    #[target_feature(enable = "avx512bw,avx2")]
    pub fn train512(x: &[i16], w: &mut [i16], error: i16) {
        let error = _mm512_set1_epi16(error);
        for (x, w) in x.as_chunks::<32>().0.iter().zip(w.as_chunks_mut::<32>().0) {
            // SAFETY: both are arrays of 64 bytes; unaligned loads and store.
            unsafe {
                let delta = _mm512_mulhrs_epi16(_mm512_loadu_si512(x.as_ptr().cast()), error);
                let sum = _mm512_adds_epi16(_mm512_loadu_si512(w.as_ptr().cast()), delta);
                _mm512_storeu_si512(w.as_mut_ptr().cast(), sum);
            }
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn train256(x: &[i16], w: &mut [i16], error: i16) {
        let error = _mm256_set1_epi16(error);
        for (x, w) in x.as_chunks::<16>().0.iter().zip(w.as_chunks_mut::<16>().0) {
            // SAFETY: both are arrays of 32 bytes; unaligned loads and store.
            unsafe {
                let delta = _mm256_mulhrs_epi16(_mm256_loadu_si256(x.as_ptr().cast()), error);
                let sum = _mm256_adds_epi16(_mm256_loadu_si256(w.as_ptr().cast()), delta);
                _mm256_storeu_si256(w.as_mut_ptr().cast(), sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_versions_agree() {
        let mut state = 1u64;
        let mut random = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as i32
        };
        for round in 0..200 {
            let n = LANES * (1 + round % 9);
            let extreme = round % 5 == 0;
            let x: Vec<i16> = (0..n).map(|_| if extreme { 2047 } else { (random() % 2048) as i16 }).collect();
            let w: Vec<i16> = (0..n).map(|_| if extreme { -32768 } else { random() as i16 }).collect();
            let error = random() as i16;
            let mut versions = vec![Isa::Scalar];
            if best() >= Isa::Avx2 {
                versions.push(Isa::Avx2);
            }
            if best() >= Isa::Avx512 {
                versions.push(Isa::Avx512);
            }
            let results: Vec<_> = versions
                .iter()
                .map(|&isa| {
                    let mut w = w.clone();
                    let dot = dot(isa, &x, &w);
                    train(isa, &x, &mut w, error);
                    (dot, w)
                })
                .collect();
            assert!(results.windows(2).all(|pair| pair[0] == pair[1]), "round {round}");
        }
    }
}
