//! Logistic mixing in integers: many predictions of one bit become one better prediction.
//!
//! The method of PAQ (Mahoney, *Adaptive weighing of context models for lossless data compression*, 2005): go to the
//! logistic domain ([`stretch`]), take a weighted sum, come back ([`squash`]), and move the weights against the
//! error ([`Mixer`]; for many inputs, [`TwoLayerMixer`] or [`FixedMixer`]). An [`Apm`] then corrects a prediction by what it was worth before in the same context.
//!
//! The logistic domain here is binary: `stretch(p) = 128 * log2(p / (1 - p))`, rounded, in `-2047..=2047`, which
//! covers all of the 16-bit probabilities. The tables are made at compile time from integers.
//!
//! ```
//! use minlen_entropy::mixing::{Mixer, squash, stretch};
//! assert_eq!((stretch(32_768), squash(0)), (0, 32_768));
//! let mut mixer = Mixer::<2>::new(1, 16);
//! for _ in 0..500 {
//!     let p = mixer.mix([stretch(20_000), stretch(60_000)], 0);
//!     mixer.update(1, p);
//! }
//! assert!(mixer.mix([stretch(20_000), stretch(60_000)], 0) > 56_000);
//! ```

mod adaptive_prob;
mod apm;
mod fixed;
mod mixer;
pub mod simd;
mod stretch;
mod two_layer;

pub use adaptive_prob::{AdaptiveProb, stretch_table};
pub use apm::{Apm, Precision};
pub use fixed::{FixedMixer, RatePolicy};
pub use mixer::Mixer;
pub use stretch::{STRETCH_MAX, squash, stretch};
pub use two_layer::TwoLayerMixer;
