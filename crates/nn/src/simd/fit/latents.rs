//! Latents between real numbers and integers: soft rounding with noise, its gradient, and Adam.

use super::super::lanes::{LANES, Lanes, ROUND};
use super::super::math;

/// How latents are rounded while they are trained.
#[derive(Clone, Copy, Debug)]
pub struct Softness {
    /// Near 0: steps; large: straight lines.
    pub temperature: f32,
    /// `1 / (2 tanh(1 / 2T))`.
    pub gain: f32,
}

#[inline(always)]
fn soft_round<L: Lanes>(l: L, v: L::V, s: &Softness) -> (L::V, L::V) {
    let (half, round) = (l.splat(0.5), l.splat(ROUND));
    // The middle between two integers: rounding v - 1/2 and adding the half.
    let middle = l.add(l.sub(l.add(l.sub(v, half), round), round), half);
    let t = math::tanh(l, l.mul(l.sub(v, middle), l.splat(1.0 / s.temperature)));
    let value = l.mac(middle, l.splat(s.gain), t);
    let slope = l.mul(l.splat(s.gain / s.temperature), l.sub(l.splat(1.0), l.mul(t, t)));
    (value, slope)
}

/// `out = s(s(y) + noise)`, and the slope of it, for whole vectors. `noise` has a standard deviation of 1 and is multiplied by `deviation`.
#[inline(always)]
pub fn soften<L: Lanes>(
    l: L,
    y: &[f32],
    noise: &[f32],
    deviation: f32,
    s: Softness,
    out: &mut [f32],
    slope: &mut [f32],
) {
    let chunks = y.as_chunks::<LANES>().0.iter().zip(noise.as_chunks::<LANES>().0);
    let outs = out.as_chunks_mut::<LANES>().0.iter_mut().zip(slope.as_chunks_mut::<LANES>().0);
    for ((y, noise), (out, slope)) in chunks.zip(outs) {
        let (first, a) = soft_round(l, l.load(y), &s);
        let (second, b) = soft_round(l, l.mac(first, l.splat(deviation), l.load(noise)), &s);
        l.store(out, second);
        l.store(slope, l.mul(a, b));
    }
}

/// One step of Adam.
#[derive(Clone, Copy, Debug)]
pub struct Adam {
    /// Step size, with the corrections of the start.
    pub rate: f32,
    /// How much of the mean of gradients stays.
    pub keep_mean: f32,
    /// How much of the mean of their squares stays.
    pub keep_square: f32,
    /// 1 / (1 - keep_square^steps).
    pub correction: f32,
    /// Added under the root.
    pub epsilon: f32,
}

/// Adam (Kingma and Ba 2015) on whole vectors; the gradient is `g slope`.
#[inline(always)]
pub fn adam<L: Lanes>(
    l: L,
    w: &mut [f32],
    m: &mut [f32],
    v: &mut [f32],
    g: &[f32],
    slope: &[f32],
    rule: Adam,
) {
    let all = w
        .as_chunks_mut::<LANES>()
        .0
        .iter_mut()
        .zip(m.as_chunks_mut::<LANES>().0)
        .zip(v.as_chunks_mut::<LANES>().0);
    let fresh = (l.splat(1.0 - rule.keep_mean), l.splat(1.0 - rule.keep_square));
    for (((w, m), v), (g, slope)) in
        all.zip(g.as_chunks::<LANES>().0.iter().zip(slope.as_chunks::<LANES>().0))
    {
        let g = l.mul(l.load(g), l.load(slope));
        let mean = l.mac(l.mul(fresh.0, g), l.splat(rule.keep_mean), l.load(m));
        let square = l.mac(l.mul(fresh.1, l.mul(g, g)), l.splat(rule.keep_square), l.load(v));
        // Numbers that die away would become denormal, which is slow.
        let (mean, square) = (l.flush(mean, 1e-18), l.flush(square, 1e-30));
        l.store(m, mean);
        l.store(v, square);
        let root = math::rsqrt(l, l.mac(l.splat(rule.epsilon), l.splat(rule.correction), square));
        let moved = l.sub(l.load(w), l.mul(l.splat(rule.rate), l.mul(mean, root)));
        l.store(w, moved);
    }
}
