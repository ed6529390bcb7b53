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

/// Replaces the floats in `block` by what stands for them within the bound, and gives the arrays with their payloads. Says on the
/// way how far off they are.
///
/// # Errors
/// Usage if there are no floats of 32 or 64 bits; verify if a bound would not hold; cancelled.
pub(crate) fn approximate(
    block: &mut [u8],
    arrays: &[ArraySpan],
    bound: MaxError,
    level: u8,
    env: &Env,
) -> Result<Arc<[ArraySpan]>> {
    let effort = match level {
        ..4 => Effort::Fast,
        4..7 => Effort::Dense,
        _ => Effort::Max,
    };
    let limit = match bound {
        MaxError::Absolute(size) => Bound::Absolute(size),
        MaxError::Relative(share) => Bound::Relative(share),
    };
    let quiet = env.clone().with_progress(Arc::new(NoProgress));
    let mut out = arrays.to_vec();
    for span in &mut out {
        let Some(dtype) = Dtype::from_code(span.dtype).filter(|d| matches!(d, Dtype::F32 | Dtype::F64))
        else {
            continue;
        };
        let (start, len) = (span.start as usize, span.len as usize);
        let bytes =
            block.get_mut(start..start + len).ok_or_else(|| Error::corrupt("an array beyond the data"))?;
        let shape = whole_shape(span, len / dtype.unit());
        let mut payload = Vec::new();
        let report = bounded::encode(bytes, dtype, &shape, limit, effort, &quiet, &mut payload)?;
        let mut decoded = Vec::with_capacity(len);
        bounded::decode(&payload, len, &quiet, &mut decoded)?;
        bytes.copy_from_slice(&decoded);
        span.base = None;
        span.given = Some(payload.into());
        let (worst, bound) = (report.worst, report.bound);
        let sizes = shape.iter().map(u64::to_string).collect::<Vec<_>>().join("x");
        let message = format!(
            "{} {sizes}: off by {worst:.6e} at most, {bound:.6e} allowed, {len} -> {} bytes",
            dtype.name(),
            span.given.as_ref().map_or(0, |p| p.len())
        );
        env.progress.event(Event::Notice { message });
    }
    Ok(out.into())
}
