//! Planes of twice the size by a symmetric filter of eight taps, row by row, and the gradient.
//!
//! Of the eight taps four are free: those at distances of 7/4, 3/4, 1/4 and 5/4 from an even output; an odd one sees them mirrored.

use super::super::lanes::Lanes;

#[inline(always)]
fn at(x: &[f32], i: usize) -> &[f32; 16] {
    x[i..].first_chunk().unwrap_or(&[0.0; 16])
}

#[inline(always)]
fn put<L: Lanes>(l: L, x: &mut [f32], i: usize, v: L::V) {
    if let Some(slot) = x[i..].first_chunk_mut::<16>() {
        l.store(slot, v);
    }
}

/// `out` = the sum of four rows by their taps; whole rows, with what is left and right of them.
#[inline(always)]
pub fn blend<L: Lanes>(l: L, taps: &[f32; 4], rows: [&[f32]; 4], out: &mut [f32]) {
    let t = taps.map(|t| l.splat(t));
    for (i, out) in out.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let mut a = l.mul(t[0], l.load(at(rows[0], 16 * i)));
        for k in 1..4 {
            a = l.mac(a, t[k], l.load(at(rows[k], 16 * i)));
        }
        l.store(out, a);
    }
}

/// The gradient of [`blend`]: `grad += tap d`, and the lanes of `sum` take `d row`.
#[inline(always)]
pub fn blend_back<L: Lanes>(l: L, tap: f32, d: &[f32], row: &[f32], grad: &mut [f32], sum: &mut [f32; 16]) {
    let t = l.splat(tap);
    let mut s = l.load(sum);
    for ((d, row), grad) in
        d.as_chunks::<16>().0.iter().zip(row.as_chunks::<16>().0).zip(grad.as_chunks_mut::<16>().0)
    {
        let v = l.load(d);
        s = l.mac(s, v, l.load(row));
        let g = l.mac(l.load(grad), t, v);
        l.store(grad, g);
    }
    l.store(sum, s);
}

/// Two outputs for each of `n` numbers from `first` on: even ones to `even`, odd ones to `odd`, at the same places.
#[inline(always)]
pub fn double<L: Lanes>(
    l: L,
    taps: &[f32; 4],
    row: &[f32],
    even: &mut [f32],
    odd: &mut [f32],
    first: usize,
    n: usize,
) {
    let t = taps.map(|t| l.splat(t));
    for i in (first..first + n).step_by(16) {
        let x: [L::V; 5] = std::array::from_fn(|k| l.load(at(row, i + k - 2)));
        let mut a = l.mul(t[0], x[0]);
        let mut b = l.mul(t[0], x[4]);
        for k in 1..4 {
            a = l.mac(a, t[k], x[k]);
            b = l.mac(b, t[k], x[4 - k]);
        }
        put(l, even, i, a);
        put(l, odd, i, b);
    }
}

/// The gradient of [`double`] for `n` numbers from `first` on: to `grad` (set), and to the lanes of each tap.
#[inline(always)]
pub fn double_back<L: Lanes>(
    l: L,
    taps: &[f32; 4],
    row: &[f32],
    even: &[f32],
    odd: &[f32],
    grad: &mut [f32],
    first: usize,
    n: usize,
    sums: &mut [[f32; 16]; 4],
) {
    let t = taps.map(|t| l.splat(t));
    let mut s = sums.map(|s| l.load(&s));
    for i in (first..first + n).step_by(16) {
        let x = l.load(at(row, i));
        let mut g = l.splat(0.0);
        for k in 0..4 {
            let pair = l.add(l.load(at(even, i + 2 - k)), l.load(at(odd, i + k - 2)));
            g = l.mac(g, t[k], pair);
            s[k] = l.mac(s[k], x, pair);
        }
        put(l, grad, i, g);
    }
    for k in 0..4 {
        l.store(&mut sums[k], s[k]);
    }
}

/// `out[2i] = even[i]`, `out[2i + 1] = odd[i]`.
#[inline(always)]
pub fn interleave<L: Lanes>(_: L, even: &[f32], odd: &[f32], out: &mut [f32]) {
    for ((e, o), out) in even.iter().zip(odd).zip(out.as_chunks_mut::<2>().0) {
        *out = [*e, *o];
    }
}

/// `even[i] = x[2i]`, `odd[i] = x[2i + 1]`.
#[inline(always)]
pub fn separate<L: Lanes>(_: L, x: &[f32], even: &mut [f32], odd: &mut [f32]) {
    for ((e, o), x) in even.iter_mut().zip(odd).zip(x.as_chunks::<2>().0) {
        (*e, *o) = (x[0], x[1]);
    }
}
