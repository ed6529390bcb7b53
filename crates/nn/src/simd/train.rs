//! Kernels that change weights.

use super::lanes::Lanes;
use super::math;

/// Weights stay within this: no sum of this crate can overflow then, so no NaN can arise.
const WEIGHT_BOUND: f32 = 60.0;
/// Added to the mean square at every step: keeps it away from the denormals.
const SQUARE_FLOOR: f32 = 1e-24;

/// Descent divided by the root of a running mean square of the gradient (RMSProp; Adam with β1 = 0).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rms {
    /// Step size.
    pub rate: f32,
    /// How much of the mean square stays (β2).
    pub keep: f32,
    /// 1 / (1 - β2^steps): the start's correction.
    pub correction: f32,
    /// Added under the root.
    pub epsilon: f32,
}

/// The constants of [`Rms`] in registers.
#[derive(Clone, Copy)]
struct Rule<L: Lanes> {
    rate: L::V,
    keep: L::V,
    fresh: L::V,
    correction: L::V,
    epsilon: L::V,
    floor: L::V,
    high: L::V,
    low: L::V,
}

#[inline(always)]
fn rule<L: Lanes>(l: L, r: Rms) -> Rule<L> {
    Rule {
        rate: l.splat(r.rate),
        keep: l.splat(r.keep),
        fresh: l.splat(1.0 - r.keep),
        correction: l.splat(r.correction),
        epsilon: l.splat(r.epsilon),
        floor: l.splat(SQUARE_FLOOR),
        high: l.splat(WEIGHT_BOUND),
        low: l.splat(-WEIGHT_BOUND),
    }
}

#[inline(always)]
fn step<L: Lanes>(l: L, w: &mut [f32; 16], v: &mut [f32; 16], g: L::V, r: &Rule<L>) {
    let square = l.mac(r.floor, r.fresh, l.mul(g, g));
    let mean = l.mac(square, r.keep, l.load(v));
    l.store(v, mean);
    let scale = math::rsqrt(l, l.mac(r.epsilon, r.correction, mean));
    let moved = l.sub(l.load(w), l.mul(r.rate, l.mul(g, scale)));
    l.store(w, l.max(l.min(moved, r.high), r.low));
}

/// `N` vectors of one row: the gradient over all steps in registers, then the step.
#[inline(always)]
fn tile<L: Lanes, const N: usize>(
    l: L,
    w: &mut [[f32; 16]],
    v: &mut [[f32; 16]],
    x: &[f32],
    stride: usize,
    ds: &[[f32; 16]],
    width: usize,
    r: &Rule<L>,
) {
    let mut g = [l.splat(0.0); N];
    for (x, d) in x.iter().step_by(stride).zip(ds.chunks(width)) {
        let b = l.splat(*x);
        let Some(d) = d.first_chunk::<N>() else { continue };
        for k in 0..N {
            g[k] = l.mac(g[k], b, l.load(&d[k]));
        }
    }
    if let (Some(w), Some(v)) = (w.first_chunk_mut::<N>(), v.first_chunk_mut::<N>()) {
        for k in 0..N {
            step(l, &mut w[k], &mut v[k], g[k], r);
        }
    }
}

/// W of `rows` by `n`; `xs` holds one input of `rows` a step, `ds` one gradient of `n` a step.
#[inline(always)]
pub(crate) fn outer_rms<L: Lanes>(
    l: L,
    w: &mut [f32],
    v: &mut [f32],
    xs: &[f32],
    ds: &[f32],
    n: usize,
    rms: Rms,
) {
    let rows = w.len() / n;
    let ds = ds.as_chunks::<16>().0;
    let r = rule(l, rms);
    let width = n / 16;
    for (i, (w, v)) in w.chunks_exact_mut(n).zip(v.chunks_exact_mut(n)).enumerate() {
        let (w, v, x) = (w.as_chunks_mut::<16>().0, v.as_chunks_mut::<16>().0, &xs[i..]);
        let mut j = 0;
        while j + 8 <= width {
            tile::<L, 8>(l, &mut w[j..], &mut v[j..], x, rows, &ds[j..], width, &r);
            j += 8;
        }
        while j + 2 <= width {
            tile::<L, 2>(l, &mut w[j..], &mut v[j..], x, rows, &ds[j..], width, &r);
            j += 2;
        }
        while j < width {
            tile::<L, 1>(l, &mut w[j..], &mut v[j..], x, rows, &ds[j..], width, &r);
            j += 1;
        }
    }
}

#[inline(always)]
pub(crate) fn step_rms<L: Lanes>(l: L, w: &mut [f32], v: &mut [f32], g: &[f32], rms: Rms) {
    let r = rule(l, rms);
    let (w, v) = (w.as_chunks_mut::<16>().0, v.as_chunks_mut::<16>().0);
    for ((w, v), g) in w.iter_mut().zip(v).zip(g.as_chunks::<16>().0) {
        step(l, w, v, l.load(g), &r);
    }
}
