//! Code lengths under mixtures of discretised logistic distributions (Salimans et al., arXiv 1701.05517): the rate of
//! latents under their prior, and of pixels under a decoder.

use super::Op;
use crate::math::{exp, ln, one_minus_exp, softplus};
use crate::tape::{Back, Out, Tape, Var, room};
use crate::wide::{Loop, wide_loop};
use std::f32::consts::LOG2_E;

/// What values a distribution has: all multiples of `width`, or those within a range, whose ends take what lies beyond.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bins {
    /// Distance between values.
    pub width: f32,
    /// The smallest and the largest value, where there are such.
    pub range: Option<(f32, f32)>,
}

impl Bins {
    /// Whole numbers.
    pub const WHOLE: Self = Self { width: 1.0, range: None };
}

/// A mixture of `parts` logistics for each of `width` values of a record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Logistic {
    bins: Bins,
    parts: usize,
    width: usize,
}

/// Values worked on together.
const BLOCK: usize = 64;
/// Logarithms of scales are held to plus and minus this.
const MOST: f32 = 10.0;

impl Tape<'_> {
    /// Bits that the values of `x` cost under mixtures of `parts` logistics, value by value.
    ///
    /// With `x` of width `D` in its last dimension, `mixture` has width `3 * parts * D` there: first the logits of the weights
    /// of all parts, then the means, then the logarithms of the scales (held to -10..10), each as `parts` by `D`. The gradient
    /// goes to both. Values need not be whole: with noise added this is the loss of training.
    pub fn logistic_bits(&mut self, x: Var, mixture: Var, parts: usize, bins: Bins) -> Var {
        let (shape, given) = (self.shape(x), self.shape(mixture));
        let width = shape.last();
        assert!(
            parts > 0 && given.len() == 3 * parts * shape.len(),
            "{parts} logistics for {shape:?} in {given:?}"
        );
        let op = Logistic { bins, parts, width };
        self.push(Op::Logistic(op), &[x, mixture], shape, |values, out| {
            op.forward(values.of(x.0), values.of(mixture.0), out);
        })
    }
}

/// What is known of a block: for each part logits, joint logarithms, and the slopes of the latter by mean and scale.
struct Parts<'a> {
    logits: &'a mut [f32],
    joint: &'a mut [f32],
    by_mean: &'a mut [f32],
    by_scale: &'a mut [f32],
}

impl<'a> Parts<'a> {
    fn new(scratch: &'a mut Vec<f32>, parts: usize) -> Self {
        let n = parts * BLOCK;
        let (logits, rest) = room(scratch, 4 * n).split_at_mut(n);
        let (joint, rest) = rest.split_at_mut(n);
        let (by_mean, by_scale) = rest.split_at_mut(n);
        Self { logits, joint, by_mean, by_scale }
    }
}

/// All blocks on the way forward.
struct Blocks<'a> {
    op: &'a Logistic,
    x: &'a [f32],
    mixture: &'a [f32],
    out: Out<'a>,
}

impl Loop for Blocks<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        self.op.blocks(self.x, self.mixture, self.out);
    }
}

impl Logistic {
    /// Where value `i` has its logit of part 0, and the distance to the next number of it.
    fn base(&self, i: usize) -> usize {
        i / self.width * 3 * self.parts * self.width + i % self.width
    }

    fn forward(&self, x: &[f32], mixture: &[f32], out: Out<'_>) {
        wide_loop(Blocks { op: self, x, mixture, out });
    }

    #[inline(always)]
    fn blocks(&self, x: &[f32], mixture: &[f32], out: Out<'_>) {
        let learns = out.learns;
        out.kept.resize(if learns { mixture.len() + x.len() } else { 0 }, 0.0);
        let mut parts = Parts::new(&mut out.scratch.a, self.parts);
        for (block, xs) in x.chunks(BLOCK).enumerate() {
            let first = block * BLOCK;
            self.load(first, xs, mixture, &mut parts);
            let bits = &mut out.value[first..][..xs.len()];
            let (all, seen) = self.totals(&parts);
            for (i, bits) in bits.iter_mut().enumerate() {
                *bits = (all[i] - seen[i]) * LOG2_E;
            }
            if learns {
                self.slopes(first, xs.len(), &parts, (&all, &seen), out.kept, mixture.len());
            }
        }
    }

    /// Computes the parts of a block.
    #[inline(always)]
    fn load(&self, first: usize, xs: &[f32], mixture: &[f32], parts: &mut Parts<'_>) {
        let (mut x, mut means, mut scales) = ([0.0; BLOCK], [0.0; BLOCK], [0.0; BLOCK]);
        x[..xs.len()].copy_from_slice(xs);
        let plane = self.parts * self.width;
        for k in 0..self.parts {
            let at = k * BLOCK;
            let logits = &mut parts.logits[at..][..BLOCK];
            logits.fill(0.0);
            for i in 0..xs.len() {
                let from = self.base(first + i) + k * self.width;
                (logits[i], means[i], scales[i]) =
                    (mixture[from], mixture[from + plane], mixture[from + 2 * plane]);
            }
            let joint = &mut parts.joint[at..][..BLOCK];
            let (by_mean, by_scale) = (&mut parts.by_mean[at..][..BLOCK], &mut parts.by_scale[at..][..BLOCK]);
            for i in 0..BLOCK {
                let (log, mean, scale) = self.bin(x[i], means[i], scales[i]);
                (joint[i], by_mean[i], by_scale[i]) = (logits[i] + log, mean, scale);
            }
        }
    }

