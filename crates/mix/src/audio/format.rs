//! How samples of sound lie in bytes.

use minlen_core::Span;
use minlen_structure::sound::Pcm;
use std::ops::Range;

/// How the samples lie in the bytes.
///
/// ```
/// use minlen_mix::audio::Format;
/// let cd = Format { bits: 16, channels: 2, little: true, signed: true };
/// assert!(cd.is_sane() && cd.frame_bytes() == 4);
/// assert!(!Format { bits: 32, ..cd }.is_sane());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Bits of a sample: 8, 16 or 24.
    pub bits: u8,
    /// Interleaved channels, 1 to 8.
    pub channels: u8,
    /// Low byte first, as in WAV.
    pub little: bool,
    /// Two's complement; WAV of 8 bits is not.
    pub signed: bool,
}

impl Format {
    /// Where the samples of a span are in `data`, and how they lie; `None` if there is no model for that.
    #[must_use]
    pub fn of(span: &Span, data: &[u8]) -> Option<(Range<usize>, Self)> {
        let Pcm { bits, channels, little, signed } = Pcm::of(span)?;
        let format = Self { bits, channels, little, signed };
        let range = usize::try_from(span.start).ok()?..usize::try_from(span.end()).ok()?;
        (format.is_sane() && data.get(range.clone()).is_some()).then_some((range, format))
    }

    /// Whether a model can be made.
    #[must_use]
    pub fn is_sane(&self) -> bool {
        matches!(self.bits, 8 | 16 | 24) && (1..=8).contains(&self.channels)
    }

    /// About how many bytes a model for this format takes.
    #[must_use]
    pub fn memory(&self) -> u64 {
        (8 << 20) + (2 << 20) * u64::from(self.bits / 8) + (6 << 20) * u64::from(self.channels)
    }

    /// Bytes of one sample of every channel.
    #[must_use]
    pub fn frame_bytes(&self) -> usize {
        usize::from(self.bits / 8) * usize::from(self.channels)
    }
}
