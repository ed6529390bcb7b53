//! Both directions of a convolution as products of matrices, tile by tile.

use super::Conv;
use crate::gemm::{Matrix, multiply, multiply_spaced};
use crate::ops::dense::add_rows;
use crate::tape::{Back, room};

/// A convolution or transposed convolution of certain sizes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(super) conv: Conv,
    pub(super) transposed: bool,
    pub(super) bias: bool,
    pub(super) records: usize,
    /// Height, width and channels.
    pub(super) large: (usize, usize, usize),
    pub(super) small: (usize, usize, usize),
}

/// Values of a tile's columns: 256 KiB, so that they stay in the second cache between the copy and the products.
const TILE: usize = 1 << 16;

/// Rows of the small side that are worked on together.
#[derive(Clone, Copy)]
struct Tile {
    first: usize,
    rows: usize,
    group: usize,
}

impl Window {
    /// Channels of a group on the large side, those on the small side, and weights of a filter.
    pub(super) fn group(&self) -> (usize, usize, usize) {
        let (large, small) = (self.large.2 / self.conv.groups, self.small.2 / self.conv.groups);
        (large, small, large * self.conv.kernel.0 * self.conv.kernel.1)
    }

    pub(super) fn is_depthwise(&self) -> bool {
        self.conv.groups > 1 && self.group().0 == 1 && self.group().1 == 1
    }

    /// All tiles of all groups, in order: their size depends on the shapes alone.
    fn tiles(&self, mut f: impl FnMut(Tile)) {
        let all = self.records * self.small.0;
        let rows = (TILE / (self.small.1 * self.group().2).max(1)).max(1);
        for group in 0..self.conv.groups {
            for first in (0..all).step_by(rows) {
                f(Tile { first, rows: rows.min(all - first), group });
            }
        }
    }

    /// The part of the small side under a tile: where it begins, places, and values from one place to the next.
    fn place(&self, tile: Tile) -> (usize, usize, usize) {
        let (_, small, _) = self.group();
        let channels = self.small.2;
        (tile.first * self.small.1 * channels + tile.group * small, tile.rows * self.small.1, channels)
    }

    /// The small side from the large one: a convolution.
    pub(super) fn shrink(
        &self,
        large: &[f32],
        w: &[f32],
        keep: f32,
        small: &mut [f32],
        scratch: &mut Vec<f32>,
    ) {
        let (_, filters, depth) = self.group();
        self.tiles(|tile| {
            let (at, places, stride) = self.place(tile);
            let columns = room(scratch, places * depth);
            self.columns(large, tile, columns);
            let w = Matrix::new(&w[tile.group * filters * depth..][..filters * depth], filters, depth);
            multiply_spaced(Matrix::new(columns, places, depth), w.t(), keep, &mut small[at..], stride);
        });
    }

    /// Adds to the large side what the small one spreads over it: a transposed convolution.
    pub(super) fn widen(&self, small: &[f32], w: &[f32], large: &mut [f32], scratch: &mut Vec<f32>) {
        let (_, filters, depth) = self.group();
        self.tiles(|tile| {
            let (at, places, stride) = self.place(tile);
            let columns = room(scratch, places * depth);
            let w = Matrix::new(&w[tile.group * filters * depth..][..filters * depth], filters, depth);
            multiply(Matrix::spaced(&small[at..], places, filters, stride), w, 0.0, columns);
            self.add_columns(columns, tile, large);
        });
    }

    /// The gradient of the weights.
    fn weigh(&self, large: &[f32], small: &[f32], keep: f32, dw: &mut [f32], scratch: &mut Vec<f32>) {
        let (_, filters, depth) = self.group();
        self.tiles(|tile| {
            let (at, places, stride) = self.place(tile);
            let columns = room(scratch, places * depth);
            self.columns(large, tile, columns);
            let keep = if tile.first == 0 { keep } else { 1.0 };
            let dw = &mut dw[tile.group * filters * depth..][..filters * depth];
            let small = Matrix::spaced(&small[at..], places, filters, stride);
            multiply(small.t(), Matrix::new(columns, places, depth), keep, dw);
        });
    }

