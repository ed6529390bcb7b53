//! The experts on a pixel: local least squares, gradients, planes already known, and what errors say about them.

use super::Layout;
use super::rows::Rows;
use crate::sample::FRACTION;
use crate::sample::experts::{Experts, size};
use crate::sample::ols::PlaneOls;

/// One value in pixels, in units of experts.
const ONE: i32 = 1 << FRACTION;

/// Own neighbours in the order of their worth, as (columns to the right, rows up).
const NEAR: [(i32, usize); 28] = [
    (-1, 0),
    (0, 1),
    (1, 1),
    (-1, 1),
    (-2, 0),
    (0, 2),
    (2, 1),
    (-2, 1),
    (-1, 2),
    (1, 2),
    (-3, 0),
    (0, 3),
    (3, 1),
    (-3, 1),
    (2, 2),
    (-2, 2),
    (-1, 3),
    (1, 3),
    (3, 2),
    (-3, 2),
    (-4, 0),
    (0, 4),
    (4, 1),
    (-4, 1),
    (3, 3),
    (-3, 3),
    (2, 3),
    (-2, 3),
];

/// Neighbours in a plane whose present sample is known already.
const KNOWN: [(i32, usize); 9] = [(0, 0), (-1, 0), (0, 1), (1, 1), (-1, 1), (-2, 0), (0, 2), (2, 1), (-2, 1)];

/// Neighbours in a plane that comes later.
const LATER: [(i32, usize); 6] = [(-1, 0), (0, 1), (-1, 1), (1, 1), (-2, 0), (0, 2)];

/// Neighbours in the picture before.
const BEFORE: [(i32, i32); 9] =
    [(0, 0), (1, 0), (0, -1), (-1, 0), (0, 1), (1, -1), (-1, -1), (1, 1), (-1, 1)];

/// A system of least squares: inputs of each kind, how fast it forgets, log2 of its blocks.
struct OlsSpec {
    own: usize,
    known: usize,
    later: usize,
    before: usize,
    keep: f32,
    block: u32,
}

const OLS: [&[OlsSpec]; 3] = [
    &[OlsSpec { own: 5, known: 3, later: 0, before: 1, keep: 0.85, block: 4 }],
    &[
        OlsSpec { own: 8, known: 5, later: 2, before: 5, keep: 0.8, block: 3 },
        OlsSpec { own: 16, known: 5, later: 3, before: 5, keep: 0.9, block: 3 },
    ],
    &[
        OlsSpec { own: 6, known: 3, later: 0, before: 1, keep: 0.7, block: 2 },
        OlsSpec { own: 10, known: 5, later: 2, before: 3, keep: 0.8, block: 2 },
        OlsSpec { own: 12, known: 5, later: 3, before: 5, keep: 0.87, block: 2 },
        OlsSpec { own: 20, known: 7, later: 4, before: 9, keep: 0.92, block: 2 },
        OlsSpec { own: 14, known: 7, later: 4, before: 5, keep: 0.77, block: 1 },
        OlsSpec { own: 28, known: 9, later: 6, before: 9, keep: 0.96, block: 3 },
    ],
];

/// An input: channel of the sample, columns to the right, rows up.
#[derive(Clone, Copy, Debug)]
struct Input {
    channel: usize,
    right: i32,
    up: usize,
}

#[derive(Clone, Debug)]
struct OlsExpert {
    plane: PlaneOls,
    inputs: Vec<Input>,
    values: Vec<f32>,
}

/// Gradients at each depth, and corrected experts.
const GRADIENTS: [usize; 3] = [2, 10, 16];
const BIASES: [usize; 3] = [1, 2, 4];

/// Mean errors of the blend in a context.
#[derive(Clone, Debug)]
struct Bias {
    sums: Vec<(i32, i32)>,
    at: usize,
}

const BIAS_CONTEXTS: usize = 4096;

/// What is expected of the next sample.
#[derive(Clone, Debug)]
pub struct PixelExperts {
    channels: usize,
    max: i32,
    fits: Vec<Vec<OlsExpert>>,
    gradients: usize,
    /// Weighs the experts themselves by least squares.
    blends: Vec<OlsBlend>,
    biases: Vec<Bias>,
    values: Vec<i32>,
    scales: Vec<u32>,
    /// Absolute errors of all experts at each sample of this row and the one above.
    errors: [Vec<u16>; 2],
    /// Signed error of the blend at each sample.
    misses: [Vec<i16>; 2],
    /// Index of the blend among the experts.
    blend: usize,
    /// The pattern of neighbours around the blend.
    pub pattern: usize,
}

const PAD: usize = 4;

impl PixelExperts {
    /// The number of experts at `depth`.
    pub fn count(depth: usize) -> usize {
        OLS[depth].len() + 1 + GRADIENTS[depth] + BIASES[depth] + 3
    }

