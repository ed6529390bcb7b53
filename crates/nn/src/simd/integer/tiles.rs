//! The inner product of a few rows by one panel, in plain Rust: the reference.

use super::{Channels, Line, PANEL, Seen};

/// A value of type `Self` is the proof that the instruction set may be used: only the dispatcher makes them.
pub(crate) trait Tiles: Copy {
    /// Adds to `sums` the products of `R` rows (one after the other in `x`, each as long as `lines`) by a panel, of which
    /// at least the first `width` outputs.
    fn tile<const R: usize>(self, lines: &[Line], x: &[[i16; 2]], width: usize, sums: &mut [[i32; PANEL]; R]);

    /// Adds to the sums of `P` panels, one after the other in `lines` with `pairs` lines each, the products of the pairs seen.
    #[inline(always)]
    fn gather<const P: usize>(
        self,
        lines: &[Line],
        pairs: usize,
        seen: &[Seen],
        sums: &mut [[i32; PANEL]; P],
    ) {
        for (sums, lines) in sums.iter_mut().zip(lines.chunks_exact(pairs)) {
            for Seen { place, pair: [a, b] } in seen {
                let Line(weights) = &lines[*place as usize];
                for (sum, w) in sums.iter_mut().zip(weights) {
                    let pair = i32::from(w[0]).wrapping_mul(i32::from(*a));
                    *sum = sum.wrapping_add(pair).wrapping_add(i32::from(w[1]).wrapping_mul(i32::from(*b)));
                }
            }
        }
    }

    /// `(sum * multiplier + half) >> shift`, within the limit. The multiplier is at most 2^shift, so the result is no larger than the
    /// sum and fits 32 bits.
    #[inline(always)]
    fn finish(self, channels: &Channels, limit: i16, sums: &[i32; PANEL]) -> [i16; PANEL] {
        let limit = i32::from(limit);
        let mut out = [0; PANEL];
        for k in 0..PANEL {
            let shift = channels.shift[k] & 63;
            let scaled = i64::from(sums[k]) * i64::from(channels.multiplier[k]) + ((1i64 << shift) >> 1);
            out[k] = ((scaled >> shift) as i32).clamp(-limit, limit) as i16;
        }
        out
    }
}

/// Plain arrays.
#[derive(Clone, Copy)]
pub(crate) struct Plain;

impl Tiles for Plain {
    #[inline(always)]
    fn tile<const R: usize>(self, lines: &[Line], x: &[[i16; 2]], _: usize, sums: &mut [[i32; PANEL]; R]) {
        for (row, sums) in x.chunks_exact(lines.len()).zip(sums) {
            let mut all = *sums;
            for (Line(weights), &[a, b]) in lines.iter().zip(row) {
                for (sum, w) in all.iter_mut().zip(weights) {
                    let pair = i32::from(w[0]).wrapping_mul(i32::from(a));
                    *sum = sum.wrapping_add(pair).wrapping_add(i32::from(w[1]).wrapping_mul(i32::from(b)));
                }
            }
            *sums = all;
        }
    }
}
