//! From a file to its quantized payload.

use super::choose::Matrix;
use super::plan::{Judge, Kept, Part, measured, parts};
use super::report::{Quality, Report, TensorReport};
use super::scales::balanced;
use super::search::largest;
use super::{Mode, Options, Output, Target};
use super::{codebook, gguf, product};
use crate::transformer::Transformer;
use minlen_core::layout::{Dtype, Layout};
use minlen_core::{Advice, Env, Error, ErrorKind, Result};
use minlen_structure::Parsers;
use minlen_tensor::packed::scales::Scales;
use minlen_tensor::packed::{self as payload, Content, Entry, Packed};
use minlen_tensor::quantized::{Layer, Levels, Pricer, STEP_MAX};
use minlen_tensor::weights::to_f32;

/// Relative distance from a bound on the size that is close enough.
const CLOSE_SIZE: f64 = 0.002;
/// The same for a bound on the divergence.
const CLOSE_DIVERGENCE: f64 = 0.02;

/// Quantizes `source` within the bound of `options`, which is checked on what is decoded from the payload. `calibration` is a
/// text for the transformer that [`crate::transformer`] knows; without it the weights alone decide.
///
/// # Errors
/// Usage if the bound cannot be met or makes no sense; unsupported if the file is of another kind, or a text is given for
/// another architecture; verify if what is decoded does not stay within the bound; whatever reading the file gives.
pub fn run(
    options: &Options,
    source: &[u8],
    calibration: Option<&[u8]>,
    progress: &mut dyn FnMut(&str),
    env: &Env,
) -> Result<(Vec<u8>, Report)> {
    check(options, calibration)?;
    let layout = Parsers::arrays()
        .layout(&source)
        .map_err(|error| error.remedy("fetch or export the model again; compressing takes it as it is"))?
        .ok_or_else(|| Error::unsupported("no file of tensors that minlen knows"))?;
    let model = calibration.map(|_| Transformer::from_layout(&layout, source)).transpose()?;
    let judge = match (&model, calibration) {
        (Some(model), Some(text)) => {
            progress("calibrating");
            Some(Judge::new(model, text, options, env)?)
        }
        _ => None,
    };
    let (parts, kept) = parts(&layout, source, judge.as_ref(), options, env)?;
    let job =
        Job { options, source, layout: &layout, weights: floats(&layout), parts, kept, judge, model, env };
    job.run(progress)
}

fn check(options: &Options, calibration: Option<&[u8]>) -> Result<()> {
    let positive = match options.target {
        Target::BitsPerWeight(bound) | Target::Divergence(bound) => bound > 0.0 && bound.is_finite(),
        Target::Size(bytes) => bytes > 0,
    };
    if !positive || options.sparsity.is_some_and(|(share, _)| !(0.0..1.0).contains(&share)) {
        return Err(Error::usage("a bound must be over 0, and a sparsity at least 0 and below 1"));
    }
    if options.mode == Mode::Product && options.sparsity.is_some() {
        return Err(Error::usage("vectors of weights cannot keep single weights at zero")
            .remedy("prune with steps or with a codebook"));
    }
    if matches!(options.target, Target::Divergence(_)) && calibration.is_none() {
        return Err(Error::usage("a bound on the divergence can only be kept with a calibration text")
            .advise(Advice::Calibration));
    }
    Ok(())
}

/// Floats in all tensors.
fn floats(layout: &Layout) -> u64 {
    let float = |dtype: Dtype| dtype.is_float() || dtype.weights() > 1;
    let tensors = layout.spans.iter().filter(|tensor| float(tensor.dtype));
    tensors.map(|tensor| tensor.len / tensor.dtype.unit() as u64 * tensor.dtype.weights() as u64).sum()
}

struct Job<'a> {
    options: &'a Options,
    source: &'a [u8],
    layout: &'a Layout,
    weights: u64,
    parts: Vec<Part>,
    /// Matrices that are kept as they are, and why.
    kept: Kept,
    judge: Option<Judge>,
    model: Option<Transformer>,
    env: &'a Env,
}

/// A model quantized at one scale.
struct Try {
    packed: Packed,
    /// Bits of the integers of each part.
    bits: Vec<f64>,
}

