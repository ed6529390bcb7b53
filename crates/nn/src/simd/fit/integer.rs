//! The same networks in integers, for whoever decodes: loops that the compiler turns into vectors.
//!
//! Sums stay below 2^31 where the caller has checked its weights (sums of sizes of a row's weights times the largest input).

use super::super::lanes::Lanes;

/// Bits after the point of weights of the network that predicts latents.
pub const ARM_BITS: u32 = 12;
/// Bits after the point of its hidden units.
pub const UNIT_BITS: u32 = 8;
/// Its hidden units are at most this.
pub const UNIT_MAX: i32 = 127 << UNIT_BITS;
/// Bits after the point of weights of the synthesis and of taps.
pub const WEIGHT_BITS: u32 = 11;
/// Bits after the point of colours and of hidden units of the synthesis, which are within [`COLOUR_MAX`].
pub const COLOUR_BITS: u32 = 12;
/// The largest size of a colour or a hidden unit.
pub const COLOUR_MAX: i32 = 32_767;
/// Bits after the point of channels.
pub const CHANNEL_BITS: u32 = 14;
/// The largest size of a number of a channel.
pub const CHANNEL_MAX: i32 = 1 << 18;

/// Weights of the network that predicts latents, inputs first: the weights of one input for all units are together.
#[derive(Clone, Debug)]
pub struct Arm<const C: usize, const H: usize> {
    /// From inputs to the first layer.
    pub w1: [[i32; H]; C],
    /// Biases of the first layer.
    pub b1: [i32; H],
    /// From the first layer to the second.
    pub w2: [[i32; H]; H],
    /// Biases of the second layer.
    pub b2: [i32; H],
    /// From the second layer to mean and scale.
    pub w3: [[i32; H]; 2],
    /// Biases of mean and scale.
    pub b3: [i32; 2],
    /// From inputs to mean and scale.
    pub linear: [[i32; C]; 2],
}

#[inline(always)]
fn rounded(x: i32, bits: u32) -> i32 {
    (x + (1 << (bits - 1))) >> bits
}

/// Mean and logarithm of the scale with [`ARM_BITS`] bits after the point, from integers.
#[inline(always)]
pub fn arm<L: Lanes, const C: usize, const H: usize>(_: L, w: &Arm<C, H>, x: &[i32; C], out: &mut [i32; 2]) {
    let mut a = w.b1;
    for (x, w) in x.iter().zip(&w.w1) {
        for j in 0..H {
            a[j] += w[j] * x;
        }
    }
    let h1 = a.map(|a| rounded(a, ARM_BITS - UNIT_BITS).clamp(0, UNIT_MAX));
    let mut a = [0; H];
    for j in 0..H {
        a[j] = (w.b2[j] << UNIT_BITS) + (h1[j] << ARM_BITS);
    }
    for (h, w) in h1.iter().zip(&w.w2) {
        for j in 0..H {
            a[j] += w[j] * h;
        }
    }
    let h2 = a.map(|a| rounded(a, ARM_BITS).clamp(0, UNIT_MAX));
    for o in 0..2 {
        let hidden: i32 = h2.iter().zip(&w.w3[o]).map(|(h, w)| h * w).sum();
        let linear: i32 = x.iter().zip(&w.linear[o]).map(|(x, w)| x * w).sum();
        out[o] = rounded(hidden, UNIT_BITS) + w.b3[o] + linear;
    }
}

/// A vector of sixteen.
type V = [i32; 16];

#[inline(always)]
fn at(x: &[i32], i: usize) -> &V {
    x[i..].first_chunk().unwrap_or(&[0; 16])
}

#[inline(always)]
fn put(x: &mut [i32], i: usize, v: V) {
    if let Some(slot) = x[i..].first_chunk_mut() {
        *slot = v;
    }
}

#[inline(always)]
fn add(a: &mut V, w: i32, x: &V) {
    for k in 0..16 {
        a[k] += w * x[k];
    }
}

