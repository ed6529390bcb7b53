//! Networks with the same bits on every machine: some learn while they compress, others were trained before.
//!
//! Trained networks compute in integers ([`integer`]), give distributions of integers ([`logistic`]), and are kept in [`model_file`]s with
//! their weights coded by [`quantized`].
//!
//! [`ByteLstm`] predicts the next byte and learns from it; [`BitTree`] hands its distribution out bit by bit.
//! Encoder and decoder run the same training, so every number must be equal on both sides: all arithmetic is f32
//! in sixteen virtual lanes with fixed order, without fused multiply-add and without libm (see `docs/nn.md`).
//!
//! | You want | Use |
//! |---|---|
//! | a distribution of the next byte that learns as it goes | [`ByteLstm`] |
//! | the same bit by bit, for an arithmetic coder or a mixer | [`BitTree`] over [`ByteLstm::probs`] |
//! | long repeats predicted at once | [`Matcher`], whose [`Hint`]s go to [`ByteLstm::update_with`] |
//! | a network that knows something before the first byte | [`train`], [`ByteLstm::save`], [`ByteLstm::load`] |
//! | another size or schedule | [`Config`] |
//!
//! Time and memory go with [`Config::weights`]: the default has 2 layers of 64 cells, and [`Config::memory`] says what it takes before it is
//! made. Training and coding are single-threaded. Method: LSTM (Hochreiter and Schmidhuber 1997; Gers, Schmidhuber and Cummins 2000), trained
//! by truncated back-propagation through time while it predicts, as in cmix and lstm-compress (Knoll).
//!
//! ```
//! use minlen_nn::{BitTree, ByteLstm, Config};
//! let config = Config { layers: 1, cells: 16, horizon: 8, out_every: 8, ..Config::default() };
//! let (mut one, mut other) = (ByteLstm::new(config)?, ByteLstm::new(config)?);
//! let text = b"abcabcabc".repeat(80);
//! let mut bits = 0.0;
//! for (i, &byte) in text.iter().enumerate() {
//!     // What an arithmetic coder would spend on the last hundred bytes.
//!     bits -= if i + 100 >= text.len() { one.probs()[usize::from(byte)].log2() } else { 0.0 };
//!     one.update(byte);
//!     other.update(byte);
//! }
//! assert!(bits < 200.0, "{bits} bits for 100 bytes that repeat");
//! // Two networks that were shown the same hold the same bits.
//! assert_eq!(one.probs(), other.probs());
//! let tree = BitTree::new(one.probs());
//! assert!((1..=65_535).contains(&tree.p16(1)));
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod bits;
mod blob;
pub mod causal;
mod config;
pub mod fit;
#[cfg(test)]
mod gradient_test;
mod hint;
pub mod integer;
mod layer;
pub mod logistic;
mod lstm;
mod matcher;
pub mod model_file;
mod output;
pub mod quantized;
mod random;
pub mod sealed;
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
