//! The network that predicts latents from those before them, over sixteen positions at once: code length and its gradient.
//!
//! Two hidden layers of `H` units, `h1 = relu(W1 x + b1)` and `h2 = relu(h1 + W2 h1 + b2)`, both held below [`CEILING`]; the outputs are
//! `W3 h2 + b3 + L x`: the mean of a Laplace distribution and the binary logarithm of its scale (Leguay et al. 2023, Cool-chic).

use super::super::lanes::Lanes;
use super::super::math;

/// What hidden units are held below: integers of 16 bits hold 8 bits after the point.
pub const CEILING: f32 = 127.0;
/// The least and the largest logarithm of a scale.
pub const SCALES: (f32, f32) = (-4.0, 10.0);
/// Vectors taken together, so that sums over positions stay in registers for a while.
const TOGETHER: usize = 8;

/// Where the parameters of a network begin: matrices row by row, a row for each output.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    /// From contexts to the first layer.
    pub w1: usize,
    /// Biases of the first layer.
    pub b1: usize,
    /// From the first layer to the second.
    pub w2: usize,
    /// Biases of the second layer.
    pub b2: usize,
    /// From the second layer to mean and scale.
    pub w3: usize,
    /// Biases of mean and scale.
    pub b3: usize,
    /// From contexts to mean and scale.
    pub linear: usize,
    /// The number of parameters.
    pub end: usize,
}

impl Places {
    /// Of a network of `c` contexts and two layers of `h` units.
    #[must_use]
    pub const fn of(c: usize, h: usize) -> Self {
        let b1 = h * c;
        let w2 = b1 + h;
        let b2 = w2 + h * h;
        let w3 = b2 + h;
        let b3 = w3 + 2 * h;
        let linear = b3 + 2;
        Self { w1: 0, b1, w2, b2, w3, b3, linear, end: linear + 2 * c }
    }
}

/// One row of a grid.
pub struct Row<'a, const C: usize> {
    /// Latents, and what their contexts are taken from.
    pub source: &'a [f32],
    /// Where the contexts of the first position are.
    pub at: &'a [usize; C],
    /// Where the first position is.
    pub own: usize,
    /// Positions.
    pub n: usize,
    /// What gradients are multiplied by, which are those of nats.
    pub weight: f32,
}

/// What a row adds to.
pub struct Sums<'a, const C: usize> {
    /// Gradients of latents and contexts.
    pub grad: &'a mut [f32],
    /// Where those of the first position's contexts go.
    pub to: &'a [usize; C],
    /// Where that of the first position goes.
    pub own: usize,
    /// Gradients of parameters, lane by lane.
    pub params: &'a mut [[f32; 16]],
    /// Code length in nats.
    pub nats: &'a mut [f32; 16],
}

#[inline(always)]
fn at(x: &[f32], i: usize) -> &[f32; 16] {
    x[i..].first_chunk().unwrap_or(&[0.0; 16])
}

#[inline(always)]
fn add_to<L: Lanes>(l: L, x: &mut [f32], i: usize, v: L::V) {
    if let Some(slot) = x[i..].first_chunk_mut::<16>() {
        let sum = l.add(l.load(slot), v);
        l.store(slot, sum);
    }
}

/// `out[j] = start[j] + sum of w[j][i] x[i]`, four at a time.
#[inline(always)]
fn dense<L: Lanes, const I: usize, const O: usize>(
    l: L,
    w: &[f32],
    bias: &[f32],
    x: &[L::V; I],
) -> [L::V; O] {
    let mut out = [l.splat(0.0); O];
    let (w, bias) = (&w[..I * O], &bias[..O]);
    for j in (0..O).step_by(4) {
        let mut a = [l.splat(bias[j]), l.splat(bias[j + 1]), l.splat(bias[j + 2]), l.splat(bias[j + 3])];
        for i in 0..I {
            for q in 0..4 {
                a[q] = l.mac(a[q], l.splat(w[(j + q) * I + i]), x[i]);
            }
        }
        out[j..j + 4].copy_from_slice(&a);
    }
    out
}

