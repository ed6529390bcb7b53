//! Colours from channels, their error, and the gradient.

use super::super::layout::{Layout, PAD, stride_of};
use super::super::network::Network;
use super::super::render::extend;
use super::{Fit, ROWS, inner, run, tree};
use minlen_core::Result;
use minlen_nn::fit::{self, Synthesis};

/// Buffers of rows of the picture, of each all colours.
pub(super) struct Colours {
    kernels: Synthesis,
    target: Vec<f32>,
    /// After the points.
    first: Vec<f32>,
    /// After the first convolution.
    second: Vec<f32>,
    /// The gradient of what the second convolution gives.
    error: Vec<f32>,
    /// The gradient of what the first one gives.
    second_gradient: Vec<f32>,
    /// A strip's row of zeros, for rows outside.
    zeros: Vec<f32>,
    width: usize,
    height: usize,
    colours: usize,
}

impl Colours {
    pub(super) fn new(layout: &Layout, network: &Network, kernels: Synthesis, target: &[Vec<f32>]) -> Self {
        let (width, height) = layout.sizes[0];
        let (colours, stride) = (network.colours, stride_of(width));
        let all = || vec![0.0; stride * colours * height];
        let mut rows = all();
        for (k, row) in rows.chunks_exact_mut(stride).enumerate() {
            let (y, colour) = (k / colours, k % colours);
            row[inner(width)].copy_from_slice(&target[colour][y * width..(y + 1) * width]);
        }
        let zeros = vec![0.0; stride * colours];
        Self {
            kernels,
            target: rows,
            first: all(),
            second: all(),
            error: all(),
            second_gradient: all(),
            zeros,
            width,
            height,
            colours,
        }
    }

    fn row(&self) -> usize {
        stride_of(self.width) * self.colours
    }

    /// Three rows around `y`, the nearest ones at the edges.
    fn around<'a>(&self, all: &'a [f32], y: usize) -> [&'a [f32]; 3] {
        [y.saturating_sub(1), y, (y + 1).min(self.height - 1)].map(|y| &all[y * self.row()..][..self.row()])
    }

    /// Three rows around `y`, zeros at the edges.
    fn within<'a>(&'a self, all: &'a [f32], y: isize) -> [&'a [f32]; 3] {
        [y - 1, y, y + 1].map(|y| match usize::try_from(y) {
            Ok(y) if y < self.height => &all[y * self.row()..][..self.row()],
            _ => &self.zeros[..],
        })
    }

    /// The gradient of a convolution for row `y` of what went in, from that of what came out: `back` has its weights turned around.
    fn unconvolve(
        &self,
        isa: minlen_nn::Isa,
        back: &[f32],
        d: &[f32],
        y: usize,
        out: &mut [f32],
        spare: &mut [f32],
    ) {
        let (stride, width) = (stride_of(self.width), self.width);
        (self.kernels.convolve)(isa, back, self.within(d, y as isize), out, stride, PAD, width);
        self.fold(back, self.within(d, y as isize), out);
        // Rows outside were copies of the first and the last one; what is added to itself is not theirs.
        let outside = [(y == 0).then_some(-1), (y + 1 == self.height).then_some(self.height as isize)];
        for row in outside.into_iter().flatten() {
            let around = self.within(d, row);
            (self.kernels.convolve)(isa, back, around, spare, stride, PAD, width);
            self.fold(back, around, spare);
            out.iter_mut().zip(&*spare).for_each(|(to, x)| *to += x);
        }
        for row in out.chunks_exact_mut(stride) {
            row[..PAD].fill(0.0);
            row[PAD + width..].fill(0.0);
        }
    }

    /// Columns outside were copies of the first and the last one.
    fn fold(&self, back: &[f32], rows: [&[f32]; 3], out: &mut [f32]) {
        let (stride, last) = (stride_of(self.width), PAD + self.width - 1);
        for to in 0..self.colours {
            let (mut left, mut right) = (0.0, 0.0);
            for from in 0..self.colours {
                for (dy, row) in rows.iter().enumerate() {
                    let w = &back[(to * self.colours + from) * 9 + dy * 3..][..3];
                    left += w[2] * row[from * stride + PAD];
                    right += w[0] * row[from * stride + last];
                }
            }
            out[to * stride + PAD] += left;
            out[to * stride + last] += right;
        }
    }
}

