//! What rows have in common: a prediction of signed values from a few columns of factors, learned from the rows before.
//!
//! Updates of weights are sums of few outer products, so their signs (and those of Adam's first moments) follow a matrix of low
//! rank in part. Row by row: the row's factors are the least-squares fit to what is known of the row; at its end, the factors of
//! the columns take a step of recursive least squares towards it. Each rank explains what the ranks before it left.

/// Ranks.
const RANK: usize = 16;
/// What a row's factors are held back by.
const ROW_PRIOR: f32 = 20.0;
/// The same for a column's.
const COLUMN_PRIOR: f32 = 0.3;
/// A number counts at most this many times what was expected.
const OUTLIER: f32 = 3.0;
/// Longest row that is followed, and shortest.
const MAX_COLUMNS: usize = 1 << 18;
const MIN_COLUMNS: usize = 8;

/// The factors and the current row.
#[derive(Clone, Debug)]
pub struct LowRank {
    columns: Vec<[f32; RANK]>,
    current: Vec<f32>,
    at: usize,
    product: [f32; RANK],
    norm: [f32; RANK],
    energy: [f32; RANK],
    first: bool,
}

impl LowRank {
    /// For rows of `width` numbers, `len` in all.
    pub fn new(width: usize, len: usize) -> Self {
        let followed = if (MIN_COLUMNS..=MAX_COLUMNS).contains(&width) && width < len { width } else { 0 };
        Self {
            columns: vec![[0.0; RANK]; followed],
            current: vec![0.0; followed],
            at: 0,
            product: [0.0; RANK],
            norm: [0.0; RANK],
            energy: [0.0; RANK],
            first: true,
        }
    }

    /// Bytes that the state takes.
    pub fn memory(width: usize) -> u64 {
        if width <= MAX_COLUMNS { width as u64 * 4 * (RANK as u64 + 1) } else { 0 }
    }

    fn row(&self, k: usize) -> f32 {
        self.product[k] / (self.norm[k] + ROW_PRIOR)
    }

    /// The expected value in units of the expected magnitude.
    #[inline]
    pub fn predict(&self) -> f32 {
        let Some(factors) = self.columns.get(self.at) else { return 0.0 };
        (0..RANK).map(|k| self.row(k) * factors[k]).sum()
    }

    /// Takes the next value in, in units of the expected magnitude.
    #[inline]
    pub fn update(&mut self, value: f32) {
        if self.columns.is_empty() {
            return;
        }
        let value = value.clamp(-OUTLIER, OUTLIER);
        let (mut rest, factors) = (value, self.columns[self.at]);
        for k in 0..RANK {
            let explained = self.row(k) * factors[k];
            self.product[k] += rest * factors[k];
            self.norm[k] += factors[k] * factors[k];
            rest -= explained;
        }
        self.current[self.at] = value;
        self.at += 1;
        if self.at == self.columns.len() {
            self.end_row();
        }
    }

    fn end_row(&mut self) {
        self.at = 0;
        let rows: [f32; RANK] = std::array::from_fn(|k| self.row(k));
        let steps: [f32; RANK] = std::array::from_fn(|k| {
            self.energy[k] = (self.energy[k] + rows[k] * rows[k]).min(40.0);
            rows[k] / (self.energy[k] + COLUMN_PRIOR)
        });
        for (i, (factors, &value)) in self.columns.iter_mut().zip(&self.current).enumerate() {
            let mut rest = value;
            if self.first {
                // Something to start from: the first row, in as many directions as there are ranks.
                *factors = std::array::from_fn(|k| {
                    if super::network::hash(i as u32, k as u32) >> 31 == 0 { value } else { -value }
                });
                continue;
            }
            for k in 0..RANK {
                let left = rest - rows[k] * factors[k];
                factors[k] += steps[k] * left;
                rest = left;
            }
        }
        self.first = false;
        (self.product, self.norm) = ([0.0; RANK], [0.0; RANK]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::testing::Rng;

    #[test]
    fn finds_an_outer_product() {
        let (mut rng, mut rank) = (Rng(1), LowRank::new(40, 4000));
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
        let mut rank = LowRank::new(9, 9000);
        for i in 0..9000 {
            assert!(rank.predict().is_finite());
            rank.update([f32::INFINITY, f32::NEG_INFINITY, 0.0, 1e30, -1.0][i % 5]);
        }
    }
}
