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

    /// Calls `f` for every run of neighbours that a filter sees: where it begins on the large side, or `None` beyond the border,
    /// where in the columns, and pixels in it.
    #[inline(always)]
    fn runs(&self, tile: Tile, mut f: impl FnMut(Option<usize>, usize, usize)) {
        let ((kh, kw), (sh, sw), (ph, pw)) = (self.conv.kernel, self.conv.stride, self.conv.padding);
        let (height, width, channels) = self.large;
        let (c, _, depth) = self.group();
        for row in 0..tile.rows {
            let (record, oy) = ((tile.first + row) / self.small.0, (tile.first + row) % self.small.0);
            for ox in 0..self.small.1 {
                let place = (row * self.small.1 + ox) * depth;
                // The filter's columns that are within the picture, and the first pixel that they see.
                let left = pw.saturating_sub(ox * sw).min(kw);
                let right = kw.min((width + pw).saturating_sub(ox * sw)).max(left);
                let x = (ox * sw + left).saturating_sub(pw);
                for ky in 0..kh {
                    let to = place + ky * kw * c;
                    let y = (oy * sh + ky).checked_sub(ph).filter(|y| *y < height && left < right);
                    let Some(y) = y else {
                        f(None, to, kw);
                        continue;
                    };
                    if left > 0 {
                        f(None, to, left);
                    }
                    let from = ((record * height + y) * width + x) * channels + tile.group * c;
                    f(Some(from), to + left * c, right - left);
                    if right < kw {
                        f(None, to + right * c, kw - right);
                    }
                }
            }
        }
    }

    /// What the filters see at each place of a tile, a row each.
    fn columns(&self, large: &[f32], tile: Tile, columns: &mut [f32]) {
        let (c, channels) = (self.group().0, self.large.2);
        self.runs(tile, |from, to, n| {
            let columns = &mut columns[to..][..n * c];
            match from {
                None => columns.fill(0.0),
                Some(from) if c == channels => copy(&large[from..][..n * c], columns),
                Some(from) => {
                    let pixels = large[from..].chunks(channels).zip(columns.chunks_exact_mut(c));
                    pixels.for_each(|(pixel, place)| copy(&pixel[..c], place));
                }
            }
        });
    }

    /// Adds such rows back to where they were seen.
    fn add_columns(&self, columns: &[f32], tile: Tile, large: &mut [f32]) {
        let (c, channels) = (self.group().0, self.large.2);
        self.runs(tile, |to, from, n| {
            let columns = &columns[from..][..n * c];
            match to {
                None => {}
                Some(to) if c == channels => add(columns, &mut large[to..][..n * c]),
                Some(to) => {
                    let pixels = large[to..].chunks_mut(channels).zip(columns.chunks_exact(c));
                    pixels.for_each(|(pixel, place)| add(place, &mut pixel[..c]));
                }
            }
        });
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

    /// Tile by tile both gradients, so that what the filters see is gathered once.
    fn full_backward(self, back: &mut Back<'_>) {
        let (x, w, g) = (back.input(0), back.input(1), back.grad);
        let (large, small) = if self.transposed { (g, x) } else { (x, g) };
        let (_, filters, depth) = self.group();
        let (mut to_input, mut to_weights) = (back.open(0), back.open(1));
        // Factors of what is there, and the places; what is spread over the large side is always added.
        let mut input =
            to_input.as_mut().map(|s| if self.transposed { s.product() } else { (1.0, s.sums()) });
        let mut weights = to_weights.as_mut().map(|s| s.product());
        let gathers = weights.is_some() || self.transposed;
        self.tiles(|tile| {
            let (at, places, stride) = self.place(tile);
            let columns = room(&mut back.scratch.a, places * depth);
            let of_group = tile.group * filters * depth..(tile.group + 1) * filters * depth;
            let w = Matrix::new(&w[of_group.clone()], filters, depth);
            let small = Matrix::spaced(&small[at..], places, filters, stride);
            if gathers {
                self.columns(large, tile, columns);
            }
            if let Some((keep, dw)) = &mut weights {
                let keep = if tile.first == 0 { *keep } else { 1.0 };
                multiply(small.t(), Matrix::new(columns, places, depth), keep, &mut dw[of_group]);
            }
            match &mut input {
                Some((keep, dx)) if self.transposed => {
                    let columns = Matrix::new(columns, places, depth);
                    multiply_spaced(columns, w.t(), *keep, &mut dx[at..], stride);
                }
                Some((_, dx)) => {
                    multiply(small, w, 0.0, columns);
                    self.add_columns(columns, tile, dx);
                }
                None => {}
            }
        });
        for (k, slot) in [to_input, to_weights].into_iter().enumerate() {
            if let Some(slot) = slot {
                back.close(k, slot);
            }
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
