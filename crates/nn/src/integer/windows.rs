//! Dense layers and convolutions as products of windows by a matrix.
//!
//! Windows are read where they lie: a row of a window is a run of integers of the picture. Where windows reach beyond the picture it is copied with
//! zeros around it first, and where its channels do not come in pairs, with one more. A transposed convolution is one convolution for each
//! place within its stride, with the weights that meet there; a dense layer has one window.

use super::{Linear, Shape, Window};
use crate::simd::integer::{Grid, Packed, Path, product};

/// About as many inputs are multiplied at once: they and two panels stay in the first-level cache.
const CHUNK: usize = 12_288;
/// Windows that are multiplied at once are a multiple of this where there are many.
const EIGHT: usize = 8;

/// A convolution, or a part of one: what is computed for a grid of outputs.
#[derive(Clone, Debug)]
struct Part {
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
}

/// A layer that multiplies windows.
#[derive(Clone, Debug)]
pub(super) struct Windows {
    parts: Vec<Part>,
    /// Shapes of inputs and outputs.
    input: Shape,
    output: Shape,
    /// Zeros above and left of the picture, and its shape with all zeros.
    before: [usize; 2],
    padded: Shape,
}

impl Windows {
    /// A dense layer of `input` as a whole.
    pub(super) fn dense(linear: &Linear) -> Self {
        let (input, output) = (Shape::flat(linear.columns), Shape::flat(linear.rows));
        Self::convolution(linear, &Window::same(1, 1), input, output)
    }

    /// A convolution; everything was checked.
    pub(super) fn convolution(linear: &Linear, window: &Window, input: Shape, output: Shape) -> Self {
        let taps: Vec<usize> = (0..window.kernel[0] * window.kernel[1]).collect();
        let part = Part {
            packed: pack(linear, &taps, input.channels),
            kernel: window.kernel,
            offset: window.before.map(|n| -(n as isize)),
            step: window.stride,
            count: output.sides(),
            origin: [0; 2],
            spread: [1; 2],
        };
        Self::new(vec![part], input, output)
    }

    /// A transposed convolution; everything was checked.
    pub(super) fn transposed(linear: &Linear, window: &Window, input: Shape, output: Shape) -> Self {
        let [vertical, horizontal] = [0, 1].map(|k| phases(window, k, output.sides()[k]));
        let mut parts = Vec::new();
        for y in &vertical {
            for x in &horizontal {
                let row = |&ky: &usize| x.taps.iter().map(move |kx| ky * window.kernel[1] + kx);
                let taps: Vec<usize> = y.taps.iter().flat_map(row).collect();
                parts.push(Part {
                    packed: pack(linear, &taps, input.channels),
                    kernel: [y.taps.len(), x.taps.len()],
                    offset: [y.offset, x.offset],
                    step: [1; 2],
                    count: [y.count, x.count],
                    origin: [y.origin, x.origin],
                    spread: window.stride,
                });
            }
        }
        Self::new(parts, input, output)
    }

    fn new(parts: Vec<Part>, input: Shape, output: Shape) -> Self {
        let sides = input.sides();
        let (mut before, mut end) = ([0; 2], sides);
        for part in parts.iter().filter(|part| !part.is_empty()) {
            for k in 0..2 {
                before[k] = before[k].max((-part.offset[k]).max(0) as usize);
                let last = part.offset[k] + ((part.count[k] - 1) * part.step[k] + part.kernel[k]) as isize;
                end[k] = end[k].max(last.max(0) as usize);
            }
        }
        let [height, width] = [0, 1].map(|k| before[k] + end[k]);
        let padded = Shape { height, width, channels: even(input.channels) };
        Self { parts, input, output, before, padded }
    }

