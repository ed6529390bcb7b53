//! Kernels in several compiled versions with the same bits: plain arrays, SSE2, AVX2 and AVX-512.
//!
//! This module alone contains `unsafe`, for two reasons only: calling intrinsics, and calling a function
//! compiled for an instruction set after having asked the processor for it.
#![allow(unsafe_code)]

mod buffer;
mod cell;
pub(crate) mod integer;
mod kernels;
mod lanes;
mod math;
#[cfg(test)]
mod tests;
mod train;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::sync::OnceLock;

pub(crate) use buffer::Buffer;
pub(crate) use train::Rms;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Plain,
    #[cfg(target_arch = "x86_64")]
    Sse2,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// An instruction set that this processor has. Results never depend on it, only speed does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Isa(Level);

impl Isa {
    /// Every instruction set that this processor has, slowest first.
    ///
    /// ```
    /// use minlen_nn::{ByteLstm, Config, Isa};
    /// let config = Config { layers: 1, cells: 16, horizon: 4, out_every: 4, ..Config::default() };
    /// let mut answers = Vec::new();
    /// for isa in Isa::available() {
    ///     let mut net = ByteLstm::with_isa(config, isa)?;
    ///     b"the same on every machine".iter().for_each(|&byte| net.update(byte));
    ///     answers.push(*net.probs());
    /// }
    /// assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    /// # Ok::<(), minlen_core::Error>(())
    /// ```
    #[must_use]
    pub fn available() -> Vec<Self> {
        #[allow(unused_mut)]
        let mut all = vec![Self(Level::Plain)];
        #[cfg(target_arch = "x86_64")]
        {
            all.push(Self(Level::Sse2));
            if is_x86_feature_detected!("avx2") {
                all.push(Self(Level::Avx2));
            }
            let wide = is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl");
            if is_x86_feature_detected!("avx512f") && wide {
                all.push(Self(Level::Avx512));
            }
        }
        all
    }

    /// The best available one, or the one that the environment variable `MINLEN_ISA` names
    /// (`scalar`, `sse2`, `avx2`, `avx512`; ignored if this processor lacks it). Asked once per process.
    ///
    /// ```
    /// use minlen_nn::Isa;
    /// assert!(Isa::available().contains(&Isa::detect()));
    /// ```
    #[must_use]
    pub fn detect() -> Self {
        static CHOSEN: OnceLock<Isa> = OnceLock::new();
        *CHOSEN.get_or_init(|| {
            let all = Self::available();
            let named = std::env::var("MINLEN_ISA").ok();
            let forced = all.iter().find(|isa| named.as_deref() == Some(isa.name()));
            *forced.or(all.last()).unwrap_or(&Self(Level::Plain))
        })
    }

    /// `scalar`, `sse2`, `avx2` or `avx512`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            Level::Plain => "scalar",
            #[cfg(target_arch = "x86_64")]
            Level::Sse2 => "sse2",
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => "avx512",
        }
    }
}

/// Compiles one kernel three times and chooses at run time.
macro_rules! kernel {
    ($(#[$doc:meta])* $from:ident::$name:ident($($a:ident: $t:ty),* $(,)?) $(-> $r:ty)?) => {
        $(#[$doc])*
        #[allow(clippy::too_many_arguments)]
        pub(crate) fn $name(isa: Isa, $($a: $t),*) $(-> $r)? {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f")]
            #[allow(clippy::too_many_arguments)]
            fn wide($($a: $t),*) $(-> $r)? {
                // SAFETY: this function is compiled for AVX-512F and only called where the processor has it.
                $from::$name(unsafe { lanes::Avx512::new() }, $($a),*)
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2")]
            #[allow(clippy::too_many_arguments)]
            fn middle($($a: $t),*) $(-> $r)? {
                // SAFETY: this function is compiled for AVX2 and only called where the processor has it.
                $from::$name(unsafe { lanes::Avx2::new() }, $($a),*)
            }
            match isa.0 {
                Level::Plain => $from::$name(lanes::Plain, $($a),*),
                #[cfg(target_arch = "x86_64")]
                Level::Sse2 => $from::$name(lanes::Sse2, $($a),*),
                // SAFETY: an `Isa` of this level exists only after the processor was asked (`available`).
                #[cfg(target_arch = "x86_64")]
                Level::Avx2 => unsafe { middle($($a),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                Level::Avx512 => unsafe { wide($($a),*) },
            }
        }
    };
}

pub(crate) mod fit;

kernel!(
    /// y += x W for W of `x.len()` rows by `y.len()` columns, rows in order.
    kernels::matvec(y: &mut [f32], w: &[f32], x: &[f32])
);
kernel!(
    /// out += W d: one dot product per row.
    kernels::dot_rows(out: &mut [f32], w: &[f32], d: &[f32])
);
kernel!(
    /// [`dot_rows`] for several `d` of length `n` at once, each with its own `out`.
    kernels::dot_rows_many(outs: &mut [f32], w: &[f32], ds: &[f32], n: usize)
);
kernel!(
    /// Probabilities from logits: each at least about e^-16 / 256 before the sum.
    kernels::softmax(p: &mut [f32], logits: &[f32])
);
kernel!(
    /// Divides by the root mean square; returns what it multiplied by.
    kernels::normalise(z: &mut [f32]) -> f32
);
kernel!(
    /// The gradient of [`normalise`]: `d` with respect to the output becomes that of the input.
    kernels::normalise_back(d: &mut [f32], zn: &[f32], inverse: f32)
);
kernel!(
    /// a += b.
    kernels::add(a: &mut [f32], b: &[f32])
);
kernel!(
    /// z = z gain + bias, each element for itself.
    kernels::affine(z: &mut [f32], gain: &[f32], bias: &[f32])
);
kernel!(
    /// The gradient of [`affine`]: adds those of gain and bias, and `d` becomes that of `z`.
    kernels::affine_back(d: &mut [f32], z: &[f32], gain: &[f32], d_gain: &mut [f32], d_bias: &mut [f32])
);
kernel!(
    /// One step of the cells: see `cell.rs`.
    cell::forward(z: &mut [f32], c_old: &[f32], c_new: &mut [f32], tc: &mut [f32], h: &mut [f32])
);
kernel!(
    /// Its gradient: see `cell.rs`.
    cell::backward(dz: &mut [f32], dc: &mut [f32], dh: &[f32], act: &[f32], c_old: &[f32], tc: &[f32], clip: f32)
);
kernel!(
    /// The gradient of a matrix over several steps and its use: see `train.rs`.
    train::outer_rms(w: &mut [f32], v: &mut [f32], xs: &[f32], ds: &[f32], n: usize, rule: Rms)
);
kernel!(
    /// One step of [`Rms`] with a gradient that is there.
    train::step_rms(w: &mut [f32], v: &mut [f32], g: &[f32], rule: Rms)
);
kernel!(
    /// 1 / (1 + e^-x) of whole sixteens of numbers.
    kernels::sigmoid(x: &mut [f32])
);
kernel!(
    /// e^x of whole sixteens of numbers.
    kernels::exp(x: &mut [f32])
);
