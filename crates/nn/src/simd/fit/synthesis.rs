//! The network that makes colours of channels, over sixteen pixels at once, and its gradient.
//!
//! First pixel by pixel: `H` hidden units, `relu(W1 x + b1)`, and `W2 h + b2 + L x`. Then convolutions of 3x3 whose input is added to their
//! output (Leguay et al. 2023, Cool-chic). Hidden units are not kept but computed again for the gradient.

use super::super::lanes::Lanes;

/// Vectors taken together for the gradient.
const TOGETHER: usize = 8;

/// Where the parameters begin: `w1` has a row of `k` for each hidden unit, `w2` a row of `c` for each, `linear` one of `k` for each colour.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    /// From channels to hidden units.
    pub w1: usize,
    /// Biases of hidden units.
    pub b1: usize,
    /// From hidden units to colours.
    pub w2: usize,
    /// Biases of colours.
    pub b2: usize,
    /// From channels to colours.
    pub linear: usize,
    /// The number of parameters.
    pub end: usize,
}

impl Places {
    /// Of `k` channels, `c` colours and `h` hidden units.
    #[must_use]
    pub const fn of(k: usize, c: usize, h: usize) -> Self {
        let b1 = h * k;
        let w2 = b1 + h;
        let b2 = w2 + h * c;
        let linear = b2 + c;
        Self { w1: 0, b1, w2, b2, linear, end: linear + c * k }
    }
}

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

#[inline(always)]
fn add_one<L: Lanes>(l: L, slot: &mut [f32; 16], v: L::V) {
    let sum = l.add(l.load(slot), v);
    l.store(slot, sum);
}

/// Colours of a row of pixels: `x` holds `K` rows and `out` `C` rows, `stride` apart, of which the pixels from `first` on count.
#[inline(always)]
pub fn points<L: Lanes, const K: usize, const C: usize>(
    l: L,
    w: &[f32],
    hidden: usize,
    x: &[f32],
    out: &mut [f32],
    stride: usize,
    first: usize,
    n: usize,
) {
    let p = Places::of(K, C, hidden);
    let (w1, b1, w2) = (&w[p.w1..p.b1], &w[p.b1..p.w2], &w[p.w2..p.b2]);
    let (b2, linear) = (&w[p.b2..][..C], &w[p.linear..][..C * K]);
    for i in (first..first + n).step_by(16) {
        let x: [L::V; K] = std::array::from_fn(|k| l.load(at(x, k * stride + i)));
        let mut y = [l.splat(0.0); C];
        for c in 0..C {
            y[c] = l.splat(b2[c]);
            for k in 0..K {
                y[c] = l.mac(y[c], l.splat(linear[c * K + k]), x[k]);
            }
        }
        let units = w1.chunks_exact(2 * K).zip(b1.as_chunks::<2>().0).zip(w2.chunks_exact(2 * C));
        for ((w1, b1), w2) in units {
            let mut h = [l.splat(b1[0]), l.splat(b1[1])];
            for k in 0..K {
                h[0] = l.mac(h[0], l.splat(w1[k]), x[k]);
                h[1] = l.mac(h[1], l.splat(w1[K + k]), x[k]);
            }
            let h = [l.max(h[0], l.splat(0.0)), l.max(h[1], l.splat(0.0))];
            for c in 0..C {
                y[c] = l.mac(y[c], l.splat(w2[c]), h[0]);
                y[c] = l.mac(y[c], l.splat(w2[C + c]), h[1]);
            }
        }
        for c in 0..C {
            put(l, out, c * stride + i, y[c]);
        }
    }
}

/// The gradient of [`points`]: from `dy` to `dx` (set, not added) and to the lanes of `sums`.
#[inline(always)]
pub fn points_back<L: Lanes, const K: usize, const C: usize>(
    l: L,
    w: &[f32],
    hidden: usize,
    x: &[f32],
    dy: &[f32],
    dx: &mut [f32],
    stride: usize,
    first: usize,
    n: usize,
    sums: &mut [[f32; 16]],
) {
    let p = Places::of(K, C, hidden);
    let zero = l.splat(0.0);
    let linear = &w[p.linear..][..C * K];
    let mut xs = [[zero; K]; TOGETHER];
    let mut ys = [[zero; C]; TOGETHER];
    let mut ds = [[zero; K]; TOGETHER];
    for from in (first..first + n).step_by(16 * TOGETHER) {
        let vectors = (first + n - from).div_ceil(16).min(TOGETHER);
        for t in 0..vectors {
            let i = from + 16 * t;
            xs[t] = std::array::from_fn(|k| l.load(at(x, k * stride + i)));
            ys[t] = std::array::from_fn(|c| l.load(at(dy, c * stride + i)));
            ds[t] = [zero; K];
            for c in 0..C {
                for k in 0..K {
                    ds[t][k] = l.mac(ds[t][k], l.splat(linear[c * K + k]), ys[t][c]);
                }
            }
        }
        for h in 0..hidden {
            unit::<L, K, C>(l, w, &p, h, vectors, &xs, &ys, &mut ds, sums);
        }
        for t in 0..vectors {
            for c in 0..C {
                add_one(l, &mut sums[p.b2 + c], ys[t][c]);
                for k in 0..K {
                    add_one(l, &mut sums[p.linear + c * K + k], l.mul(ys[t][c], xs[t][k]));
                }
            }
            for k in 0..K {
                put(l, dx, k * stride + from + 16 * t, ds[t][k]);
            }
        }
    }
}

