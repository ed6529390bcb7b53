//! Dense layers and convolutions as products of windows by a matrix.
//!
//! Every window is copied to a row, then the rows are multiplied. A transposed convolution is one convolution for each place within its
//! stride, with the weights that meet there; a dense layer has one window.

use super::{Linear, Shape, Window};
use crate::simd::integer::{Packed, Path, product};

/// About as many inputs are multiplied at once: rows and a panel stay in the first-level cache.
const CHUNK: usize = 12_288;

/// A convolution, or a part of one: what is computed for a grid of outputs.
#[derive(Clone, Debug)]
pub(super) struct Windows {
    packed: Packed,
    kernel: [usize; 2],
    /// Where the window of the first output begins.
    offset: [isize; 2],
    /// From window to window.
    step: [usize; 2],
    /// Outputs.
    count: [usize; 2],
    /// Where they go in the picture of outputs: the first, and from one to the next.
    origin: [usize; 2],
    spread: [usize; 2],
    /// Shapes of inputs and outputs.
    input: Shape,
    output: Shape,
}

impl Windows {
    /// A dense layer of `input` as a whole.
    pub(super) fn dense(linear: &Linear) -> Self {
        let (input, output) = (Shape::flat(linear.columns), Shape::flat(linear.rows));
        Self::convolution(linear, &Window::same(1, 1), input, output)
    }

    /// A convolution; everything was checked.
    pub(super) fn convolution(linear: &Linear, window: &Window, input: Shape, output: Shape) -> Self {
        let all: Vec<usize> = (0..linear.columns).collect();
        Self {
            packed: linear.pack(&all),
            kernel: window.kernel,
            offset: window.before.map(|n| -(n as isize)),
            step: window.stride,
            count: output.sides(),
            origin: [0; 2],
            spread: [1; 2],
            input,
            output,
        }
    }

    /// The parts of a transposed convolution; everything was checked.
    pub(super) fn transposed(linear: &Linear, window: &Window, input: Shape, output: Shape) -> Vec<Self> {
        let [vertical, horizontal] = [0, 1].map(|k| phases(window, k, output.sides()[k]));
        let mut parts = Vec::new();
        for y in &vertical {
            for x in &horizontal {
                let places =
                    y.taps.iter().flat_map(|ky| x.taps.iter().map(move |kx| ky * window.kernel[1] + kx));
                let columns: Vec<usize> = places
                    .flat_map(|place| (0..input.channels).map(move |c| place * input.channels + c))
                    .collect();
                parts.push(Self {
                    packed: linear.pack(&columns),
                    kernel: [y.taps.len(), x.taps.len()],
                    offset: [y.offset, x.offset],
                    step: [1; 2],
                    count: [y.count, x.count],
                    origin: [y.origin, x.origin],
                    spread: window.stride,
                    input,
                    output,
                });
            }
        }
        parts
    }

    /// The outputs of this part for every record of `x`.
    pub(super) fn run(&self, path: Path, x: &[i16], out: &mut [i16], scratch: &mut Scratch) {
        let stride = 2 * self.packed.pairs;
        let (records, channels) = (x.len() / self.input_len(), self.packed.rows);
        let dense = self.spread == [1; 2];
        let most = chunk(stride, channels);
        let places = self.count[0] * self.count[1];
        let all = records * places;
        let mut first = 0;
        while first < all {
            let count = most.min(all - first);
            scratch.rows.resize(count * stride, 0);
            for (row, place) in scratch.rows.chunks_exact_mut(stride).zip(first..) {
                let record = &x[place / places * self.input_len()..][..self.input_len()];
                self.gather(record, place % places, row);
            }
            if dense {
                product(path, &self.packed, &scratch.rows, count, &mut out[first * channels..], channels);
            } else {
                scratch.out.resize(count * channels, 0);
                product(path, &self.packed, &scratch.rows, count, &mut scratch.out, channels);
                for (from, place) in scratch.out.chunks_exact(channels).zip(first..) {
                    let to =
                        place / places * self.output.height * self.output.width + self.target(place % places);
                    out[to * channels..(to + 1) * channels].copy_from_slice(from);
                }
            }
            first += count;
        }
    }

