//! The inner product of a few rows by one panel, in plain Rust: the reference.

use super::{Line, PANEL};

/// A value of type `Self` is the proof that the instruction set may be used: only the dispatcher makes them.
pub(crate) trait Tiles: Copy {
    /// Adds to `sums` the products of `R` rows (one after the other in `x`, each as long as `lines`) by a panel, of which
    /// at least the first `width` outputs.
    fn tile<const R: usize>(self, lines: &[Line], x: &[[i16; 2]], width: usize, sums: &mut [[i32; PANEL]; R]);
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
