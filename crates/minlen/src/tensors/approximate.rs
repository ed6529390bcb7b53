//! Floats within an error bound: the data is changed before anything is hashed, so that what comes out later is exactly what
//! the checksums are of.

use minlen_core::{ArraySpan, Env, Error, Event, MaxError, NoProgress, Result};
use minlen_tensor::Dtype;
use minlen_tensor::field::Effort;
use minlen_tensor::field::bounded::{self, Bound};
use std::sync::Arc;

/// The shape of a span if it is whole, else one dimension.
pub(super) fn whole_shape(span: &ArraySpan, units: usize) -> Vec<u64> {
    let product = span.shape.iter().try_fold(1u64, |a, b| a.checked_mul(*b));
    if product == Some(units as u64) { span.shape.clone() } else { vec![units as u64] }
}

/// Replaces the floats in `block` that may be inexact by what stands for them within the bound, and gives all arrays, those with
/// their payloads, and how many those are. Says on the way how far off they are.
///
/// # Errors
/// Verify if a bound would not hold; cancelled.
pub(crate) fn approximate(
    block: &mut [u8],
    arrays: &[ArraySpan],
    bound: MaxError,
    level: u8,
    env: &Env,
) -> Result<(Arc<[ArraySpan]>, usize)> {
    let mut out = arrays.to_vec();
    let mut count = 0;
    for span in out.iter_mut().filter(|span| span.inexact) {
        let Some(dtype) = Dtype::from_code(span.dtype).filter(|d| matches!(d, Dtype::F32 | Dtype::F64))
        else {
            continue;
        };
        count += 1;
        one(block, span, dtype, bound, level, env)?;
    }
    Ok((out.into(), count))
}

fn one(
    block: &mut [u8],
    span: &mut ArraySpan,
    dtype: Dtype,
    bound: MaxError,
    level: u8,
    env: &Env,
) -> Result<()> {
    let effort = match level {
        ..4 => Effort::Fast,
        4..7 => Effort::Dense,
        _ => Effort::Max,
    };
    let limit = match bound {
        MaxError::Absolute(size) => Bound::Absolute(size),
        MaxError::Relative(share) => Bound::Relative(share),
    };
    let (start, len) = (span.start as usize, span.len as usize);
    let bytes =
        block.get_mut(start..start + len).ok_or_else(|| Error::corrupt("an array beyond the data"))?;
    let shape = whole_shape(span, len / dtype.unit());
    let sizes = shape.iter().map(u64::to_string).collect::<Vec<_>>().join("x");
    // No range, or a bound below all normal floats: such small steps would cost more than exactness.
    let allowed = bounded::limit(bytes, dtype, limit)?;
    if allowed < f64::MIN_POSITIVE {
        let message = format!("{} {sizes}: {allowed:e} allowed, stored exactly", dtype.name());
        env.progress.event(Event::Notice { message });
        return Ok(());
    }
    let quiet = env.clone().with_progress(Arc::new(NoProgress));
    let mut payload = Vec::new();
    let report = bounded::encode(bytes, dtype, &shape, limit, effort, &quiet, &mut payload)?;
    let mut decoded = Vec::with_capacity(len);
    bounded::decode(&payload, len, &quiet, &mut decoded)?;
    bytes.copy_from_slice(&decoded);
    let (worst, bound, size) = (report.worst, report.bound, payload.len());
    span.base = None;
    span.given = Some(payload.into());
    let message = format!(
        "{} {sizes}: off by {worst:.6e} at most, {bound:.6e} allowed, {len} -> {size} bytes",
        dtype.name(),
    );
    env.progress.event(Event::Notice { message });
    Ok(())
}