    pub fn new(layout: &Layout, depth: usize) -> Self {
        let channels = usize::from(layout.channels);
        let width = layout.width as usize;
        let m = Self::count(depth);
        let fits = (0..channels).map(|c| OLS[depth].iter().map(|s| fit(layout, c, s)).collect());
        let samples = (width + 2 * PAD) * channels;
        Self {
            channels,
            max: (1 << layout.bits) - 1,
            fits: fits.collect(),
            gradients: GRADIENTS[depth],
            blends: (0..channels)
                .map(|_| OlsBlend::new(OLS[depth].len() + 1 + GRADIENTS[depth].min(12), width))
                .collect(),
            biases: vec![Bias { sums: vec![(0, 0); BIAS_CONTEXTS * channels], at: 0 }; BIASES[depth]],
            values: vec![0; m],
            scales: vec![0; m],
            errors: [vec![32; samples * m], vec![32; samples * m]],
            misses: [vec![0; samples], vec![0; samples]],
            blend: OLS[depth].len(),
            pattern: 0,
        }
    }

    /// The best single prediction, with [`FRACTION`] bits.
    pub fn best(&self) -> i32 {
        self.values[self.blend]
    }

    /// The usual error of expert `i`.
    pub fn scale(&self, i: usize) -> u32 {
        self.scales[i]
    }

    /// The blend's usual error.
    pub fn best_scale(&self) -> u32 {
        self.scales[self.blend]
    }

    /// Forms all values on the sample at `x`; the experts of `coder` get them, `offset` subtracted.
    pub fn predict(&mut self, rows: &Rows, x: usize, channel: usize, offset: i32, experts: &mut Experts) {
        self.measure(x, channel);
        let base = base(rows, x, self.channels);
        for (i, fit) in self.fits[channel].iter_mut().enumerate() {
            fit.gather(rows, x, &base);
            let v = base[channel] + fit.plane.predict(x, &fit.values);
            self.values[i] = ((v * ONE as f32) as i32).clamp(0, self.max * ONE);
        }
        let g = gradients(rows, x, channel, self.max);
        let first = self.blend + 1;
        self.values[first..first + self.gradients].copy_from_slice(&g[..self.gradients]);
        let mean = self.mean();
        let last = self.values.len() - 1;
        self.values[last] = mean;
        self.values[self.blend] = mean;
        let judged = self.blends[channel].predict(x, mean, &self.values);
        self.values[self.blend] = judged.clamp(0, self.max * ONE);
        self.correct(rows, x, channel);
        for (i, (&v, &s)) in self.values.iter().zip(&self.scales).enumerate() {
            experts.set(i, v - offset, s);
        }
    }

    /// The usual error of each expert: what it missed around here.
    fn measure(&mut self, x: usize, channel: usize) {
        let (c, m) = (self.channels, self.values.len());
        let at = ((x + PAD) * c + channel) * m;
        let [row, above] = &self.errors;
        let step = c * m;
        let known = if channel > 0 { m } else { step };
        let (w, ww, k) = (&row[at - step..], &row[at - 2 * step..], &row[at - known..]);
        let (n, nw, ne, nne) =
            (&above[at..], &above[at - step..], &above[at + step..], &above[at + 2 * step..]);
        for (i, s) in self.scales.iter_mut().enumerate() {
            let e = |v: &[u16]| u32::from(v[i]);
            *s = (4 * (e(w) + e(n)) + 2 * (e(ww) + e(ne) + e(nw) + e(k)) + e(nne) + 4) / 17;
        }
    }

    /// All experts so far (least squares and gradients), weighed by the inverse square of their errors.
    fn mean(&self) -> i32 {
        let (mut sum, mut total) = (0.0f32, 0.0f32);
        let end = self.blend + 1 + self.gradients;
        for i in (0..self.blend).chain(self.blend + 1..end) {
            let s = (self.scales[i] + 2) as f32;
            // Those of least squares are worth more than their errors say: they are less alike.
            let weight = if i < self.blend { 4.0 } else { 0.25 } / (s * s * s * s);
            sum += weight * self.values[i] as f32;
            total += weight;
        }
        ((sum / total) as i32).clamp(0, self.max * ONE)
    }