/// `out[i] += sum of w[j][i] d[j]`, four at a time.
#[inline(always)]
fn dense_back<L: Lanes, const I: usize, const O: usize>(l: L, w: &[f32], d: &[L::V; O], out: &mut [L::V; I]) {
    let w = &w[..I * O];
    for i in (0..I).step_by(4) {
        let mut a = [out[i], out[i + 1], out[i + 2], out[i + 3]];
        for j in 0..O {
            for q in 0..4 {
                a[q] = l.mac(a[q], l.splat(w[j * I + i + q]), d[j]);
            }
        }
        out[i..i + 4].copy_from_slice(&a);
    }
}

/// Sums of products over positions: `sums[j][i] += d[j] x[i]`, in tiles of four by four.
#[inline(always)]
fn outer<L: Lanes, const I: usize, const O: usize>(
    l: L,
    sums: &mut [[f32; 16]],
    d: &[[L::V; O]; TOGETHER],
    x: &[[L::V; I]; TOGETHER],
    vectors: usize,
) {
    let sums = &mut sums[..I * O];
    for j in (0..O).step_by(4) {
        for i in (0..I).step_by(4) {
            let mut a = [[l.splat(0.0); 4]; 4];
            for t in 0..vectors.min(TOGETHER) {
                let (d, x) = (&d[t], &x[t]);
                for q in 0..4 {
                    for r in 0..4 {
                        a[q][r] = l.mac(a[q][r], d[j + q], x[i + r]);
                    }
                }
            }
            for q in 0..4 {
                for r in 0..4 {
                    let slot = &mut sums[(j + q) * I + i + r];
                    let sum = l.add(l.load(slot), a[q][r]);
                    l.store(slot, sum);
                }
            }
        }
    }
}

/// The code length of `y` under a Laplace distribution of integers, in nats, and its derivatives by `y` and by the scale's logarithm.
#[inline(always)]
pub fn laplace<L: Lanes>(l: L, y: L::V, mean: L::V, scale: L::V) -> (L::V, L::V, L::V) {
    let (zero, one, half) = (l.splat(0.0), l.splat(1.0), l.splat(0.5));
    let held = l.max(l.min(scale, l.splat(SCALES.1)), l.splat(SCALES.0));
    let beta = math::exp(l, l.mul(held, l.splat(-std::f32::consts::LN_2)));
    let difference = l.sub(y, mean);
    let sign = l.select(difference, one, l.splat(-1.0));
    let d = l.min(l.mul(difference, sign), l.splat(4096.0));
    let far = l.sub(d, half);
    let e = math::exp(l, l.mul(beta, l.splat(-0.5)));
    let square = l.mul(e, e);
    // Beyond a half: e^(-βd) sinh(β/2). Within: 1 - e^(-β/2) cosh(βd).
    let bd = l.mul(beta, d);
    let rise = math::exp(l, l.min(bd, l.mul(beta, half)));
    let fall = l.div(one, rise);
    let cosh = l.mul(half, l.add(rise, fall));
    let sinh = l.mul(half, l.sub(rise, fall));
    let p = l.sub(one, l.mul(e, cosh));
    let sinh_half = l.mul(half, l.sub(l.div(one, e), e));
    let nats = l.sub(l.select(far, bd, zero), math::ln(l, l.select(far, sinh_half, p)));
    let slope = l.div(l.mul(e, sinh), p);
    let by_distance = l.select(far, beta, l.mul(beta, slope));
    let coth = l.div(l.mul(half, l.add(one, square)), l.sub(one, square));
    let near = l.sub(l.mul(d, slope), l.div(l.mul(half, l.mul(e, cosh)), p));
    let by_beta = l.select(far, l.sub(d, coth), near);
    let by_scale = l.mul(by_beta, l.mul(beta, l.splat(-std::f32::consts::LN_2)));
    // Outside the least and the largest a scale may still come back.
    let back = l.select(scale, l.max(by_scale, zero), l.min(by_scale, zero));
    let within =
        l.select(l.mul(l.sub(scale, l.splat(SCALES.0)), l.sub(l.splat(SCALES.1), scale)), by_scale, back);
    (nats, l.mul(sign, by_distance), within)
}

