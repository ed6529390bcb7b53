//! Context mixing: many models each predict the next bit from their own context, a small network of integer mixers
//! weighs them by what they were worth, and an arithmetic coder writes the difference to what came.
//!
//! Method: Mahoney, "Adaptive weighing of context models for lossless data compression" (2005), and the PAQ, lpaq and
//! ZPAQ family that followed. Everything is integer arithmetic; vectors change the speed only ([`minlen_entropy::mixing::simd`]).
//!
//! ## Which part do I need?
//!
//! | You want to | Use |
//! |---|---|
//! | code any bytes | [`cm::codec`], or [`codecs`] for all of this crate |
//! | code source, logs, JSON or CSV several times faster | [`ppm::codec`] |
//! | code pixels or sound | [`samples::codecs`]; [`image::ImageModel`], [`audio::AudioModel`] for the bare models |
//! | start from typical data | [`prior`] |
//! | make call targets in x86 code absolute | [`bcj`] |
//! | build a model of your own | [`Predictor`], with [`bit_history`], [`hash_table`], [`match_model`], [`sse`], and [`minlen_entropy::mixing`] |
//!
//! Decoding takes as long as encoding and as much memory, since both sides run the same model; [`minlen_core::Codec::memory`] says how
//! much before it is taken. Nothing is decoded in parts, and one piece of data is coded on one thread.
//!
//! ```
//! use minlen_core::Env;
//! let cm = minlen_mix::cm::codec();
//! let text = b"what is predicted well costs little; ".repeat(20);
//! let params = cm.params().with_text("model", "fast")?;
//! let (mut payload, mut back) = (Vec::new(), Vec::new());
//! cm.encode(&text, &params, &Env::default(), &mut payload)?;
//! assert!(payload.len() < 80);
//! cm.decode(&payload, text.len(), &Env::default(), &mut back)?;
//! assert_eq!(back, text);
//! # Ok::<(), minlen_core::Error>(())
//! ```

pub mod audio;
pub mod bcj;
pub mod bit_history;
pub mod cm;
pub mod contexts;
pub mod engine;
pub mod hash_table;
pub mod image;
mod likely;
mod lstm_model;
mod match_bypass;
pub mod match_model;
pub mod model_type;
pub mod ppm;
mod predictor;
mod pretrained;
pub mod prior;
pub mod records;
pub mod sample;
pub mod samples;
mod shipped;
mod similarity;
pub mod sse;

pub use predictor::Predictor;

/// Every codec of this crate, ready to be registered.
#[must_use]
pub fn codecs() -> Vec<std::sync::Arc<dyn minlen_core::Codec>> {
    [cm::codec_with(samples::offer), ppm::codec()].into_iter().chain(samples::codecs()).collect()
}
