//! The contexts that a value is predicted from, what chooses the weights, and what the outcome is corrected by.

use super::Layout;
use super::view::View;
use crate::sample::model::{hash, spread};

/// Contexts at each depth.
pub(super) const COUNTS: [usize; 4] = [8, 16, 30, 46];

/// Contexts of each selector of weights.
pub(super) const SELECTORS: [usize; 5] = [256, 1024, 1024, 256, 256];

/// Contexts of each correction.
pub(super) const CORRECTIONS: [usize; 3] = [256, 256, 1024];

/// Everything that a prediction of the next value depends on, besides the bits of it that are known.
#[derive(Clone, Debug, Default)]
pub(super) struct Contexts {
    pub hashes: Vec<u32>,
    pub selected: [usize; SELECTORS.len()],
    pub corrected: [usize; CORRECTIONS.len()],
}

/// Thresholds that make little of a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Coarse {
    ground: i32,
    low: i32,
    high: i32,
}

impl Coarse {
    pub fn new(layout: &Layout) -> Self {
        let ground = i32::from(layout.common.unwrap_or(0) ^ layout.flip());
        Self { ground, low: layout.low.into(), high: layout.high.into() }
    }

    /// The common value, or which third of the others: two bits.
    #[inline(always)]
    fn four(self, value: i32) -> u32 {
        u32::from(value != self.ground) + u32::from(value >= self.low) + u32::from(value >= self.high)
    }

    #[inline(always)]
    fn fours(self, values: &[i32]) -> u32 {
        values.iter().fold(1, |all, &value| all << 2 | self.four(value))
    }

    /// Dark or bright, one bit each.
    #[inline(always)]
    fn twos(self, values: &[i32]) -> u32 {
        let middle = (self.low + self.high) >> 1;
        values.iter().fold(1, |all, &value| all << 1 | u32::from(value > middle))
    }
}

/// A prediction that may lie a little outside of the range of values.
#[inline(always)]
fn bounded(value: i32) -> u32 {
    value.clamp(-64, 319) as u32
}

/// A hash of whatever is given, as numbers of 32 bits.
macro_rules! of {
    ($($value:expr),+) => { hash(&[$($value as u32),+]) };
}

impl Contexts {
    pub fn new(depth: usize) -> Self {
        Self { hashes: vec![0; COUNTS[depth]], ..Self::default() }
    }

