//! Convolution without border by a product of matrices (im2col), followed by the maximum over squares of 2 by 2.

use crate::matrix::{View, multiply_into};

/// The shape of what a convolution reads. Pictures are planes by rows by columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv {
    /// Planes in.
    pub planes: usize,
    /// Height in.
    pub height: usize,
    /// Width in.
    pub width: usize,
    /// Side of the filters.
    pub kernel: usize,
}

/// Memory that a convolution works in.
#[derive(Clone, Debug, Default)]
pub struct Space {
    /// One row for each place of a filter: what it sees there.
    seen: Vec<f32>,
    /// One row for each place: the filters' answers, then their gradients.
    sums: Vec<f32>,
    /// For each output which of the four was largest.
    chosen: Vec<u8>,
}

impl Conv {
    /// Weights of a filter.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.planes * self.kernel * self.kernel
    }

    /// Values in.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.planes * self.height * self.width
    }

    /// Values out, for this many filters.
    #[must_use]
    pub fn outputs(&self, filters: usize) -> usize {
        let (h, w) = self.places();
        filters * (h / 2) * (w / 2)
    }

    fn places(&self) -> (usize, usize) {
        (self.height + 1 - self.kernel, self.width + 1 - self.kernel)
    }

    /// The pooled answers of a batch into `y`.
    pub(super) fn forward(
        &self,
        x: &[f32],
        weights: &[f32],
        biases: &[f32],
        space: &mut Space,
        y: &mut [f32],
    ) {
        let (h, w) = self.places();
        let (batch, filters, columns) = (x.len() / self.inputs(), biases.len(), self.columns());
        let part = h * w * columns;
        space.seen.resize(batch * part, 0.0);
        for (picture, seen) in x.chunks_exact(self.inputs()).zip(space.seen.chunks_exact_mut(part)) {
            self.unfold(picture, seen);
        }
        space.sums.resize(batch * h * w * filters, 0.0);
        let seen = View::new(&space.seen, batch * h * w, columns);
        multiply_into(seen, View::new(weights, filters, columns).t(), 0.0, &mut space.sums);
        space.chosen.resize(y.len(), 0);
        let size = (h / 2) * (w / 2);
        for (b, sums) in space.sums.chunks_exact(h * w * filters).enumerate() {
            let y = &mut y[b * size * filters..][..size * filters];
            let chosen = &mut space.chosen[b * size * filters..][..size * filters];
            for place in 0..size {
                let top = (place / (w / 2) * 2) * w + place % (w / 2) * 2;
                for f in 0..filters {
                    let four = [top, top + 1, top + w, top + w + 1].map(|at| sums[at * filters + f]);
                    let best = (1..4).fold(0, |best, i| if four[i] > four[best] { i } else { best });
                    y[f * size + place] = four[best] + biases[f];
                    chosen[f * size + place] = best as u8;
                }
            }
        }
    }

    /// Gradients of weights, biases and (unless `dx` is empty) of the input.
    pub(super) fn backward(
        &self,
        dy: &[f32],
        weights: &[f32],
        space: &mut Space,
        dw: &mut [f32],
        db: &mut [f32],
        dx: &mut [f32],
    ) {
        let (h, w) = self.places();
        let (filters, columns, size) = (db.len(), self.columns(), (h / 2) * (w / 2));
        let batch = dy.len() / (size * filters);
        db.fill(0.0);
        space.sums.fill(0.0);
        for (b, sums) in space.sums.chunks_exact_mut(h * w * filters).enumerate() {
            for f in 0..filters {
                for place in 0..size {
                    let i = (b * filters + f) * size + place;
                    let best = usize::from(space.chosen[i]);
                    let top = (place / (w / 2) * 2) * w + place % (w / 2) * 2;
                    sums[(top + best / 2 * w + best % 2) * filters + f] = dy[i];
                    db[f] += dy[i];
                }
            }
        }
        let sums = View::new(&space.sums, batch * h * w, filters);
        multiply_into(sums.t(), View::new(&space.seen, batch * h * w, columns), 0.0, dw);
        if !dx.is_empty() {
            multiply_into(sums, View::new(weights, filters, columns), 0.0, &mut space.seen);
            dx.fill(0.0);
            let part = h * w * columns;
            for (picture, seen) in dx.chunks_exact_mut(self.inputs()).zip(space.seen.chunks_exact(part)) {
                self.fold(seen, picture);
            }
        }
    }

    /// Writes what the filter sees at every place.
    fn unfold(&self, picture: &[f32], seen: &mut [f32]) {
        let w = self.places().1;
        for (place, seen) in seen.chunks_exact_mut(self.columns()).enumerate() {
            for (start, to) in self.lines(place / w, place % w).zip(seen.chunks_exact_mut(self.kernel)) {
                let from = &picture[start..start + self.kernel];
                match (from.first_chunk::<5>(), to.first_chunk_mut::<5>()) {
                    // Five at once, without a call: the only size in use.
                    (Some(from), Some(to)) if self.kernel == 5 => *to = *from,
                    _ => to.copy_from_slice(from),
                }
            }
        }
    }

    /// Adds up, for every pixel, the gradients of all places that see it.
    fn fold(&self, seen: &[f32], picture: &mut [f32]) {
        let w = self.places().1;
        for (place, seen) in seen.chunks_exact(self.columns()).enumerate() {
            for (start, from) in self.lines(place / w, place % w).zip(seen.chunks_exact(self.kernel)) {
                let to = &mut picture[start..start + self.kernel];
                match (from.first_chunk::<5>(), to.first_chunk_mut::<5>()) {
                    (Some(from), Some(to)) if self.kernel == 5 => {
                        *to = std::array::from_fn(|i| to[i] + from[i]);
                    }
                    _ => to.iter_mut().zip(from).for_each(|(sum, v)| *sum += v),
                }
            }
        }
    }

    /// For a place: where in the picture the lines under the filter begin, plane after plane.
    fn lines(&self, y: usize, x: usize) -> impl Iterator<Item = usize> {
        let (kernel, height, width) = (self.kernel, self.height, self.width);
        (0..self.planes)
            .flat_map(move |plane| (y..y + kernel).map(move |row| (plane * height + row) * width + x))
    }
}
