//! The inner product of a few rows by one panel, in plain Rust: the reference.

use super::{Channels, Line, PANEL, Seen};

/// What some panels and windows are multiplied from.
pub(crate) struct Tile<'a> {
    /// The panels, `pairs` lines each.
    pub(crate) lines: &'a [Line],
    pub(crate) pairs: usize,
    pub(crate) x: &'a [i16],
    /// Segments of a window, pairs in each, and from one to the next.
    pub(crate) segments: [usize; 3],
    /// Outputs of these panels.
    pub(crate) width: usize,
}

impl Tile<'_> {
    /// Whether all that is read lies within `x` and `lines`.
    #[inline(always)]
    pub(crate) fn is_within(&self, starts: &[usize], panels: usize) -> bool {
        let [segments, pairs, apart] = self.segments;
        let len = if segments * pairs == 0 { 0 } else { (segments - 1) * apart + 2 * pairs };
        segments * pairs <= self.pairs
            && self.lines.len() >= panels * self.pairs
            && starts.iter().all(|start| start + len <= self.x.len())
    }
}

/// A value of type `Self` is the proof that the instruction set may be used: only the dispatcher makes them.
pub(crate) trait Tiles: Copy {
    /// Whether two panels at once are faster than one.
    const PAIRED: bool = false;

    /// Adds to `sums` the products of the `R` windows that begin at `starts` by `P` panels.
    fn tile<const R: usize, const P: usize>(
        self,
        tile: &Tile<'_>,
        starts: &[usize; R],
        sums: &mut [[[i32; PANEL]; R]; P],
    );

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
    fn tile<const R: usize, const P: usize>(
        self,
        tile: &Tile<'_>,
        starts: &[usize; R],
        sums: &mut [[[i32; PANEL]; R]; P],
    ) {
        let [segments, pairs, apart] = tile.segments;
        for (sums, lines) in sums.iter_mut().zip(tile.lines.chunks_exact(tile.pairs)) {
            for (sums, start) in sums.iter_mut().zip(starts) {
                for segment in 0..segments {
                    let (row, _) = tile.x[start + segment * apart..].as_chunks::<2>();
                    for (Line(weights), &[a, b]) in lines[segment * pairs..][..pairs].iter().zip(row) {
                        for (sum, w) in sums.iter_mut().zip(weights) {
                            let pair = i32::from(w[0]).wrapping_mul(i32::from(a));
                            *sum = sum
                                .wrapping_add(pair)
                                .wrapping_add(i32::from(w[1]).wrapping_mul(i32::from(b)));
                        }
                    }
                }
            }
        }
    }
}
