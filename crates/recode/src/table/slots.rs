//! Where the values of a line are.

use minlen_core::Kind;
use std::ops::Range;

/// Finds the values in lines of one kind.
#[derive(Clone, Copy, Debug)]
pub(super) enum Slots {
    /// Everything between delimiters.
    Delimited(u8),
    /// Strings that are no names, numbers and words.
    Json,
    /// Words with figures.
    Words,
}

impl Slots {
    pub(super) fn of(kind: Kind, data: &[u8]) -> Self {
        match kind {
            Kind::Csv => Self::Delimited(delimiter(&data[..data.len().min(1 << 16)])),
            Kind::Json | Kind::Ndjson => Self::Json,
            _ => Self::Words,
        }
    }

    /// The values of a line, in order and apart from each other.
    pub(super) fn find(self, line: &[u8], out: &mut Vec<Range<usize>>) {
        match self {
            Self::Delimited(delimiter) => fields(line, delimiter, out),
            Self::Json => json(line, out),
            Self::Words => words(line, out),
        }
    }
}

/// The commonest of the usual ones.
fn delimiter(sample: &[u8]) -> u8 {
    let count = |d: u8| sample.iter().filter(|&&b| b == d).count();
    [b',', b'\t', b';', b'|'].into_iter().rev().max_by_key(|&d| count(d)).unwrap_or(b',')
}

fn fields(line: &[u8], delimiter: u8, out: &mut Vec<Range<usize>>) {
    let end = line.strip_suffix(b"\r").unwrap_or(line).len();
    let mut start = 0;
    for at in (0..end).filter(|&at| line[at] == delimiter).chain([end]) {
        out.push(start..at);
        start = at + 1;
    }
}

fn json(line: &[u8], out: &mut Vec<Range<usize>>) {
    let mut at = 0;
    while at < line.len() {
        let start = at;
        at += 1;
        match line[start] {
            b'"' => {
                let Some(end) = string_end(line, start) else { continue };
                let after = line[end..].iter().find(|b| !matches!(b, b' ' | b'\t'));
                at = end;
                if after != Some(&b':') {
                    out.push(start..end);
                }
            }
            b'-' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                let word = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.');
                at += line[at..].iter().take_while(word).count();
                out.push(start..at);
            }
            _ => {}
        }
    }
}

/// Behind the closing quote of the string at `start`.
fn string_end(line: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match *line.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

fn words(line: &[u8], out: &mut Vec<Range<usize>>) {
    let member = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'/' | b'.' | b'-');
    let mut at = 0;
    while at < line.len() {
        let len = line[at..].iter().take_while(|b| member(b)).count();
        if line[at..at + len].iter().any(u8::is_ascii_digit) {
            out.push(at..at + len);
        }
        at += len.max(1);
    }
}
