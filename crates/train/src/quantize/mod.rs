//! Quantization of given models: as few bits as a bound allows, measured on what is decoded.
//!
//! [`run`] takes a file of tensors and, for the transformer that [`crate::transformer`] knows, a text. Half of the text's
//! windows say which errors matter ([`calibrate`], [`factor`]); steps and feedback follow from that ([`scales`], [`choose`]);
//! the integers are chosen with their cost in the real adaptive coder in mind, and one number, the scale of all steps, is
//! searched so that the bound just holds ([`search`]) on other windows of the text. Without a text the weights alone decide.
//!
//! What comes out decodes to the same weights everywhere. Which integers are chosen may differ between processors, since the
//! products of the calibration are those of the fastest kernel there.

pub mod calibrate;
pub mod choose;
pub mod codebook;
pub mod factor;
mod feedback;
mod gguf;
mod nearby;
mod outliers;
mod plan;
mod product;
pub mod prune;
mod random;
mod report;
mod run;
pub mod scales;
pub mod search;

use minlen_core::Dtype;

pub use minlen_tensor::packed::decode;
pub use nearby::{Quantizer, nearby};
pub use random::Random;
pub use report::{Quality, Report, TensorReport};
pub use run::run;

/// What a quantized model may cost at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// Bits per weight of the whole payload.
    BitsPerWeight(f64),
    /// Bytes of the payload.
    Size(u64),
    /// Kullback-Leibler divergence of the predictions in bits per byte; needs a calibration text.
    Divergence(f64),
}

/// What the integers stand for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Multiples of a step by row and column, with feedback of errors.
    #[default]
    Steps,
    /// Shared weights of each tensor, found by k-means as in Deep Compression (Han et al. 2016).
    Codebook,
    /// Pairs of neighbours in a row, found by k-means: product quantization.
    Product,
}

/// What is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// The payload, to be wrapped into an archive; [`decode`] reads it.
    #[default]
    Payload,
    /// The file that the payload decodes to: the container and types of the source.
    File,
    /// A GGUF file with matrices in blocks of `Q8_0`, `Q5_0` or `Q4_0`: nothing is searched, the target is only checked.
    Gguf(Dtype),
}

/// By what a pruned weight is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Score {
    /// The smallest of a tensor.
    Magnitude,
    /// The smallest of a row by weight times norm of the input (Wanda: Sun et al. 2024); magnitude without calibration.
    #[default]
    Wanda,
}

/// How to quantize.
#[derive(Clone, Debug)]
pub struct Options {
    /// What it may cost.
    pub target: Target,
    /// What is written.
    pub output: Output,
    /// What integers stand for.
    pub mode: Mode,
    /// The share of the weights of each matrix that is set to zero, and by which score.
    pub sparsity: Option<(f64, Score)>,
    /// Windows of the text that are used for calibration, at most.
    pub calibration_windows: usize,
    /// Windows, other ones, that are used for grading, at most.
    pub grading_windows: usize,
    /// Tensors with fewer weights stay as they are.
    pub smallest: u64,
    /// Seed of the drawn labels.
    pub seed: u64,
    /// Added to the diagonals of the moments of rows (gradients) and of columns (inputs), relative to their mean: less makes
    /// smaller files of a sample that is large and like what the model is used for.
    pub damping: (f64, f64),
    /// What a bit is worth, in units of the squared scale of the steps.
    pub lambda: f64,
}

impl Options {
    /// The usual ones for a target.
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self {
            target,
            output: Output::default(),
            mode: Mode::default(),
            sparsity: None,
            calibration_windows: 512,
            grading_windows: 192,
            smallest: 256,
            seed: 1,
            damping: (0.3, 0.07),
            lambda: 0.02,
        }
    }
}

#[cfg(test)]
mod tests;
