//! Networks with gradients: what pruning, quantizing and distilling need.

pub mod matrix;
pub mod mnist;
pub mod transformer;
pub mod weights;
pub mod quantize;
