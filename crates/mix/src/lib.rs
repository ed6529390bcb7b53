//! Context mixing: many models each predict the next bit from their own context, a small network of integer mixers
//! weighs them by what they were worth, and an arithmetic coder writes the difference to what came.
//!
//! Method: Mahoney, "Adaptive weighing of context models for lossless data compression" (2005), and the PAQ, lpaq and
//! ZPAQ family that followed. Everything is integer arithmetic; vectors change the speed only ([`minlen_entropy::mixing::simd`]).

pub mod audio;
pub mod bcj;
pub mod bit_history;
pub mod cm;
pub mod contexts;
pub mod engine;
pub mod hash_table;
pub mod image;
mod lstm_model;
mod match_bypass;
pub mod match_model;
pub mod model_type;
mod predictor;
pub mod prior;
pub mod sample;
pub mod samples;
mod shipped;
pub mod sse;

pub use predictor::Predictor;

/// Every codec of this crate, ready to be registered.
#[must_use]
pub fn codecs() -> Vec<std::sync::Arc<dyn minlen_core::Codec>> {
    std::iter::once(cm::codec_with(samples::offer)).chain(samples::codecs()).collect()
}