    fn correct(&mut self, rows: &Rows, x: usize, channel: usize) {
        let best = self.values[self.blend];
        let scale = self.scales[self.blend];
        let near = |right, up| usize::from(rows.at(x, channel, right, up) * ONE > best);
        let pattern = near(-1, 0)
            | near(0, 1) << 1
            | near(-1, 1) << 2
            | near(1, 1) << 3
            | near(0, 2) << 4
            | near(-2, 0) << 5;
        self.pattern = pattern;
        let c = self.channels;
        let at = (x + PAD) * c + channel;
        let level = |miss: i16| {
            let m = i32::from(miss);
            let s = match m.unsigned_abs() {
                0..=16 => 0,
                17..=64 => 1,
                65..=160 => 2,
                _ => 3,
            };
            if m < 0 { 3 - s } else { 3 + s }
        } as usize;
        let known = if channel > 0 { level(self.misses[0][at - 1]) } else { 7 };
        let (w, n) = (level(self.misses[0][at - c]), level(self.misses[1][at]));
        let ne = level(self.misses[1][at + c]);
        let s = (size(scale) as usize).min(15);
        let contexts = [
            pattern | (s / 2) << 6,
            known | w << 3 | n << 6 | ne << 9,
            ((best / ONE) as usize * 255 / self.max as usize) | s << 8,
            known | (s / 2) << 3 | (pattern & 63) << 6,
        ];
        let first = self.blend + 1 + self.gradients;
        let mut total = 0;
        let count = self.biases.len();
        for (i, (bias, context)) in self.biases.iter_mut().zip(contexts).enumerate() {
            bias.at = channel * BIAS_CONTEXTS + (context & (BIAS_CONTEXTS - 1));
            let (sum, n) = bias.sums[bias.at];
            let mean = sum / (n + 4);
            total += mean;
            self.values[first + i] = (best + mean).clamp(0, self.max * ONE);
        }
        // The same value with other ideas of its error: only what is nearest, and only what is far.
        let all = (best + total / count.max(1) as i32).clamp(0, self.max * ONE);
        self.values[first + count] = all;
        self.values[first + count + 1] = all;
        let e = self.errors_of(x, channel, first + count);
        self.scales[first + count] = e[0];
        self.scales[first + count + 1] = e[1];
    }

    fn errors_of(&self, x: usize, channel: usize, i: usize) -> [u32; 2] {
        let (c, m) = (self.channels, self.values.len());
        let at = (x + PAD) * c + channel;
        let row = |back: usize| u32::from(self.errors[0][(at - back) * m + i]);
        let above = |s: usize| u32::from(self.errors[1][s * m + i]);
        let near = if channel > 0 { row(1) * 3 } else { row(c) * 2 + above(at) };
        let near = (near + row(c) + above(at) + 2) / 5;
        let far = (row(c)
            + row(2 * c)
            + row(3 * c)
            + above(at - 2 * c)
            + above(at - c)
            + above(at)
            + above(at + c)
            + above(at + 2 * c))
            / 8;
        [near, far]
    }

    /// Learns the sample that came; `column` is where the rows have it already.
    pub fn update(&mut self, rows: &Rows, x: usize, channel: usize, value: i32) {
        let base = base(rows, x, self.channels);
        for fit in &mut self.fits[channel] {
            let n = fit.inputs.len();
            fit.values[n] = value as f32 - base[channel];
            let s = (self.scales[self.blend] + 16) as f32;
            fit.plane.update(x, &fit.values, 256.0 / s);
        }
        let truth = value * ONE;
        self.blends[channel].update(x, truth, 16.0 / (self.scales[self.blend] + 16) as f32);
        let miss = truth - self.values[self.blend];
        for bias in &mut self.biases {
            let (sum, n) = &mut bias.sums[bias.at];
            *sum += miss;
            *n += 1;
            if *n >= 128 {
                *sum /= 2;
                *n /= 2;
            }
        }
        let (c, m) = (self.channels, self.values.len());
        let at = (x + PAD) * c + channel;
        for (e, &v) in self.errors[0][at * m..(at + 1) * m].iter_mut().zip(&self.values) {
            *e = (truth - v).unsigned_abs().min(65_535) as u16;
        }
        self.misses[0][at] = miss.clamp(-32_768, 32_767) as i16;
    }

    /// Ends a row.
    pub fn end_row(&mut self) {
        self.fits.iter_mut().flatten().for_each(|fit| fit.plane.end_row());
        self.blends.iter_mut().for_each(|blend| blend.plane.end_row());
        let (c, m) = (self.channels, self.values.len());
        let end = self.misses[0].len() - PAD * c;
        for i in 0..PAD * c {
            self.misses[0][end + i] = self.misses[0][end - c + i % c];
            let from = (end - c + i % c) * m;
            self.errors[0].copy_within(from..from + m, (end + i) * m);
        }
        self.errors.swap(0, 1);
        self.misses.swap(0, 1);
        for i in 0..PAD * c {
            self.misses[0][i] = self.misses[1][PAD * c + i % c];
            let from = (PAD * c + i % c) * m;
            let (row, above) = self.errors.split_at_mut(1);
            row[0][i * m..(i + 1) * m].copy_from_slice(&above[0][from..from + m]);
        }
    }
}

/// Least squares over what experts say, as differences from their mean.
#[derive(Clone, Debug)]
struct OlsBlend {
    plane: PlaneOls,
    values: Vec<f32>,
    mean: i32,
}