    /// The logarithm of the probability of the bin around `x`, and its slopes by the mean and the logarithm of the scale.
    ///
    /// With `a` and `b` the ends of the bin in scales from the mean, `s(b) - s(a) = (1 - e^(a-b)) s(b) s(-a)`: no difference
    /// of near numbers, however far out.
    #[inline(always)]
    fn bin(&self, x: f32, mean: f32, log_scale: f32) -> (f32, f32, f32) {
        let inverse = exp(-log_scale.clamp(-MOST, MOST));
        let half = 0.5 * self.bins.width;
        let (low, high) = self.bins.range.unwrap_or((f32::NEG_INFINITY, f32::INFINITY));
        let (lowest, highest) = (x < low + half, x > high - half);
        let (a, b) = ((x - half - mean) * inverse, (x + half - mean) * inverse);
        let d = self.bins.width * inverse;
        let inner = one_minus_exp(d);
        let (left, left_slope) = softplus(a);
        let (right, right_slope) = softplus(-b);
        let (left, left_slope) = if lowest { (0.0, 0.0) } else { (left, left_slope) };
        let (right, right_slope) = if highest { (0.0, 0.0) } else { (right, right_slope) };
        let open = lowest || highest;
        let between = if open { 0.0 } else { ln(inner) };
        let between_slope = if open { 0.0 } else { d * (1.0 - inner) / inner };
        let by_mean = (left_slope - right_slope) * inverse;
        let by_scale = a * left_slope - b * right_slope - between_slope;
        (between - left - right, by_mean, by_scale)
    }

    /// Logarithms of the sums over all parts: of the weights, and of the weighted probabilities.
    #[inline(always)]
    fn totals(&self, parts: &Parts<'_>) -> ([f32; BLOCK], [f32; BLOCK]) {
        (self.log_sum(parts.logits), self.log_sum(parts.joint))
    }

    #[inline(always)]
    fn log_sum(&self, values: &[f32]) -> [f32; BLOCK] {
        let mut most = [f32::NEG_INFINITY; BLOCK];
        for part in values.chunks_exact(BLOCK) {
            most.iter_mut().zip(part).for_each(|(m, &v)| *m = if v > *m { v } else { *m });
        }
        let mut sums = [0.0; BLOCK];
        for part in values.chunks_exact(BLOCK) {
            sums.iter_mut().zip(part).zip(&most).for_each(|((s, v), m)| *s += exp(v - m));
        }
        std::array::from_fn(|i| most[i] + ln(sums[i]))
    }

    /// Keeps the slopes of the bits by all numbers of the mixture, then those by the values.
    #[inline(always)]
    fn slopes(
        &self,
        first: usize,
        n: usize,
        parts: &Parts<'_>,
        (all, seen): (&[f32; BLOCK], &[f32; BLOCK]),
        kept: &mut [f32],
        values: usize,
    ) {
        let plane = self.parts * self.width;
        let mut by_value = [0.0; BLOCK];
        let (mut weight, mut share) = ([0.0; BLOCK], [0.0; BLOCK]);
        for k in 0..self.parts {
            let at = k * BLOCK;
            let (logits, joint) = (&parts.logits[at..][..BLOCK], &parts.joint[at..][..BLOCK]);
            let (by_mean, by_scale) = (&parts.by_mean[at..][..BLOCK], &parts.by_scale[at..][..BLOCK]);
            for i in 0..BLOCK {
                weight[i] = exp(logits[i] - all[i]);
                share[i] = LOG2_E * exp(joint[i] - seen[i]);
                by_value[i] += share[i] * by_mean[i];
            }
            for i in 0..n {
                let to = self.base(first + i) + k * self.width;
                kept[to] = LOG2_E * weight[i] - share[i];
                kept[to + plane] = -share[i] * by_mean[i];
                kept[to + 2 * plane] = -share[i] * by_scale[i];
            }
        }
        kept[values + first..][..n].copy_from_slice(&by_value[..n]);
    }

    pub(super) fn backward(self, mut back: Back<'_>) {
        let (width, g) = (self.width.max(1), back.grad);
        let values = 3 * self.parts * g.len();
        if let Some(mut slot) = back.open(0) {
            slot.add2(g, &back.kept[values..], |g, s| g * s);
            back.close(0, slot);
        }
        if let Some(mut slot) = back.open(1) {
            let sums = slot.sums().chunks_exact_mut(width).zip(back.kept.chunks_exact(width));
            for (row, (sums, slopes)) in sums.enumerate() {
                let g = &g[row / (3 * self.parts) * width..][..width];
                sums.iter_mut().zip(slopes).zip(g).for_each(|((d, s), g)| *d += g * s);
            }
            back.close(1, slot);
        }
    }
}