impl Job<'_> {
    fn run(&self, progress: &mut dyn FnMut(&str)) -> Result<(Vec<u8>, Report)> {
        if let Output::Gguf(dtype) = self.options.output {
            return self.gguf(dtype);
        }
        let mut tries = 0;
        // Positions are logarithms of the scale; where the size is bound, smaller scales are the larger positions.
        let sign = if matches!(self.options.target, Target::Divergence(_)) { 1.0 } else { -1.0 };
        let (slope, close) = if sign > 0.0 { (2.0, CLOSE_DIVERGENCE) } else { (0.5, CLOSE_SIZE) };
        let found = largest(sign * self.first_scale().ln(), slope, close, |at| {
            let scale = (sign * at).exp();
            let attempt = self.attempt(scale)?;
            let (over, note) = self.over(&attempt)?;
            tries += 1;
            progress(&format!("try {tries}: {note}"));
            Ok((over, attempt))
        })?;
        let found = found.ok_or_else(|| {
            let kept: Vec<String> = self.kept.iter().map(|(name, why)| format!("{name}: {why}")).collect();
            let why =
                if kept.is_empty() { String::new() } else { format!(" (kept exactly: {})", kept.join("; ")) };
            Error::usage(format!("the bound cannot be met{why}"))
                .remedy("allow more bytes, or a larger divergence")
        })?;
        self.finish(&found.value, tries)
    }

    /// A scale that is about right.
    fn first_scale(&self) -> f64 {
        let count: usize = self.parts.iter().map(|part| part.weights.len()).sum();
        let count = count.max(1) as f64;
        match (self.options.target, &self.judge) {
            // A squared error of scale^2 / 12 for each weight, halved, is nats.
            (Target::Divergence(bound), _) => (bound * std::f64::consts::LN_2 * 20.0 / count).sqrt(),
            (_, Some(_)) => (0.01f64 * 20.0 / count).sqrt(),
            // Normal weights of deviation 1 take about 2 bits with steps of 1.
            _ => {
                let bits = match self.options.target {
                    Target::Size(bytes) => bytes as f64 * 8.0 / self.weights.max(1) as f64,
                    Target::BitsPerWeight(bits) | Target::Divergence(bits) => bits,
                };
                (2.05 - bits.clamp(0.1, 16.0)).exp2()
            }
        }
    }

    /// How far an attempt is over the bound, as a logarithm, and what to say of it.
    fn over(&self, attempt: &Try) -> Result<(f64, String)> {
        if let Target::Divergence(bound) = self.options.target {
            let mut model = self.model.clone().ok_or_else(|| Error::usage("no model to grade"))?;
            for (part, entry) in self.parts.iter().zip(&attempt.packed.entries) {
                if let Some(slot) = model.slots.iter().find(|slot| slot.name == part.tensor.name) {
                    let range = slot.range();
                    model.params[range].copy_from_slice(&entry.weights()?);
                }
            }
            let judge = self.judge.as_ref().ok_or_else(|| Error::usage("no text to grade by"))?;
            let grade = judge.reference.grade(&model, self.env)?;
            let bits = attempt.bits.iter().sum::<f64>() / self.weights.max(1) as f64;
            let note = format!("divergence {:.5}, about {bits:.3} bits per weight", grade.divergence);
            let ratio = (grade.divergence / bound).max(1e-12);
            return Ok((if ratio.is_nan() { 30.0 } else { ratio.ln() }, note));
        }
        let size = payload::encode(&attempt.packed)?.len() as f64;
        let bound = match self.options.target {
            Target::Size(bytes) => bytes as f64,
            Target::BitsPerWeight(bits) | Target::Divergence(bits) => bits * self.weights as f64 / 8.0,
        };
        Ok(((size / bound).ln(), format!("{size} bytes")))
    }

    /// Quantizes all parts at a scale.
    fn attempt(&self, scale: f64) -> Result<Try> {
        let mut pricer = Pricer::new();
        let mut attempt = Try {
            packed: Packed { len: self.source.len() as u64, entries: Vec::new(), rest: Vec::new() },
            bits: Vec::new(),
        };
        let mut end = 0;
        for part in &self.parts {
            self.env.check()?;
            let (entry, bits) = match self.options.mode {
                Mode::Steps => self.steps(part, scale, &mut pricer)?,
                Mode::Codebook => codebook::quantize(part, scale, &mut pricer)?,
                Mode::Product => product::quantize(part, scale, self.env)?,
            };
            attempt.packed.rest.extend_from_slice(&self.source[end..part.tensor.start as usize]);
            end = (part.tensor.start + part.tensor.len) as usize;
            attempt.packed.entries.push(entry);
            attempt.bits.push(bits);
        }
        attempt.packed.rest.extend_from_slice(&self.source[end..]);
        Ok(attempt)
    }

    fn steps(&self, part: &Part, scale: f64, pricer: &mut Pricer) -> Result<(Entry, f64)> {
        let factors = (&part.factors.0, &part.factors.1);
        let mut scales = balanced(scale, factors, part.tensor.dtype);
        reach(&mut scales, &part.weights);
        let matrix = Matrix {
            weights: &part.weights,
            scales: &scales,
            factors,
            lambda: self.options.lambda * scale * scale,
            pruned: &part.pruned,
        };
        let chosen = matrix.choose(pricer)?;
        let mut layer = Layer::new(part.rows, part.columns, chosen.integers);
        layer.levels = Levels::Uniform(vec![scales.base]);
        Ok((Entry { start: part.tensor.start, scales, content: Content::Integers(layer) }, chosen.bits))
    }

    /// Decodes the payload, measures what is decoded, and reports.
    fn finish(&self, attempt: &Try, tries: usize) -> Result<(Vec<u8>, Report)> {
        let payload = payload::encode(&attempt.packed)?;
        let decoded = payload::decode(&payload, self.env)?;
        let tensors = measured(&self.parts, |i, _| {
            let made = attempt.packed.entries.get(i).zip(attempt.bits.get(i));
            made.map(|(entry, bits)| Ok((entry.weights()?, *bits))).transpose()
        })?;
        let report = self.report(tensors, payload.len(), &decoded, tries)?;
        Ok(if self.options.output == Output::File { (decoded, report) } else { (payload, report) })
    }

    fn gguf(&self, dtype: Dtype) -> Result<(Vec<u8>, Report)> {
        let (output, kept) = gguf::write(self.layout, self.source, &self.parts, dtype)?;
        let written =
            Parsers::arrays().layout(&&output[..])?.ok_or_else(|| Error::unsupported("no GGUF file"))?;
        let tensors = measured(&self.parts, |_, part| {
            let tensor = written.spans.iter().find(|tensor| tensor.name == part.tensor.name);
            Ok(tensor.map(|tensor| {
                let bytes = &output[tensor.start as usize..(tensor.start + tensor.len) as usize];
                (to_f32(tensor.dtype, bytes).unwrap_or_default(), bytes.len() as f64 * 8.0)
            }))
        })?;
        let mut report = self.report(tensors, output.len(), &output, 1)?;
        report.kept.extend(kept);
        Ok((output, report))
    }

    /// Measures `decoded`, and refuses where the bound is not kept.
    fn report(
        &self,
        tensors: Vec<TensorReport>,
        payload: usize,
        decoded: &[u8],
        tries: usize,
    ) -> Result<Report> {
        let report = Report {
            source_bytes: self.source.len() as u64,
            payload_bytes: payload as u64,
            decoded_bytes: decoded.len() as u64,
            weights: self.weights,
            tensors,
            kept: self.kept.clone(),
            quality: self.quality(decoded)?,
            tries,
        };
        self.verify(&report)?;
        Ok(report)
    }

    fn quality(&self, decoded: &[u8]) -> Result<Option<Quality>> {
        let (Some(judge), Some(model)) = (&self.judge, &self.model) else { return Ok(None) };
        Ok(Some(Quality {
            before: judge.reference.grade(model, self.env)?,
            after: judge.reference.grade(&Transformer::from_file(decoded)?, self.env)?,
            calibration_windows: judge.calibration,
            grading_windows: judge.grading,
        }))
    }

    fn verify(&self, report: &Report) -> Result<()> {
        let kept = match self.options.target {
            Target::Size(bytes) => report.payload_bytes <= bytes,
            Target::BitsPerWeight(bits) => report.bits_per_weight() <= bits,
            Target::Divergence(bound) => {
                report.quality.is_some_and(|quality| quality.after.divergence <= bound)
            }
        };
        if !kept {
            return Err(Error::new(ErrorKind::Verify, "the decoded model is not within the bound"));
        }
        Ok(())
    }
}

/// Integers that steps are made for at most: beyond [`minlen_tensor::quantized::INTEGER_MAX`] there are none, and feedback needs room.
const REACH: f32 = (1 << 22) as f32;

/// Makes steps so much coarser that the largest weight has an integer.
fn reach(scales: &mut Scales, weights: &[f32]) {
    let columns = scales.columns.len().max(1);
    let ratio = |(i, weight): (usize, &f32)| weight.abs() / scales.step(i / columns, i % columns);
    let most = weights.iter().enumerate().map(ratio).fold(0f32, f32::max);
    if most > REACH {
        let more = ((most / REACH).log2() * 16.0).ceil().min(STEP_MAX as f32) as i32;
        scales.base = scales.base.saturating_add(more).min(STEP_MAX);
    }
}
