//! What a quantized model costs.

use super::outliers::{energy, reported};
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
    /// Root of the ratio of the squared errors to the squared weights. A weight that is far larger than most of its row, and its
    /// error, count as if it were three times as large as those: it cannot hide what became of them.
    pub relative_error: f64,
    /// The row in which that is worst, and the ratio there. Of two the first one.
    pub worst_row: (usize, f64),
    /// Share of weights that are zero.
    pub zeros: f64,
    /// Rows of which nothing but zeros is left.
    pub emptied_rows: usize,
    /// True if nothing but zeros is left of the whole tensor.
    pub emptied: bool,
    /// Rows that were kept exactly, because of weights that are far larger than the others.
    pub exact_rows: usize,
}

/// What is counted of a tensor, of which some rows may be kept apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Measure {
    bits: f64,
    error: f64,
    energy: f64,
    count: f64,
    zeros: f64,
    rows: usize,
    emptied_rows: usize,
    any: bool,
    left: bool,
    worst: Option<(usize, f64)>,
}

impl Measure {
    /// Adds rows from `first` on: their weights, what is decoded of them, and the bits that takes.
    pub(super) fn add(&mut self, first: usize, weights: &[f32], decoded: &[f32], columns: usize, bits: f64) {
        self.bits += bits;
        self.count += weights.len() as f64;
        self.zeros += decoded.iter().filter(|weight| **weight == 0.0).count() as f64;
        for (i, (row, back)) in weights.chunks(columns).zip(decoded.chunks(columns)).enumerate() {
            let most = reported(row);
            let energy = energy(row, most);
            let error: f64 = row.iter().zip(back).map(|(w, b)| off(*w, *b, most)).sum();
            self.energy += energy;
            self.error += error;
            self.rows += 1;
            let (any, left) = (row.iter().any(|w| *w != 0.0), back.iter().any(|w| *w != 0.0));
            self.any |= any;
            self.left |= left;
            self.emptied_rows += usize::from(any && !left);
            let ratio = (error / energy.max(f64::MIN_POSITIVE)).sqrt();
            if self.worst.is_none_or(|(_, worst)| ratio > worst) {
                self.worst = Some((first + i, ratio));
            }
        }
    }

    /// The report on a tensor of this name and shape.
    pub(super) fn report(self, name: &str, shape: (usize, usize)) -> TensorReport {
        let count = self.count.max(1.0);
        TensorReport {
            name: name.to_owned(),
            shape,
            bits_per_weight: self.bits / count,
            relative_error: (self.error / self.energy.max(f64::MIN_POSITIVE)).sqrt(),
            worst_row: self.worst.unwrap_or_default(),
            zeros: self.zeros / count,
            emptied_rows: self.emptied_rows,
            emptied: self.any && !self.left,
            exact_rows: shape.0.saturating_sub(self.rows),
        }
    }
}

/// The squared error of a weight, scaled as the weight is to count as `most` at most.
fn off(weight: f32, decoded: f32, most: f32) -> f64 {
    let scale = if weight.abs() > most { f64::from(most) / f64::from(weight.abs()) } else { 1.0 };
    let error = (f64::from(decoded) - f64::from(weight)) * scale;
    error * error
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
    /// Matrices that were kept as they are, and why.
    pub kept: Vec<(String, String)>,
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

    /// The tensors of which nothing but zeros is left.
    pub fn emptied(&self) -> impl Iterator<Item = &str> {
        self.tensors.iter().filter(|tensor| tensor.emptied).map(|tensor| tensor.name.as_str())
    }

    /// The tensor with the largest error, and the one with the worst row.
    #[must_use]
    pub fn worst(&self) -> Option<(&TensorReport, &TensorReport)> {
        let by = |key: fn(&TensorReport) -> f64| {
            self.tensors.iter().reduce(|a, b| if key(b) > key(a) { b } else { a })
        };
        Some((by(|tensor| tensor.relative_error)?, by(|tensor| tensor.worst_row.1)?))
    }

    fn write_worst(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((tensor, row)) = self.worst() {
            let (error, (place, worst)) = (tensor.relative_error * 100.0, row.worst_row);
            let worst = worst * 100.0;
            writeln!(f, "worst: {} ({error:.2}%), row {place} of {} ({worst:.2}%)", tensor.name, row.name)?;
        }
        for tensor in self.tensors.iter().filter(|tensor| tensor.exact_rows > 0) {
            writeln!(f, "outliers: {} rows of {} are kept exactly", tensor.exact_rows, tensor.name)?;
        }
        for tensor in self.tensors.iter().filter(|tensor| tensor.emptied_rows > 0) {
            let what =
                if tensor.emptied { "every weight".into() } else { format!("{} rows", tensor.emptied_rows) };
            writeln!(f, "zeros: {what} of {} became 0", tensor.name)?;
        }
        for (name, why) in &self.kept {
            writeln!(f, "kept exactly: {name} ({why})")?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<32} {:>13} {:>8} {:>8} {:>9} {:>7}",
            "tensor", "shape", "bits/w", "error", "worst row", "zeros"
        )?;
        for tensor in &self.tensors {
            let shape = format!("{}x{}", tensor.shape.0, tensor.shape.1);
            let (bits, error) = (tensor.bits_per_weight, tensor.relative_error * 100.0);
            let (worst, zeros) = (tensor.worst_row.1 * 100.0, tensor.zeros * 100.0);
            writeln!(
                f,
                "{:<32} {shape:>13} {bits:>8.3} {error:>7.2}% {worst:>8.2}% {zeros:>6.1}%",
                tensor.name
            )?;
        }
        self.write_worst(f)?;
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
