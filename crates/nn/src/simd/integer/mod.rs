//! Products of i16 matrices with i32 sums, in several compiled versions with the same result.
//!
//! Sums of integers that never overflow do not depend on their order; whoever makes a [`Packed`] has checked that they cannot
//! (`integer::Linear`). So here, unlike in the f32 kernels, every version may add as it likes.

mod tiles;
#[cfg(target_arch = "x86_64")]
mod x86;

use super::{Isa, Level};
use crate::integer::Dyadic;
use tiles::{Plain, Tile, Tiles};

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
    /// The windows of `grid` in `x` by the matrix, requantised.
    product(packed: &Packed, grid: &Grid, x: &[i16], out: &mut [i16]),
    Plain,
    product_with
);
versions!(
    /// The inner products of `x` and each of the rows in `rows`, which are as long.
    dots(rows: &[i16], x: &[i16], sums: &mut [i32]),
    Plain,
    dots_with
);
versions!(
    /// The function of a table for each integer: that of `x` at `x + 32768`.
    look_up(table: &[i16], x: &[i16], out: &mut [i16]),
    Plain,
    look_up_with
);
versions!(
    /// Two integers each, scaled and added.
    add(scales: [Dyadic; 2], limit: i32, both: [&[i16]; 2], out: &mut [i16]),
    Plain,
    add_with
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

/// Where windows lie among inputs, and where their outputs go. A window is some segments, each of whole pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grid {
    /// Records, rows of windows, windows in a row.
    pub(crate) count: [usize; 3],
    /// From one of these to the next among the inputs.
    pub(crate) input: [usize; 3],
    /// The same among the outputs.
    pub(crate) output: [usize; 3],
    /// Where the first window begins, and where its outputs go.
    pub(crate) first: [usize; 2],
    /// Segments of a window, pairs in each, and from one to the next.
    pub(crate) segments: [usize; 3],
}

impl Grid {
    /// The integer after the last that a window reads.
    fn end(&self) -> usize {
        let last: usize = self.count.iter().zip(self.input).map(|(&n, step)| (n - 1) * step).sum();
        let [segments, pairs, apart] = self.segments;
        self.first[0] + last + segments.saturating_sub(1) * apart + 2 * pairs
    }
}

/// The windows of a grid, one after the other.
struct Walk<'g> {
    grid: &'g Grid,
    /// Window in its row, and row.
    place: [usize; 2],
    /// Where it begins among inputs, and among outputs: the row, and the record.
    row: [usize; 2],
    record: [usize; 2],
}

impl<'g> Walk<'g> {
    #[inline(always)]
    fn new(grid: &'g Grid) -> Self {
        Self { grid, place: [0; 2], row: grid.first, record: grid.first }
    }

    /// Where the next window begins, and where its outputs go.
    #[inline(always)]
    fn next(&mut self) -> [usize; 2] {
        let Grid { count, input, output, .. } = self.grid;
        let [x, y] = self.place;
        let found = [self.row[0] + x * input[2], self.row[1] + x * output[2]];
        self.place[0] += 1;
        if x + 1 == count[2] {
            self.place = [0, y + 1];
            self.row = [self.row[0] + input[1], self.row[1] + output[1]];
            if y + 1 == count[1] {
                self.place[1] = 0;
                self.record = [self.record[0] + input[0], self.record[1] + output[0]];
                self.row = self.record;
            }
        }
        found
    }
}

#[inline(always)]
fn product_with<T: Tiles>(t: T, packed: &Packed, grid: &Grid, x: &[i16], out: &mut [i16]) {
    let windows: usize = grid.count.iter().product();
    let [segments, pairs, _] = grid.segments;
    if windows == 0 {
        return;
    }
    assert!(grid.end() <= x.len() && segments * pairs <= packed.pairs);
    let panels = packed.channels.len();
    let mut panel = 0;
    while panel < panels {
        let job = Job { packed, grid, x, panel, windows };
        if T::PAIRED && panel + 2 <= panels {
            job.run::<T, 8, 2>(t, out);
            panel += 2;
        } else {
            job.run::<T, 12, 1>(t, out);
            panel += 1;
        }
    }
}