/// The gradient behind a unit that is 0 below 0 and held at the ceiling.
#[inline(always)]
fn passes<L: Lanes>(l: L, h: L::V, d: L::V) -> L::V {
    let zero = l.splat(0.0);
    l.select(h, l.select(l.sub(l.splat(CEILING), h), d, zero), zero)
}

#[inline(always)]
fn hold<L: Lanes>(l: L, v: L::V) -> L::V {
    l.min(l.max(v, l.splat(0.0)), l.splat(CEILING))
}

/// Ones for the lanes of positions from `from` on that are below `n`.
#[inline(always)]
pub fn mask(from: usize, n: usize) -> [f32; 16] {
    std::array::from_fn(|k| if from + k < n { 1.0 } else { 0.0 })
}

/// What a chunk of vectors keeps for the sums over positions.
struct Kept<V, const C: usize, const H: usize> {
    x: [[V; C]; TOGETHER],
    h1: [[V; H]; TOGETHER],
    h2: [[V; H]; TOGETHER],
    d1: [[V; H]; TOGETHER],
    d2: [[V; H]; TOGETHER],
    out: [[V; 2]; TOGETHER],
}

/// Two hidden layers, and mean and scale.
type Layers<V, const H: usize> = ([V; H], [V; H], [V; 2]);

/// Hidden layers and outputs of one vector.
#[inline(always)]
fn forward<L: Lanes, const C: usize, const H: usize>(l: L, w: &[f32], x: &[L::V; C]) -> Layers<L::V, H> {
    let p = const { Places::of(C, H) };
    let mut h1 = dense::<L, C, H>(l, &w[p.w1..], &w[p.b1..], x);
    h1.iter_mut().for_each(|v| *v = hold(l, *v));
    let mut h2 = dense::<L, H, H>(l, &w[p.w2..], &w[p.b2..], &h1);
    for j in 0..H {
        h2[j] = hold(l, l.add(h2[j], h1[j]));
    }
    let mut out = [l.splat(w[p.b3]), l.splat(w[p.b3 + 1])];
    let (w3, linear) = (&w[p.w3..][..2 * H], &w[p.linear..][..2 * C]);
    for j in 0..H {
        out[0] = l.mac(out[0], l.splat(w3[j]), h2[j]);
        out[1] = l.mac(out[1], l.splat(w3[H + j]), h2[j]);
    }
    for i in 0..C {
        out[0] = l.mac(out[0], l.splat(linear[i]), x[i]);
        out[1] = l.mac(out[1], l.splat(linear[C + i]), x[i]);
    }
    (h1, h2, out)
}

