//! Learning the predictor of [`minlen_nn::causal`] from records: what comes next, given what was there.

mod learn;

pub use learn::{Learned, Recipe, learn};

#[cfg(test)]
mod tests;
