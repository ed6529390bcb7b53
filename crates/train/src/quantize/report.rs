//! What a quantized model costs.

use crate::transformer::Grade;
use std::fmt;

/// One tensor's share.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorReport {
    /// Its name.
    pub name: String,
    /// Rows and columns, as they were coded.
    pub shape: (usize, usize),
    /// Bits per weight of the integers.
    pub bits_per_weight: f64,
    /// Root of the ratio of the squared errors to the squared weights.
    pub relative_error: f64,
    /// Share of weights that are zero.
    pub zeros: f64,
}

/// Quality before and after, measured on the decoded file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// The source.
    pub before: Grade,
    /// The decoded file.
    pub after: Grade,
    /// Windows of the text used for calibration.
    pub calibration_windows: usize,
    /// Windows, other ones, that the grades are from.
    pub grading_windows: usize,
}

/// What came of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Bytes of the source.
    pub source_bytes: u64,
    /// Bytes of the payload, or of the GGUF file.
    pub payload_bytes: u64,
    /// Bytes of the file that it decodes to.
    pub decoded_bytes: u64,
    /// Floats in the source.
    pub weights: u64,
    /// The quantized tensors.
    pub tensors: Vec<TensorReport>,
    /// Quality, where a calibration text was given.
    pub quality: Option<Quality>,
    /// Passes over the model that the search for the scale took.
    pub tries: usize,
}

impl Report {
    /// Bits per weight of the payload, everything counted.
    #[must_use]
    pub fn bits_per_weight(&self) -> f64 {
        self.payload_bytes as f64 * 8.0 / self.weights.max(1) as f64
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<32} {:>13} {:>8} {:>8} {:>7}", "tensor", "shape", "bits/w", "error", "zeros")?;
        for tensor in &self.tensors {
            let shape = format!("{}x{}", tensor.shape.0, tensor.shape.1);
            let (bits, error) = (tensor.bits_per_weight, tensor.relative_error * 100.0);
            let zeros = tensor.zeros * 100.0;
            writeln!(f, "{:<32} {shape:>13} {bits:>8.3} {error:>7.2}% {zeros:>6.1}%", tensor.name)?;
        }
        writeln!(
            f,
            "{} -> {} bytes, {:.3} bits per weight of {} (everything counted), {:.2} to 1",
            self.source_bytes,
            self.payload_bytes,
            self.bits_per_weight(),
            self.weights,
            self.source_bytes as f64 / self.payload_bytes.max(1) as f64
        )?;
        match &self.quality {
            None => write!(f, "calibrated by the weights alone: no quality was measured"),
            Some(quality) => write!(
                f,
                "bits per byte {:.4} -> {:.4}, divergence {:.5} bits per byte, on {} windows of the text; calibrated on {} others",
                quality.before.bits,
                quality.after.bits,
                quality.after.divergence,
                quality.grading_windows,
                quality.calibration_windows
            ),
        }
    }
}
