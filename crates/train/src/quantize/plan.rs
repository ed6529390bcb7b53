//! Which tensors are quantized, and what is known about each.

use super::calibrate::{Moments, moments};
use super::factor::{Factor, Side};
use super::outliers::{self, Plan};
use super::prune::mask;
use super::report::{Measure, TensorReport};
use super::{Options, Output, Random};
use crate::transformer::{Reference, Transformer, windows};
use minlen_core::layout::{Dtype, Element, Layout, Span};
use minlen_core::{Env, Error, ErrorKind, Result};
use minlen_structure::formats;
use minlen_tensor::weights::to_f32;

/// A tensor to be quantized, or consecutive rows of one.
pub(super) struct Part {
    pub tensor: Span,
    /// Rows of the whole tensor, and the one that is the first here.
    pub whole_rows: usize,
    pub first: usize,
    pub rows: usize,
    pub columns: usize,
    pub weights: Vec<f32>,
    pub factors: (Factor, Factor),
    pub pruned: Vec<bool>,
}

/// The reports on the tensors that parts belong to: `of` gives the decoded weights of each part and the bits they take, or
/// nothing where it has no report.
pub(super) fn measured(
    parts: &[Part],
    mut of: impl FnMut(usize, &Part) -> Result<Option<(Vec<f32>, f64)>>,
) -> Result<Vec<TensorReport>> {
    let mut reports = Vec::new();
    let mut at = 0;
    while let Some(first) = parts.get(at) {
        // Parts of a tensor follow each other.
        let mut measure = Measure::default();
        let mut any = false;
        let mut row = 0;
        while let Some(part) =
            parts.get(at).filter(|part| part.tensor.name == first.tensor.name && part.first >= row)
        {
            if let Some((decoded, bits)) = of(at, part)? {
                if decoded.iter().any(|weight| !weight.is_finite()) {
                    let what = format!("a weight of {:?} would become no number", part.tensor.name);
                    return Err(Error::new(ErrorKind::Verify, what));
                }
                measure.add(part.first, &part.weights, &decoded, part.columns, bits);
                any = true;
            }
            (at, row) = (at + 1, part.first + part.rows);
        }
        if any {
            reports.push(measure.report(&first.tensor.name, (first.whole_rows, first.columns)));
        }
    }
    Ok(reports)
}

/// Matrices that stay as they are, by name, and why.
pub(super) type Kept = Vec<(String, String)>;

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

/// The tensors worth quantizing, in the order of the file, and those of them that are kept as they are with the reason.
pub(super) fn parts(
    layout: &Layout,
    source: &[u8],
    judge: Option<&Judge>,
    options: &Options,
    env: &Env,
) -> Result<(Vec<Part>, Kept)> {
    if matches!(layout.format, formats::NPZ | formats::TORCH | formats::HDF5 | formats::BLOB) {
        return Err(Error::unsupported(
            "files of this kind cannot be quantized: they hold checksums of their arrays",
        )
        .remedy("convert the model to safetensors first"));
    }
    // Rows can be kept apart where nothing but the weights decides, and where the file says where rows are.
    let apart = judge.is_none() && !matches!(options.output, Output::Gguf(_));
    let (mut parts, mut kept) = (Vec::new(), Vec::new());
    for tensor in layout.spans.iter().filter(|tensor| is_candidate(tensor, options)) {
        env.check()?;
        let bytes = &source[tensor.start as usize..(tensor.start + tensor.len) as usize];
        let weights = to_f32(tensor.dtype, bytes).unwrap_or_default();
        let columns = (tensor.columns() as usize).max(1);
        if let Some(place) = weights.iter().position(|weight| !weight.is_finite()) {
            let (name, row) = (&tensor.name, place / columns);
            return Err(Error::usage(format!(
                "array {name:?} holds a weight that is no number of 32 bits, or infinite (row {row})"
            ))
            .at(tensor.start + place as u64 * tensor.dtype.unit() as u64)
            .remedy("mend the model; compressing takes it as it is"));
        }
        if tensor.dtype == Dtype::F64 && are_lost(bytes, &weights) {
            kept.push((tensor.name.clone(), "its weights are too small for 32 bits".into()));
            continue;
        }
        match outliers::plan(&weights, columns, apart) {
            Plan::Exact if !matches!(options.output, Output::Gguf(_)) => {
                kept.push((tensor.name.clone(), "outliers are too far from its other weights".into()));
            }
            Plan::Rows(rows) if rows.is_empty() => {
                kept.push((tensor.name.clone(), "it has outliers in every row".into()));
            }
            Plan::Rows(rows)
                if rows.len() > 1 || rows.first().is_some_and(|r| r.len() * columns < weights.len()) =>
            {
                parts
                    .extend(rows.into_iter().map(|rows| some_rows(tensor, &weights, columns, rows, options)));
            }
            _ => parts.push(part(tensor, weights, judge, options)),
        }
    }
    if parts.is_empty() {
        return Err(Error::usage("the file holds no matrices of floats to quantize"));
    }
    Ok((parts, kept))
}

