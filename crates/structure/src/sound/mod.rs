//! PCM behind the headers of WAV and AIFF.
//!
//! WAV: RIFF chunks, PCM only, also in the extensible form (Microsoft and IBM, 1991 and 2001). AIFF and AIFF-C: PCM with either order of
//! bytes (Apple, 1989 and 1991). Samples have 8, 16, 24 or 32 bits; floats and compressed sound are no span.
//!
//! ```
//! use minlen_structure::sound::{Pcm, find};
//! let wav = [&b"RIFF\x2c\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0\x44\xac\0\0\x10\xb1\x02\0\x04\0\x10\0data\x08\0\0\0"[..], &[7; 8]].concat();
//! let span = find(&wav).expect("sound");
//! assert_eq!((span.start, span.len), (44, 8));
//! let pcm = Pcm::of(&span).expect("how samples lie");
//! assert_eq!((pcm.bits, pcm.channels, pcm.little, pcm.signed), (16, 2, true, true));
//! // Two channels of two bytes are a frame.
//! assert_eq!((pcm.frame_bytes(), pcm.span(44, 7).map(|span| span.len)), (4, Some(4)));
//! assert!(find(b"no sound at all").is_none());
//! ```

use crate::formats;
use crate::parser::{Found, Parser};
use crate::reader::Reader;
use crate::worth::may_be_samples;
use minlen_core::layout::{Declared, Dtype, Element, Format, Span, SpanKind};
use minlen_core::{Kind, Result};
use std::sync::Arc;

/// Chunks that are looked at.
const CHUNKS: usize = 1000;

/// How samples lie in the bytes.
///
/// A span of kind [`SpanKind::Sound`] has the shape `[frames, channels]`; [`Pcm::span`] and [`Pcm::of`] turn one into the other.
///
/// ```
/// use minlen_structure::sound::Pcm;
/// let pcm = Pcm { bits: 24, channels: 2, little: true, signed: true };
/// let span = pcm.span(44, 600).expect("a hundred frames");
/// assert_eq!((&span.shape[..], Pcm::of(&span)), (&[100, 2][..], Some(pcm)));
/// assert!(Pcm { bits: 12, ..pcm }.span(44, 600).is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pcm {
    /// Bits of a sample.
    pub bits: u8,
    /// Interleaved channels.
    pub channels: u8,
    /// Low byte first, as in WAV.
    pub little: bool,
    /// Two's complement; WAV of 8 bits is not.
    pub signed: bool,
}

impl Pcm {
    /// Bytes of one sample of every channel.
    #[must_use]
    pub fn frame_bytes(&self) -> u64 {
        u64::from(self.bits / 8) * u64::from(self.channels)
    }

    /// The samples in the whole frames of `len` bytes from `start` on; `None` if there are none.
    #[must_use]
    pub fn span(&self, start: u64, len: u64) -> Option<Span> {
        let (frame, channels) = (self.frame_bytes(), u64::from(self.channels));
        let frames = len.checked_div(frame).filter(|frames| *frames > 0)?;
        let bytes = u64::from(self.bits / 8);
        let (dtype, name) = match (self.bits, self.signed) {
            (8, true) => (Dtype::I8, ""),
            (8, false) => (Dtype::U8, ""),
            (16, true) => (Dtype::I16, ""),
            (16, false) => (Dtype::U16, ""),
            (24, true) => (Dtype::Bytes, "i24"),
            (24, false) => (Dtype::Bytes, "u24"),
            (32, true) => (Dtype::I32, ""),
            (32, false) => (Dtype::U32, ""),
            _ => return None,
        };
        let element =
            if name.is_empty() { Element::Number(dtype) } else { Element::Foreign(name.to_owned()) };
        let mut declared = Declared::new(element, vec![frames, channels], (1, bytes));
        declared.big_endian = !self.little && bytes > 1;
        let span = Span { kind: SpanKind::Sound, dtype, shape: vec![frames, channels], ..Span::default() };
        Some(Span { stride: frame, start, len: frames * frame, ..span }.declaring(declared))
    }

