//! Which tensors are quantized, and what is known about each.

use super::calibrate::{Moments, moments};
use super::factor::{Factor, Side};
use super::prune::mask;
use super::report::TensorReport;
use super::{Options, Random};
use crate::transformer::{Reference, Transformer, windows};
use minlen_core::{Env, Error, Result};
use minlen_tensor::weights::to_f32;
use minlen_tensor::{Dtype, Format, Layout, Tensor};

/// A tensor to be quantized.
pub(super) struct Part {
    pub tensor: Tensor,
    pub rows: usize,
    pub columns: usize,
    pub weights: Vec<f32>,
    pub factors: (Factor, Factor),
    pub pruned: Vec<bool>,
}

impl Part {
    /// What decoded weights that take this many bits come to.
    pub(super) fn report(&self, decoded: &[f32], bits: f64) -> TensorReport {
        let square = |sum: f64, value: f32| sum + f64::from(value) * f64::from(value);
        let error = decoded.iter().zip(&self.weights).map(|(a, b)| a - b).fold(0.0, square);
        let energy = self.weights.iter().copied().fold(0.0, square).max(f64::MIN_POSITIVE);
        let count = self.weights.len() as f64;
        TensorReport {
            name: self.tensor.name.clone(),
            shape: (self.rows, self.columns),
            bits_per_weight: bits / count,
            relative_error: (error / energy).sqrt(),
            zeros: decoded.iter().filter(|weight| **weight == 0.0).count() as f64 / count,
        }
    }
}

/// A model with a text to judge by.
pub(super) struct Judge {
    pub reference: Reference,
    pub calibration: usize,
    pub grading: usize,
    moments: Vec<(String, Moments)>,
}

impl Judge {
    /// Every other window of the text for calibration, the others for grading.
    pub(super) fn new(model: &Transformer, text: &[u8], options: &Options, env: &Env) -> Result<Self> {
        let all = windows(text, model.config.positions);
        if all.len() < 2 {
            return Err(Error::usage(format!(
                "the calibration text needs two windows of {} bytes: one to calibrate, one to grade",
                model.config.positions + 1
            )));
        }
        let calibration = spread(all.iter().step_by(2).copied().collect(), options.calibration_windows);
        let grading = spread(all.iter().skip(1).step_by(2).copied().collect(), options.grading_windows);
        let found = moments(model, &calibration, Random::new(options.seed).bits(), env)?;
        let named = model.slots.iter().map(|slot| slot.name.clone()).zip(found).collect();
        Ok(Self {
            reference: Reference::new(model, &grading, env)?,
            calibration: calibration.len(),
            grading: grading.len(),
            moments: named,
        })
    }
}

/// At most `most` of the windows, evenly spread over the text.
fn spread(windows: Vec<&[u8]>, most: usize) -> Vec<&[u8]> {
    let count = windows.len().min(most.max(1));
    (0..count).map(|i| windows[i * windows.len() / count]).collect()
}

/// The tensors worth quantizing, in the order of the file.
pub(super) fn parts(
    layout: &Layout,
    source: &[u8],
    judge: Option<&Judge>,
    options: &Options,
    env: &Env,
) -> Result<Vec<Part>> {
    if matches!(layout.format, Format::Npz | Format::Torch | Format::Hdf5 | Format::Blob) {
        return Err(Error::unsupported(
            "files of this kind cannot be quantized: they hold checksums of their arrays",
        )
        .remedy("convert the model to safetensors first"));
    }
    let mut parts = Vec::new();
    for tensor in layout.tensors.iter().filter(|tensor| is_candidate(tensor, options)) {
        env.check()?;
        let bytes = &source[tensor.start as usize..(tensor.start + tensor.len) as usize];
        let weights = to_f32(tensor.dtype, bytes).unwrap_or_default();
        // What is not a number cannot be rounded.
        if weights.is_empty() || weights.iter().any(|w| !w.is_finite()) {
            continue;
        }
        parts.push(part(tensor, weights, judge, options));
    }
    if parts.is_empty() {
        return Err(Error::usage("the file holds no matrices of floats to quantize"));
    }
    Ok(parts)
}

fn is_candidate(tensor: &Tensor, options: &Options) -> bool {
    let float = matches!(tensor.dtype, Dtype::F64 | Dtype::F32 | Dtype::F16 | Dtype::Bf16);
    let count: u64 = tensor.shape.iter().product();
    float && tensor.shape.len() > 1 && count >= options.smallest.max(1)
}

fn part(tensor: &Tensor, weights: Vec<f32>, judge: Option<&Judge>, options: &Options) -> Part {
    let columns = tensor.columns() as usize;
    let rows = weights.len() / columns;
    let moments = judge.and_then(|judge| judge.moments.iter().find(|(name, _)| *name == tensor.name));
    let factors = match moments {
        Some((_, moments)) => moments.factors(options.damping),
        None => energies(&weights, columns),
    };
    let norms = moments.map(|(_, moments)| moments.columns.diagonal());
    let pruned = options
        .sparsity
        .map_or_else(Vec::new, |(share, score)| mask(&weights, columns, norms.as_deref(), share, score));
    Part { tensor: tensor.clone(), rows, columns, weights, factors, pruned }
}

/// What weights alone say: an error counts relative to the mean of the energy of the row and of the tensor.
fn energies(weights: &[f32], columns: usize) -> (Factor, Factor) {
    let energy =
        |row: &[f32]| row.iter().map(|w| f64::from(*w) * f64::from(*w)).sum::<f64>() / row.len() as f64;
    let all = energy(weights).max(1e-30);
    let rows: Vec<f64> =
        weights.chunks(columns).map(|row| 1.0 / (energy(row).max(all * 1e-3) * all).sqrt()).collect();
    (Side::Diagonal(rows).factor(0.0), Side::Diagonal(vec![1.0; columns]).factor(0.0))
}
