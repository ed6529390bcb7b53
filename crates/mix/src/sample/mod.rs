//! What the models of images and of sound share: predictions of a *number* turned into predictions of its bits.
//!
//! A sample (a pixel's channel, a sound's sample) is predicted by several *experts*: each gives a value with a fraction,
//! and how far such values were off lately. [`SampleModel`] turns every expert's pair into a probability for the next bit by
//! tables that learn ([`experts`]), adds bit histories of hashed contexts, and mixes. [`ols`] holds the least squares
//! that the best experts come from.
//!
//! Arithmetic: everything is integer but [`ols`], which uses `f32`/`f64` additions, multiplications and divisions in
//! a written order only; IEEE 754 fixes the result of each, so all machines agree (Rust never fuses or reorders them).

pub mod experts;
pub mod model;
pub mod ols;

pub use experts::{FRACTION, Shape};
pub use model::{Config, SampleModel};
