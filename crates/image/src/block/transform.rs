//! Separable integer transforms: DCT-II of 4 to 64 samples and DST-VII of 4 to 32.
//!
//! All matrices are orthonormal up to rounding, with 10 fraction bits, so squared error of coefficients is squared error of samples and
//! one quantizer step serves every shape of block. Their entries come from a sine in integers, so they are the same everywhere.

use minlen_entropy::mixing::simd::{self, Isa, Task, Vector};
use std::sync::LazyLock;

/// Samples of the longest side of a block.
pub(super) const SIDE: usize = 64;
/// Coefficients that are kept along a side: of 64 only the lower half.
pub(super) const KEPT: usize = 32;
/// Fraction bits of the matrices.
const FRACTION: u32 = 10;

/// A transform along one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// DCT-II.
    Cosine,
    /// DST-VII, for residuals that grow with the distance from the reference samples.
    Sine,
}

/// The transforms of a block: down its columns, and along its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub down: Kind,
    pub along: Kind,
}

impl Pair {
    /// The one with this number, 0 to 3.
    pub fn new(number: u8) -> Self {
        let kind = |bit: u8| if number >> bit & 1 == 1 { Kind::Sine } else { Kind::Cosine };
        Self { down: kind(0), along: kind(1) }
    }
}

/// `sin(pi * over / under)` with 30 fraction bits, by its Taylor series in the first quadrant.
const fn sine(over: u64, under: u64) -> i64 {
    let (mut over, mut sign) = (over % (2 * under), 1);
    if over >= under {
        over -= under;
        sign = -1;
    }
    if 2 * over > under {
        over = under - over;
    }
    // pi with 60 fraction bits.
    let x = (3_622_009_729_038_561_421i128 * over as i128) / under as i128;
    let square = (x * x) >> 60;
    let (mut term, mut sum, mut n) = (x, x, 1i128);
    while n < 12 {
        term = -((term * square) >> 60) / (2 * n * (2 * n + 1));
        sum += term;
        n += 1;
    }
    sign * ((sum + (1 << 29)) >> 30) as i64
}

/// One matrix: `rows[k * n + i]` is what sample `i` counts for in coefficient `k`.
type Matrix = Vec<i32>;

fn matrix(n: usize, kind: Kind) -> Matrix {
    let n64 = n as u64;
    let entry = |k: u64, i: u64| {
        // The entry is `value / sqrt(over)`; the sine or cosine has 30 fraction bits.
        let (over, value) = match kind {
            Kind::Cosine if k == 0 => (n64, 1 << 30),
            Kind::Cosine => (2 * n64, 2 * sine((2 * i + 1) * k + n64, 2 * n64)),
            Kind::Sine => (2 * n64 + 1, 2 * sine((2 * k + 1) * (i + 1), 2 * n64 + 1)),
        };
        // The root has 20 fraction bits, so 31 are left.
        let root = (u128::from(over) << 40).isqrt() as i64;
        let scaled = (value << 21) / root;
        ((scaled + (1 << (30 - FRACTION))) >> (31 - FRACTION)) as i32
    };
    (0..n64).flat_map(|k| (0..n64).map(move |i| (k, i))).map(|(k, i)| entry(k, i)).collect()
}

struct Tables {
    cosine: [Matrix; 5],
    sine: [Matrix; 4],
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables {
    cosine: std::array::from_fn(|i| matrix(4 << i, Kind::Cosine)),
    sine: std::array::from_fn(|i| matrix(4 << i, Kind::Sine)),
});

/// The matrix for `n` samples: of 64 there is only the cosine.
fn table(n: usize, kind: Kind) -> &'static [i32] {
    let tables = &*TABLES;
    let log = n.trailing_zeros() as usize - 2;
    match kind {
        Kind::Sine if log < 4 => &tables.sine[log],
        _ => &tables.cosine[log.min(4)],
    }
}

/// `to[k][c] = sum over i of m[k][i] from[i][c]`, for `kept` rows of `to` and `width` columns.
#[inline(always)]
fn forward_down(m: &[i32], n: usize, kept: usize, width: usize, from: &[i32], to: &mut [i32]) {
    for (k, to) in to.chunks_exact_mut(width).take(kept).enumerate() {
        let row = &m[k * n..(k + 1) * n];
        to.fill(1 << (FRACTION - 1));
        for (&f, from) in row.iter().zip(from.chunks_exact(width)) {
            for (to, &from) in to.iter_mut().zip(from) {
                *to = to.wrapping_add(f.wrapping_mul(from));
            }
        }
        to.iter_mut().for_each(|x| *x >>= FRACTION);
    }
}