/// All windows by some panels.
struct Job<'a> {
    packed: &'a Packed,
    grid: &'a Grid,
    x: &'a [i16],
    panel: usize,
    windows: usize,
}

impl Job<'_> {
    /// By `P` panels, `R` windows at once.
    #[inline(always)]
    fn run<T: Tiles, const R: usize, const P: usize>(&self, t: T, out: &mut [i16]) {
        let mut walk = Walk::new(self.grid);
        let mut left = self.windows;
        while left >= R {
            self.block::<T, R, P>(t, &mut walk, out);
            left -= R;
        }
        while left >= 4 {
            self.block::<T, 4, P>(t, &mut walk, out);
            left -= 4;
        }
        for _ in 0..left {
            self.block::<T, 1, P>(t, &mut walk, out);
        }
    }

    /// The next `R` windows.
    #[inline(always)]
    fn block<T: Tiles, const R: usize, const P: usize>(&self, t: T, walk: &mut Walk<'_>, out: &mut [i16]) {
        let Packed { lines, channels, pairs, rows, limit } = self.packed;
        let channels = &channels[self.panel..self.panel + P];
        let lines = &lines[self.panel * pairs..(self.panel + P) * pairs];
        let (mut starts, mut places) = ([0; R], [0; R]);
        for (start, place) in starts.iter_mut().zip(&mut places) {
            [*start, *place] = walk.next();
        }
        let mut sums = [[[0; PANEL]; R]; P];
        for (sums, channels) in sums.iter_mut().zip(channels) {
            *sums = [channels.bias; R];
        }
        let width = rows - self.panel * PANEL;
        let tile = Tile { lines, pairs: *pairs, x: self.x, segments: self.grid.segments, width };
        t.tile::<R, P>(&tile, &starts, &mut sums);
        for (p, (sums, channels)) in sums.iter().zip(channels).enumerate() {
            let (first, width) = ((self.panel + p) * PANEL, PANEL.min(width - p * PANEL));
            for (sums, place) in sums.iter().zip(places) {
                let all = t.finish(channels, *limit, sums);
                let out = &mut out[place + first..place + first + width];
                // A length that is known saves a call.
                match out.first_chunk_mut::<PANEL>() {
                    Some(out) => *out = all,
                    None => out.copy_from_slice(&all[..width]),
                }
            }
        }
    }
}

/// Rows of [`dots`] are a multiple of this.
pub(crate) const ROW: usize = 32;

#[inline(always)]
fn dots_with<T: Tiles>(_: T, rows: &[i16], x: &[i16], sums: &mut [i32]) {
    let x = x.as_chunks::<ROW>().0;
    for (row, sum) in rows.as_chunks::<ROW>().0.chunks_exact(x.len().max(1)).zip(sums) {
        let mut all = [0i32; ROW / 2];
        for (row, x) in row.iter().zip(x) {
            for (k, sum) in all.iter_mut().enumerate() {
                let pair = i32::from(row[2 * k]).wrapping_mul(i32::from(x[2 * k]));
                let other = i32::from(row[2 * k + 1]).wrapping_mul(i32::from(x[2 * k + 1]));
                *sum = sum.wrapping_add(pair.wrapping_add(other));
            }
        }
        *sum = all.iter().fold(0, |sum: i32, x| sum.wrapping_add(*x));
    }
}

#[inline(always)]
fn look_up_with<T: Tiles>(_: T, table: &[i16], x: &[i16], out: &mut [i16]) {
    // With all entries no place has to be checked.
    let Ok(table) = <&[i16; 1 << 16]>::try_from(table) else { return };
    for (y, &x) in out.iter_mut().zip(x) {
        *y = table[usize::from(x as u16 ^ 0x8000)];
    }
}

#[inline(always)]
fn add_with<T: Tiles>(_: T, scales: [Dyadic; 2], limit: i32, [a, b]: [&[i16]; 2], out: &mut [i16]) {
    for ((y, &a), &b) in out.iter_mut().zip(a).zip(b) {
        let sum = scales[0].apply(i32::from(a)) + scales[1].apply(i32::from(b));
        *y = sum.clamp(-limit, limit) as i16;
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