    /// Calls `f` for every run of neighbours that a filter sees: where it begins on the large side, where in the columns,
    /// and pixels in it; between the runs are zeros.
    #[inline(always)]
    fn runs(&self, tile: Tile, mut f: impl FnMut(usize, usize, usize)) {
        let ((kh, kw), (sh, sw), (ph, pw)) = (self.conv.kernel, self.conv.stride, self.conv.padding);
        let (height, width, channels) = self.large;
        let (c, _, depth) = self.group();
        for row in 0..tile.rows {
            let (record, oy) = ((tile.first + row) / self.small.0, (tile.first + row) % self.small.0);
            for ox in 0..self.small.1 {
                let place = (row * self.small.1 + ox) * depth;
                // The first pixel seen, and which of the filter's columns are within the picture.
                let left = pw.saturating_sub(ox * sw);
                let right = kw.min((width + pw).saturating_sub(ox * sw));
                if left >= right {
                    continue;
                }
                let x = ox * sw + left - pw;
                for ky in 0..kh {
                    let Some(y) = (oy * sh + ky).checked_sub(ph).filter(|y| *y < height) else { continue };
                    let from = ((record * height + y) * width + x) * channels + tile.group * c;
                    f(from, place + (ky * kw + left) * c, right - left);
                }
            }
        }
    }

    fn is_padded(&self) -> bool {
        let far = |small: usize, stride: usize, kernel: usize| (small.max(1) - 1) * stride + kernel;
        self.conv.padding != (0, 0)
            || far(self.small.0, self.conv.stride.0, self.conv.kernel.0) > self.large.0
            || far(self.small.1, self.conv.stride.1, self.conv.kernel.1) > self.large.1
    }

    /// What the filters see at each place of a tile, a row each.
    fn columns(&self, large: &[f32], tile: Tile, columns: &mut [f32]) {
        let (c, channels) = (self.group().0, self.large.2);
        if self.is_padded() {
            columns.fill(0.0);
        }
        if c == channels {
            self.runs(tile, |from, to, n| copy(&large[from..][..n * c], &mut columns[to..][..n * c]));
        } else {
            self.runs(tile, |from, to, n| {
                (0..n)
                    .for_each(|i| copy(&large[from + i * channels..][..c], &mut columns[to + i * c..][..c]));
            });
        }
    }

    /// Adds such rows back to where they were seen.
    fn add_columns(&self, columns: &[f32], tile: Tile, large: &mut [f32]) {
        let (c, channels) = (self.group().0, self.large.2);
        if c == channels {
            self.runs(tile, |to, from, n| add(&columns[from..][..n * c], &mut large[to..][..n * c]));
        } else {
            self.runs(tile, |to, from, n| {
                (0..n).for_each(|i| add(&columns[from + i * c..][..c], &mut large[to + i * channels..][..c]));
            });
        }
    }

    pub(in crate::ops) fn backward(self, mut back: Back<'_>) {
        if self.is_depthwise() {
            self.depthwise_backward(&mut back);
        } else {
            self.full_backward(&mut back);
        }
        if self.bias
            && let Some(mut slot) = back.open(2)
        {
            add_rows(back.grad, slot.sums());
            back.close(2, slot);
        }
    }

    fn full_backward(self, back: &mut Back<'_>) {
        let (x, w, g) = (back.input(0), back.input(1), back.grad);
        let (large, small) = if self.transposed { (g, x) } else { (x, g) };
        if let Some(mut slot) = back.open(1) {
            let (keep, place) = slot.product();
            self.weigh(large, small, keep, place, &mut back.scratch.a);
            back.close(1, slot);
        }
        if let Some(mut slot) = back.open(0) {
            if self.transposed {
                let (keep, place) = slot.product();
                self.shrink(g, w, keep, place, &mut back.scratch.a);
            } else {
                self.widen(g, w, slot.sums(), &mut back.scratch.a);
            }
            back.close(0, slot);
        }
    }
}

#[inline(always)]
fn copy(from: &[f32], to: &mut [f32]) {
    if from.len() < 16 {
        // Shorter than a call of the library's copy.
        to.iter_mut().zip(from).for_each(|(t, f)| *t = *f);
    } else {
        to.copy_from_slice(from);
    }
}

#[inline(always)]
fn add(from: &[f32], to: &mut [f32]) {
    to.iter_mut().zip(from).for_each(|(t, f)| *t += f);
}