    /// Looks around.
    #[inline(always)]
    pub fn look(&mut self, view: &View, layout: &Layout, coarse: Coarse, depth: usize) {
        let (x, y) = (view.x, if layout.rows > 0 { view.y } else { 0 });
        let near = |left, up| view.near(left, up);
        let other = |left, up| view.other(left, up);
        let (w, n, nw, ne) = (near(1, 0), near(0, 1), near(1, 1), near(-1, 1));
        let (ww, nn, nne, nnw) = (near(2, 0), near(0, 2), near(-1, 2), near(1, 2));
        let (nww, nee) = (near(2, 1), near(-2, 1));
        let same = other(0, 0);
        let slope = bounded(w + n - nw);
        let curve = bounded(2 * (n + w - nw) - nn - ww + near(2, 2));
        let close = coarse.fours(&[w, n, nw, ne]);
        let first = [
            of!(w, n),
            of!(w, ww, n >> 5),
            of!(n, nw, ne),
            of!(curve, 8),
            of!(coarse.fours(&[w, n, nw, ne, ww, nn, nnw, nne, nww, nee]), 1),
            of!(x, y, close & 15 << 4),
            of!(slope, w >> 4, 2),
            of!(w >> 3, n >> 3, 39),
        ];
        self.hashes[..8].copy_from_slice(&first);
        if depth > 0 {
            let wide = coarse.twos(&[w, n, nw, ne, ww, nn, nnw, nne, nww, nee, near(3, 0), near(0, 3)]);
            let wide = wide << 12
                | coarse.twos(&[near(-3, 1), near(-2, 2), near(2, 2), near(4, 0), near(-4, 1), near(3, 1)])
                    << 6
                | coarse.twos(&[near(4, 1), near(-3, 2), near(3, 2), near(0, 4)]);
            let second = [
                of!(w, n, nw, ne),
                of!(n, nn, near(0, 3), 3),
                of!(same, w, n, 4),
                of!(wide, 5),
                of!(w >> 5, n >> 5, ne >> 5, nw >> 5, ww >> 5, nn >> 5, nee >> 6, nww >> 6, 6),
                of!(bounded(n + ne - nne), w >> 4, 7),
                of!(x, coarse.fours(&[w, n, nw, ne, ww, nn]), 8),
                of!(38),
            ];
            self.hashes[8..16].copy_from_slice(&second);
        }
        if depth > 1 {
            let third = [
                of!(w, ww, near(3, 0), 9),
                of!(x, y, w, 10),
                of!(w >> 3, n >> 3, ne >> 5, nw >> 5, 11),
                of!(bounded(same + w - other(1, 0)), bounded(same + n - other(0, 1)) >> 2, 12),
                of!(w, n, nw, ne, ww, nn),
                of!(ne, nee, w >> 5, n >> 5, 13),
                of!(nn, nne, nnw, n >> 5, w >> 5, 14),
                of!(w >> 6, n >> 6, view.row_ink[0], view.row_ink[1], x, 15),
                of!(bounded(2 * n - nn) >> 2, bounded(2 * w - ww) >> 2, 16),
                of!(bounded(3 * (w - ww) + near(3, 0)), n >> 5, 17),
                of!(nw, ww, 18),
                of!(ne, w, 19),
                of!(n, nne, 20),
                of!(slope, n >> 3, ne >> 5, 21),
            ];
            self.hashes[16..30].copy_from_slice(&third);
        }
        if depth > 2 {
            let around = [w, n, nw, ne, ww, nn, nnw, nne, nww, nee, near(3, 0), near(0, 3), near(-3, 1)];
            let fourth = [
                of!(coarse.fours(&around), coarse.fours(&[near(-2, 2), near(2, 2)]), 22),
                of!(w, nw, n >> 4, ww >> 4, 23),
                of!(x, y, close, 24),
                of!(view.ink.min(255), y, close & 15 << 4, 25),
                of!(
                    coarse.fours(&[same, other(-1, 0), other(0, -1), other(1, 0), other(0, 1), w, n]),
                    x,
                    y,
                    26
                ),
                of!(y, w, n >> 2, 27),
                of!(bounded(2 * w - ww), n >> 4, 28),
                of!(bounded(2 * n - nn), w >> 4, 29),
                of!(bounded(w + ne - n), nw >> 4, 30),
                of!((w + ne) >> 1, n >> 4, 31),
                of!((w + n) >> 1, ne >> 4, 32),
                of!(bounded(w + nw - nww), n >> 4, 33),
                of!(slope, bounded(2 * w - ww) >> 2, 34),
                of!(view.row_ink[0], w, n >> 5, 35),
                of!(same, other(1, 0), other(0, 1), 36),
                of!(n, ne, nee, nw, 37),
            ];
            self.hashes[30..46].copy_from_slice(&fourth);
        }
        let tag = (view.channel + (view.plane << 3)).wrapping_mul(0x85EB_CA6B);
        for (i, hash) in self.hashes.iter_mut().enumerate() {
            *hash = spread(*hash ^ tag ^ (i as u32 + 1).wrapping_mul(0x3C6E_F372));
        }
        let bright = coarse.twos(&[w, n, nw, ne, ww, nn, nnw, nne, nww, nee]);
        self.select(view, layout, close, bright);
        self.selected[4] = (w >> 4 << 4 | n >> 4) as usize & 255;
        self.corrected =
            [w as usize & 255, n as usize & 255, (close << 2 | coarse.four(same)) as usize & 1023];
    }

    #[inline(always)]
    fn select(&mut self, view: &View, layout: &Layout, close: u32, bright: u32) {
        // A place among 32 by 32, and how much is there already.
        let part = |at: u32, of: u32| {
            if of <= 32 { at.min(31) } else { (u64::from(at) * 32 / u64::from(of)) as u32 }
        };
        let (x, y) =
            (part(view.x, layout.width), if layout.rows > 0 { part(view.y, layout.rows) } else { 0 });
        self.selected[0] = close as usize & 255;
        self.selected[1] = (x << 5 | y) as usize & 1023;
        self.selected[2] = bright as usize & 1023;
        self.selected[3] = (close >> 4 & 15) as usize * 16 + (view.ink / 8).min(15) as usize;
    }
}