/// Adds up code length and gradients of a row.
#[inline(always)]
pub fn row<L: Lanes, const C: usize, const H: usize>(
    l: L,
    w: &[f32],
    row: &Row<'_, C>,
    sums: &mut Sums<'_, C>,
) {
    let p = const { Places::of(C, H) };
    let zero = l.splat(0.0);
    let (w3, linear) = (&w[p.w3..][..2 * H], &w[p.linear..][..2 * C]);
    let mut kept = Kept::<L::V, C, H> {
        x: [[zero; C]; TOGETHER],
        h1: [[zero; H]; TOGETHER],
        h2: [[zero; H]; TOGETHER],
        d1: [[zero; H]; TOGETHER],
        d2: [[zero; H]; TOGETHER],
        out: [[zero; 2]; TOGETHER],
    };
    for from in (0..row.n).step_by(16 * TOGETHER) {
        let vectors = (row.n - from).div_ceil(16).min(TOGETHER);
        for t in 0..vectors {
            let first = from + 16 * t;
            let x: [L::V; C] = std::array::from_fn(|i| l.load(at(row.source, row.at[i] + first)));
            let (h1, h2, out) = forward::<L, C, H>(l, w, &x);
            let y = l.load(at(row.source, row.own + first));
            let (nats, by_y, by_scale) = laplace(l, y, out[0], out[1]);
            let counted = l.load(&mask(first, row.n));
            let weight = l.mul(counted, l.splat(row.weight));
            let total = l.add(l.load(sums.nats), l.mul(nats, counted));
            l.store(sums.nats, total);
            let by_y = l.mul(by_y, weight);
            let o = [l.sub(zero, by_y), l.mul(by_scale, weight)];
            add_to(l, sums.grad, sums.own + first, by_y);
            let mut d2 = [zero; H];
            for j in 0..H {
                let d = l.mac(l.mul(l.splat(w3[j]), o[0]), l.splat(w3[H + j]), o[1]);
                d2[j] = passes(l, h2[j], d);
            }
            let mut d1 = d2;
            dense_back::<L, H, H>(l, &w[p.w2..], &d2, &mut d1);
            for j in 0..H {
                d1[j] = passes(l, h1[j], d1[j]);
            }
            let mut dx = [zero; C];
            for i in 0..C {
                dx[i] = l.mac(l.mul(l.splat(linear[i]), o[0]), l.splat(linear[C + i]), o[1]);
            }
            dense_back::<L, C, H>(l, &w[p.w1..], &d1, &mut dx);
            for i in 0..C {
                add_to(l, sums.grad, sums.to[i] + first, dx[i]);
            }
            (kept.x[t], kept.h1[t], kept.h2[t], kept.d1[t], kept.d2[t], kept.out[t]) = (x, h1, h2, d1, d2, o);
        }
        gather::<L, C, H>(l, sums.params, &kept, vectors);
    }
}

/// Adds the gradients of all parameters over the vectors of a chunk.
#[inline(always)]
fn gather<L: Lanes, const C: usize, const H: usize>(
    l: L,
    sums: &mut [[f32; 16]],
    kept: &Kept<L::V, C, H>,
    vectors: usize,
) {
    let p = const { Places::of(C, H) };
    outer::<L, C, H>(l, &mut sums[p.w1..], &kept.d1, &kept.x, vectors);
    outer::<L, H, H>(l, &mut sums[p.w2..], &kept.d2, &kept.h1, vectors);
    for t in 0..vectors.min(TOGETHER) {
        for j in 0..H {
            add_one(l, &mut sums[p.b1 + j], kept.d1[t][j]);
            add_one(l, &mut sums[p.b2 + j], kept.d2[t][j]);
        }
        for o in 0..2 {
            let d = kept.out[t][o];
            add_one(l, &mut sums[p.b3 + o], d);
            for j in 0..H {
                add_one(l, &mut sums[p.w3 + o * H + j], l.mul(d, kept.h2[t][j]));
            }
            for i in 0..C {
                add_one(l, &mut sums[p.linear + o * C + i], l.mul(d, kept.x[t][i]));
            }
        }
    }
}

#[inline(always)]
fn add_one<L: Lanes>(l: L, slot: &mut [f32; 16], v: L::V) {
    let sum = l.add(l.load(slot), v);
    l.store(slot, sum);
}

/// The code length of a row alone, in nats.
#[inline(always)]
pub fn price<L: Lanes, const C: usize, const H: usize>(
    l: L,
    w: &[f32],
    row: &Row<'_, C>,
    nats: &mut [f32; 16],
) {
    for first in (0..row.n).step_by(16) {
        let x: [L::V; C] = std::array::from_fn(|i| l.load(at(row.source, row.at[i] + first)));
        let (_, _, out) = forward::<L, C, H>(l, w, &x);
        let y = l.load(at(row.source, row.own + first));
        let (one, _, _) = laplace(l, y, out[0], out[1]);
        let total = l.add(l.load(nats), l.mul(one, l.load(&mask(first, row.n))));
        l.store(nats, total);
    }
}
