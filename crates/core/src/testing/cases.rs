//! Tables of cases that lie beside the tests, as text: one case a line, its fields between bars.
//!
//! ```text
//! # input | what comes out
//! 80 01 | 128
//! 80 00 | !Corrupt: shortest form
//! ```
//!
//! Lines that are empty or begin with `#` say nothing. A last field that begins with `!` promises an error: its class, as
//! [`crate::ErrorKind`] names it, and after a colon a part of its message.

use crate::Result;
use std::collections::BTreeSet;

/// One line of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case<'a> {
    /// The number of the line, from 1.
    pub line: usize,
    /// What stands between the bars, without the spaces around.
    pub fields: Vec<&'a str>,
}

/// The cases of a table, each of so many fields.
///
/// # Panics
/// For a table without cases, a line with another number of fields, or one that is there twice.
#[must_use]
pub fn read(table: &str, fields: usize) -> Vec<Case<'_>> {
    let mut seen = BTreeSet::new();
    let mut cases = Vec::new();
    for (i, text) in table.lines().enumerate().filter(|(_, text)| !text.is_empty() && !text.starts_with('#'))
    {
        let case = Case { line: i + 1, fields: text.split('|').map(str::trim).collect() };
        assert_eq!(case.fields.len(), fields, "line {}: {text}", case.line);
        assert!(seen.insert(text), "line {} is there twice: {text}", case.line);
        cases.push(case);
    }
    assert!(!cases.is_empty(), "a table without cases");
    cases
}

impl Case<'_> {
    /// Compares what came out with the last field.
    ///
    /// # Panics
    /// Where they differ, naming the line.
    pub fn expect(&self, got: Result<impl ToString>) {
        let want = self.fields.last().copied().unwrap_or_default();
        let shown = match &got {
            Ok(value) => value.to_string(),
            Err(error) => format!("!{:?}: {error:#}", error.kind()),
        };
        let right = match (want.split_once(':').filter(|_| want.starts_with('!')), got) {
            (Some((kind, part)), Err(e)) => {
                format!("!{:?}", e.kind()) == kind && shown[kind.len()..].contains(part.trim())
            }
            _ => shown == want,
        };
        assert!(right, "line {}: {:?}: got {shown}", self.line, self.fields);
    }

    /// The number in field `i`, in any form that [`number`] reads.
    ///
    /// # Panics
    /// For anything else.
    #[must_use]
    pub fn number(&self, i: usize) -> u64 {
        number(self.fields[i])
    }

    /// The bytes in field `i`, in the form that [`hex`] reads.
    ///
    /// # Panics
    /// For anything else.
    #[must_use]
    pub fn hex(&self, i: usize) -> Vec<u8> {
        hex(self.fields[i])
    }

    /// The numbers in field `i`, between commas; none for an empty field.
    ///
    /// # Panics
    /// For anything else.
    #[must_use]
    pub fn numbers(&self, i: usize) -> Vec<u64> {
        self.fields[i].split(',').map(str::trim).filter(|text| !text.is_empty()).map(number).collect()
    }
}

/// A number: decimal, `max` for the largest one, or a power of two as `2^40`; and one of them plus or minus a decimal number.
///
/// # Panics
/// For anything else.
#[must_use]
#[allow(clippy::panic)]
pub fn number(text: &str) -> u64 {
    let part = |text: &str| match text.split_once('^') {
        Some(("2", power)) => power.parse().ok().and_then(|power| 1u64.checked_shl(power)),
        _ if text == "max" => Some(u64::MAX),
        _ => text.parse().ok(),
    };
    let sum = || match (text.split_once('+'), text.split_once('-')) {
        (Some((a, b)), _) => part(a)?.checked_add(part(b)?),
        (_, Some((a, b))) => part(a)?.checked_sub(part(b)?),
        _ => part(text),
    };
    sum().unwrap_or_else(|| panic!("no number: {text}"))
}

/// Bytes: pairs of hexadecimal digits, text in quotation marks, and either with a count behind a star (`00*12`), all
/// between spaces. Nothing for an empty text.
///
/// # Panics
/// For anything else.
#[must_use]
#[allow(clippy::panic)]
pub fn hex(text: &str) -> Vec<u8> {
    let piece = |piece: &str| -> Option<Vec<u8>> {
        let (bytes, count) = piece.split_once('*').unwrap_or((piece, "1"));
        let quoted = bytes.strip_prefix('"').and_then(|bytes| bytes.strip_suffix('"'));
        let once = match quoted {
            Some(text) => text.as_bytes().to_vec(),
            None => (0..bytes.len().div_ceil(2))
                .map(|i| u8::from_str_radix(bytes.get(2 * i..2 * i + 2)?, 16).ok())
                .collect::<Option<_>>()?,
        };
        Some(once.repeat(count.parse().ok()?))
    };
    let pieces = text.split_whitespace();
    pieces.flat_map(|text| piece(text).unwrap_or_else(|| panic!("no bytes: {text}"))).collect()
}

/// Bytes as pairs of hexadecimal digits.
#[must_use]
pub fn show(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[test]
    fn tables_are_read_as_they_are_written() {
        let cases = read("# a | b\n\n1, 2^4 | x y\n0aff \"bc\"*1 | \n", 2);
        assert_eq!((cases[0].line, cases[0].numbers(0), cases[0].fields[1]), (3, vec![1, 16], "x y"));
        assert_eq!(hex("0aff \"bc\" 07*3"), b"\x0a\xffbc\x07\x07\x07");
        assert_eq!(
            (number("max"), number("2^63+1"), number("max-1")),
            (u64::MAX, (1 << 63) + 1, u64::MAX - 1)
        );
        assert_eq!(show(&hex("00 a1b2")), "00 a1 b2");
    }

    /// True if the only case of `table` accepts `got`.
    fn accepts(table: &str, got: Result<u8>) -> bool {
        let case = &read(table, 1)[0];
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| case.expect(got))).is_ok()
    }

    #[test]
    fn a_case_accepts_what_it_says_and_nothing_else() {
        let error = || Err(Error::corrupt("a wrong byte"));
        assert!(accepts("7", Ok(7)) && !accepts("7", Ok(8)) && !accepts("7", error()));
        assert!(accepts("!Corrupt: wrong", error()) && !accepts("!Corrupt: right", error()));
        assert!(!accepts("!Limit: wrong", error()) && !accepts("!Corrupt: wrong", Ok(7)));
    }
}
