//! Kernels of codecs that fit small networks to one picture: see [`crate::fit`].

// Arrays of registers are gone through by number, several at once; an iterator over them may end up in memory. And kernels take what they
// read and write as arguments, as the rest of the module does.
#![allow(clippy::needless_range_loop, clippy::too_many_arguments)]

mod arm;
mod integer;
mod latents;
mod resample;
mod synthesis;
#[cfg(test)]
mod tests;

use super::{Isa, Level, lanes};
use lanes::Lanes;

pub use arm::{Places as ArmPlaces, Row as ArmRow, Sums as ArmSums};
pub use integer::{
    ARM_BITS, Arm as IntegerArm, CHANNEL_BITS, CHANNEL_MAX, COLOUR_BITS, COLOUR_MAX, UNIT_BITS, UNIT_MAX,
    WEIGHT_BITS,
};
pub use latents::{Adam, Softness};
pub use synthesis::Places as SynthesisPlaces;

/// Compiles one kernel for each instruction set and chooses at run time, as `kernel!` of the module above, for everyone.
macro_rules! public_kernel {
    ($(#[$doc:meta])* $name:ident = $from:ident::$inner:ident $(::<$($c:literal),*>)?($($a:ident: $t:ty),* $(,)?)) => {
        $(#[$doc])*
        #[allow(clippy::too_many_arguments)]
        pub fn $name(isa: Isa, $($a: $t),*) {
            #[inline(always)]
            #[allow(clippy::too_many_arguments)]
            fn all<L: Lanes>(l: L, $($a: $t),*) {
                $from::$inner$(::<L, $($c),*>)?(l, $($a),*);
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl")]
            #[allow(clippy::too_many_arguments)]
            fn wide($($a: $t),*) {
                // SAFETY: this function is compiled for AVX-512 and only called where the processor has it.
                all(unsafe { lanes::Avx512::new() }, $($a),*);
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2")]
            #[allow(clippy::too_many_arguments)]
            fn middle($($a: $t),*) {
                // SAFETY: this function is compiled for AVX2 and only called where the processor has it.
                all(unsafe { lanes::Avx2::new() }, $($a),*);
            }
            match isa.0 {
                Level::Plain => all(lanes::Plain, $($a),*),
                #[cfg(target_arch = "x86_64")]
                Level::Sse2 => all(lanes::Sse2, $($a),*),
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

public_kernel!(
    /// Code length and gradients of a row of latents, for 16 contexts and 16 hidden units.
    arm_row = arm::row::<16, 16>(w: &[f32], row: &ArmRow<'_, 16>, sums: &mut ArmSums<'_, 16>)
);
public_kernel!(
    /// The same for 24 contexts and 24 hidden units.
    arm_row_24 = arm::row::<24, 24>(w: &[f32], row: &ArmRow<'_, 24>, sums: &mut ArmSums<'_, 24>)
);
public_kernel!(
    /// The code length of a row of latents in nats, lane by lane, for 16 contexts and 16 hidden units.
    arm_price = arm::price::<16, 16>(w: &[f32], row: &ArmRow<'_, 16>, nats: &mut [f32; 16])
);
public_kernel!(
    /// Mean and logarithm of the scale of one latent in integers.
    arm_integer = integer::arm::<16, 16>(w: &IntegerArm<16, 16>, x: &[i32; 16], out: &mut [i32; 2])
);

/// Kernels of the synthesis for a number of channels and colours.
macro_rules! synthesis {
    ($($k:literal, $c:literal: $points:ident $back:ident $integer:ident;)*) => {$(
        public_kernel!($points = synthesis::points::<$k, $c>(w: &[f32], hidden: usize, x: &[f32], out: &mut [f32], stride: usize, first: usize, n: usize));
        public_kernel!($back = synthesis::points_back::<$k, $c>(w: &[f32], hidden: usize, x: &[f32], dy: &[f32], dx: &mut [f32], stride: usize, first: usize, n: usize, sums: &mut [[f32; 16]]));
        public_kernel!($integer = integer::points::<$k, $c>(w: &[i32], hidden: usize, x: &[i32], out: &mut [i32], stride: usize, first: usize, n: usize));
    )*};
}
/// The versions of the synthesis.
mod points {
    use super::*;
    synthesis! {
        6, 3: points_6_3 points_back_6_3 points_integer_6_3;
        7, 3: points_7_3 points_back_7_3 points_integer_7_3;
        9, 3: points_9_3 points_back_9_3 points_integer_9_3;
        4, 1: points_4_1 points_back_4_1 points_integer_4_1;
        7, 1: points_7_1 points_back_7_1 points_integer_7_1;
    }
}
public_kernel!(
    /// See [`Synthesis`].
    convolve_3 = synthesis::convolve::<3>(w: &[f32], rows: [&[f32]; 3], out: &mut [f32], stride: usize, first: usize, n: usize));
public_kernel!(
    /// See [`Synthesis`].
    convolve_1 = synthesis::convolve::<1>(w: &[f32], rows: [&[f32]; 3], out: &mut [f32], stride: usize, first: usize, n: usize));
public_kernel!(
    /// See [`Synthesis`].
    convolve_sums_3 = synthesis::convolve_sums::<3>(rows: [&[f32]; 3], d: &[f32], stride: usize, first: usize, n: usize, sums: &mut [[f32; 16]]));
public_kernel!(
    /// See [`Synthesis`].
    convolve_sums_1 = synthesis::convolve_sums::<1>(rows: [&[f32]; 3], d: &[f32], stride: usize, first: usize, n: usize, sums: &mut [[f32; 16]]));
public_kernel!(
    /// See [`Synthesis`].
    convolve_integer_3 = integer::convolve::<3>(w: &[i32], rows: [&[i32]; 3], least: i32, out: &mut [i32], stride: usize, first: usize, n: usize));
public_kernel!(
    /// See [`Synthesis`].
    convolve_integer_1 = integer::convolve::<1>(w: &[i32], rows: [&[i32]; 3], least: i32, out: &mut [i32], stride: usize, first: usize, n: usize));
public_kernel!(
    /// Zero where `b` is not positive.
    where_positive = synthesis::where_positive(d: &mut [f32], b: &[f32])
);
public_kernel!(
    /// The sum of four rows by their taps.
    blend = resample::blend(taps: &[f32; 4], rows: [&[f32]; 4], out: &mut [f32])
);
public_kernel!(
    /// The gradient of [`blend`] for one of the rows: `grad += tap d`, and the lanes of `sum` take `d row`.
    blend_back = resample::blend_back(tap: f32, d: &[f32], row: &[f32], grad: &mut [f32], sum: &mut [f32; 16])
);
public_kernel!(
    /// Two outputs for each of `n` numbers from `first` on, which is at least 2: even and odd ones.
    double = resample::double(taps: &[f32; 4], row: &[f32], even: &mut [f32], odd: &mut [f32], first: usize, n: usize)
);
public_kernel!(
    /// The gradient of [`double`]: to `grad`, and to the lanes of each tap.
    double_back = resample::double_back(taps: &[f32; 4], row: &[f32], even: &[f32], odd: &[f32], grad: &mut [f32], first: usize, n: usize, sums: &mut [[f32; 16]; 4])
);
public_kernel!(
    /// Numbers from two rows in turn.
    interleave = resample::interleave(even: &[f32], odd: &[f32], out: &mut [f32])
);
public_kernel!(
    /// Numbers to two rows in turn.
    separate = resample::separate(x: &[f32], even: &mut [f32], odd: &mut [f32])
);
public_kernel!(
    /// [`blend`] in integers.
    blend_integer = integer::blend(taps: &[i32; 4], rows: [&[i32]; 4], out: &mut [i32])
);
public_kernel!(
    /// [`double`] in integers, even and odd ones side by side from `first` on.
    double_integer = integer::double(taps: &[i32; 4], row: &[i32], out: &mut [i32], first: usize, n: usize)
);
public_kernel!(
    /// Soft rounding, noise, soft rounding, and the slope of it, for whole vectors.
    soften = latents::soften(y: &[f32], noise: &[f32], deviation: f32, s: Softness, out: &mut [f32], slope: &mut [f32])
);
public_kernel!(
    /// One step of Adam on whole vectors; the gradient is `g slope`.
    adam = latents::adam(w: &mut [f32], m: &mut [f32], v: &mut [f32], g: &[f32], slope: &[f32], rule: Adam)
);

/// The synthesis of a number of channels and colours.
#[derive(Clone, Copy)]
pub struct Synthesis {
    /// Colours of pixels.
    pub points: Points<f32>,
    /// Its gradient.
    pub points_back: PointsBack,
    /// The convolution.
    pub convolve: Convolve,
    /// Gradients of its weights.
    pub convolve_sums: ConvolveSums,
    /// Colours of pixels in integers.
    pub points_integer: Points<i32>,
    /// The convolution in integers.
    pub convolve_integer: ConvolveInteger,
}

type Points<T> = fn(Isa, &[T], usize, &[T], &mut [T], usize, usize, usize);
type PointsBack = fn(Isa, &[f32], usize, &[f32], &[f32], &mut [f32], usize, usize, usize, &mut [[f32; 16]]);
type Convolve = fn(Isa, &[f32], [&[f32]; 3], &mut [f32], usize, usize, usize);
type ConvolveSums = fn(Isa, [&[f32]; 3], &[f32], usize, usize, usize, &mut [[f32; 16]]);
type ConvolveInteger = fn(Isa, &[i32], [&[i32]; 3], i32, &mut [i32], usize, usize, usize);

impl Synthesis {
    /// The kernels for so many channels and colours, if there are any: 6, 7 or 9 to 3, or 4 or 7 to 1.
    #[must_use]
    pub fn of(channels: usize, colours: usize) -> Option<Self> {
        let (points, points_back, points_integer): (Points<f32>, PointsBack, Points<i32>) =
            match (channels, colours) {
                (6, 3) => (points::points_6_3, points::points_back_6_3, points::points_integer_6_3),
                (7, 3) => (points::points_7_3, points::points_back_7_3, points::points_integer_7_3),
                (9, 3) => (points::points_9_3, points::points_back_9_3, points::points_integer_9_3),
                (4, 1) => (points::points_4_1, points::points_back_4_1, points::points_integer_4_1),
                (7, 1) => (points::points_7_1, points::points_back_7_1, points::points_integer_7_1),
                _ => return None,
            };
        let (convolve, convolve_sums, convolve_integer): (Convolve, ConvolveSums, ConvolveInteger) =
            match colours {
                3 => (convolve_3, convolve_sums_3, convolve_integer_3),
                _ => (convolve_1, convolve_sums_1, convolve_integer_1),
            };
        Some(Self { points, points_back, convolve, convolve_sums, points_integer, convolve_integer })
    }
}