/// `to[i][c] = sum over k of m[k][i] from[k][c]`, of `kept` rows of `from`.
#[inline(always)]
fn inverse_down(m: &[i32], n: usize, kept: usize, width: usize, from: &[i32], to: &mut [i32]) {
    for (i, to) in to.chunks_exact_mut(width).take(n).enumerate() {
        to.fill(1 << (FRACTION - 1));
        for (k, from) in from.chunks_exact(width).take(kept).enumerate() {
            let f = m[k * n + i];
            for (to, &from) in to.iter_mut().zip(from) {
                *to = to.wrapping_add(f.wrapping_mul(from));
            }
        }
        to.iter_mut().for_each(|x| *x >>= FRACTION);
    }
}

#[inline(always)]
fn transpose(width: usize, height: usize, from: &[i32], to: &mut [i32]) {
    for (y, row) in from.chunks_exact(width).take(height).enumerate() {
        for (x, &v) in row.iter().enumerate() {
            to[x * height + y] = v;
        }
    }
}

/// What a transform works in.
#[derive(Clone, Debug)]
pub(super) struct Scratch {
    a: Vec<i32>,
    b: Vec<i32>,
    isa: Isa,
}

impl Default for Scratch {
    fn default() -> Self {
        Self { a: vec![0; SIDE * SIDE], b: vec![0; SIDE * SIDE], isa: simd::isa() }
    }
}

struct Forward<'a> {
    pair: Pair,
    width: usize,
    height: usize,
    data: &'a mut [i32],
    scratch: &'a mut Scratch,
}

impl Task for Forward<'_> {
    type Out = ();
    #[inline(always)]
    fn run<V: Vector>(self, _: V) {
        let (w, h) = (self.width, self.height);
        let (kw, kh) = (w.min(KEPT), h.min(KEPT));
        let Scratch { a, b, .. } = self.scratch;
        forward_down(table(h, self.pair.down), h, kh, w, self.data, a);
        transpose(w, kh, a, b);
        forward_down(table(w, self.pair.along), w, kw, kh, b, a);
        transpose(kh, kw, a, self.data);
    }
}

struct Inverse<'a> {
    pair: Pair,
    width: usize,
    height: usize,
    /// Columns and rows of coefficients that are not all 0.
    used: (usize, usize),
    data: &'a mut [i32],
    scratch: &'a mut Scratch,
}

impl Task for Inverse<'_> {
    type Out = ();
    #[inline(always)]
    fn run<V: Vector>(self, _: V) {
        let (w, h) = (self.width, self.height);
        let (kw, kh) = (w.min(KEPT), h.min(KEPT));
        let (used_w, used_h) = (self.used.0.min(kw), self.used.1.min(kh));
        let Scratch { a, b, .. } = self.scratch;
        transpose(kw, kh, self.data, a);
        inverse_down(table(w, self.pair.along), w, used_w, kh, a, b);
        transpose(kh, w, b, a);
        inverse_down(table(h, self.pair.down), h, used_h, w, a, self.data);
    }
}

impl Scratch {
    /// Transforms `data`, `width` by `height` samples; what comes has at most [`KEPT`] columns and rows, packed.
    pub fn forward(&mut self, pair: Pair, width: usize, height: usize, data: &mut [i32]) {
        simd::with(self.isa, Forward { pair, width, height, data, scratch: self });
    }

    /// The reverse; `used` are the columns and rows of coefficients beyond which all are 0. `data` has room for all samples.
    pub fn inverse(
        &mut self,
        pair: Pair,
        (width, height): (usize, usize),
        used: (usize, usize),
        data: &mut [i32],
    ) {
        simd::with(self.isa, Inverse { pair, width, height, used, data, scratch: self });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::testing::Rng;

    #[test]
    fn matrices_are_orthonormal() {
        for n in [4, 8, 16, 32, 64] {
            for kind in [Kind::Cosine, Kind::Sine] {
                let m = table(n, kind);
                for a in 0..n {
                    for b in 0..n {
                        let dot: i32 = (0..n).map(|i| m[a * n + i] * m[b * n + i]).sum();
                        let ideal = if a == b { 1 << (2 * FRACTION) } else { 0 };
                        assert!((dot - ideal).abs() <= 8000, "{n} {kind:?} {a} {b}: {dot}");
                    }
                }
            }
        }
    }

    #[test]
    fn inverse_undoes_forward() {
        let mut rng = Rng(3);
        let mut scratch = Scratch::default();
        for number in 0..4 {
            for (w, h) in [(4, 4), (8, 4), (4, 16), (32, 8), (32, 32), (16, 32)] {
                let samples: Vec<i32> = (0..w * h).map(|_| rng.below(4000) as i32 - 2000).collect();
                let mut data = samples.clone();
                scratch.forward(Pair::new(number), w, h, &mut data);
                scratch.inverse(Pair::new(number), (w, h), (w, h), &mut data);
                assert!(samples.iter().zip(&data).all(|(a, b)| a.abs_diff(*b) < 40), "{number} {w} {h}");
            }
        }
    }
}
