//! Model weights and float arrays: codecs of numbers. Where in a file they are, the crate `minlen-structure` finds.
//!
//! * [`group`] codes the arrays of one block together, at one of three strengths: [`fast`] and [`dense`] (static tables, rANS),
//!   [`max`] (mixing of predictions), each also as a difference from a base ([`delta`]).
//! * [`field`] predicts fields and series of measurements, exactly or within an error bound.
//! * [`quantized`] codes quantized and pruned weights, [`packed`] a model file with such weights.

pub mod array;
pub mod delta;
pub mod dense;
pub mod dtype;
pub mod fast;
pub mod field;
pub mod group;
pub mod max;
pub mod packed;
pub mod quantized;
mod sealed;
pub mod weights;

/// True if a checksum is not the one that was told. Fuzz targets see through checksums, which hardly any changed payload would
/// pass.
#[doc(hidden)]
#[must_use]
pub const fn sums_differ(found: u32, told: u32) -> bool {
    found != told && !cfg!(fuzzing)
}

pub use array::{Array, Target};
pub use minlen_core::layout::Dtype;
