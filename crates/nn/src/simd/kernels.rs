//! Matrix and vector kernels, written once over [`Lanes`]. Lengths are multiples of 16 (rows: of 8).

use super::lanes::Lanes;
use super::math;

/// Rows taken together: enough to hide the latency of an addition.
const ROWS: usize = 8;

#[inline(always)]
pub(crate) fn matvec<L: Lanes>(l: L, y: &mut [f32], w: &[f32], x: &[f32]) {
    let n = y.len();
    let y = y.as_chunks_mut::<16>().0;
    for (w, x) in w.chunks_exact(n * ROWS).zip(x.as_chunks::<ROWS>().0) {
        let w = w.as_chunks::<16>().0;
        let m = y.len();
        let b = [
            l.splat(x[0]),
            l.splat(x[1]),
            l.splat(x[2]),
            l.splat(x[3]),
            l.splat(x[4]),
            l.splat(x[5]),
            l.splat(x[6]),
            l.splat(x[7]),
        ];
        // One slice per row, all of length m: the compiler sees that j is in range.
        let (r0, w) = w.split_at(m);
        let (r1, w) = w.split_at(m);
        let (r2, w) = w.split_at(m);
        let (r3, w) = w.split_at(m);
        let (r4, w) = w.split_at(m);
        let (r5, w) = w.split_at(m);
        let (r6, r7) = w.split_at(m);
        let r7 = &r7[..m];
        for j in 0..m {
            let mut a = l.load(&y[j]);
            a = l.mac(a, b[0], l.load(&r0[j]));
            a = l.mac(a, b[1], l.load(&r1[j]));
            a = l.mac(a, b[2], l.load(&r2[j]));
            a = l.mac(a, b[3], l.load(&r3[j]));
            a = l.mac(a, b[4], l.load(&r4[j]));
            a = l.mac(a, b[5], l.load(&r5[j]));
            a = l.mac(a, b[6], l.load(&r6[j]));
            a = l.mac(a, b[7], l.load(&r7[j]));
            l.store(&mut y[j], a);
        }
    }
}

#[inline(always)]
pub(crate) fn dot_rows<L: Lanes>(l: L, out: &mut [f32], w: &[f32], d: &[f32]) {
    let n = d.len();
    let d = d.as_chunks::<16>().0;
    for (w, out) in w.chunks_exact(n * 4).zip(out.as_chunks_mut::<4>().0) {
        let w = w.as_chunks::<16>().0;
        let m = d.len();
        let (r0, w) = w.split_at(m);
        let (r1, w) = w.split_at(m);
        let (r2, r3) = w.split_at(m);
        let r3 = &r3[..m];
        let zero = l.splat(0.0);
        let (mut a0, mut a1, mut a2, mut a3) = (zero, zero, zero, zero);
        for j in 0..m {
            let x = l.load(&d[j]);
            a0 = l.mac(a0, x, l.load(&r0[j]));
            a1 = l.mac(a1, x, l.load(&r1[j]));
            a2 = l.mac(a2, x, l.load(&r2[j]));
            a3 = l.mac(a3, x, l.load(&r3[j]));
        }
        out[0] += l.tree_sum(a0);
        out[1] += l.tree_sum(a1);
        out[2] += l.tree_sum(a2);
        out[3] += l.tree_sum(a3);
    }
}

/// Four gradients at once share each load of a row. The sums are those of [`dot_rows`], in the same order.
#[inline(always)]
pub(crate) fn dot_rows_many<L: Lanes>(l: L, outs: &mut [f32], w: &[f32], ds: &[f32], n: usize) {
    let rows = w.len() / n;
    for (outs, ds) in outs.chunks_mut(rows * 4).zip(ds.chunks(n * 4)) {
        if ds.len() < n * 4 {
            for (out, d) in outs.chunks_exact_mut(rows).zip(ds.chunks_exact(n)) {
                dot_rows(l, out, w, d);
            }
            continue;
        }
        let ds = ds.as_chunks::<16>().0;
        let m = n / 16;
        let (d0, ds) = ds.split_at(m);
        let (d1, ds) = ds.split_at(m);
        let (d2, d3) = ds.split_at(m);
        let d3 = &d3[..m];
        for (i, pair) in w.chunks_exact(2 * n).enumerate() {
            let (r, s) = pair.as_chunks::<16>().0.split_at(m);
            let s = &s[..m];
            let zero = l.splat(0.0);
            let (mut a0, mut a1, mut a2, mut a3) = (zero, zero, zero, zero);
            let (mut b0, mut b1, mut b2, mut b3) = (zero, zero, zero, zero);
            for j in 0..m {
                let (x, y) = (l.load(&r[j]), l.load(&s[j]));
                let (e0, e1) = (l.load(&d0[j]), l.load(&d1[j]));
                let (e2, e3) = (l.load(&d2[j]), l.load(&d3[j]));
                (a0, b0) = (l.mac(a0, e0, x), l.mac(b0, e0, y));
                (a1, b1) = (l.mac(a1, e1, x), l.mac(b1, e1, y));
                (a2, b2) = (l.mac(a2, e2, x), l.mac(b2, e2, y));
                (a3, b3) = (l.mac(a3, e3, x), l.mac(b3, e3, y));
            }
            for (k, (a, b)) in [(a0, b0), (a1, b1), (a2, b2), (a3, b3)].into_iter().enumerate() {
                outs[k * rows + 2 * i] += l.tree_sum(a);
                outs[k * rows + 2 * i + 1] += l.tree_sum(b);
            }
        }
    }
}

