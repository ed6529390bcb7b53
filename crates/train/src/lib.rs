//! Networks with gradients: what pruning, quantizing and distilling need.

pub mod autoencoder;
pub mod causal;
pub mod insight;
pub mod mnist;
pub mod picture;
pub mod quantize;
pub mod records;
pub mod transformer;
pub mod waves;
