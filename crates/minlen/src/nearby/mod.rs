//! Lossy as exact coding of a nearby file.
//!
//! Where the user names a [`Target`], the spans that a file declares are replaced by others near them, each by the [`Approximator`] of its
//! kind, which leaves a short description of what it made. From there on all is exact: the block is hashed, coded, verified and decoded
//! like any other. [`verify`] compares the decoded file with the original by parsing both, and knows nothing of the approximator;
//! [`crate::archive::Archive::differences`] says later what a file holds that stands for something else.
//!
//! The identity of what such a file holds is that of its samples: [`samples_hash`].
//!
//! | You know | Use |
//! |---|---|
//! | how far off a number may be | [`Target::MaxError`] with [`MaxError::Absolute`] |
//! | how far off as a share of the range of its array | [`Target::MaxError`] with [`MaxError::Relative`] |
//! | a signal-to-noise ratio | [`Target::Psnr`], in decibels |
//! | what a sample may cost | [`Target::BitsPerSample`] |
//! | what a record may cost, with a codec file | [`Target::BytesPerRecord`] |
//! | what the file may cost | [`Target::MaxSize`]; the length of the input must be known |
//! | how good a picture shall look | [`Target::Quality`], [`Target::Ssimulacra2`]: see `minlen::picture` |
//!
//! Of a picture all pixels are replaced, and it comes back as a PNG file. Of everything else, only arrays of 32- and 64-bit little-endian floats that a file declares (or that [`crate::Options::with_shape`] names) may become
//! inexact, and with a codec file ([`crate::Options::with_model`]) those of the type it was trained on; NaN and infinities stay as they are, bit for bit, and so does every other byte.
//!
//! ```
//! use minlen::layout::Dtype;
//! use minlen::nearby::{MaxError, verify};
//! use minlen::{Env, ErrorKind, Limits, Options, compress, decompress};
//! let values: Vec<u8> = (0..1000).flat_map(|i| (i as f32 / 7.0).sqrt().to_le_bytes()).collect();
//! let options = Options::new(3)?.with_shape(Dtype::F32, &[1000]).with_max_error(MaxError::Absolute(0.001))?;
//! let copy = decompress(&compress(&values, &options)?, &Limits::default())?;
//!
//! let distance = verify(&&values[..], &&copy[..], &options, &Env::default())?;
//! assert!(distance.values == 1000 && distance.worst <= 0.001);
//! // The check is independent: it refuses a copy that is too far away, whoever made it.
//! let error = verify(&&values[..], &&[0; 4000][..], &options, &Env::default()).unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::Verify);
//! # Ok::<(), minlen::Error>(())
//! ```

pub(crate) mod decibels;
mod identity;
mod stored;
mod verify;

pub use identity::samples_hash;
pub use minlen_core::nearby::{Approximator, Difference, MaxError, Nearby, Target};
pub use stored::to_stream;
pub use verify::{Distance, verify};

use crate::planner::{Planner, Request};
use minlen_core::{Env, Error, Event, NoProgress, Result, Span};
use std::sync::Arc;

/// The approximators of this build.
#[must_use]
pub fn approximators() -> Vec<Arc<dyn Approximator>> {
    vec![
        #[cfg(feature = "tensors")]
        Arc::new(crate::tensors::Fields),
    ]
}

/// What a user asks for, and what there is to reach it.
#[derive(Clone)]
pub(crate) struct Goal {
    pub(crate) target: Target,
    pub(crate) approximators: Arc<[Arc<dyn Approximator>]>,
}

impl std::fmt::Debug for Goal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Goal").field("target", &self.target).finish_non_exhaustive()
    }
}

impl Goal {
    pub(crate) fn new(target: Target) -> Self {
        Self { target, approximators: approximators().into() }
    }

    fn approximator(&self, span: &Span) -> Option<&dyn Approximator> {
        self.approximators.iter().find(|it| it.takes(span, &self.target)).map(|it| &**it)
    }

    /// What of the target is for a block of `len` bytes in a content of `total`.
    fn share(&self, len: u64, total: Option<u64>) -> Result<Target> {
        match (self.target, total) {
            (Target::MaxSize(_), None) => {
                Err(Error::usage("the length of the input must be known for a size")
                    .remedy("give a file, or name the bits of a sample"))
            }
            (target, total) => Ok(share(target, len, total.unwrap_or(len))),
        }
    }