/// Logits further than this below the largest count as this far: the floor of a probability before the sum.
const SOFTMAX_DEPTH: f32 = -16.0;

#[inline(always)]
pub(crate) fn softmax<L: Lanes>(l: L, p: &mut [f32], logits: &[f32]) {
    let (p, logits) = (p.as_chunks_mut::<16>().0, logits.as_chunks::<16>().0);
    let mut top = l.splat(-1e30);
    for x in logits {
        top = l.max(top, l.load(x));
    }
    let mut lanes = [0.0; 16];
    l.store(&mut lanes, top);
    let largest = lanes.iter().fold(lanes[0], |a, &b| if b > a { b } else { a });
    let top = l.splat(largest);
    let mut sum = l.splat(0.0);
    for (p, x) in p.iter_mut().zip(logits) {
        let e = math::exp(l, l.max(l.sub(l.load(x), top), l.splat(SOFTMAX_DEPTH)));
        l.store(p, e);
        sum = l.add(sum, e);
    }
    let scale = l.splat(1.0 / l.tree_sum(sum));
    for p in p {
        let v = l.mul(l.load(p), scale);
        l.store(p, v);
    }
}

#[inline(always)]
pub(crate) fn normalise<L: Lanes>(l: L, z: &mut [f32]) -> f32 {
    let n = z.len() as f32;
    let z = z.as_chunks_mut::<16>().0;
    let mut sum = l.splat(0.0);
    for v in &*z {
        let v = l.load(v);
        sum = l.mac(sum, v, v);
    }
    let inverse = 1.0 / (l.tree_sum(sum) / n + 1e-5).sqrt();
    let scale = l.splat(inverse);
    for v in z {
        let x = l.mul(l.load(v), scale);
        l.store(v, x);
    }
    inverse
}

#[inline(always)]
pub(crate) fn normalise_back<L: Lanes>(l: L, d: &mut [f32], zn: &[f32], inverse: f32) {
    let n = d.len() as f32;
    let (d, zn) = (d.as_chunks_mut::<16>().0, zn.as_chunks::<16>().0);
    let mut sum = l.splat(0.0);
    for (d, z) in d.iter().zip(zn) {
        sum = l.mac(sum, l.load(d), l.load(z));
    }
    let along = l.splat(l.tree_sum(sum) / n);
    let scale = l.splat(inverse);
    for (d, z) in d.iter_mut().zip(zn) {
        let v = l.mul(scale, l.sub(l.load(d), l.mul(l.load(z), along)));
        l.store(d, l.flush(v, super::cell::TINY));
    }
}

#[inline(always)]
pub(crate) fn add<L: Lanes>(l: L, a: &mut [f32], b: &[f32]) {
    for (a, b) in a.as_chunks_mut::<16>().0.iter_mut().zip(b.as_chunks::<16>().0) {
        let sum = l.add(l.load(a), l.load(b));
        l.store(a, sum);
    }
}

#[inline(always)]
pub(crate) fn affine<L: Lanes>(l: L, z: &mut [f32], gain: &[f32], bias: &[f32]) {
    let parts = gain.as_chunks::<16>().0.iter().zip(bias.as_chunks::<16>().0);
    for (z, (gain, bias)) in z.as_chunks_mut::<16>().0.iter_mut().zip(parts) {
        let v = l.add(l.mul(l.load(z), l.load(gain)), l.load(bias));
        l.store(z, v);
    }
}

#[inline(always)]
pub(crate) fn affine_back<L: Lanes>(
    l: L,
    d: &mut [f32],
    z: &[f32],
    gain: &[f32],
    d_gain: &mut [f32],
    d_bias: &mut [f32],
) {
    let sums = d_gain.as_chunks_mut::<16>().0.iter_mut().zip(d_bias.as_chunks_mut::<16>().0);
    let parts = z.as_chunks::<16>().0.iter().zip(gain.as_chunks::<16>().0).zip(sums);
    for (d, ((z, gain), (d_gain, d_bias))) in d.as_chunks_mut::<16>().0.iter_mut().zip(parts) {
        let v = l.load(d);
        let sum = l.mac(l.load(d_gain), v, l.load(z));
        l.store(d_gain, sum);
        let sum = l.add(l.load(d_bias), v);
        l.store(d_bias, sum);
        l.store(d, l.mul(v, l.load(gain)));
    }
}

/// Each number's sigmoid.
#[inline(always)]
pub(crate) fn sigmoid<L: Lanes>(l: L, x: &mut [f32]) {
    x.as_chunks_mut::<16>().0.iter_mut().for_each(|x| l.store(x, math::sigmoid(l, l.load(x))));
}

/// Each number's exponential.
#[inline(always)]
pub(crate) fn exp<L: Lanes>(l: L, x: &mut [f32]) {
    x.as_chunks_mut::<16>().0.iter_mut().for_each(|x| l.store(x, math::exp(l, l.load(x))));
}
