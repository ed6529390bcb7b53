//! Lorenzo prediction along any set of the dimensions, in integers.
//!
//! The corner of a cube from its other corners (Ibarria, Lindstrom, Rossignac and Szymczak, "Out-of-core compression and
//! decompression of large n-dimensional scalar fields", Eurographics 2003), on ordered integers as in fpzip (Lindstrom and
//! Isenburg, "Fast and efficient compression of floating-point data", 2006), but modulo 2^32 or 2^64: then the residual is
//! a difference along each dimension in turn, and undoing the innermost one is a running sum.

use super::grid::Grid;
use super::mask::stand_in;
use super::word::Word;

/// Rows that a choice between predictors looks at.
const SAMPLE_CELLS: usize = 8192;

/// The dimensions to predict along: a bit for each of [`Grid::outer`], and the innermost one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Along {
    pub outer: u32,
    pub inner: bool,
}

impl Along {
    /// As a byte of the format.
    pub fn code(self) -> u8 {
        (self.outer << 1) as u8 | u8::from(self.inner)
    }

    /// From a byte of the format.
    pub fn from_code(code: u8, grid: &Grid) -> Option<Self> {
        let along = Self { outer: u32::from(code >> 1), inner: code & 1 == 1 };
        (along.outer < 1 << grid.outer.len()).then_some(along)
    }

    /// Every set.
    pub fn all(grid: &Grid) -> impl Iterator<Item = Self> + use<> {
        (0..2u32 << grid.outer.len()).map(|code| Self { outer: code >> 1, inner: code & 1 == 1 })
    }
}

/// Predicts rows from earlier rows.
pub(super) struct Rows<'g> {
    grid: &'g Grid,
    along: Along,
}

impl<'g> Rows<'g> {
    pub fn new(grid: &'g Grid, along: Along) -> Self {
        Self { grid, along }
    }

    /// What the rows before say of `row`, into `base`, of the length of a row.
    #[inline(always)]
    fn base<W: Word>(&self, words: &[W], row: usize, base: &mut [W]) {
        let start = row * self.grid.columns;
        let axes = self.along.outer & self.grid.inside(row);
        let row_at = |subset: u32| {
            let mut back = 0;
            for (i, stride) in self.grid.strides.iter().enumerate() {
                back += stride * (subset >> i & 1) as usize;
            }
            &words[start - back..][..base.len()]
        };
        // Every subset of the axes but the empty one: added if of odd size, else taken away.
        match axes.count_ones() {
            0 => base.fill(W::default()),
            1 => base.copy_from_slice(row_at(axes)),
            2 => {
                let lowest = axes & axes.wrapping_neg();
                let (a, b, c) = (row_at(lowest), row_at(axes ^ lowest), row_at(axes));
                for (i, base) in base.iter_mut().enumerate() {
                    *base = a[i].plus(b[i]).minus(c[i]);
                }
            }
            _ => {
                let [a, b, c] = [1, 2, 4].map(row_at);
                let [d, e, f] = [3, 5, 6].map(row_at);
                let g = row_at(7);
                for (i, base) in base.iter_mut().enumerate() {
                    *base = a[i].plus(b[i]).plus(c[i]).minus(d[i]).minus(e[i]).minus(f[i]).plus(g[i]);
                }
            }
        }
    }

    /// The residuals of one row into `residuals`; `base` is room for a row.
    #[inline(always)]
    pub fn difference<W: Word>(&self, words: &[W], row: usize, base: &mut [W], residuals: &mut [W]) {
        self.base(words, row, base);
        let here = &words[row * self.grid.columns..][..self.grid.columns];
        for (b, &word) in base.iter_mut().zip(here) {
            *b = word.minus(*b);
        }
        residuals.copy_from_slice(base);
        if self.along.inner {
            for (residual, &b) in residuals.iter_mut().skip(1).zip(&*base) {
                *residual = residual.minus(b);
            }
        }
    }

    /// Writes one row into `words`, from residuals for each cell.
    #[inline(always)]
    pub fn restore<W: Word>(&self, words: &mut [W], row: usize, base: &mut [W], residuals: &[W]) {
        self.base(words, row, base);
        let here = &mut words[row * self.grid.columns..][..self.grid.columns];
        let mut sum = W::default();
        for ((word, &b), &residual) in here.iter_mut().zip(&*base).zip(residuals) {
            sum = if self.along.inner { sum.plus(residual) } else { residual };
            *word = b.plus(sum);
        }
    }

    /// The same where masked cells have no residual. Gives how many residuals were used; missing ones count as 0.
    pub fn restore_masked<W: Word>(
        &self,
        words: &mut [W],
        row: usize,
        base: &mut [W],
        residuals: &[W],
        mask: &[u8],
    ) -> usize {
        self.base(words, row, base);
        let start = row * self.grid.columns;
        let (mut used, mut sum) = (0, W::default());
        for (i, &b) in base.iter().enumerate() {
            let at = start + i;
            let word = if mask[at] != 0 {
                stand_in(words, at, self.grid.columns)
            } else {
                let residual = residuals.get(used).copied().unwrap_or_default();
                used += 1;
                b.plus(if self.along.inner { sum.plus(residual) } else { residual })
            };
            sum = word.minus(b);
            words[at] = word;
        }
        used
    }
}

/// The set of dimensions whose residuals are shortest, from a sample of rows.
pub(super) fn choose<W: Word>(words: &[W], mask: Option<&[u8]>, grid: &Grid) -> Along {
    let wanted = SAMPLE_CELLS.div_ceil(grid.columns).max(16);
    // An odd step, so that rows of every position along a dimension come.
    let step = (grid.rows() / wanted).max(1) | 1;
    let mut best = (u64::MAX, Along { outer: 0, inner: true });
    let (mut base, mut residuals) = (vec![W::default(); grid.columns], vec![W::default(); grid.columns]);
    for along in Along::all(grid) {
        let rows = Rows::new(grid, along);
        let mut cost = 0u64;
        for row in (0..grid.rows()).step_by(step) {
            rows.difference(words, row, &mut base, &mut residuals);
            let masked = mask.map(|mask| &mask[row * grid.columns..][..grid.columns]);
            let bits = |residual: &W| u64::from(64 - residual.fold().leading_zeros());
            cost += match masked {
                None => residuals.iter().map(bits).sum::<u64>(),
                Some(mask) => {
                    residuals.iter().zip(mask).map(|(r, &m)| if m == 0 { bits(r) } else { 0 }).sum()
                }
            };
        }
        if cost < best.0 {
            best = (cost, along);
        }
    }
    best.1
}