    /// The outputs for every record of `x`.
    pub(super) fn run(&self, path: Path, x: &[i16], out: &mut [i16], scratch: &mut Vec<i16>) {
        let len = |shape: Shape| shape.height * shape.width * shape.channels;
        let (input, output) = (len(self.input), len(self.output));
        let together = self.together();
        for (x, out) in x.chunks(together * input).zip(out.chunks_mut(together * output)) {
            let records = x.len() / input;
            let x = if self.padded == self.input { x } else { self.pad(x, scratch) };
            for part in self.parts.iter().filter(|part| part.count[0] * part.count[1] > 0) {
                product(path, &part.packed, &self.grid(part, records), x, out);
            }
        }
    }

    /// Records that are multiplied at once.
    fn together(&self) -> usize {
        let Shape { height, width, channels } = self.padded;
        let records = (CHUNK / (height * width * channels).max(1)).max(1);
        let windows = self.parts.first().map_or(1, |part| part.count[0] * part.count[1]);
        if windows < EIGHT { records.next_multiple_of(EIGHT) } else { records }
    }

    /// Bytes of pictures with zeros around them.
    pub(super) fn scratch(&self) -> u64 {
        let Shape { height, width, channels } = self.padded;
        let one = 2 * (height as u64) * (width as u64) * (channels as u64);
        if self.padded == self.input { 0 } else { one.saturating_mul(self.together() as u64) }
    }

    /// Copies records with zeros around them.
    fn pad<'s>(&self, x: &[i16], scratch: &'s mut Vec<i16>) -> &'s [i16] {
        let (from, to) = (self.input, self.padded);
        let records = x.len() / (from.height * from.width * from.channels);
        scratch.clear();
        scratch.resize(records * to.height * to.width * to.channels, 0);
        let rows = x.chunks_exact(from.width * from.channels);
        for (i, row) in rows.enumerate() {
            let y = i / from.height * to.height + self.before[0] + i % from.height;
            let first = (y * to.width + self.before[1]) * to.channels;
            if from.channels == to.channels {
                scratch[first..first + row.len()].copy_from_slice(row);
                continue;
            }
            let places = scratch[first..].chunks_exact_mut(to.channels);
            for (to, from) in places.zip(row.chunks_exact(from.channels)) {
                to[..from.len()].copy_from_slice(from);
            }
        }
        scratch
    }

    /// Where the windows of a part lie.
    fn grid(&self, part: &Part, records: usize) -> Grid {
        let (from, to) = (self.padded, self.output);
        let line = from.width * from.channels;
        let first = |k: usize| (part.offset[k] + self.before[k] as isize).max(0) as usize;
        let out = |place: [usize; 2]| (place[0] * to.width + place[1]) * to.channels;
        let is_empty = part.is_empty();
        let steps = [line * from.height, line * part.step[0], from.channels * part.step[1]];
        let segments = [part.kernel[0], part.kernel[1] * from.channels / 2, line];
        Grid {
            count: [records, part.count[0], part.count[1]],
            input: if is_empty { [0; 3] } else { steps },
            output: [to.height * to.width * to.channels, out([part.spread[0], 0]), out([0, part.spread[1]])],
            first: [if is_empty { 0 } else { first(0) * line + first(1) * from.channels }, out(part.origin)],
            segments: if is_empty { [0; 3] } else { segments },
        }
    }
}

impl Part {
    /// True if there is nothing to multiply: outputs are the biases.
    fn is_empty(&self) -> bool {
        self.kernel.contains(&0) || self.count.contains(&0)
    }
}

fn even(channels: usize) -> usize {
    channels.next_multiple_of(2)
}

/// The weights of these taps for each of `channels`, which are zero for the channel that makes pairs.
fn pack(linear: &Linear, taps: &[usize], channels: usize) -> Packed {
    let column = |tap: usize| (0..even(channels)).map(move |c| (c < channels).then_some(tap * channels + c));
    let columns: Vec<Option<usize>> = taps.iter().flat_map(|&tap| column(tap)).collect();
    linear.pack(&columns)
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
