//! What rows have in common: a prediction of signed values from a few columns of factors, learned from the rows before.
//!
//! Updates of weights are sums of few outer products, so their signs (and those of Adam's first moments, and of trained weights)
//! follow a matrix of low rank in part. Two recursive least-squares filters take turns (alternating least squares, one pass): the
//! factors of the row are fitted to what is known of the row, given those of the columns; at its end, the factors of all columns
//! are fitted to the rows so far, given those of the rows. Exact `f32` arithmetic in a fixed order.

/// Ranks that arrays are coded with, and that a trial is made with.
pub const RANK: usize = 32;
pub const TRIAL_RANK: usize = 8;
/// Variance expected of a row's factors, that of a value being about 1.
const ROW_VARIANCE: f32 = 0.02;
/// The same for the factors of a column, in the filter over rows.
const COLUMN_VARIANCE: f32 = 3.0;
/// A number counts at most this many times what was expected.
const OUTLIER: f32 = 3.0;
/// Longest row that is followed, and shortest.
const MAX_COLUMNS: usize = 1 << 18;
const MIN_COLUMNS: usize = 8;

/// A recursive least-squares filter: the inverse of the regressors' moments.
#[derive(Clone, Debug)]
struct Filter<const R: usize> {
    inverse: [[f32; R]; R],
}

impl<const R: usize> Filter<R> {
    fn new(variance: f32) -> Self {
        let unit = |k: usize| std::array::from_fn(|i| if i == k { variance } else { 0.0 });
        Self { inverse: std::array::from_fn(unit) }
    }

    /// The step for these regressors: how far each coefficient goes for an error of 1.
    #[inline(always)]
    fn step(&mut self, x: &[f32; R]) -> [f32; R] {
        let mut image = [0.0; R];
        for (row, &value) in self.inverse.iter().zip(x) {
            for (sum, &p) in image.iter_mut().zip(row) {
                *sum += value * p;
            }
        }
        let share = 1.0 / (1.0 + dot(&image, x).max(0.0));
        let step = image.map(|p| p * share);
        for (row, &p) in self.inverse.iter_mut().zip(&image) {
            for (entry, &s) in row.iter_mut().zip(&step) {
                *entry -= p * s;
            }
        }
        step
    }
}

/// The sum of products, in four interleaved parts.
#[inline(always)]
fn dot<const R: usize>(a: &[f32; R], b: &[f32; R]) -> f32 {
    let mut parts = [0.0; 4];
    for (a, b) in a.as_chunks::<4>().0.iter().zip(b.as_chunks::<4>().0) {
        for i in 0..4 {
            parts[i] += a[i] * b[i];
        }
    }
    parts[0] + parts[1] + (parts[2] + parts[3])
}

/// The factors and the current row.
#[derive(Clone, Debug)]
pub struct LowRank<const R: usize> {
    columns: Vec<[f32; R]>,
    current: Vec<f32>,
    at: usize,
    rows: usize,
    row: [f32; R],
    within: Filter<R>,
    across: Filter<R>,
}

impl<const R: usize> LowRank<R> {
    /// For rows of `width` numbers, `len` in all.
    pub fn new(width: usize, len: usize) -> Self {
        let followed = if (MIN_COLUMNS..=MAX_COLUMNS).contains(&width) && width < len { width } else { 0 };
        Self {
            columns: vec![[0.0; R]; followed],
            current: vec![0.0; followed],
            at: 0,
            rows: 0,
            row: [0.0; R],
            within: Filter::new(ROW_VARIANCE),
            across: Filter::new(COLUMN_VARIANCE),
        }
    }

    /// Bytes that the state takes.
    pub fn memory(width: usize) -> u64 {
        if width <= MAX_COLUMNS { width as u64 * 4 * (R as u64 + 1) } else { 0 }
    }

    /// The expected value in units of the expected magnitude.
    #[inline]
    pub fn predict(&self) -> f32 {
        self.columns.get(self.at).map_or(0.0, |factors| dot(factors, &self.row))
    }

    /// Takes the next value in, in units of the expected magnitude.
    #[inline]
    pub fn update(&mut self, value: f32) {
        let (Some(factors), Some(current)) = (self.columns.get(self.at), self.current.get_mut(self.at))
        else {
            return;
        };
        let value = value.clamp(-OUTLIER, OUTLIER);
        *current = value;
        if self.rows > 0 {
            let error = value - dot(factors, &self.row);
            let step = self.within.step(factors);
            for (coefficient, s) in self.row.iter_mut().zip(step) {
                *coefficient += s * error;
            }
        }
        self.at += 1;
        if self.at == self.columns.len() {
            self.end_row();
        }
    }

    fn end_row(&mut self) {
        let step = if self.rows > 0 { self.across.step(&self.row) } else { [0.0; R] };
        for (factors, &value) in self.columns.iter_mut().zip(&self.current) {
            let error = value - dot(factors, &self.row);
            for (factor, s) in factors.iter_mut().zip(step) {
                *factor += s * error;
            }
            // The first rows are what later ones are first compared with.
            if let Some(factor) = factors.get_mut(self.rows) {
                *factor += error;
            }
        }
        self.rows += 1;
        self.at = 0;
        self.row = [0.0; R];
        self.within = Filter::new(ROW_VARIANCE);
    }
}
#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::testing::Rng;

    #[test]
    fn finds_an_outer_product() {
        let (mut rng, mut rank) = (Rng(1), LowRank::<RANK>::new(40, 4000));
        let mut draw = |n: usize| (0..n).map(|_| rng.below(2000) as f32 / 1000.0 - 1.0).collect::<Vec<f32>>();
        let (rows, columns) = (draw(100), draw(40));
        let (mut agree, mut count) = (0, 0);
        for (i, row) in rows.iter().enumerate() {
            for column in &columns {
                let value = row * column * 3.0;
                if i > 50 {
                    agree += u32::from((rank.predict() > 0.0) == (value > 0.0));
                    count += 1;
                }
                rank.update(value);
            }
        }
        assert!(agree * 100 > count * 80, "{agree} of {count}");
        assert!(rank.columns.iter().flatten().all(|f| f.abs() < 100.0));
    }

    #[test]
    fn stays_finite() {
        let mut rank = LowRank::<TRIAL_RANK>::new(9, 9000);
        for i in 0..9000 {
            assert!(rank.predict().is_finite());
            rank.update([f32::INFINITY, f32::NEG_INFINITY, 0.0, 1e30, -1.0][i % 5]);
        }
    }
}
