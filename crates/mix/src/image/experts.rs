//! The experts on a pixel: least squares, gradients, and what their errors say about them.

use super::Layout;
use super::gradients::gradients;
use super::ols::{OLS, ONE, OlsBlend, OlsExpert, base};
use super::rows::Rows;
use crate::sample::experts::{Experts, size};

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
        let fits = (0..channels).map(|c| OLS[depth].iter().map(|s| OlsExpert::new(layout, c, s)).collect());
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

    /// The best single prediction, with [`crate::sample::FRACTION`] bits.
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
            let n = fit.values.len() - 1;
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