/// One hidden unit over the vectors of a chunk.
#[inline(always)]
fn unit<L: Lanes, const K: usize, const C: usize>(
    l: L,
    w: &[f32],
    p: &Places,
    h: usize,
    vectors: usize,
    xs: &[[L::V; K]; TOGETHER],
    ys: &[[L::V; C]; TOGETHER],
    ds: &mut [[L::V; K]; TOGETHER],
    sums: &mut [[f32; 16]],
) {
    let zero = l.splat(0.0);
    let w1: [L::V; K] = std::array::from_fn(|k| l.splat(w[p.w1 + h * K + k]));
    let w2: [L::V; C] = std::array::from_fn(|c| l.splat(w[p.w2 + h * C + c]));
    let bias = l.splat(w[p.b1 + h]);
    let (mut g1, mut g2, mut gb) = ([zero; K], [zero; C], zero);
    for t in 0..vectors.min(TOGETHER) {
        let (x, y) = (&xs[t], &ys[t]);
        let mut a = bias;
        for k in 0..K {
            a = l.mac(a, w1[k], x[k]);
        }
        let mut d = l.mul(w2[0], y[0]);
        for c in 1..C {
            d = l.mac(d, w2[c], y[c]);
        }
        let d = l.select(a, d, zero);
        let a = l.max(a, zero);
        for c in 0..C {
            g2[c] = l.mac(g2[c], a, y[c]);
        }
        gb = l.add(gb, d);
        for k in 0..K {
            g1[k] = l.mac(g1[k], d, x[k]);
            ds[t][k] = l.mac(ds[t][k], w1[k], d);
        }
    }
    for k in 0..K {
        add_one(l, &mut sums[p.w1 + h * K + k], g1[k]);
    }
    for c in 0..C {
        add_one(l, &mut sums[p.w2 + h * C + c], g2[c]);
    }
    add_one(l, &mut sums[p.b1 + h], gb);
}

/// A convolution of 3x3 over a row, whose input is added: `rows` are those above, at and below, each `C` rows `stride` apart. `w` has for
/// each output and input nine numbers row by row, then `C` biases.
#[inline(always)]
pub fn convolve<L: Lanes, const C: usize>(
    l: L,
    w: &[f32],
    rows: [&[f32]; 3],
    out: &mut [f32],
    stride: usize,
    first: usize,
    n: usize,
) {
    let (w, bias) = w.split_at(9 * C * C);
    for i in (first..first + n).step_by(16) {
        let mut y = [l.splat(0.0); C];
        for c in 0..C {
            y[c] = l.add(l.load(at(rows[1], c * stride + i)), l.splat(bias[c]));
        }
        for from in 0..C {
            for (dy, row) in rows.iter().enumerate() {
                let middle = from * stride + i;
                let x = [l.load(at(row, middle - 1)), l.load(at(row, middle)), l.load(at(row, middle + 1))];
                for c in 0..C {
                    let w = &w[(c * C + from) * 9 + dy * 3..][..3];
                    y[c] = l.mac(y[c], l.splat(w[0]), x[0]);
                    y[c] = l.mac(y[c], l.splat(w[1]), x[1]);
                    y[c] = l.mac(y[c], l.splat(w[2]), x[2]);
                }
            }
        }
        for c in 0..C {
            put(l, out, c * stride + i, y[c]);
        }
    }
}

/// Gradients of the weights of [`convolve`] from a row of `d`, whose pixels past the last are 0.
#[inline(always)]
pub fn convolve_sums<L: Lanes, const C: usize>(
    l: L,
    rows: [&[f32]; 3],
    d: &[f32],
    stride: usize,
    first: usize,
    n: usize,
    sums: &mut [[f32; 16]],
) {
    let zero = l.splat(0.0);
    for from in 0..C {
        for (dy, row) in rows.iter().enumerate() {
            let mut g = [[zero; 3]; C];
            for i in (first..first + n).step_by(16) {
                let middle = from * stride + i;
                let x = [l.load(at(row, middle - 1)), l.load(at(row, middle)), l.load(at(row, middle + 1))];
                for c in 0..C {
                    let d = l.load(at(d, c * stride + i));
                    g[c][0] = l.mac(g[c][0], d, x[0]);
                    g[c][1] = l.mac(g[c][1], d, x[1]);
                    g[c][2] = l.mac(g[c][2], d, x[2]);
                }
            }
            for c in 0..C {
                for q in 0..3 {
                    add_one(l, &mut sums[(c * C + from) * 9 + dy * 3 + q], g[c][q]);
                }
            }
        }
    }
    for i in (first..first + n).step_by(16) {
        for c in 0..C {
            add_one(l, &mut sums[9 * C * C + c], l.load(at(d, c * stride + i)));
        }
    }
}

/// Zero where `b` is not positive.
#[inline(always)]
pub fn where_positive<L: Lanes>(l: L, d: &mut [f32], b: &[f32]) {
    for (d, b) in d.as_chunks_mut::<16>().0.iter_mut().zip(b.as_chunks::<16>().0) {
        let v = l.select(l.load(b), l.load(d), l.splat(0.0));
        l.store(d, v);
    }
}
