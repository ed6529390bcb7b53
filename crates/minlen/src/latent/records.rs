//! Records near others: the approximator that a codec file is.

use super::describe::Head;
use super::{Name, model_of, name_of};
use crate::block_progress::Scaled;
use crate::nearby::decibels::power_of_ten;
use minlen_core::nearby::{Approximator, MaxError, Nearby, Target};
use minlen_core::{
    CodecId, Description, Env, Error, ErrorKind, Event, Learned, NoProgress, Result, Span, SpanKind, ids,
};
use minlen_latent::{Model, Outcome, Promise, decode, encode, encode_within};
use std::sync::Arc;

/// The approximator of the records that a codec file knows.
pub(crate) struct Records {
    name: Name,
    model: Arc<Model>,
}

/// Coded records, and how they came out.
struct Made {
    payload: Vec<u8>,
    outcome: Outcome,
    promise: Option<Promise>,
}

impl Records {
    /// The one of a learned part, if that is a codec file with members for records.
    pub(crate) fn new(part: &Learned) -> Option<Self> {
        let model = model_of(part)?;
        (!model.members.is_empty()).then(|| Self { name: name_of(part), model })
    }

    /// True if `span` is made of such records: by its inner dimensions, or of numbers in a row.
    pub(crate) fn fits(&self, span: &Span) -> bool {
        let numbers = self.model.numbers() as u64;
        if span.changeable() != Some(self.model.scaling.dtype())
            || span.len < self.model.record_bytes() as u64
        {
            return false;
        }
        let of_shape = |shape: &[u64]| shape.iter().try_fold(1u64, |all, &side| all.checked_mul(side));
        let inner = |from: usize| of_shape(&span.shape[from..]) == Some(numbers);
        let one_row = match span.kind {
            // A window of one channel may begin anywhere.
            SpanKind::Sound => span.shape.get(1).is_none_or(|&channels| channels == 1),
            _ => span.shape.len() == 1,
        };
        one_row || (0..span.shape.len()).any(inner)
    }

    fn try_with(&self, bytes: &[u8], promise: Promise, level: u8, env: &Env) -> Result<Made> {
        let (payload, outcome) = encode(&self.model, bytes, promise, level, env)?;
        Ok(Made { payload, outcome, promise: Some(promise) })
    }

    /// As near as no more than `most` bytes allow; where even the coarsest description takes more, that cannot be reached.
    fn within_size(&self, bytes: &[u8], most: f64, level: u8, env: &Env) -> Result<Made> {
        let found = encode_within(&self.model, bytes, most as u64, level, env)?;
        let (payload, outcome) = found.ok_or_else(|| {
            let records = bytes.len() / self.model.record_bytes().max(1);
            Error::new(ErrorKind::Usage, format!("{most:.0} bytes for {records} records cannot be reached"))
                .remedy("ask for more bytes")
        })?;
        Ok(Made { payload, outcome, promise: None })
    }

    /// What records take, and how near they are, in decibels of the range.
    fn quality(&self, records: &[u8], outcome: &Outcome, stored: usize) -> String {
        let (count, numbers) = (records.len() / self.model.record_bytes(), self.model.numbers() as f64);
        let range = self.model.scaling.spread(records);
        let decibels = |squares: f64| 10.0 * (range * range * numbers / squares).log10();
        let (mean, worst) = (decibels(outcome.squares / count as f64), decibels(outcome.worst_record));
        let size = stored as f64 / count as f64;
        format!(", {size:.2} bytes each, {mean:.2} dB in the mean and {worst:.2} dB at worst")
    }

    /// Coded so near that the target is met; `None` for numbers that are all the same, or no bound at all.
    fn make(&self, bytes: &[u8], target: &Target, level: u8, env: &Env) -> Result<Option<Made>> {
        let records = (bytes.len() / self.model.record_bytes()) as f64;
        let whole = !self.model.scaling.dtype().is_float();
        let promise = match *target {
            Target::MaxError(MaxError::Absolute(size)) => Promise::MaxError(size),
            Target::MaxError(MaxError::Relative(share)) => {
                Promise::MaxError(self.model.scaling.spread(bytes) * share)
            }
            Target::Psnr(decibels) => {
                let most = self.model.scaling.spread(bytes) * power_of_ten(-decibels / 20.0);
                Promise::MeanSquare(most * most)
            }
            Target::BytesPerRecord(size) => {
                return self.within_size(bytes, size * records, level, env).map(Some);
            }
            Target::BitsPerSample(bits) => {
                let size = bits * records * self.model.numbers() as f64 / 8.0;
                return self.within_size(bytes, size, level, env).map(Some);
            }
            Target::MaxSize(size) => return self.within_size(bytes, size as f64, level, env).map(Some),
            _ => return Ok(None),
        };
        // Whole numbers that may be off by less than one are exact.
        let exact = match promise {
            Promise::MaxError(most) => most < f64::MIN_POSITIVE || whole && most < 1.0,
            Promise::MeanSquare(most) => most < f64::MIN_POSITIVE,
            Promise::Rate(_) | Promise::Price(_) => false,
        };
        if exact { Ok(None) } else { self.try_with(bytes, promise, level, env).map(Some) }
    }
}

/// Times that all records are gone through for a size, about.
const PASSES: u64 = 3;

/// True for a target of so many bytes.
fn is_size(target: &Target) -> bool {
    matches!(target, Target::BytesPerRecord(_) | Target::BitsPerSample(_) | Target::MaxSize(_))
}

impl Approximator for Records {
    fn name(&self) -> &'static str {
        "records"
    }

    fn codec(&self) -> CodecId {
        ids::LATENT
    }

    fn is_compared(&self) -> bool {
        true
    }

    fn takes(&self, span: &Span, target: &Target) -> bool {
        !matches!(target, Target::Quality(_) | Target::Ssimulacra2(_)) && self.fits(span)
    }

    fn approximate(
        &self,
        bytes: &[u8],
        span: &Span,
        target: &Target,
        level: u8,
        env: &Env,
    ) -> Result<Option<Nearby>> {
        let whole = bytes.len() / self.model.record_bytes() * self.model.record_bytes();
        let (records, rest) = bytes.split_at(whole);
        let quiet = env.clone().with_progress(Arc::new(NoProgress));
        // A size is searched for, in a few passes.
        let passes = if is_size(target) { PASSES } else { 1 };
        let (scaled, inner) = Scaled::new(env, whole as u64 * passes, whole as u64);
        let made = self.make(records, target, level, &inner)?;
        env.work(scaled.rest())?;
        let Some(Made { payload, outcome, promise }) = made.filter(|made| made.payload.len() < whole) else {
            let message = "records: nearness of that kind costs as much as exactness, stored exactly".into();
            env.progress.event(Event::Notice { message });
            return Ok(None);
        };
        let mut near = Vec::with_capacity(bytes.len());
        decode(&self.model, &payload, whole, &quiet, &mut near)?;
        near.extend_from_slice(rest);
        let dtype = self.model.scaling.dtype();
        let head = Head { name: self.name, dtype, numbers: self.model.numbers(), promise };
        let mut own = Vec::new();
        head.write(&mut own);
        own.extend(payload);
        let mut difference = head.difference(whole, own.len());
        difference.name.clone_from(&span.name);
        difference.worst = Some(outcome.worst);
        difference.what += &self.quality(records, &outcome, own.len());
        let description = Description { codec: ids::LATENT, payload: own.into() };
        Ok(Some(Nearby { bytes: near, description, difference }))
    }
}
