//! Steps by row and column that spread the error evenly.

use super::factor::Factor;
use minlen_core::Dtype;
use minlen_tensor::packed::scales::{CODE_MAX, Scales, UNIT};

/// Steps of `scale` divided by the roots of the weights of both factors: all terms of the error then cost the same.
#[must_use]
pub fn balanced(scale: f64, factors: (&Factor, &Factor), dtype: Dtype) -> Scales {
    let ideal = |factor: &Factor| -> Vec<f64> { factor.weights.iter().map(|w| -0.5 * w.log2()).collect() };
    let (rows, columns) = (ideal(factors.0), ideal(factors.1));
    let (row, column) = (middle(&rows), middle(&columns));
    let code = |value: f64, middle: f64| {
        let code = ((value - middle) * 16.0 / f64::from(UNIT)).round();
        code.clamp(f64::from(-CODE_MAX), f64::from(CODE_MAX)) as i32
    };
    let most = f64::from(minlen_tensor::quantized::STEP_MAX) / 2.0;
    Scales {
        base: ((scale.log2() + row + column) * 16.0).round().clamp(-most, most) as i32,
        rows: rows.iter().map(|value| code(*value, row)).collect(),
        columns: columns.iter().map(|value| code(*value, column)).collect(),
        dtype,
    }
}

/// The median.
fn middle(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}
