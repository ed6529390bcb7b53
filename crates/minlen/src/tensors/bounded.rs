//! Floats near others: the approximator of arrays, which finds the steps that reach a target and has the codec `tensors` store them.

use crate::nearby::decibels::power_of_ten;
use minlen_core::nearby::{Approximator, Difference, MaxError, Nearby, Target};
use minlen_core::{CodecId, Description, Dtype, Env, Error, ErrorKind, Event, NoProgress, Result, Span, ids};
use minlen_tensor::field::Effort;
use minlen_tensor::field::bounded::{self, Bound, Report};
use std::sync::Arc;

/// Times that a payload is made to come near a target that is no bound.
const TRIES: usize = 9;

/// The shape of a span if it is whole, else one dimension.
pub(super) fn whole_shape(span: &Span, units: usize) -> Vec<u64> {
    let product = span.shape.iter().try_fold(1u64, |a, b| a.checked_mul(*b));
    if product == Some(units as u64) { span.shape.clone() } else { vec![units as u64] }
}

/// The approximator of arrays of 32- and 64-bit floats.
pub(crate) struct Fields;

impl Approximator for Fields {
    fn name(&self) -> &'static str {
        "fields"
    }

    fn codec(&self) -> CodecId {
        ids::TENSORS
    }

    fn takes(&self, span: &Span, target: &Target) -> bool {
        span.inexact().is_some()
            && !matches!(target, Target::Quality(_) | Target::Ssimulacra2(_) | Target::BytesPerRecord(_))
    }

    fn approximate(
        &self,
        bytes: &[u8],
        span: &Span,
        target: &Target,
        level: u8,
        env: &Env,
    ) -> Result<Option<Nearby>> {
        let effort = match level {
            ..4 => Effort::Fast,
            4..7 => Effort::Dense,
            _ => Effort::Max,
        };
        let quiet = env.clone().with_progress(Arc::new(NoProgress));
        let shape = whole_shape(span, bytes.len() / span.dtype.unit());
        let array = Field { bytes, dtype: span.dtype, shape, effort, env: &quiet };
        let made = match *target {
            Target::MaxError(MaxError::Absolute(size)) => array.within(Bound::Absolute(size), env)?,
            Target::MaxError(MaxError::Relative(share)) => array.within(Bound::Relative(share), env)?,
            Target::Psnr(decibels) => array.psnr(decibels)?,
            Target::BitsPerSample(bits) => array.size((array.samples() as f64 * bits / 8.0) as u64)?,
            Target::MaxSize(bytes) => array.size(bytes)?,
            _ => None,
        };
        let Some(Made { payload, bytes, report }) = made else { return Ok(None) };
        let mut difference = Difference::new(array.name(), array.samples() as u64, payload.len() as u64);
        difference.name.clone_from(&span.name);
        let difference = difference.within(Some(report.worst), report.bound);
        let description = Description { codec: ids::TENSORS, payload: payload.into() };
        Ok(Some(Nearby { bytes, description, difference }))
    }
}

/// An array to be replaced by one near it.
struct Field<'a> {
    bytes: &'a [u8],
    dtype: Dtype,
    shape: Vec<u64>,
    effort: Effort,
    env: &'a Env,
}

/// What may replace it.
struct Made {
    payload: Vec<u8>,
    bytes: Vec<u8>,
    report: Report,
}

