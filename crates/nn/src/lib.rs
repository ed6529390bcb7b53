//! Networks that learn while they compress, with the same bits on every machine.
//!
//! [`ByteLstm`] predicts the next byte and learns from it; [`BitTree`] hands its distribution out bit by bit.
//! Encoder and decoder run the same training, so every number must be equal on both sides: all arithmetic is f32
//! in sixteen virtual lanes with fixed order, without fused multiply-add and without libm (see `docs/nn.md`).

mod bits;
mod blob;
mod config;
#[cfg(test)]
mod gradient_test;
mod hint;
mod layer;
mod lstm;
mod matcher;
mod output;
mod random;
mod simd;
mod table;
mod train;

pub use bits::BitTree;
pub use config::Config;
pub use hint::Hint;
pub use lstm::ByteLstm;
pub use matcher::Matcher;
pub use simd::Isa;
pub use train::train;
