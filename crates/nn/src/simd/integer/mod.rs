//! Products of i16 matrices with i32 sums, in several compiled versions with the same result.
//!
//! Sums of integers that never overflow do not depend on their order; whoever makes a [`Packed`] has checked that they cannot
//! (`integer::Linear`). So here, unlike in the f32 kernels, every version may add as it likes.

mod tiles;
#[cfg(target_arch = "x86_64")]
mod x86;

use super::{Isa, Level};
use tiles::{Plain, Tiles};

/// Outputs that are computed together.
pub(crate) const PANEL: usize = 16;

/// The weights of sixteen outputs for two inputs: those of an output stand side by side. On one cache line.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Line(pub(crate) [[i16; 2]; PANEL]);

/// A pair of inputs that are not both 0, and which of all pairs it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Which pair.
    pub place: u32,
    /// The inputs.
    pub pair: [i16; 2],
}

/// What is done to the sums of sixteen outputs: see `integer::Dyadic`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Channels {
    pub(crate) bias: [i32; PANEL],
    pub(crate) multiplier: [i32; PANEL],
    pub(crate) shift: [i32; PANEL],
}

/// A matrix as the kernels read it: panel after panel of sixteen outputs, in each pair after pair of inputs.
#[derive(Clone, Debug)]
pub(crate) struct Packed {
    pub(crate) lines: Vec<Line>,
    pub(crate) channels: Vec<Channels>,
    /// Pairs of inputs, at least 1.
    pub(crate) pairs: usize,
    /// Outputs.
    pub(crate) rows: usize,
    /// Results stay within plus and minus this.
    pub(crate) limit: i16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    #[cfg(target_arch = "x86_64")]
    Sse2,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Vnni,
}

/// A version of these kernels that this processor can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Path(Kind);

impl Path {
    /// Every version that this processor can run, slowest first.
    pub(crate) fn available() -> Vec<Self> {
        #[allow(unused_mut)]
        let mut all = vec![Self(Kind::Plain)];
        #[cfg(target_arch = "x86_64")]
        {
            all.push(Self(Kind::Sse2));
            if is_x86_feature_detected!("avx2") {
                all.push(Self(Kind::Avx2));
            }
            let wide = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
            if wide && is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512vl") {
                all.push(Self(Kind::Avx512));
                if is_x86_feature_detected!("avx512vnni") {
                    all.push(Self(Kind::Vnni));
                }
            }
        }
        all
    }

    /// The best version within an instruction set.
    pub(crate) fn of(isa: Isa) -> Self {
        let most = match isa.0 {
            Level::Plain => 0,
            #[cfg(target_arch = "x86_64")]
            Level::Sse2 => 1,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => 2,
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => 4,
        };
        let all = Self::available();
        all[most.min(all.len() - 1)]
    }
}

