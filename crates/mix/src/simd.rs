//! The two loops that take the time, in three versions with the same result: plain, AVX2 and AVX-512.
//!
//! Everything is integer arithmetic: a product of 16-bit numbers summed in pairs, shifted, and summed with wrapping
//! 32-bit additions, so no order of summation can change a bit. `MINLEN_ISA=scalar|avx2|avx512` forces a version.

#![allow(unsafe_code)]

pub use minlen_core::Isa;
use std::sync::OnceLock;

/// Weights and inputs come in multiples of this many.
pub const LANES: usize = 32;

/// The best version that this machine can run, or the one that the environment asks for.
#[must_use]
pub fn isa() -> Isa {
    static ISA: OnceLock<Isa> = OnceLock::new();
    *ISA.get_or_init(|| Isa::wanted().min(best()))
}

#[cfg(target_arch = "x86_64")]
fn best() -> Isa {
    if has_512() {
        Isa::Avx512
    } else if has_256() {
        Isa::Avx2
    } else {
        Isa::Scalar
    }
}

/// What [`x86::with256`] is compiled with.
#[cfg(target_arch = "x86_64")]
fn has_256() -> bool {
    let bits = is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("bmi2");
    bits && is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("popcnt")
}

/// What [`x86::with512`] is compiled with.
#[cfg(target_arch = "x86_64")]
fn has_512() -> bool {
    has_256()
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512dq")
}

#[cfg(not(target_arch = "x86_64"))]
fn best() -> Isa {
    Isa::Scalar
}

/// Bits dropped from each pair's product before summing, so that no sum can overflow.
const PAIR_SHIFT: u32 = 8;

/// A version of the loops that the processor at hand has: only [`with`] makes one.
pub trait Vector: Copy {
    /// For every set `s`: `Σ (x[2i] w[2i] + x[2i+1] w[2i+1]) >> 8` with the weights `weights[sets[s]]`.
    ///
    /// `M` is a multiple of [`LANES`]; a set outside the weights gives 0.
    fn dots<const M: usize, const S: usize>(
        self,
        x: &[i16; M],
        weights: &[[i16; M]],
        sets: &[u32; S],
    ) -> [i32; S];

    /// Sets `x[2i]` and `x[2i+1]` to `pair(i)`: in registers, as loading what was stored in smaller pieces would wait.
    #[inline(always)]
    fn pairs<const M: usize>(self, x: &mut [i16; M], pair: impl Fn(usize) -> [i16; 2]) {
        for (i, x) in x.as_chunks_mut().0.iter_mut().enumerate() {
            *x = pair(i);
        }
    }

    /// For every set `s`: `w[i] += (x[i] * errors[s] + 2^14) >> 15`, saturating.
    fn trains<const M: usize, const S: usize>(
        self,
        x: &[i16; M],
        weights: &mut [[i16; M]],
        sets: &[u32; S],
        errors: &[i16; S],
    );
}

/// Work to be compiled for each version.
pub trait Task {
    /// What comes of it.
    type Out;
    /// To be marked `#[inline(always)]`, so that all of it is compiled with the instructions of `V`.
    fn run<V: Vector>(self, v: V) -> Self::Out;
}

/// Runs a task with the instructions of a version. The version is one that [`isa`] gave.
#[inline(always)]
pub fn with<T: Task>(isa: Isa, task: T) -> T::Out {
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `isa()` gives this version only where the processor has the instructions.
        Isa::Avx512 => unsafe { x86::with512(task) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Isa::Avx2 => unsafe { x86::with256(task) },
        _ => task.run(Scalar),
    }
}

/// Plain Rust.
#[derive(Clone, Copy, Debug)]
struct Scalar;

impl Vector for Scalar {
    #[inline(always)]
    fn dots<const M: usize, const S: usize>(
        self,
        x: &[i16; M],
        weights: &[[i16; M]],
        sets: &[u32; S],
    ) -> [i32; S] {
        sets.map(|set| row(weights, set).map_or(0, |w| dot_scalar(x, w)))
    }