/// True if weights of 64 bits that are not all 0 have become so in 32.
fn are_lost(bytes: &[u8], weights: &[f32]) -> bool {
    let wide = bytes.as_chunks().0.iter().map(|eight| f64::from_le_bytes(*eight));
    weights.iter().all(|weight| *weight == 0.0) && wide.into_iter().any(|weight| weight != 0.0)
}

fn is_candidate(tensor: &Span, options: &Options) -> bool {
    let float = matches!(tensor.dtype, Dtype::F64 | Dtype::F32 | Dtype::F16 | Dtype::Bf16);
    let count: u64 = tensor.shape.iter().product();
    // Complex numbers look like floats only to coding.
    let declared = tensor.declared();
    let plain = declared.element == Element::Number(tensor.dtype) && !declared.big_endian;
    float && plain && declared.shape.len() > 1 && count >= options.smallest.max(1)
}

/// Some rows of a tensor of which nothing but the weights is known.
fn some_rows(
    tensor: &Span,
    weights: &[f32],
    columns: usize,
    rows: std::ops::Range<usize>,
    options: &Options,
) -> Part {
    let weights = &weights[rows.start * columns..rows.end * columns];
    let unit = tensor.dtype.unit() as u64;
    let shape = vec![rows.len() as u64, columns as u64];
    let start = tensor.start + (rows.start * columns) as u64 * unit;
    let some = Span::array(tensor.name.clone(), tensor.dtype, shape, start, weights.len() as u64 * unit);
    let pruned =
        options.sparsity.map_or_else(Vec::new, |(share, score)| mask(weights, columns, None, share, score));
    Part {
        whole_rows: (tensor.len / unit) as usize / columns,
        first: rows.start,
        rows: rows.len(),
        columns,
        factors: energies(weights, columns),
        weights: weights.to_vec(),
        pruned,
        tensor: some,
    }
}

fn part(tensor: &Span, weights: Vec<f32>, judge: Option<&Judge>, options: &Options) -> Part {
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
    Part { tensor: tensor.clone(), whole_rows: rows, first: 0, rows, columns, weights, factors, pruned }
}

/// The mean energy of all rows is at most so many times that of the middle one: a few large rows do not decide.
const ABOVE_MIDDLE: f64 = 16.0;

/// What weights alone say: an error counts relative to the mean of the energy of the row and of the tensor, outliers held back.
fn energies(weights: &[f32], columns: usize) -> (Factor, Factor) {
    let rows = weights.chunks(columns);
    let energies: Vec<f64> =
        rows.map(|row| outliers::energy(row, outliers::counted(row)) / row.len() as f64).collect();
    let mut sorted: Vec<f64> = energies.iter().copied().filter(|energy| *energy > 0.0).collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or(0.0);
    let mean = energies.iter().sum::<f64>() / energies.len().max(1) as f64;
    let all = mean.min(middle * ABOVE_MIDDLE).max(1e-30);
    let rows: Vec<f64> = energies.iter().map(|energy| 1.0 / (energy.max(all * 1e-3) * all).sqrt()).collect();
    (Side::Diagonal(rows).factor(0.0), Side::Diagonal(vec![1.0; columns]).factor(0.0))
}