impl OlsBlend {
    fn new(n: usize, width: usize) -> Self {
        Self { plane: PlaneOls::new(n, width, 3, 0.95, 16.0), values: vec![0.0; n + 1], mean: 0 }
    }

    fn predict(&mut self, x: usize, mean: i32, values: &[i32]) -> i32 {
        self.mean = mean;
        let n = self.values.len() - 1;
        for (v, &o) in self.values[..n].iter_mut().zip(values) {
            *v = (o - mean) as f32 / ONE as f32;
        }
        mean + (self.plane.predict(x, &self.values) * ONE as f32) as i32
    }

    fn update(&mut self, x: usize, truth: i32, weight: f32) {
        let n = self.values.len() - 1;
        self.values[n] = (truth - self.mean) as f32 / ONE as f32;
        self.plane.update(x, &self.values, weight);
    }
}

fn fit(layout: &Layout, channel: usize, system: &OlsSpec) -> OlsExpert {
    let mut inputs: Vec<Input> =
        NEAR[..system.own].iter().map(|&(right, up)| Input { channel, right, up }).collect();
    for other in 0..usize::from(layout.channels) {
        let list: &[(i32, usize)] = match other.cmp(&channel) {
            std::cmp::Ordering::Less => &KNOWN[..system.known],
            std::cmp::Ordering::Equal => &[],
            std::cmp::Ordering::Greater => &LATER[..system.later],
        };
        inputs.extend(list.iter().map(|&(right, up)| Input { channel: other, right, up }));
    }
    if layout.frame > 0 {
        let list = BEFORE[..system.before].iter();
        inputs.extend(list.map(|&(right, down)| Input {
            channel,
            right,
            up: (layout.frame as i32 + down) as usize,
        }));
    }
    let n = inputs.len();
    let plane = PlaneOls::new(n, layout.width as usize, system.block, system.keep, 4.0);
    OlsExpert { plane, inputs, values: vec![0.0; n + 1] }
}

impl OlsExpert {
    fn gather(&mut self, rows: &Rows, x: usize, base: &[f32; 4]) {
        for (v, input) in self.values.iter_mut().zip(&self.inputs) {
            *v = rows.at(x, input.channel, input.right, input.up) as f32 - base[input.channel];
        }
    }
}

/// The mean of the near neighbours of each channel.
fn base(rows: &Rows, x: usize, channels: usize) -> [f32; 4] {
    let mut base = [0.0; 4];
    for (c, b) in base.iter_mut().enumerate().take(channels) {
        let near = |right, up| rows.at(x, c, right, up);
        *b = (2 * (near(-1, 0) + near(0, 1)) + near(1, 1) + near(-1, 1)) as f32 / 6.0;
    }
    base
}

/// Simple predictions with [`FRACTION`] bits.
fn gradients(rows: &Rows, x: usize, channel: usize, max: i32) -> [i32; 16] {
    let near = |right, up| rows.at(x, channel, right, up);
    let (w, n, nw, ne) = (near(-1, 0), near(0, 1), near(-1, 1), near(1, 1));
    let (ww, nn, nne) = (near(-2, 0), near(0, 2), near(1, 2));
    let median = |w: i32, n: i32, nw: i32| (w + n - nw).clamp(w.min(n), w.max(n));
    let mut g = [
        median(w, n, nw) * ONE,
        (w + n) * (ONE / 2) + (ne - nw) * (ONE / 4),
        w * ONE,
        n * ONE,
        (w + ne - n) * ONE,
        (n + ne - nne) * ONE,
        (2 * n - nn) * ONE,
        (2 * w - ww) * ONE,
        (w + ne) * (ONE / 2),
        (w + n - nw) * ONE,
        (3 * (w - ww) + near(-3, 0)) * ONE,
        (3 * (n - nn) + near(0, 3)) * ONE,
        nw * ONE,
        ne * ONE,
        (2 * ne - near(2, 2)) * ONE,
        (w + n + ne + nw) * (ONE / 4),
    ];
    if channel > 0 {
        for (known, at) in [(channel - 1, 4), (0, 10)] {
            let other = |right, up| rows.at(x, known, right, up);
            let now = other(0, 0);
            g[at] = (w + now - other(-1, 0)) * ONE;
            g[at + 1] = (n + now - other(0, 1)) * ONE;
            let (dw, dn) = (w - other(-1, 0), n - other(0, 1));
            g[at + 2] = (now + median(dw, dn, nw - other(-1, 1))) * ONE;
            g[at + 3] =
                now * ONE + (dw + dn) * (ONE / 2) + (ne - other(1, 1) - nw + other(-1, 1)) * (ONE / 4);
            if channel == 1 {
                break;
            }
        }
    }
    g.map(|v| v.clamp(0, max * ONE))
}
