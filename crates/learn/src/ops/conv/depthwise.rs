//! Depthwise convolutions: each channel for itself, the channels of a place together in vectors.

use super::Window;
use crate::tape::{Back, room};

impl Window {
    /// Calls `f` for each place of the small side and each of the filter's that is within the picture: where both channels
    /// begin, and the filter's place.
    fn pairs(&self, mut f: impl FnMut(usize, usize, usize)) {
        let ((kh, kw), (sh, sw), (ph, pw)) = (self.conv.kernel, self.conv.stride, self.conv.padding);
        let (height, width, channels) = self.large;
        let (h, w, _) = self.small;
        for place in 0..self.records * h * w {
            let (record, oy, ox) = (place / (h * w), place / w % h, place % w);
            for k in 0..kh * kw {
                let y = (oy * sh + k / kw).checked_sub(ph).filter(|y| *y < height);
                let x = (ox * sw + k % kw).checked_sub(pw).filter(|x| *x < width);
                if let (Some(y), Some(x)) = (y, x) {
                    f(((record * height + y) * width + x) * channels, place * channels, k);
                }
            }
        }
    }

    /// Weights of a depthwise convolution with the channels of a place together.
    pub(super) fn by_place<'b>(&self, w: &[f32], scratch: &'b mut Vec<f32>) -> &'b [f32] {
        let (c, size) = (self.large.2, self.conv.kernel.0 * self.conv.kernel.1);
        let place = room(scratch, w.len());
        (0..w.len()).for_each(|i| place[i % size * c + i / size] = w[i]);
        place
    }

    pub(super) fn gather(&self, large: &[f32], w: &[f32], small: &mut [f32]) {
        let c = self.large.2;
        self.pairs(|l, s, k| add_product(&large[l..][..c], &w[k * c..][..c], &mut small[s..][..c]));
    }

    pub(super) fn spread(&self, small: &[f32], w: &[f32], large: &mut [f32]) {
        let c = self.large.2;
        self.pairs(|l, s, k| add_product(&small[s..][..c], &w[k * c..][..c], &mut large[l..][..c]));
    }

    pub(super) fn depthwise_backward(self, back: &mut Back<'_>) {
        let (x, w, g) = (back.input(0), back.input(1), back.grad);
        let (large, small) = if self.transposed { (g, x) } else { (x, g) };
        if let Some(mut slot) = back.open(0) {
            let side = self.by_place(w, &mut back.scratch.b);
            if self.transposed {
                self.gather(g, side, slot.sums());
            } else {
                self.spread(g, side, slot.sums());
            }
            back.close(0, slot);
        }
        if let Some(mut slot) = back.open(1) {
            let (c, size) = (self.large.2, self.conv.kernel.0 * self.conv.kernel.1);
            let place = room(&mut back.scratch.b, w.len());
            place.fill(0.0);
            self.pairs(|l, s, k| add_product(&large[l..][..c], &small[s..][..c], &mut place[k * c..][..c]));
            slot.sums().iter_mut().enumerate().for_each(|(i, d)| *d += place[i % size * c + i / size]);
            back.close(1, slot);
        }
    }
}

#[inline(always)]
fn add_product(a: &[f32], b: &[f32], to: &mut [f32]) {
    to.iter_mut().zip(a).zip(b).for_each(|((t, a), b)| *t += a * b);
}
