//! The two loops of a mixer that take the time, in three versions with the same result: plain, AVX2 and AVX-512; and prefetching.
//!
//! All `unsafe` of this crate is here.
//!
//! Everything is integer arithmetic: a product of 16-bit numbers summed in pairs, shifted, and summed with wrapping
//! 32-bit additions, so no order of summation can change a bit. `MINLEN_ISA=scalar|avx2|avx512` forces a version.

#![allow(unsafe_code)]
#![allow(clippy::needless_range_loop)] // one index into several arrays at once

pub use minlen_core::Isa;
use std::sync::OnceLock;
use vector::{PAIR_SHIFT, row};
pub use vector::{Task, Vector};

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

#[cfg(test)]
mod tests;
mod vector;
#[cfg(target_arch = "x86_64")]
mod x86;
