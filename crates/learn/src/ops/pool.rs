//! The largest value of squares of pixels.

use super::Op;
use crate::tape::{Back, Tape, Var};

impl Tape<'_> {
    /// The maximum over squares of `side` by `side` pixels that do not overlap, of pictures (records, height, width, channels).
    /// Rows and columns that fill no square are left out.
    pub fn max_pool(&mut self, x: Var, side: usize) -> Var {
        let [records, height, width, channels] = super::conv::picture(self.shape(x));
        assert!(
            side > 0 && side <= height && side <= width,
            "squares of {side} in pictures of {height} by {width}"
        );
        let (h, w) = (height / side, width / side);
        self.push(Op::Pool, &[x], [records, h, w, channels].into(), |values, out| {
            let x = values.of(x.0);
            out.indices.resize(out.value.len(), 0);
            let places = out.value.chunks_exact_mut(channels).zip(out.indices.chunks_exact_mut(channels));
            for (place, (best, chosen)) in places.enumerate() {
                let (record, top, left) = (place / (h * w), place / w % h * side, place % w * side);
                let first = (record * height + top) * width + left;
                best.fill(f32::NEG_INFINITY);
                for pixel in (0..side * side).map(|i| first + i / side * width + i % side) {
                    let values = &x[pixel * channels..][..channels];
                    for ((best, chosen), &v) in best.iter_mut().zip(chosen.iter_mut()).zip(values) {
                        // What is no number wins, so that it is noticed.
                        let larger = v > *best || v.is_nan();
                        *best = if larger { v } else { *best };
                        *chosen = if larger { pixel as u32 } else { *chosen };
                    }
                }
            }
        })
    }
}

pub(super) fn backward(mut back: Back<'_>) {
    let Some(mut slot) = back.open(0) else { return };
    let (sums, channels) = (slot.sums(), back.node.shape.last());
    let places = back.grad.chunks_exact(channels).zip(back.indices.chunks_exact(channels));
    for (grad, chosen) in places {
        for (c, (g, &pixel)) in grad.iter().zip(chosen).enumerate() {
            sums[pixel as usize * channels + c] += g;
        }
    }
    back.close(0, slot);
}