    fn input_len(&self) -> usize {
        self.input.height * self.input.width * self.input.channels
    }

    /// Which place of the picture of outputs this one is.
    fn target(&self, place: usize) -> usize {
        let (y, x) = (place / self.count[1], place % self.count[1]);
        (self.origin[0] + y * self.spread[0]) * self.output.width + self.origin[1] + x * self.spread[1]
    }

    /// The window of an output; zeros where it is outside of the picture.
    fn gather(&self, record: &[i16], place: usize, row: &mut [i16]) {
        let Shape { height, width, channels } = self.input;
        let (y, x) = (place / self.count[1], place % self.count[1]);
        let top = (y * self.step[0]) as isize + self.offset[0];
        let left = (x * self.step[1]) as isize + self.offset[1];
        let skipped = (-left).clamp(0, self.kernel[1] as isize) as usize;
        let end = (width as isize - left).clamp(skipped as isize, self.kernel[1] as isize) as usize;
        let line = self.kernel[1] * channels;
        let whole = skipped == 0 && end == self.kernel[1] && line > 0;
        let inside = whole && self.kernel[0] > 0 && top >= 0 && top as usize + self.kernel[0] <= height;
        if inside {
            // Within the picture, as most windows are: nothing to fill.
            let first = (top as usize * width + left as usize) * channels;
            let lines = row.chunks_exact_mut(line).zip(record[first..].chunks(width * channels));
            lines.take(self.kernel[0]).for_each(|(to, from)| to.copy_from_slice(&from[..line]));
            row[self.kernel[0] * line..].fill(0);
            return;
        }
        let (lines, rest) = row.split_at_mut(self.kernel[0] * line);
        rest.fill(0);
        if line == 0 {
            return;
        }
        for (ky, to) in lines.chunks_exact_mut(line).enumerate() {
            let iy = top + ky as isize;
            if iy < 0 || iy >= height as isize || skipped == end {
                to.fill(0);
                continue;
            }
            let from = (iy as usize * width) as isize + left + skipped as isize;
            let from = &record[from as usize * channels..][..(end - skipped) * channels];
            to[..skipped * channels].fill(0);
            to[skipped * channels..end * channels].copy_from_slice(from);
            to[end * channels..].fill(0);
        }
    }
}

/// Buffers of [`Windows::run`].
#[derive(Debug, Default)]
pub(super) struct Scratch {
    rows: Vec<i16>,
    out: Vec<i16>,
}

impl Scratch {
    /// The most that it takes for a layer of so many columns and rows.
    pub(super) fn memory(columns: usize, rows: usize) -> u64 {
        let stride = 2 * columns.div_ceil(2).max(1);
        // A part of a transposed convolution has fewer columns, so more windows at once: hence the most of both.
        2 * CHUNK.max(12 * stride) as u64 + 2 * (4 * CHUNK).max(12 * rows) as u64
    }
}

/// How many windows are multiplied at once: a multiple of twelve.
fn chunk(stride: usize, rows: usize) -> usize {
    ((CHUNK / stride).min(4 * CHUNK / rows) / 12 * 12).max(12)
}

/// The outputs at one place within the stride, on one axis.
struct Phase {
    /// Which taps of the kernel meet there, in the order of the inputs.
    taps: Vec<usize>,
    /// The input of the first tap for the first output.
    offset: isize,
    origin: usize,
    count: usize,
}

/// Output y takes input i by tap k where `y = i * stride + k - before`.
fn phases(window: &Window, axis: usize, outputs: usize) -> Vec<Phase> {
    let (kernel, stride, before) = (window.kernel[axis], window.stride[axis], window.before[axis]);
    let phase = |origin: usize| {
        let first = (origin + before) % stride;
        let taps: Vec<usize> = (first..kernel).step_by(stride).rev().collect();
        let nearest = ((origin + before) / stride) as isize;
        let offset = nearest + 1 - taps.len() as isize;
        Phase { taps, offset, origin, count: (outputs - origin).div_ceil(stride) }
    };
    (0..stride.min(outputs)).map(phase).collect()
}