    #[inline(always)]
    fn trains<const M: usize, const S: usize>(
        self,
        x: &[i16; M],
        weights: &mut [[i16; M]],
        sets: &[u32; S],
        errors: &[i16; S],
    ) {
        for (&set, &error) in sets.iter().zip(errors) {
            if let Some(w) = weights.get_mut(set as usize) {
                train_scalar(x, w, error);
            }
        }
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

fn train_scalar<const M: usize>(x: &[i16; M], w: &mut [i16; M], error: i16) {
    for (w, &x) in w.iter_mut().zip(x) {
        // The one product that does not fit 16 bits, -32768 squared, cannot occur: inputs are within ±2047.
        let delta = (i32::from(x) * i32::from(error) + (1 << 14)) >> 15;
        *w = w.saturating_add(delta as i16);
    }
}

/// As [`Vector::dots`] for rows whose length `x.len()` is known at run time only.
#[inline(always)]
pub fn dots_any<V: Vector>(v: V, x: &[i16], weights: &[i16], sets: &[u32], out: &mut [i32]) {
    let (x, weights) = (x.as_chunks::<LANES>().0, weights.as_chunks::<LANES>().0);
    for (&set, out) in sets.iter().zip(out) {
        let start = set as usize * x.len();
        let Some(row) = weights.get(start..start + x.len()) else { continue };
        *out = x
            .iter()
            .zip(row)
            .fold(0, |sum: i32, (x, w)| sum.wrapping_add(v.dots(x, std::slice::from_ref(w), &[0])[0]));
    }
}

/// As [`Vector::trains`] for rows whose length `x.len()` is known at run time only.
#[inline(always)]
pub fn trains_any<V: Vector>(v: V, x: &[i16], weights: &mut [i16], sets: &[u32], errors: &[i16]) {
    let (x, weights) = (x.as_chunks::<LANES>().0, weights.as_chunks_mut::<LANES>().0);
    for (&set, &error) in sets.iter().zip(errors) {
        let start = set as usize * x.len();
        let Some(row) = weights.get_mut(start..start + x.len()) else { continue };
        for (x, w) in x.iter().zip(row) {
            v.trains(x, std::slice::from_mut(w), &[0], &[error]);
        }
    }
}

/// Asks for the cache line of `data[index]`.
#[inline(always)]
pub fn prefetch<T>(data: &[T], index: usize) {
    if let Some(item) = data.get(index) {
        fetch(item);
    }
}

/// Asks for the cache line in which `item` begins.
#[inline(always)]
pub fn fetch<T>(item: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        // SAFETY: a prefetch of a valid reference; it has no effect but on speed.
        unsafe {
            std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(
                std::ptr::from_ref(item).cast(),
            );
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = item;
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{PAIR_SHIFT, Task, Vector, row};
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
            p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10], p[11], p[12], p[13], p[14],
            p[15],
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
    fn dots512<const M: usize, const S: usize>(
        x: &[i16; M],
        weights: &[[i16; M]],
        sets: &[u32; S],
    ) -> [i32; S] {
        let mut sums = [_mm_setzero_si128(); S];
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
            sums[s] =
                quarter(_mm256_add_epi32(_mm512_castsi512_si256(sum), _mm512_extracti64x4_epi64::<1>(sum)));
        }
        totals(&sums)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn dots256<const M: usize, const S: usize>(
        x: &[i16; M],
        weights: &[[i16; M]],
        sets: &[u32; S],
    ) -> [i32; S] {
        let mut sums = [_mm_setzero_si128(); S];
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
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Both<'a, const M: usize, const S: usize> {
        x: &'a [i16; M],
        weights: &'a mut [[i16; M]],
        sets: &'a [u32; S],
        errors: &'a [i16; S],
    }

    impl<const M: usize, const S: usize> Task for Both<'_, M, S> {
        type Out = [i32; S];

        #[inline(always)]
        fn run<V: Vector>(self, v: V) -> [i32; S] {
            let out = v.dots(self.x, self.weights, self.sets);
            v.trains(self.x, self.weights, self.sets, self.errors);
            out
        }
    }

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
                    let out = with(isa, Both { x: &x, weights: &mut w, sets: &sets, errors: &errors });
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
