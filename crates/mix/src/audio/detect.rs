//! Finds samples behind the headers of WAV and AIFF.

use super::Format;
use crate::sample::read::{le16, le32, number, span};
use std::ops::Range;

/// Chunks that are looked at.
const CHUNKS: usize = 1000;

/// The samples in `data` (a whole file from its first byte) and their format, if its header says that they are there
/// uncompressed.
#[must_use]
pub fn detect(data: &[u8]) -> Option<(Range<usize>, Format)> {
    let found = wav(data).or_else(|| aiff(data))?;
    found.1.is_sane().then_some(found)
}

fn wav(data: &[u8]) -> Option<(Range<usize>, Format)> {
    if data.get(..4)? != b"RIFF" || data.get(8..12)? != b"WAVE" {
        return None;
    }
    let mut at = 12;
    let mut format = None;
    for _ in 0..CHUNKS {
        let (name, len) = (data.get(at..at + 4)?, le32(data, at + 4)?);
        at += 8;
        match name {
            b"fmt " => {
                let kind = le16(data, at)?;
                // The extensible form has the true number after 24 bytes.
                let pcm = kind == 1 || kind == 0xfffe && le16(data, at + 24)? == 1;
                let bits = u8::try_from(le16(data, at + 14)?).ok()?;
                let channels = u8::try_from(le16(data, at + 2)?).ok()?;
                if !pcm {
                    return None;
                }
                format = Some(Format { bits, channels, little: true, signed: bits > 8 });
            }
            b"data" => return Some((whole(span(data, at, u64::from(len))?, format?)?, format?)),
            _ => {}
        }
        at = at.checked_add(len as usize)?.checked_add(len as usize & 1)?;
    }
    None
}

fn aiff(data: &[u8]) -> Option<(Range<usize>, Format)> {
    let packed = match (data.get(..4)?, data.get(8..12)?) {
        (b"FORM", b"AIFF") => false,
        (b"FORM", b"AIFC") => true,
        _ => return None,
    };
    let mut at = 12;
    let mut format = None;
    for _ in 0..CHUNKS {
        let (name, len) = (data.get(at..at + 4)?, number(data, at + 4, 4, false)?);
        at += 8;
        match name {
            b"COMM" => {
                let bits = u8::try_from(number(data, at + 6, 2, false)?).ok()?;
                let channels = u8::try_from(number(data, at, 2, false)?).ok()?;
                let kind = if packed { data.get(at + 18..at + 22)? } else { b"NONE" };
                if !matches!(kind, b"NONE" | b"sowt") {
                    return None;
                }
                format = Some(Format { bits, channels, little: kind == b"sowt", signed: true });
            }
            b"SSND" => {
                let skip = number(data, at, 4, false)?;
                let range =
                    span(data, at.checked_add(8 + skip as usize)?, u64::from(len.saturating_sub(8 + skip)))?;
                return Some((whole(range, format?)?, format?));
            }
            _ => {}
        }
        at = at.checked_add(len as usize)?.checked_add(len as usize & 1)?;
    }
    None
}

/// Whole frames only.
fn whole(range: Range<usize>, format: Format) -> Option<Range<usize>> {
    let frame = format.frame_bytes();
    let len = range.len().checked_div(frame)? * frame;
    (len > 0).then_some(range.start..range.start + len)
}
