//! Model weights and float arrays: codecs of numbers. Where in a file they are, the crate `minlen-structure` finds.
//!
//! * [`group`] codes the arrays of one block together, at one of three strengths: [`fast`] and [`dense`] (static tables, rANS),
//!   [`max`] (mixing of predictions), each also as a difference from a base ([`delta`]).
//! * [`field`] predicts fields and series of measurements, exactly or within an error bound.
//! * [`quantized`] codes quantized and pruned weights, [`packed`] a model file with such weights.
//!
//! ## Which one should I use?
//!
//! | You have | Use | Speed |
//! |---|---|---|
//! | the arrays of a model file | [`group`] with [`group::Strength::Fast`] | as memory |
//! | the same, and some time | [`group::Strength::Dense`] | a little slower |
//! | the same, and much time | [`group::Strength::Max`] | about a megabyte a second |
//! | a model and the one that it was trained from | [`group`] with [`Array::base`], or [`delta`] alone | |
//! | a grid or a series of measurements | [`field`] | by [`field::Effort`] |
//! | the same, and floats need not be exact | [`field::bounded`] | by [`field::Effort`] |
//! | small integers in place of weights | [`quantized`], [`packed`] for a file around them | |
//! | weights in one type, wanted in another | [`weights`] | |
//!
//! Lengths of arrays are in bytes, columns in *units*: a unit is one number, or one block of a packed type of GGUF ([`Dtype::unit`] has its
//! bytes). Numbers are little-endian. All of it computes in integers, or in floats in a fixed order, so that every machine writes
//! the same bytes; vector instructions change the speed only.
//!
//! Decoders take bytes from anywhere: what they allocate is reserved from [`minlen_core::Env::budget`] first, and damage is an error.
//!
//! ```
//! use minlen_core::Env;
//! use minlen_tensor::group::{self, Strength};
//! use minlen_tensor::{Array, Dtype, Target};
//! // A matrix of 64 rows and 32 columns of small 32-bit floats.
//! let bytes: Vec<u8> = (0..2048).flat_map(|i| (0.01 * (i % 97) as f32).to_le_bytes()).collect();
//! let array = Array { dtype: Dtype::F32, columns: 32, bytes: &bytes, base: None };
//! let mut payload = Vec::new();
//! group::encode(&[array], Strength::Fast, &Env::default(), &mut payload)?;
//! assert!(payload.len() < bytes.len());
//!
//! // One row of it.
//! let (row, mut out) = (128, [0; 128]);
//! let wanted = 5 * row..6 * row;
//! let target = Target { dtype: Dtype::F32, columns: 32, len: 8192, base: None, wanted: wanted.clone(), out: &mut out };
//! group::decode(&payload, &mut [target], &Env::default())?;
//! assert_eq!(out, bytes[wanted]);
//! # Ok::<(), minlen_core::Error>(())
//! ```

pub mod array;
pub mod delta;
pub mod dense;
pub mod dtype;
pub mod fast;
pub mod field;
pub mod group;
pub mod max;
pub mod packed;
pub mod weights;

pub use minlen_nn::quantized;

/// True if a checksum is not the one that was told. Fuzz targets see through checksums, which hardly any changed payload would
/// pass.
#[doc(hidden)]
#[must_use]
pub const fn sums_differ(found: u32, told: u32) -> bool {
    found != told && !cfg!(fuzzing)
}

pub use array::{Array, Target};
pub use minlen_core::layout::Dtype;
