//! How pixels lie in bytes.

use minlen_core::layout::{Meaning, Span};
use minlen_structure::pixels::Raster;
use std::ops::Range;

/// Samples of a row at most: rows of errors are kept for every expert.
const MAX_SAMPLES: u64 = 1 << 18;

/// Bytes between rows at most.
const MAX_PADDING: u64 = 1 << 12;

/// Samples of a picture of a series at most: the picture before is kept.
const MAX_FRAME: u64 = 1 << 25;

/// How the pixels lie in the bytes.
///
/// ```
/// use minlen_mix::image::Layout;
/// use minlen_structure::pixels::find;
/// let picture = [&b"P6 20 10 255\n"[..], &[128; 600]].concat();
/// let span = find(&picture).expect("pixels");
/// let (range, layout) = Layout::of(&span, &picture).expect("a model for colours");
/// assert_eq!((range, layout.width, layout.channels), (13..613, 20, 3));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Pixels of a row.
    pub width: u32,
    /// Bytes from one row to the next, with padding and a PNG's filter byte.
    pub stride: u32,
    /// Samples of a pixel: 1 to 4.
    pub channels: u8,
    /// Bits of a sample: 1, 8 or 16.
    pub bits: u8,
    /// Samples of 16 bits have the low byte first.
    pub little: bool,
    /// Samples of 16 bits are in two's complement.
    pub signed: bool,
    /// The values are numbers of colours, not colours.
    pub palette: bool,
    /// Every row begins with a PNG filter byte, and its bytes are filtered by it.
    pub png: bool,
    /// Rows after which the next picture of a series begins, 0 for a single one.
    pub frame: u32,
}

impl Layout {
    /// A picture of `width` pixels of 8 bits without padding.
    #[must_use]
    pub fn new(width: u32, channels: u8) -> Self {
        Self {
            width,
            stride: width.saturating_mul(u32::from(channels)),
            channels,
            bits: 8,
            little: false,
            signed: false,
            palette: false,
            png: false,
            frame: 0,
        }
    }

    /// Where the pixels of a span are in `data`, and how they lie; `None` if there is no model for that.
    #[must_use]
    pub fn of(span: &Span, data: &[u8]) -> Option<(Range<usize>, Self)> {
        let raster = Raster::of(span)?;
        let mut layout = Self {
            stride: raster.stride,
            bits: raster.bits,
            little: raster.little,
            signed: raster.signed,
            palette: raster.meaning == Meaning::Indices,
            png: raster.meaning == Meaning::Filtered,
            frame: raster.frame,
            ..Self::new(raster.width, raster.channels)
        };
        if !layout.is_sane() {
            // The picture before may be too large to be kept.
            layout.frame = 0;
        }
        let range = usize::try_from(span.start).ok()?..usize::try_from(span.end()).ok()?;
        (layout.is_sane() && data.get(range.clone()).is_some()).then_some((range, layout))
    }

    /// Bytes of a row without padding and filter byte.
    #[must_use]
    pub fn row_bytes(&self) -> u64 {
        (u64::from(self.width) * u64::from(self.channels) * u64::from(self.bits)).div_ceil(8)
    }

    /// Whether a model can be made: bounds on the sizes, and rows that fit their stride.
    #[must_use]
    pub fn is_sane(&self) -> bool {
        let samples = u64::from(self.width) * u64::from(self.channels);
        let row = self.row_bytes() + u64::from(self.png);
        self.width > 0
            && (1..=4).contains(&self.channels)
            && samples <= MAX_SAMPLES
            && (matches!(self.bits, 8 | 16) || self.bits == 1 && self.channels == 1)
            && (row..=row + MAX_PADDING).contains(&u64::from(self.stride))
            && samples * u64::from(self.frame) <= MAX_FRAME
            && (!self.png || self.bits == 8)
    }

    /// About how many bytes a model for this layout takes.
    #[must_use]
    pub fn memory(&self) -> u64 {
        let samples = u64::from(self.width) * u64::from(self.channels);
        if self.bits == 1 {
            return (20 << 20) + samples * 6;
        }
        let systems = u64::from(self.channels) * (16 << 20);
        let tables = (5 << 20) * u64::from(self.bits / 8);
        (8 << 20) + tables + systems + samples * (160 + 4 * u64::from(self.frame))
    }
}
