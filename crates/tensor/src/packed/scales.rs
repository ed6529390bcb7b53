//! Steps by row and column.
//!
//! Codes count in sixteenths of a factor of two ([`step_value`]); those of rows and columns count in [`UNIT`]s of that, a quarter of a factor
//! of two each.
//!
//! ```
//! use minlen_tensor::Dtype;
//! use minlen_tensor::packed::scales::Scales;
//! let mut scales = Scales::uniform(-16, 2, 3, Dtype::F32);
//! scales.rows[1] = 4;
//! // Twice the step in the second row.
//! assert_eq!((scales.step(0, 0), scales.step(1, 2)), (0.5, 1.0));
//! assert_eq!(scales.value(1, 0, -3), -3.0);
//! ```

use crate::Dtype;
use crate::quantized::step_value;
use crate::weights::rounded;

/// What one in the code of a row or column is, in sixteenths of a factor of two.
pub const UNIT: i32 = 4;
/// Largest code of a row or column.
pub const CODE_MAX: i32 = 60;

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
