//! Running estimates of how large the numbers are: a factor for the row times a factor for the column.
//!
//! Exact `f32` arithmetic (sums, products, quotients in a fixed order), so every machine estimates the same.

/// Numbers that the estimate from before counts for at the start of a row.
const ROW_PRIOR: f32 = 3.0;
/// The same for a column, in rows.
const COLUMN_PRIOR: f32 = 4.0;
/// After this many numbers, a long row starts to forget.
const ROW_MEMORY: f32 = 512.0;
/// A number counts at most this many times what was expected.
const OUTLIER: f32 = 12.0;
/// Longest row whose columns are followed.
const MAX_COLUMNS: usize = 1 << 20;
const TINY: f32 = 1e-33;

/// The estimates at one place, in the logarithmic units of [`super::number::Form::level`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Levels {
    /// From row and column.
    pub both: i32,
    /// From the row alone.
    pub row: i32,
    /// From the column alone.
    pub column: i32,
    /// From the last few numbers, for this column.
    pub recent: i32,
}

/// The state for one array.
#[derive(Clone, Debug)]
pub struct Scales {
    middle: i32,
    width: usize,
    column: usize,
    rows: f32,
    /// Factors of the columns, around 1.
    factors: Vec<f32>,
    /// The current row's magnitudes.
    current: Vec<f32>,
    /// Sum and number of the current row, with what it started from.
    row: [f32; 2],
    plain: f32,
    recent: f32,
    array: f32,
}

impl Scales {
    /// For rows of `width` numbers, `len` in all, that are about `level` large.
    pub fn new(width: usize, len: usize, level: i32, middle: i32) -> Self {
        let followed = if width <= MAX_COLUMNS && width < len { width } else { 0 };
        let array = from_level(level, middle);
        Self {
            middle,
            width: width.max(1),
            column: 0,
            rows: 0.0,
            factors: vec![1.0; followed],
            current: vec![0.0; followed],
            row: [array * ROW_PRIOR, ROW_PRIOR],
            plain: array,
            recent: array,
            array,
        }
    }

    /// Bytes that the state takes.
    pub fn memory(width: usize) -> u64 {
        if width <= MAX_COLUMNS { 8 * width as u64 } else { 0 }
    }

    fn factor(&self) -> f32 {
        self.factors.get(self.column).copied().unwrap_or(1.0)
    }

    /// The expected magnitude of the next number.
    #[inline]
    pub fn expected(&self) -> f32 {
        (self.row[0] / self.row[1] * self.factor()).max(TINY)
    }

    /// The estimates for the next number.
    #[inline]
    pub fn levels(&self) -> Levels {
        let factor = self.factor();
        let row = self.row[0] / self.row[1];
        Levels {
            both: to_level(row * factor, self.middle),
            row: to_level(self.plain, self.middle),
            column: to_level(self.array * factor, self.middle),
            recent: to_level(self.recent * factor, self.middle),
        }
    }

    /// Takes the next number in.
    #[inline]
    pub fn update(&mut self, magnitude: f32) {
        let factor = self.factor();
        let expected = self.row[0] / self.row[1];
        let x = (magnitude / factor).min(expected * OUTLIER + TINY);
        self.row[0] += x;
        self.row[1] += 1.0;
        if self.row[1] > ROW_MEMORY {
            self.row = self.row.map(|v| v * 0.5);
        }
        self.plain += (magnitude.min(self.plain * OUTLIER + TINY) - self.plain) * (1.0 / 24.0);
        self.recent = (self.recent + (x.min(self.recent * OUTLIER) - self.recent) * (1.0 / 8.0)).max(TINY);
        if let Some(current) = self.current.get_mut(self.column) {
            *current = magnitude;
        }
        self.column += 1;
        if self.column == self.width {
            self.end_row();
        }
    }

    /// Leaves a number out of the estimates.
    #[inline]
    pub fn skip(&mut self) {
        if let Some(current) = self.current.get_mut(self.column) {
            *current = -1.0;
        }
        self.column += 1;
        if self.column == self.width {
            self.end_row();
        }
    }

    fn end_row(&mut self) {
        self.column = 0;
        let scale = (self.row[0] / self.row[1]).max(TINY);
        let share = 1.0 / (self.rows + COLUMN_PRIOR);
        for (factor, &x) in self.factors.iter_mut().zip(&self.current).filter(|(_, x)| **x >= 0.0) {
            *factor = (*factor + ((x / scale).min(OUTLIER) - *factor) * share).max(1.0 / 256.0);
        }
        self.rows = (self.rows + 1.0).min(400.0);
        self.array += (scale - self.array) * (1.0 / (self.rows + 1.0).min(64.0));
        if !self.factors.is_empty() {
            self.row = [self.array * ROW_PRIOR, ROW_PRIOR];
        }
    }
}

/// Eighths of an octave, linear in between.
#[inline(always)]
pub fn to_level(x: f32, middle: i32) -> i32 {
    (x.max(TINY).to_bits() >> 20) as i32 - 127 * 8 + middle * 8
}

fn from_level(level: i32, middle: i32) -> f32 {
    f32::from_bits(((level - middle * 8 + 127 * 8).clamp(160, 1800) as u32) << 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_factors_of_rows_and_columns() {
        let mut scales = Scales::new(16, 16 * 64, 8, 1);
        let mut last = Levels::default();
        for i in 0..64 {
            for j in 0..16 {
                last = scales.levels();
                scales.update([1.0, 4.0][i % 2] * [1.0, 8.0][j % 2]);
            }
        }
        // 4 * 8 is class 6 in integers.
        assert!((last.both - 48).abs() <= 4, "{last:?}");
        assert!(last.column < last.both && last.row < last.both);
    }

    #[test]
    fn survives_extremes() {
        let mut scales = Scales::new(3, 1000, i32::MAX / 2, 150);
        for i in 0..1000 {
            let levels = scales.levels();
            assert!(levels.both.abs() < 5000, "{levels:?}");
            scales.update([0.0, 1e-30, 1e30][i % 3]);
        }
    }
}
