//! Convolutions of each channel for itself.

use super::{Linear, Shape, Window};
use crate::simd::integer::{PANEL, Path, Taps, depthwise};

/// A depthwise convolution; everything was checked.
#[derive(Clone, Debug)]
pub(super) struct Depthwise {
    taps: Taps,
    window: Window,
    input: Shape,
    output: Shape,
}

impl Depthwise {
    pub(super) fn new(linear: &Linear, window: &Window, input: Shape, output: Shape) -> Self {
        let line = linear.rows.next_multiple_of(PANEL);
        let mut weights = vec![0; linear.columns * line];
        for (channel, row) in linear.weights.chunks_exact(linear.columns).enumerate() {
            row.iter().enumerate().for_each(|(tap, &w)| weights[tap * line + channel] = w);
        }
        let taps = Taps { weights, channels: linear.channels(), limit: linear.limit };
        Self { taps, window: *window, input, output }
    }

    pub(super) fn run(&self, path: Path, x: &[i16], out: &mut [i16], seen: &mut Vec<(usize, usize)>) {
        let Shape { height, width, channels } = self.input;
        let records = x.chunks_exact(height * width * channels);
        let outs = out.chunks_exact_mut(self.output.height * self.output.width * channels);
        for (record, out) in records.zip(outs) {
            for (place, out) in out.chunks_exact_mut(channels).enumerate() {
                self.look(place, seen);
                depthwise(path, &self.taps, seen, record, out);
            }
        }
    }

    /// The taps within the picture, and where their inputs begin.
    fn look(&self, place: usize, seen: &mut Vec<(usize, usize)>) {
        let Shape { height, width, channels } = self.input;
        let Window { kernel, stride, before, .. } = self.window;
        let (y, x) = (place / self.output.width * stride[0], place % self.output.width * stride[1]);
        seen.clear();
        for ky in 0..kernel[0] {
            let Some(y) = (y + ky).checked_sub(before[0]).filter(|&y| y < height) else { continue };
            for kx in 0..kernel[1] {
                if let Some(x) = (x + kx).checked_sub(before[1]).filter(|&x| x < width) {
                    seen.push((ky * kernel[1] + kx, (y * width + x) * channels));
                }
            }
        }
    }
}
