//! Model weights and float arrays.
//!
//! * [`containers`] finds the arrays in a file (safetensors, GGUF, ONNX, ...): spans of the file with a type and a shape. What
//!   lies between them belongs to other codecs, so the file comes back byte for byte.
//! * [`group`] codes the arrays of one block together, at one of three strengths: [`fast`] and [`dense`] (static tables, rANS),
//!   [`max`] (mixing of predictions), each also as a difference from a base ([`delta`]).
//! * [`field`] predicts fields and series of measurements, exactly or within an error bound.
//! * [`quantized`] codes quantized and pruned weights, [`packed`] a model file with such weights.

pub mod array;
pub mod containers;
pub mod declared;
pub mod delta;
pub mod dense;
pub mod dtype;
pub mod fast;
pub mod field;
pub mod group;
pub mod layout;
pub mod max;
pub mod packed;
pub mod quantized;
pub mod weights;

/// True if a checksum is not the one that was told. Fuzz targets see through checksums, which hardly any changed payload would
/// pass.
#[doc(hidden)]
#[must_use]
pub const fn sums_differ(found: u32, told: u32) -> bool {
    found != told && !cfg!(fuzzing)
}

pub use array::{Array, Target};
pub use declared::{Declared, Element, Slices};
pub use dtype::Dtype;
pub use layout::{Format, Layout, Source, Tensor};