    /// How the samples of a span lie; `None` if it is not of sound.
    #[must_use]
    pub fn of(span: &Span) -> Option<Self> {
        let (SpanKind::Sound, &[_, channels]) = (span.kind, &span.shape[..]) else { return None };
        let declared = span.declared();
        let signed = match &declared.element {
            Element::Foreign(name) => name == "i24",
            _ => matches!(span.dtype, Dtype::I8 | Dtype::I16 | Dtype::I32),
        };
        let bits = u8::try_from(declared.unit.1 * 8).ok()?;
        // The order of single bytes makes no difference.
        Some(Self { bits, channels: channels.try_into().ok()?, little: !declared.big_endian, signed })
    }
}

/// A format that one function reads.
struct Plain {
    format: Format,
    find: fn(&mut Reader<'_>) -> Option<Span>,
}

/// The parsers of sound.
pub(crate) fn parsers() -> Vec<Arc<dyn Parser>> {
    let plain = |format, find| Arc::new(Plain { format, find }) as Arc<dyn Parser>;
    vec![plain(formats::WAV, wav), plain(formats::AIFF, aiff)]
}

/// The samples in `data`, whatever the format.
#[must_use]
pub fn find(data: &[u8]) -> Option<Span> {
    let mut file = Reader::new(&data);
    wav(&mut file).or_else(|| aiff(&mut file))
}

impl Parser for Plain {
    fn name(&self) -> &'static str {
        self.format.name
    }

    fn kind(&self) -> SpanKind {
        SpanKind::Sound
    }

    fn parse(&self, file: &mut Reader<'_>) -> Result<Option<Found>> {
        Ok((self.find)(file).map(|span| (self.format, vec![span])))
    }

    fn is_head_enough(&self) -> bool {
        true
    }

    fn suits(&self, kind: Kind, level: u8, len: usize) -> bool {
        may_be_samples(kind, level, len)
    }

    fn declares(&self, kind: Kind) -> bool {
        kind == Kind::AudioRaw
    }
}

fn wav(file: &mut Reader<'_>) -> Option<Span> {
    let head: [u8; 12] = file.magic()?;
    if !head.starts_with(b"RIFF") || !head.ends_with(b"WAVE") {
        return None;
    }
    let mut at = 12;
    let mut format = None;
    for _ in 0..CHUNKS {
        let (name, len): ([u8; 4], _) = (file.array(at).ok()?, u64::from(file.le32(at + 4)?));
        at += 8;
        match &name {
            b"fmt " => {
                let kind = file.le16(at)?;
                // The extensible form has the true number after 24 bytes.
                let pcm = kind == 1 || kind == 0xfffe && file.le16(at + 24)? == 1;
                let bits = u8::try_from(file.le16(at + 14)?).ok()?;
                let channels = u8::try_from(file.le16(at + 2)?).ok()?;
                if !pcm {
                    return None;
                }
                format = Some(Pcm { bits, channels, little: true, signed: bits > 8 });
            }
            b"data" => {
                let (start, len) = file.span(at, len)?;
                return format?.span(start, len);
            }
            _ => {}
        }
        at = at.checked_add(len)?.checked_add(len & 1)?;
    }
    None
}

fn aiff(file: &mut Reader<'_>) -> Option<Span> {
    let head: [u8; 12] = file.magic()?;
    let packed = match (&head[..4], &head[8..]) {
        (b"FORM", b"AIFF") => false,
        (b"FORM", b"AIFC") => true,
        _ => return None,
    };
    let mut at = 12;
    let mut format = None;
    for _ in 0..CHUNKS {
        let (name, len): ([u8; 4], _) = (file.array(at).ok()?, u64::from(file.number(at + 4, 4, false)?));
        at += 8;
        match &name {
            b"COMM" => {
                let bits = u8::try_from(file.number(at + 6, 2, false)?).ok()?;
                let channels = u8::try_from(file.number(at, 2, false)?).ok()?;
                let kind = if packed { file.array(at + 18).ok()? } else { *b"NONE" };
                if !matches!(&kind, b"NONE" | b"sowt") {
                    return None;
                }
                format = Some(Pcm { bits, channels, little: kind == *b"sowt", signed: true });
            }
            b"SSND" => {
                let skip = u64::from(file.number(at, 4, false)?);
                let (start, len) = file.span(at.checked_add(8 + skip)?, len.saturating_sub(8 + skip))?;
                return format?.span(start, len);
            }
            _ => {}
        }
        at = at.checked_add(len)?.checked_add(len & 1)?;
    }
    None
}
