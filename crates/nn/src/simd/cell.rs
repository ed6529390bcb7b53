//! The LSTM cell, element by element. Gate blocks stand in the order forget, output, candidate and, unless the
//! input gate is coupled (i = 1 - f), input. Three blocks mean coupled.

use super::lanes::Lanes;
use super::math;

/// Gradients smaller than this are zero: products of two numbers never come near the denormals.
pub(crate) const TINY: f32 = 1e-18;
/// The cell state stays within this; its tanh is 1 long before.
const CELL_BOUND: f32 = 30.0;

/// Splits `count * h` numbers into blocks of chunks of 16.
macro_rules! block {
    ($s:expr, $k:expr, $h:expr) => {
        $s[$k * $h..($k + 1) * $h].as_chunks::<16>().0
    };
}

/// `z` holds pre-activations and becomes activations; `tc` = tanh of the new state, `h` = output * tc.
#[inline(always)]
pub(crate) fn forward<L: Lanes>(
    l: L,
    z: &mut [f32],
    c_old: &[f32],
    c_new: &mut [f32],
    tc: &mut [f32],
    h: &mut [f32],
) {
    let n = h.len();
    let one = l.splat(1.0);
    let coupled = z.len() == 3 * n;
    let bound = l.splat(CELL_BOUND);
    let (c_old, c_new) = (c_old.as_chunks::<16>().0, c_new.as_chunks_mut::<16>().0);
    let (tc, h) = (tc.as_chunks_mut::<16>().0, h.as_chunks_mut::<16>().0);
    let (zf, rest) = z.split_at_mut(n);
    let (zo, rest) = rest.split_at_mut(n);
    let (zg, zi) = rest.split_at_mut(n);
    let (zf, zo) = (zf.as_chunks_mut::<16>().0, zo.as_chunks_mut::<16>().0);
    let (zg, zi) = (zg.as_chunks_mut::<16>().0, zi.as_chunks_mut::<16>().0);
    for j in 0..h.len() {
        let f = math::sigmoid(l, l.load(&zf[j]));
        let o = math::sigmoid(l, l.load(&zo[j]));
        let g = math::tanh(l, l.load(&zg[j]));
        let i = if coupled { l.sub(one, f) } else { math::sigmoid(l, l.load(&zi[j])) };
        let c = l.add(l.mul(f, l.load(&c_old[j])), l.mul(i, g));
        let c = l.flush(l.max(l.min(c, bound), l.splat(-CELL_BOUND)), TINY);
        let t = math::tanh(l, c);
        l.store(&mut zf[j], f);
        l.store(&mut zo[j], o);
        l.store(&mut zg[j], g);
        if !coupled {
            l.store(&mut zi[j], i);
        }
        l.store(&mut c_new[j], c);
        l.store(&mut tc[j], t);
        l.store(&mut h[j], l.mul(o, t));
    }
}

/// `dh` is the gradient at the output, `dc` that of the state from the next step (and becomes that for the step
/// before); `dz` becomes that of the pre-activations, clipped to `clip` and cleared of tiny numbers.
#[inline(always)]
pub(crate) fn backward<L: Lanes>(
    l: L,
    dz: &mut [f32],
    dc: &mut [f32],
    dh: &[f32],
    act: &[f32],
    c_old: &[f32],
    tc: &[f32],
    clip: f32,
) {
    let n = dc.len();
    let coupled = dz.len() == 3 * n;
    let one = l.splat(1.0);
    let (low, high) = (l.splat(-clip), l.splat(clip));
    let (f, o, g) = (block!(act, 0, n), block!(act, 1, n), block!(act, 2, n));
    let i = act[3 * n..].as_chunks::<16>().0;
    let (dc, dh) = (dc.as_chunks_mut::<16>().0, dh.as_chunks::<16>().0);
    let (c_old, tc) = (c_old.as_chunks::<16>().0, tc.as_chunks::<16>().0);
    let (df, rest) = dz.split_at_mut(n);
    let (d_o, rest) = rest.split_at_mut(n);
    let (dg, di) = rest.split_at_mut(n);
    let (df, d_o) = (df.as_chunks_mut::<16>().0, d_o.as_chunks_mut::<16>().0);
    let (dg, di) = (dg.as_chunks_mut::<16>().0, di.as_chunks_mut::<16>().0);
    for j in 0..dc.len() {
        let (f, o, g) = (l.load(&f[j]), l.load(&o[j]), l.load(&g[j]));
        let (t, h, c_old) = (l.load(&tc[j]), l.load(&dh[j]), l.load(&c_old[j]));
        let i = if coupled { l.sub(one, f) } else { l.load(&i[j]) };
        let slope = |x: L::V| l.mul(x, l.sub(one, x));
        let safe = |x: L::V| l.flush(l.max(l.min(x, high), low), TINY);
        let state = l.mac(l.load(&dc[j]), l.mul(h, o), l.sub(one, l.mul(t, t)));
        l.store(&mut d_o[j], safe(l.mul(l.mul(h, t), slope(o))));
        l.store(&mut dg[j], safe(l.mul(l.mul(state, i), l.sub(one, l.mul(g, g)))));
        let kept = if coupled { l.sub(c_old, g) } else { c_old };
        l.store(&mut df[j], safe(l.mul(l.mul(state, kept), slope(f))));
        if !coupled {
            l.store(&mut di[j], safe(l.mul(l.mul(state, g), slope(i))));
        }
        l.store(&mut dc[j], safe(l.mul(state, f)));
    }
}
