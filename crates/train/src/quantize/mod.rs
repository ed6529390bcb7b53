//! Quantization.

pub mod calibrate;
pub mod choose;
pub mod factor;
pub mod payload;
mod random;
pub mod scales;

pub use random::Random;
