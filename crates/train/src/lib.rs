//! Networks with gradients: what pruning, quantizing and distilling need.

pub mod autoencoder;
pub mod causal;
pub mod mnist;
pub mod quantize;
pub mod transformer;
