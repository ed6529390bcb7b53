//! The layout of a file.

use super::declared::Declared;
use super::origin::Format;
use super::span::Span;
use crate::error::{Error, Result};

/// The spans of a file, by offset, without overlaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// What the file is.
    pub format: Format,
    /// What it is made of. Bytes between them belong to nobody.
    pub spans: Vec<Span>,
}

impl Layout {
    /// The spans brought into order. Where two of them name the same bytes (tied weights), one is kept.
    ///
    /// # Errors
    /// Corrupt if two of them overlap without being the same bytes, one reaches beyond the file, or an array is not as long as its shape.
    pub fn new(format: Format, mut spans: Vec<Span>, file_len: u64) -> Result<Self> {
        spans.retain(|span| span.len > 0);
        spans.sort_by_key(|span| (span.start, span.len));
        // If they say different things of the same bytes, neither is to be believed.
        spans.dedup_by(|b, a| {
            let same = (a.start, a.len) == (b.start, b.len);
            if same
                && (a.declared().element, a.declared().big_endian)
                    != (b.declared().element, b.declared().big_endian)
            {
                a.declaration = Some(Box::new(Declared::unknown(a.len)));
            }
            same
        });
        let mut end = 0;
        for span in &mut spans {
            let (name, start) = (&span.name, span.start);
            let Some(next) = start.checked_add(span.len).filter(|next| *next <= file_len) else {
                return Err(Error::corrupt(format!("array {name:?} reaches beyond the file")).at(start));
            };
            if start < end {
                return Err(Error::corrupt(format!("array {name:?} overlaps another")).at(start));
            }
            if !span.is_as_long_as_its_shape() {
                return Err(Error::corrupt(format!("array {name:?} is not as long as its shape")).at(start));
            }
            span.origin = format.origin;
            end = next;
        }
        Ok(Self { format, spans })
    }
}
