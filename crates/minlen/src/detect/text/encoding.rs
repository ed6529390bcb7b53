//! How text is encoded.

use crate::detect::sample;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Ascii,
    Utf8,
    Utf16Le,
    Utf16Be,
    /// One of the 8-bit (or 8-bit multi-byte) encodings.
    Latin,
}

/// The encoding of the beginning of a text, None if it is not text.
pub(crate) fn of(head: &[u8]) -> Option<Encoding> {
    if head.is_empty() {
        return None;
    }
    if let Some(utf16) = utf16(head) {
        return Some(utf16);
    }
    let control = head.iter().filter(|&&b| is_control(b)).count();
    if head.contains(&0) || control * 500 > head.len() {
        return None;
    }
    if head.is_ascii() {
        return Some(Encoding::Ascii);
    }
    match std::str::from_utf8(head) {
        Ok(_) => Some(Encoding::Utf8),
        Err(error)
            if error.error_len().is_none()
                && head.len() - error.valid_up_to() < 4
                && error.valid_up_to() > 0 =>
        {
            Some(Encoding::Utf8)
        }
        Err(_) => eight_bit(head).then_some(Encoding::Latin),
    }
}

/// Control characters that text does not have (tab, line ends, form feed, backspace, escape and end-of-file aside).
fn is_control(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, 8..=10 | 12 | 13 | 0x1a | 0x1b) || byte == 0x7f
}

/// Printable ASCII, or a control character that text has.
pub(crate) fn is_plain(byte: u8) -> bool {
    const PLAIN: [bool; 256] = {
        let mut table = [false; 256];
        let mut byte = 8;
        while byte < 0x7f {
            table[byte] = byte >= 0x20 || matches!(byte, 8..=10 | 12 | 13 | 0x1a | 0x1b);
            byte += 1;
        }
        table
    };
    PLAIN[usize::from(byte)]
}

/// Most characters are printable ASCII and spaces come often, or most are letters of the upper half; the controls of
/// ISO 8859 are rare either way.
fn eight_bit(head: &[u8]) -> bool {
    let high = head.iter().filter(|b| **b >= 0x80).count();
    let low_controls = head.iter().filter(|b| (0x80..0xa0).contains(*b)).count();
    let spaces = head.iter().filter(|b| b.is_ascii_whitespace()).count();
    let runs = longest_high_run(head);
    let western = high * 10 < head.len() * 3 && low_controls * 100 < head.len() * 2;
    let cyrillic = spaces * 12 > head.len() && low_controls * 20 < head.len();
    let asian = high * 2 > head.len() && pairs(head) && spaces > 0;
    head.len() >= 16 && (western && runs < 40 && spaces * 30 > head.len() || cyrillic || asian && runs > 8)
}

fn longest_high_run(head: &[u8]) -> usize {
    head.split(u8::is_ascii).map(<[u8]>::len).max().unwrap_or(0)
}

/// True if the high bytes come in the pairs of EUC or GBK (lead 0xa1..0xfe, or 0x81 and up, and a trail byte).
fn pairs(head: &[u8]) -> bool {
    let (mut at, mut wrong, mut right) = (0, 0, 0);
    while at + 1 < head.len() {
        if head[at] < 0x80 {
            at += 1;
            continue;
        }
        let good = (0x81..=0xfe).contains(&head[at]) && (0x40..=0xfe).contains(&head[at + 1]);
        *(if good { &mut right } else { &mut wrong }) += 1;
        at += 2;
    }
    right > 50 * wrong
}

/// UTF-16 with a byte order mark, or with so many ASCII characters that every other byte is zero.
fn utf16(head: &[u8]) -> Option<Encoding> {
    let (marked, big) = match head.get(..2)? {
        [0xff, 0xfe] => (true, false),
        [0xfe, 0xff] => (true, true),
        pair => (false, pair[0] == 0),
    };
    if head.len() < if marked { 4 } else { 16 } {
        return None;
    }
    let units = head
        .chunks_exact(2)
        .map(|p| if big { u16::from_be_bytes([p[0], p[1]]) } else { u16::from_le_bytes([p[0], p[1]]) });
    let (mut ascii, mut odd, mut spaces, mut all) = (0usize, 0usize, 0usize, 0usize);
    for unit in units.skip(usize::from(marked)) {
        ascii += usize::from((0x20..0x7f).contains(&unit) || matches!(unit, 9 | 10 | 13));
        odd += usize::from(
            unit < 9 || (14..0x20).contains(&unit) || unit >= 0xfff0 || (0xe000..0xf900).contains(&unit),
        );
        spaces += usize::from(matches!(unit, 0x20 | 10 | 0x3000 | 0x3002 | 0xff0c));
        all += 1;
    }
    let plausible =
        if marked { odd * 50 <= all } else { ascii * 10 >= all * 7 && spaces > 0 && odd * 100 <= all };
    plausible.then_some(if big { Encoding::Utf16Be } else { Encoding::Utf16Le })
}

/// True if samples from all over the data look like text too: a text that turns binary is not text.
pub(crate) fn everywhere(data: &[u8], encoding: Encoding, _total: u64) -> bool {
    if data.len() <= super::HEAD || matches!(encoding, Encoding::Utf16Le | Encoding::Utf16Be) {
        return true;
    }
    let (mut bad, mut all) = (0usize, 0usize);
    for piece in sample::pieces(data, 16, 512) {
        bad += piece.iter().filter(|&&b| is_control(b)).count();
        all += piece.len();
    }
    bad * 200 <= all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_encodings_apart() {
        assert_eq!(of(b"plain text\n"), Some(Encoding::Ascii));
        assert_eq!(of("größer und schöner".as_bytes()), Some(Encoding::Utf8));
        assert_eq!(of(&"größer und schöner".as_bytes()[..15]), Some(Encoding::Utf8));
        assert_eq!(of(b"gr\xf6\xdfer und sch\xf6ner als je zuvor"), Some(Encoding::Latin));
        let wide: Vec<u8> = "hello, wide world".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(of(&wide), Some(Encoding::Utf16Le));
        let big: Vec<u8> = "\u{feff}Привет, мир".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(of(&big), Some(Encoding::Utf16Be));
        assert_eq!(of(b"\x00\x01\x02\x03 binary"), None);
        assert_eq!(of(&[]), None);
    }
}