/// Weights of a convolution with inputs and outputs exchanged and the window turned around, without biases.
fn turned(w: &[f32], colours: usize) -> Vec<f32> {
    let mut out = vec![0.0; w.len()];
    for to in 0..colours {
        for from in 0..colours {
            for k in 0..9 {
                out[(from * colours + to) * 9 + k] = w[(to * colours + from) * 9 + 8 - k];
            }
        }
    }
    out
}

impl Fit<'_> {
    fn convolution(&self, k: usize) -> &[f32] {
        let colours = self.layout.colours;
        &self.weights[self.network.convolutions[k]..][..9 * colours * colours + colours]
    }

    /// The sum of squares of errors.
    pub(super) fn forward(&mut self) -> Result<f64> {
        self.channels_forward()?;
        let nothing = self.colours.nothing();
        let mut c = std::mem::replace(&mut self.colours, nothing);
        let squares = self.colours_forward(&mut c);
        self.colours = c;
        squares
    }

    fn colours_forward(&self, c: &mut Colours) -> Result<f64> {
        let (width, stride, row, isa) = (c.width, stride_of(c.width), c.row(), self.isa);
        let kernels = c.kernels;
        let points = &self.weights[self.network.synthesis..self.network.convolutions[0]];
        let input = &self.channels.full;
        let mut first = std::mem::take(&mut c.first);
        run(self.threads, first.chunks_mut(ROWS * row).enumerate().collect(), |(n, strip)| {
            for (k, out) in strip.chunks_exact_mut(row).enumerate() {
                let x = &input[(n * ROWS + k) * stride * self.layout.channels..];
                (kernels.points)(isa, points, self.network.hidden, x, out, stride, PAD, width);
                out.chunks_exact_mut(stride).for_each(|row| extend(row, width));
            }
        })?;
        let mut second = std::mem::take(&mut c.second);
        run(self.threads, second.chunks_mut(ROWS * row).enumerate().collect(), |(n, strip)| {
            for (k, out) in strip.chunks_exact_mut(row).enumerate() {
                (kernels.convolve)(
                    isa,
                    self.convolution(0),
                    c.around(&first, n * ROWS + k),
                    out,
                    stride,
                    PAD,
                    width,
                );
                out.iter_mut().for_each(|x| *x = if *x > 0.0 { *x } else { 0.0 });
                out.chunks_exact_mut(stride).for_each(|row| extend(row, width));
            }
        })?;
        let mut error = std::mem::take(&mut c.error);
        let factor = 2.0 / c.colours as f32;
        let squares = run(self.threads, error.chunks_mut(ROWS * row).enumerate().collect(), |(n, strip)| {
            let mut sum = [0.0; 16];
            for (k, out) in strip.chunks_exact_mut(row).enumerate() {
                let y = n * ROWS + k;
                (kernels.convolve)(isa, self.convolution(1), c.around(&second, y), out, stride, PAD, width);
                let target = &c.target[y * row..][..row];
                for (out, target) in out.chunks_exact_mut(stride).zip(target.chunks_exact(stride)) {
                    difference(&mut out[inner(width)], &target[inner(width)], factor, &mut sum);
                    out[..PAD].fill(0.0);
                    out[PAD + width..].fill(0.0);
                }
            }
            f64::from(tree(&sum))
        })?;
        (c.first, c.second, c.error) = (first, second, error);
        Ok(squares.into_iter().sum())
    }

    /// The sum of squares of errors; gradients of channels, latents' levels and weights.
    pub(super) fn forward_backward(&mut self) -> Result<f64> {
        let squares = self.forward()?;
        let nothing = self.colours.nothing();
        let mut c = std::mem::replace(&mut self.colours, nothing);
        let mut full = std::mem::take(&mut self.channels.full_gradient);
        let sums = self.colours_backward(&mut c, &mut full)?;
        self.channels.full_gradient = full;
        self.colours = c;
        let (points, [first, second]) = (self.network.synthesis, self.network.convolutions);
        for sums in &sums {
            self.gather(points, &sums.0);
            self.gather(first, &sums.1);
        }
        for sums in &sums {
            self.gather(second, &sums.2);
        }
        self.channels_backward()?;
        Ok(squares)
    }

    fn colours_backward(&self, c: &mut Colours, full: &mut [f32]) -> Result<Vec<Sums>> {
        let (width, stride, row, isa) = (c.width, stride_of(c.width), c.row(), self.isa);
        let (kernels, size) = (c.kernels, self.convolution(0).len());
        let mut gradient = std::mem::take(&mut c.second_gradient);
        let back = turned(self.convolution(1), c.colours);
        let seconds =
            run(self.threads, gradient.chunks_mut(ROWS * row).enumerate().collect(), |(n, strip)| {
                let (mut spare, mut sums) = (vec![0.0; row], vec![[0.0; 16]; size]);
                for (k, out) in strip.chunks_exact_mut(row).enumerate() {
                    let y = n * ROWS + k;
                    c.unconvolve(isa, &back, &c.error, y, out, &mut spare);
                    fit::where_positive(isa, out, &c.second[y * row..][..row]);
                    let d = &c.error[y * row..][..row];
                    (kernels.convolve_sums)(isa, c.around(&c.second, y), d, stride, PAD, width, &mut sums);
                }
                sums
            })?;
        let back = turned(self.convolution(0), c.colours);
        let points = &self.weights[self.network.synthesis..self.network.convolutions[0]];
        let (input, channels) = (&self.channels.full, self.layout.channels);
        let firsts = run(
            self.threads,
            full.chunks_mut(ROWS * channels * stride).enumerate().collect(),
            |(n, strip)| {
                let (mut spare, mut d) = (vec![0.0; row], vec![0.0; row]);
                let (mut sums, mut more) = (vec![[0.0; 16]; points.len()], vec![[0.0; 16]; size]);
                for (k, out) in strip.chunks_exact_mut(channels * stride).enumerate() {
                    let y = n * ROWS + k;
                    c.unconvolve(isa, &back, &gradient, y, &mut d, &mut spare);
                    let second = &gradient[y * row..][..row];
                    (kernels.convolve_sums)(
                        isa,
                        c.around(&c.first, y),
                        second,
                        stride,
                        PAD,
                        width,
                        &mut more,
                    );
                    let x = &input[y * stride * channels..];
                    (kernels.points_back)(
                        isa,
                        points,
                        self.network.hidden,
                        x,
                        &d,
                        out,
                        stride,
                        PAD,
                        width,
                        &mut sums,
                    );
                }
                (sums, more)
            },
        )?;
        c.second_gradient = gradient;
        Ok(firsts.into_iter().zip(seconds).map(|((a, b), c)| (a, b, c)).collect())
    }
}

/// Of points, of the first convolution and of the second, lane by lane.
type Sums = (Vec<[f32; 16]>, Vec<[f32; 16]>, Vec<[f32; 16]>);

/// `out` becomes the gradient of its squared difference from `target`, of which the sum is added to lanes.
fn difference(out: &mut [f32], target: &[f32], factor: f32, sum: &mut [f32; 16]) {
    for (out, target) in out.chunks_mut(16).zip(target.chunks(16)) {
        for ((out, target), sum) in out.iter_mut().zip(target).zip(&mut *sum) {
            let d = *out - target;
            *sum += d * d;
            *out = factor * d;
        }
    }
}

impl Colours {
    /// What stands in while the real ones are lent out.
    fn nothing(&self) -> Self {
        let none = Vec::new;
        Self {
            kernels: self.kernels,
            target: none(),
            first: none(),
            second: none(),
            error: none(),
            second_gradient: none(),
            zeros: none(),
            ..*self
        }
    }
}
