//! Rounding that weighs what an integer costs against the error it makes (rate–distortion optimisation).
//!
//! As in DeepCABAC, the costs are those of the adaptive coder at the place reached, given all choices before: zeros in
//! a sparse row are cheaper than in a dense one, so importance and context decide together what is pruned.
//!
//! ```
//! use minlen_nn::quantized::rdo::{Goal, round};
//! use minlen_nn::quantized::{Layer, Levels};
//! let weights: Vec<f32> = (0..64).map(|i| if i % 8 == 0 { 3.1 } else { 0.55 }).collect();
//! let start = Layer { levels: Levels::Uniform(vec![0]), ..Layer::new(8, 8, vec![1; 64]) };
//! let rounded = |lambda| {
//!     let mut layers = [start.clone()];
//!     let goal = Goal { weights: &weights, importance: &[], lambda };
//!     round(&mut layers, &[goal]).map(|bits| (bits, layers[0].non_zeros()))
//! };
//! // Where bits cost nothing, every weight goes to the nearest integer; where they do, the small ones are pruned.
//! let (exact, cheap) = (rounded(0.0)?, rounded(0.3)?);
//! assert!(exact.1 == 64 && cheap.1 < 64 && cheap.0 < exact.0);
//! # Ok::<(), minlen_core::Error>(())
//! ```

use super::{Layer, Levels, Pricer, step_value};
use minlen_core::{Error, Result};

/// What a layer should come close to.
#[derive(Clone, Copy, Debug)]
pub struct Goal<'a> {
    /// The weights, row by row.
    pub weights: &'a [f32],
    /// How much the squared error of each weight counts (a diagonal of the Fisher matrix, say); empty: 1 for all.
    pub importance: &'a [f32],
    /// What a bit is worth in units of weighted squared error.
    pub lambda: f32,
}

/// Chooses the integers of `layers` (their shapes and uniform steps are given) so that error + lambda * bits is small:
/// for every weight in turn the best of 0 and the two integers around it. Gives the bits of the integers.
///
/// Rows and columns that are all zero in `layers` stay so: set the integers (by rounding, say) before.
///
/// # Errors
/// Usage if shapes differ, or levels are not uniform.
pub fn round(layers: &mut [Layer], goals: &[Goal<'_>]) -> Result<f64> {
    if layers.len() != goals.len() {
        return Err(Error::usage(format!("{} goals for {} layers", goals.len(), layers.len())));
    }
    let mut pricer = Pricer::new();
    let mut bits = 0.0;
    for (layer, goal) in layers.iter_mut().zip(goals) {
        pricer.begin(layer)?;
        let fits = |n: usize| n == layer.integers.len();
        if !fits(goal.weights.len()) || !(goal.importance.is_empty() || fits(goal.importance.len())) {
            return Err(Error::usage("weights or importance of another shape than the layer's"));
        }
        let Levels::Uniform(steps) = &layer.levels else {
            return Err(Error::usage("rate-distortion optimised rounding needs uniform steps"));
        };
        for (i, q) in layer.integers.iter_mut().enumerate() {
            let step = step_value(steps[if steps.len() == 1 { 0 } else { i / layer.columns }]);
            *q = best(&pricer, goal, i, step);
            bits += f64::from(pricer.commit(*q));
        }
    }
    Ok(bits)
}

/// The best integer for weight `i`.
fn best(pricer: &Pricer, goal: &Goal<'_>, i: usize, step: f32) -> i32 {
    if pricer.is_skipped() {
        return 0;
    }
    let weight = goal.weights[i];
    let importance = goal.importance.get(i).copied().unwrap_or(1.0);
    let scaled = (weight / step).clamp(-super::INTEGER_MAX as f32, super::INTEGER_MAX as f32);
    let low = scaled.abs().floor() as i32;
    let mut best = (f32::INFINITY, 0);
    for size in [0, low, low + 1] {
        let q = (if scaled < 0.0 { -size } else { size }).clamp(-super::INTEGER_MAX, super::INTEGER_MAX);
        let error = weight - q as f32 * step;
        let cost = importance * error * error + goal.lambda * pricer.cost(q);
        if cost < best.0 {
            best = (cost, q);
        }
    }
    best.1
}
