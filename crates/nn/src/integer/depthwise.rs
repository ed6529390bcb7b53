//! Convolutions of each channel for itself.

use super::{Linear, Shape, Window};
use crate::simd::integer::{Channels, Path, multiply_add, requantise};

/// A depthwise convolution; everything was checked.
#[derive(Clone, Debug)]
pub(super) struct Depthwise {
    /// The weights of all channels, tap by tap.
    taps: Vec<Vec<i16>>,
    bias: Vec<i32>,
    channels: Vec<Channels>,
    limit: i16,
    window: Window,
    input: Shape,
    output: Shape,
}

impl Depthwise {
    pub(super) fn new(linear: &Linear, window: &Window, input: Shape, output: Shape) -> Self {
        let rows = || linear.weights.chunks_exact(linear.columns);
        Self {
            taps: (0..linear.columns).map(|tap| rows().map(|row| row[tap]).collect()).collect(),
            // The kernel adds the bias of `channels` nowhere, so it is where sums begin.
            bias: linear.bias.clone(),
            channels: linear.channels(),
            limit: linear.limit,
            window: *window,
            input,
            output,
        }
    }

    pub(super) fn run(&self, path: Path, x: &[i16], out: &mut [i16], sums: &mut Vec<i32>) {
        let Shape { height, width, channels } = self.input;
        let records = x.chunks_exact(height * width * channels);
        let outs = out.chunks_exact_mut(self.output.height * self.output.width * channels);
        let Window { kernel, stride, before, .. } = self.window;
        for (record, out) in records.zip(outs) {
            for (place, out) in out.chunks_exact_mut(channels).enumerate() {
                let (y, x) = (place / self.output.width * stride[0], place % self.output.width * stride[1]);
                sums.clear();
                sums.extend_from_slice(&self.bias);
                for (tap, weights) in self.taps.iter().enumerate() {
                    let (y, x) = (y + tap / kernel[1], x + tap % kernel[1]);
                    let inside = y.checked_sub(before[0]).zip(x.checked_sub(before[1]));
                    if let Some((y, x)) = inside.filter(|&(y, x)| y < height && x < width) {
                        multiply_add(path, sums, weights, &record[(y * width + x) * channels..][..channels]);
                    }
                }
                requantise(path, &self.channels, self.limit, sums, out);
            }
        }
    }
}
