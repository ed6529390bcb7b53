//! Text: its encoding, its language, and the formats that are written in it.

pub(crate) mod csv;
pub(crate) mod encoding;
pub(crate) mod json;
pub(crate) mod language;
mod language_words;
pub(crate) mod log;
pub(crate) mod markup;
pub(crate) mod source;
mod source_table;

use crate::detect::found;
use encoding::Encoding;
use minlen_core::{Detection, Kind};

/// How much text is looked at.
pub(crate) const HEAD: usize = 32 << 10;

/// The beginning of `data` if it is text in an encoding that contains ASCII, without a byte order mark; and whether
/// that is all of the file.
pub(crate) fn head(data: &[u8], total: u64) -> Option<(&[u8], bool)> {
    let head = &data[..data.len().min(HEAD)];
    match encoding::of(head)? {
        Encoding::Utf16Le | Encoding::Utf16Be => None,
        _ => Some((head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head), head.len() as u64 >= total)),
    }
}

/// Non-empty lines without their ends; the last one only if it is complete.
pub(crate) fn lines(text: &[u8], complete: bool) -> impl Iterator<Item = &[u8]> {
    let end =
        if complete { text.len() } else { text.iter().rposition(|&b| b == b'\n').unwrap_or(text.len()) };
    text[..end]
        .split(|&b| b == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .filter(|l| !l.is_empty())
}

/// Prose: any text that no format claims.
pub(crate) fn prose(data: &[u8], total: u64) -> Option<Detection> {
    let head = &data[..data.len().min(HEAD)];
    let encoding = encoding::of(head)?;
    if !encoding::everywhere(data, encoding, total) {
        return None;
    }
    let (kind, name) = match encoding {
        Encoding::Ascii => (Kind::Text, "ASCII"),
        Encoding::Utf8 => (Kind::Text, "UTF-8"),
        Encoding::Utf16Le => (Kind::TextUtf16, "UTF-16 LE"),
        Encoding::Utf16Be => (Kind::TextUtf16, "UTF-16 BE"),
        Encoding::Latin => (Kind::TextLatin, "8-bit"),
    };
    let mut detail = language::of(head, encoding).unwrap_or_default().to_owned();
    if let Some(markup) = source::prose_markup(head) {
        detail = if detail.is_empty() { markup.into() } else { format!("{detail}, {markup}") };
    }
    detail = if detail.is_empty() { name.into() } else { format!("{detail}, {name}") };
    found(kind, if data.len() < 16 { 40 } else { 70 }, detail)
}
