//! The quantizer as an approximator: a model file near another, and the payload that describes it.

use super::{Options, Output, Report, Target, run};
use minlen_core::nearby::{Approximator, Difference, Nearby};
use minlen_core::{CodecId, Description, Env, Error, Result, Span, SpanKind, ids, nearby};
use minlen_tensor::packed;

/// Quantizes whole model files, without a calibration text: [`nearby()`] takes one.
#[derive(Clone, Debug)]
pub struct Quantizer {
    /// How; the target is that of the call.
    pub options: Options,
}

impl Approximator for Quantizer {
    fn name(&self) -> &'static str {
        "quantizer"
    }

    fn codec(&self) -> CodecId {
        ids::QUANTIZED
    }

    /// Models are taken as whole files.
    fn takes(&self, span: &Span, target: &nearby::Target) -> bool {
        span.kind == SpanKind::Member && of(target).is_some()
    }

    fn approximate(
        &self,
        bytes: &[u8],
        _span: &Span,
        target: &nearby::Target,
        _level: u8,
        env: &Env,
    ) -> Result<Option<Nearby>> {
        let target = of(target).ok_or_else(|| {
            Error::usage("a model is quantized to bits of a weight, or to a size").remedy("name one of them")
        })?;
        let options = Options { target, output: Output::Payload, ..self.options.clone() };
        nearby(&options, bytes, None, &mut |_| {}, env).map(|(near, _)| Some(near))
    }
}

/// The quantizer's words for a target; `None` for those that it cannot aim at.
fn of(target: &nearby::Target) -> Option<Target> {
    match *target {
        nearby::Target::BitsPerSample(bits) => Some(Target::BitsPerWeight(bits)),
        nearby::Target::MaxSize(bytes) => Some(Target::Size(bytes)),
        _ => None,
    }
}

/// The model near `source`, with its description, and what [`run`] reports of it.
///
/// # Errors
/// As [`run`].
pub fn nearby(
    options: &Options,
    source: &[u8],
    calibration: Option<&[u8]>,
    progress: &mut dyn FnMut(&str),
    env: &Env,
) -> Result<(Nearby, Report)> {
    let options = Options { output: Output::Payload, ..options.clone() };
    let (payload, report) = run(&options, source, calibration, progress, env)?;
    let bytes = packed::decode(&payload, env)?;
    let difference = Difference::new("model, quantized", report.weights, payload.len() as u64);
    let description = Description { codec: ids::QUANTIZED, payload: payload.into() };
    Ok((Nearby { bytes, description, difference }, report))
}
