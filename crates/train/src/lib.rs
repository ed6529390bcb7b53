//! Networks with gradients: what pruning, quantizing and distilling need.

pub mod autoencoder;
pub mod matrix;
pub mod mnist;
pub mod quantize;
pub mod transformer;