/// Colours of a row of pixels: see the version in f32. `w` is laid out as there, biases have as many bits after the point as products.
#[inline(always)]
pub fn points<L: Lanes, const K: usize, const C: usize>(
    _: L,
    w: &[i32],
    hidden: usize,
    x: &[i32],
    out: &mut [i32],
    stride: usize,
    first: usize,
    n: usize,
) {
    let p = super::synthesis::Places::of(K, C, hidden);
    for i in (first..first + n).step_by(16) {
        let x: [V; K] = std::array::from_fn(|k| *at(x, k * stride + i));
        let mut y = [[0; 16]; C];
        for c in 0..C {
            y[c] = [w[p.b2 + c]; 16];
            for k in 0..K {
                add(&mut y[c], w[p.linear + c * K + k], &x[k]);
            }
        }
        for h in 0..hidden {
            let mut a = [w[p.b1 + h]; 16];
            for k in 0..K {
                add(&mut a, w[p.w1 + h * K + k], &x[k]);
            }
            let a = a.map(|a| rounded(a, WEIGHT_BITS).clamp(0, COLOUR_MAX));
            for c in 0..C {
                add(&mut y[c], w[p.w2 + h * C + c], &a);
            }
        }
        for c in 0..C {
            put(out, c * stride + i, y[c].map(|y| rounded(y, WEIGHT_BITS).clamp(-COLOUR_MAX, COLOUR_MAX)));
        }
    }
}

/// A convolution of 3x3 over a row, whose input is added: see the version in f32.
#[inline(always)]
pub fn convolve<L: Lanes, const C: usize>(
    _: L,
    w: &[i32],
    rows: [&[i32]; 3],
    least: i32,
    out: &mut [i32],
    stride: usize,
    first: usize,
    n: usize,
) {
    let (w, bias) = w.split_at(9 * C * C);
    for i in (first..first + n).step_by(16) {
        let mut y = [[0; 16]; C];
        for c in 0..C {
            let middle = at(rows[1], c * stride + i);
            for k in 0..16 {
                y[c][k] = bias[c] + (middle[k] << WEIGHT_BITS);
            }
        }
        for from in 0..C {
            for (dy, row) in rows.iter().enumerate() {
                for dx in 0..3 {
                    let x = at(row, from * stride + i + dx - 1);
                    for c in 0..C {
                        add(&mut y[c], w[(c * C + from) * 9 + dy * 3 + dx], x);
                    }
                }
            }
        }
        for c in 0..C {
            put(out, c * stride + i, y[c].map(|y| rounded(y, WEIGHT_BITS).clamp(least, COLOUR_MAX)));
        }
    }
}

/// The sum of four rows by their taps.
#[inline(always)]
pub fn blend<L: Lanes>(_: L, taps: &[i32; 4], rows: [&[i32]; 4], out: &mut [i32]) {
    for (i, out) in out.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let mut a = [0; 16];
        for k in 0..4 {
            add(&mut a, taps[k], at(rows[k], 16 * i));
        }
        *out = a.map(|a| rounded(a, WEIGHT_BITS));
    }
}

/// Two outputs for each of `n` numbers from `first` on, side by side from `2 first - 16` on.
#[inline(always)]
pub fn double<L: Lanes>(_: L, taps: &[i32; 4], row: &[i32], out: &mut [i32], first: usize, n: usize) {
    for i in (first..first + n).step_by(16) {
        let (mut a, mut b) = ([0; 16], [0; 16]);
        for k in 0..4 {
            add(&mut a, taps[k], at(row, i + k - 2));
            add(&mut b, taps[k], at(row, i + 2 - k));
        }
        if let Some(out) = out[2 * i - first..].first_chunk_mut::<32>() {
            for k in 0..16 {
                out[2 * k] = rounded(a[k], WEIGHT_BITS);
                out[2 * k + 1] = rounded(b[k], WEIGHT_BITS);
            }
        }
    }
}