    /// Replaces what in `block` (of a content of `total` bytes) may be others by what stands for it, and gives all spans, those with their descriptions, and how many
    /// those are that were looked at. Says on the way how far off they are.
    ///
    /// # Errors
    /// Verify if a target would not hold; usage where it cannot be reached; cancelled.
    pub(crate) fn approximate(
        &self,
        block: &mut [u8],
        spans: &[Span],
        total: Option<u64>,
        planner: &Planner,
        level: u8,
        env: &Env,
    ) -> Result<(Arc<[Span]>, usize)> {
        let mut out = spans.to_vec();
        let target = self.share(block.len() as u64, total)?;
        let inexact: u64 = spans.iter().filter(|span| self.approximator(span).is_some()).map(|s| s.len).sum();
        let mut count = 0;
        for span in &mut out {
            let Some(approximator) = self.approximator(span) else { continue };
            count += 1;
            let (start, len) = (span.start as usize, span.len as usize);
            let bytes =
                block.get_mut(start..start + len).ok_or_else(|| Error::corrupt("a span beyond the data"))?;
            let target = share(target, span.len, inexact);
            let Some(near) = approximator.approximate(bytes, span, &target, level, env)? else { continue };
            if near.bytes.len() != len {
                return Err(Error::corrupt(format!("{}: a span of another length", approximator.name())));
            }
            let stored = near.description.payload.len();
            if approximator.is_compared() && is_exact_smaller(bytes, span, stored, planner, level, env)? {
                let message = format!("{}: exactness takes fewer bytes, stored exactly", approximator.name());
                env.progress.event(Event::Notice { message });
                continue;
            }
            bytes.copy_from_slice(&near.bytes);
            env.progress.event(Event::Notice { message: tell(&near.difference, len) });
            span.base = None;
            span.description = Some(near.description);
        }
        Ok((out.into(), count))
    }
}

/// Spans that are described in fewer than one of so many bytes are not coded exactly to see which is smaller.
const FAR_SMALLER: usize = 10;

/// True if exact coding takes no more than the description, where that is not far smaller than the span.
fn is_exact_smaller(
    bytes: &[u8],
    span: &Span,
    stored: usize,
    planner: &Planner,
    level: u8,
    env: &Env,
) -> Result<bool> {
    if stored < bytes.len() / FAR_SMALLER {
        return Ok(false);
    }
    let alone = Span { start: 0, ..span.clone() };
    let quiet = env.clone().with_progress(Arc::new(NoProgress)).with_layout(Arc::from([alone]));
    let request = Request { level, chain: None, memory: None, known: None, decode_ns: u32::MAX };
    Ok(planner.code_whole(bytes, &request, &quiet)?.payload.len() <= stored)
}

/// A size is for all spans together: so much of it for `len` bytes of `total`.
fn share(target: Target, len: u64, total: u64) -> Target {
    match target {
        Target::MaxSize(bytes) => {
            Target::MaxSize((u128::from(bytes) * u128::from(len) / u128::from(total.max(1))) as u64)
        }
        other => other,
    }
}

/// A measured number for people: six digits, with an exponent only where it is needed.
///
/// ```
/// use minlen::nearby::figure;
/// assert_eq!([0.0, 25.5, 1.0 / 3.0, 2e-7, 1e9].map(figure), ["0", "25.5", "0.333333", "2e-7", "1e9"]);
/// ```
#[must_use]
pub fn figure(number: f64) -> String {
    let size = number.abs();
    if size != 0.0 && !(1e-4..1e7).contains(&size) {
        let text = format!("{number:.5e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{exponent}", digits.trim_end_matches('0').trim_end_matches('.'));
    }
    let whole = if size < 1.0 { 1 } else { size.log10() as usize + 1 };
    let text = format!("{number:.*}", 7usize.saturating_sub(whole).min(6));
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}

/// The line that says how far off a span is.
fn tell(difference: &Difference, len: usize) -> String {
    let Difference { what, worst, allowed, stored, .. } = difference;
    let off = match (worst, allowed) {
        (Some(worst), Some(allowed)) => {
            format!("off by {} at most, {} allowed, ", figure(*worst), figure(*allowed))
        }
        (Some(worst), None) => format!("off by {} at most, ", figure(*worst)),
        _ => String::new(),
    };
    format!("{what}: {off}{len} -> {stored} bytes")
}

#[cfg(test)]
mod tests;
