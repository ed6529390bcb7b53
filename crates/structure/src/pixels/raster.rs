//! How pixels lie.

use minlen_core::layout::{Declared, Dtype, Element, Meaning, Span, SpanKind};

/// How pixels lie in the bytes.
///
/// A [`Span`] of kind [`SpanKind::Pixels`] has the shape `[rows, width, channels]`, with the pictures in front where there is a series, and
/// its stride. [`Raster::span`] and [`Raster::of`] turn one into the other without loss.
///
/// ```
/// use minlen_structure::pixels::Raster;
/// // Rows of 7 grey pixels of 16 bits, padded to 16 bytes.
/// let raster = Raster { bits: 16, stride: 16, little: true, ..Raster::new(7, 1) };
/// assert_eq!(raster.row_bytes(), 14);
/// let span = raster.span(100, 160);
/// assert_eq!(&span.shape[..], &[10, 7, 1]);
/// assert_eq!(Raster::of(&span), Some(raster));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raster {
    /// Pixels of a row.
    pub width: u32,
    /// Bytes from one row to the next, with padding and a PNG's filter byte.
    pub stride: u32,
    /// Samples of a pixel.
    pub channels: u8,
    /// Bits of a sample: 1, 8 or 16.
    pub bits: u8,
    /// Samples of 16 bits have the low byte first.
    pub little: bool,
    /// Samples of 16 bits are in two's complement.
    pub signed: bool,
    /// What the samples stand for.
    pub meaning: Meaning,
    /// Rows after which the next picture of a series begins, 0 for a single one.
    pub frame: u32,
}

impl Raster {
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
            meaning: Meaning::Values,
            frame: 0,
        }
    }

    /// Bytes of a row without padding and filter byte.
    #[must_use]
    pub fn row_bytes(&self) -> u64 {
        (u64::from(self.width) * u64::from(self.channels) * u64::from(self.bits)).div_ceil(8)
    }

    /// The pixels of `len` bytes from `start` on.
    #[must_use]
    pub fn span(&self, start: u64, len: u64) -> Span {
        let rows = len / u64::from(self.stride.max(1));
        let (width, channels) = (u64::from(self.width), u64::from(self.channels));
        let mut shape = vec![rows, width, channels];
        if self.frame > 0 {
            shape.splice(..1, [rows / u64::from(self.frame), u64::from(self.frame)]);
        }
        let (dtype, element, unit) = match (self.bits, self.signed) {
            (16, true) => (Dtype::I16, Element::Number(Dtype::I16), (1, 2)),
            (16, false) => (Dtype::U16, Element::Number(Dtype::U16), (1, 2)),
            (1, _) => (Dtype::Bytes, Element::Foreign("bit".into()), (8, 1)),
            _ => (Dtype::U8, Element::Number(Dtype::U8), (1, 1)),
        };
        let declared = Declared::new(element, shape.clone(), unit).big_endian(!self.little);
        let stride = u64::from(self.stride);
        let span = Span { kind: SpanKind::Pixels, dtype, shape, stride, start, len, ..Span::default() };
        Span { meaning: self.meaning, ..span }.declaring(declared)
    }

    /// How the pixels of a span lie; `None` if it is not of pixels.
    #[must_use]
    pub fn of(span: &Span) -> Option<Self> {
        let (SpanKind::Pixels, &[.., rows, width, channels]) = (span.kind, &span.shape[..]) else {
            return None;
        };
        let declared = span.declared();
        let bits = declared.unit.1 * 8 / declared.unit.0.max(1);
        Some(Self {
            width: width.try_into().ok()?,
            stride: span.stride.try_into().ok()?,
            channels: channels.try_into().ok()?,
            bits: bits.try_into().ok()?,
            little: bits == 16 && !declared.big_endian,
            signed: span.dtype == Dtype::I16,
            meaning: span.meaning,
            frame: if span.shape.len() > 3 { rows.try_into().ok()? } else { 0 },
        })
    }
}

/// Where the pixels are.
pub(super) type Place = Option<((u64, u64), Raster)>;