impl Field<'_> {
    fn samples(&self) -> usize {
        self.bytes.len() / self.dtype.unit()
    }

    /// Type and sizes, for people.
    fn name(&self) -> String {
        let sizes = self.shape.iter().map(u64::to_string).collect::<Vec<_>>().join("x");
        format!("{} {sizes}", self.dtype.name())
    }

    fn make(&self, bound: Bound) -> Result<Made> {
        let mut payload = Vec::new();
        let (dtype, len) = (self.dtype, self.bytes.len());
        let report =
            bounded::encode(self.bytes, dtype, &self.shape, bound, self.effort, self.env, &mut payload)?;
        let mut bytes = Vec::with_capacity(len);
        bounded::decode(&payload, len, self.env, &mut bytes)?;
        Ok(Made { payload, bytes, report })
    }

    /// No value is off by more than the bound.
    fn within(&self, bound: Bound, env: &Env) -> Result<Option<Made>> {
        // No range, or a bound below all normal floats: such small steps would cost more than exactness.
        let allowed = bounded::limit(self.bytes, self.dtype, bound)?;
        if allowed < f64::MIN_POSITIVE {
            let message = format!("{}: {allowed:e} allowed, stored exactly", self.name());
            env.progress.event(Event::Notice { message });
            return Ok(None);
        }
        self.make(bound).map(Some)
    }

    /// The difference between the largest and the smallest value; `None` where there is none that steps could be taken of.
    fn range(&self) -> Result<Option<f64>> {
        let range = bounded::limit(self.bytes, self.dtype, Bound::Relative(1.0))?;
        Ok((range >= f64::MIN_POSITIVE && range.is_finite()).then_some(range))
    }

    /// The coarsest steps found that leave so many decibels.
    fn psnr(&self, decibels: f64) -> Result<Option<Made>> {
        let Some(range) = self.range()? else { return Ok(None) };
        // Decibels are of the mean square of the errors, which is a third of the square of the bound where all errors are as likely.
        let allowed = range * power_of_ten(-decibels / 20.0);
        let (mut bound, mut best) = (allowed * 3f64.sqrt(), None);
        for _ in 0..TRIES {
            let made = self.make(Bound::Absolute(bound.clamp(f64::MIN_POSITIVE, range)))?;
            let off = self.deviation(&made.bytes);
            let near = off > allowed * 0.95 && off <= allowed;
            if off <= allowed {
                best = Some(made);
            }
            if near || off == 0.0 {
                break;
            }
            // Steps of all of the range are as coarse as they get.
            if off <= allowed && bound >= range {
                break;
            }
            bound *= (allowed / off) * if off > allowed { 0.98 } else { 0.99 };
        }
        best.map(Some).ok_or_else(|| self.unreachable(&format!("{decibels} dB")))
    }

    /// The square root of the mean square of the errors.
    fn deviation(&self, other: &[u8]) -> f64 {
        let squares = |old: f64, new: f64| {
            let off = old - new;
            if off.is_finite() { off * off } else { 0.0 }
        };
        let sum: f64 = match self.dtype {
            Dtype::F32 => {
                let read = |b: &[u8; 4]| f64::from(f32::from_le_bytes(*b));
                let pairs = self.bytes.as_chunks().0.iter().zip(other.as_chunks().0);
                pairs.map(|(a, b)| squares(read(a), read(b))).sum()
            }
            _ => {
                let pairs = self.bytes.as_chunks().0.iter().zip(other.as_chunks().0);
                pairs.map(|(a, b)| squares(f64::from_le_bytes(*a), f64::from_le_bytes(*b))).sum()
            }
        };
        (sum / self.samples().max(1) as f64).sqrt()
    }

    /// The finest steps found that take no more bytes.
    fn size(&self, most: u64) -> Result<Option<Made>> {
        let Some(range) = self.range()? else { return Ok(None) };
        // Steps of the range halved again and again: where they are too many, the payload is too long.
        let (mut few, mut many, mut best) = (0u32, 60u32, None);
        while many - few > 1 {
            let halvings = (few + many) / 2;
            let made =
                self.make(Bound::Absolute((range / (1u64 << halvings) as f64).max(f64::MIN_POSITIVE)))?;
            if made.payload.len() as u64 <= most {
                (few, best) = (halvings, Some(made));
            } else {
                many = halvings;
            }
        }
        // Between the last two, in quarters.
        for quarter in [0.5f64.sqrt(), 0.5f64.sqrt().sqrt()] {
            let made =
                self.make(Bound::Absolute((range / (1u64 << few) as f64 * quarter).max(f64::MIN_POSITIVE)))?;
            if made.payload.len() as u64 <= most {
                best = Some(made);
                break;
            }
        }
        best.map(Some).ok_or_else(|| self.unreachable(&format!("{most} bytes")))
    }

    fn unreachable(&self, target: &str) -> Error {
        Error::new(ErrorKind::Usage, format!("{}: {target} cannot be reached", self.name()))
            .remedy("ask for less quality, or for more bytes")
    }
}