/// Compiles one kernel for every version and chooses at run time.
macro_rules! versions {
    ($(#[$doc:meta])* $name:ident($($a:ident: $t:ty),* $(,)?), $plain:expr, $with:ident) => {
        $(#[$doc])*
        pub(crate) fn $name(path: Path, $($a: $t),*) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2")]
            fn middle($($a: $t),*) {
                // SAFETY: this function is compiled for AVX2 and only called where the processor has it.
                $with(unsafe { x86::Avx2::new() }, $($a),*);
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
            fn wide($($a: $t),*) {
                // SAFETY: this function is compiled for these sets and only called where the processor has them.
                $with(unsafe { x86::Avx512::new() }, $($a),*);
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
            fn fused($($a: $t),*) {
                // SAFETY: this function is compiled for these sets and only called where the processor has them.
                $with(unsafe { x86::Vnni::new() }, $($a),*);
            }
            match path.0 {
                Kind::Plain => $with($plain, $($a),*),
                // SAFETY: SSE2 is part of x86-64.
                #[cfg(target_arch = "x86_64")]
                Kind::Sse2 => $with(unsafe { x86::Sse2::new() }, $($a),*),
                // SAFETY: a `Path` of this kind exists only after the processor was asked (`available`).
                #[cfg(target_arch = "x86_64")]
                Kind::Avx2 => unsafe { middle($($a),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                Kind::Avx512 => unsafe { wide($($a),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                Kind::Vnni => unsafe { fused($($a),*) },
            }
        }
    };
}

versions!(
    /// Row `r` of `count` rows of `x` (each `2 * pairs` long) by the matrix, requantised, at `out[r * step..]`.
    product(packed: &Packed, x: &[i16], count: usize, out: &mut [i16], step: usize),
    Plain,
    product_with
);
versions!(
    /// Adds to the sums of all outputs the products of some pairs of inputs: all others are 0. `sums` has sixteen for each panel.
    gather(packed: &Packed, seen: &[Seen], sums: &mut [[i32; PANEL]]),
    Plain,
    gather_with
);
versions!(
    /// `sums += column * value`, for sums that are known not to overflow.
    add_column(sums: &mut [i32], column: &[i16], value: i16),
    Plain,
    add_column_with
);
versions!(
    /// Sums of sixteens of outputs to i16: `out` is as long as `sums`, and `channels` covers both.
    requantise(channels: &[Channels], limit: i16, sums: &[i32], out: &mut [i16]),
    Plain,
    requantise_with
);
versions!(
    /// One place of a depthwise convolution: `seen` are the taps within the picture, and where their inputs begin in `x`.
    depthwise(taps: &Taps, seen: &[(usize, usize)], x: &[i16], out: &mut [i16]),
    Plain,
    depthwise_with
);

/// The weights of a depthwise convolution, tap after tap, the channels of each padded to sixteens.
#[derive(Clone, Debug)]
pub(crate) struct Taps {
    pub(crate) weights: Vec<i16>,
    pub(crate) channels: Vec<Channels>,
    /// Results stay within plus and minus this.
    pub(crate) limit: i16,
}

#[inline(always)]
fn product_with<T: Tiles>(t: T, packed: &Packed, x: &[i16], count: usize, out: &mut [i16], step: usize) {
    let x = x.as_chunks::<2>().0;
    let panels = packed.lines.chunks_exact(packed.pairs).zip(&packed.channels);
    for (panel, (lines, channels)) in panels.enumerate() {
        let place = panel * PANEL;
        let width = PANEL.min(packed.rows - place);
        let job = Job { lines, channels, x, width, limit: packed.limit };
        let mut r = 0;
        while r + 12 <= count {
            block::<T, 12>(t, &job, r, &mut out[r * step + place..], step);
            r += 12;
        }
        while r + 4 <= count {
            block::<T, 4>(t, &job, r, &mut out[r * step + place..], step);
            r += 4;
        }
        for r in r..count {
            block::<T, 1>(t, &job, r, &mut out[r * step + place..], step);
        }
    }
}

/// One panel, and all rows of inputs.
struct Job<'a> {
    lines: &'a [Line],
    channels: &'a Channels,
    x: &'a [[i16; 2]],
    width: usize,
    limit: i16,
}

/// `R` rows from row `r` on.
#[inline(always)]
fn block<T: Tiles, const R: usize>(t: T, job: &Job<'_>, r: usize, out: &mut [i16], step: usize) {
    let pairs = job.lines.len();
    let mut sums = [job.channels.bias; R];
    t.tile::<R>(job.lines, &job.x[r * pairs..(r + R) * pairs], job.width, &mut sums);
    for (k, sums) in sums.iter().enumerate() {
        let all = t.finish(job.channels, job.limit, sums);
        out[k * step..k * step + job.width].copy_from_slice(&all[..job.width]);
    }
}

#[inline(always)]
fn gather_with<T: Tiles>(t: T, packed: &Packed, seen: &[Seen], sums: &mut [[i32; PANEL]]) {
    let pairs = packed.pairs;
    let (fours, rest) = sums.as_chunks_mut::<4>();
    let mut lines = packed.lines.chunks_exact(pairs * 4);
    for (sums, lines) in fours.iter_mut().zip(&mut lines) {
        t.gather::<4>(lines, pairs, seen, sums);
    }
    for (sums, lines) in rest.iter_mut().zip(lines.remainder().chunks_exact(pairs)) {
        t.gather::<1>(lines, pairs, seen, std::array::from_mut(sums));
    }
}

#[inline(always)]
fn requantise_with<T: Tiles>(t: T, channels: &[Channels], limit: i16, sums: &[i32], out: &mut [i16]) {
    for ((sums, out), channels) in sums.chunks(PANEL).zip(out.chunks_mut(PANEL)).zip(channels) {
        let mut all = [0; PANEL];
        all[..sums.len()].copy_from_slice(sums);
        out.copy_from_slice(&t.finish(channels, limit, &all)[..out.len()]);
    }
}

#[inline(always)]
fn add_column_with<T: Tiles>(_: T, sums: &mut [i32], column: &[i16], value: i16) {
    for (sum, &w) in sums.iter_mut().zip(column) {
        *sum = sum.wrapping_add(i32::from(w) * i32::from(value));
    }
}

#[inline(always)]
fn depthwise_with<T: Tiles>(t: T, taps: &Taps, seen: &[(usize, usize)], x: &[i16], out: &mut [i16]) {
    let line = taps.channels.len() * PANEL;
    for ((out, channels), first) in out.chunks_mut(PANEL).zip(&taps.channels).zip((0..).step_by(PANEL)) {
        let mut sums = channels.bias;
        for &(tap, at) in seen {
            let (w, x) = (&taps.weights[tap * line + first..], &x[at + first..]);
            let mut end = [0; PANEL];
            // What lies beyond the channels meets weights of 0; only at the end of the record there is nothing.
            let x = x.first_chunk::<PANEL>().unwrap_or_else(|| {
                end[..x.len()].copy_from_slice(x);
                &end
            });
            for ((sum, &w), &x) in sums.iter_mut().zip(&w[..PANEL]).zip(x) {
                *sum = sum.wrapping_add(i32::from(w) * i32::from(x));
            }
        }
        out.copy_from_slice(&t.finish(channels, taps.limit, &sums)[..out.len()]);
    }
}

#[cfg(test)]
mod tests;
