//! Steps by row and column.

use super::factor::Factor;
use crate::weights::rounded;
use minlen_tensor::Dtype;
use minlen_tensor::quantized::step_value;

/// What one in the code of a row or column is, in sixteenths of a factor of two.
pub(crate) const UNIT: i32 = 4;
/// Largest code of a row or column.
pub(crate) const CODE_MAX: i32 = 60;

/// The steps of a matrix: `step_value(base) * step_value(UNIT * (row code + column code))`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scales {
    /// A [`step_value`] code.
    pub base: i32,
    /// A code for each row.
    pub rows: Vec<i32>,
    /// A code for each column.
    pub columns: Vec<i32>,
    /// The type that weights are rounded to.
    pub dtype: Dtype,
}

impl Scales {
    /// One step for all.
    #[must_use]
    pub fn uniform(base: i32, rows: usize, columns: usize, dtype: Dtype) -> Self {
        Self { base, rows: vec![0; rows], columns: vec![0; columns], dtype }
    }

    /// Steps of `scale` divided by the roots of the weights of both factors: all terms of the error then cost the same.
    #[must_use]
    pub fn balanced(scale: f64, factors: (&Factor, &Factor), dtype: Dtype) -> Self {
        let ideal =
            |factor: &Factor| -> Vec<f64> { factor.weights.iter().map(|w| -0.5 * w.log2()).collect() };
        let (rows, columns) = (ideal(factors.0), ideal(factors.1));
        let (row, column) = (middle(&rows), middle(&columns));
        let code = |value: f64, middle: f64| {
            let code = ((value - middle) * 16.0 / f64::from(UNIT)).round();
            code.clamp(f64::from(-CODE_MAX), f64::from(CODE_MAX)) as i32
        };
        let most = f64::from(minlen_tensor::quantized::STEP_MAX) / 2.0;
        Self {
            base: ((scale.log2() + row + column) * 16.0).round().clamp(-most, most) as i32,
            rows: rows.iter().map(|value| code(*value, row)).collect(),
            columns: columns.iter().map(|value| code(*value, column)).collect(),
            dtype,
        }
    }

    /// The factor of a place beside the step of the whole matrix.
    #[must_use]
    pub fn factor(&self, row: usize, column: usize) -> f32 {
        step_value(UNIT * (self.rows[row] + self.columns[column]))
    }

    /// The step at a place.
    #[must_use]
    pub fn step(&self, row: usize, column: usize) -> f32 {
        step_value(self.base) * self.factor(row, column)
    }

    /// The weight that an integer stands for at a place, exactly as it is decoded.
    #[must_use]
    pub fn value(&self, row: usize, column: usize, q: i32) -> f32 {
        rounded(self.dtype, q as f32 * step_value(self.base) * self.factor(row, column))
    }
}

/// The median.
fn middle(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}
