//! JSON and JSON lines, told by reading the tokens in their grammar (RFC 8259).

use crate::detect::found;
use minlen_core::{Detection, Kind};

/// How far it is read: one line of JSON lines should fit.
const ENOUGH: usize = 64 << 10;
/// This many documents in a row are enough.
const DOCUMENTS: usize = 50;

pub(crate) fn find(data: &[u8], total: u64) -> Option<Detection> {
    let data = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data);
    let first = data.iter().position(|b| !b.is_ascii_whitespace())?;
    if !matches!(data[first], b'{' | b'[') {
        return None;
    }
    let head = &data[..data.len().min(ENOUGH)];
    let seen = Reader::new(head).read()?;
    if seen.tokens < 2 || seen.documents == 0 && total <= head.len() as u64 {
        return None;
    }
    let several = seen.documents > 1 || seen.documents == 1 && seen.open;
    let shape = if data[first] == b'{' { "objects" } else { "arrays" };
    match several {
        true if seen.lines => found(Kind::Ndjson, 88, shape),
        true => found(Kind::Json, 80, format!("several {shape}")),
        // A document this short could be anything in brackets.
        false if seen.tokens < 5 => found(Kind::Json, 70, &shape[..shape.len() - 1]),
        false => found(Kind::Json, 88, &shape[..shape.len() - 1]),
    }
}

/// What was read before the end or the first mistake.
struct Seen {
    /// Complete documents.
    documents: usize,
    /// Whether another one had begun.
    open: bool,
    /// Whether each began on a line of its own.
    lines: bool,
    tokens: usize,
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    /// Open brackets, innermost last.
    stack: Vec<u8>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, stack: Vec::new() }
    }

    /// None on a mistake in the grammar; the end of the text may come anywhere.
    fn read(mut self) -> Option<Seen> {
        let mut seen = Seen { documents: 0, open: false, lines: true, tokens: 0 };
        // What may come: a value, a key, a colon, or a comma or closing bracket.
        let mut expect = Expect::Value;
        while let Some((token, newline)) = self.token()? {
            if self.stack.is_empty() {
                if seen.documents > 0 {
                    seen.lines &= newline;
                }
                if !matches!(token, b'{' | b'[') {
                    return None;
                }
            }
            seen.tokens += 1;
            expect = self.step(token, expect)?;
            seen.open = !self.stack.is_empty();
            if self.stack.is_empty() {
                seen.documents += 1;
                expect = Expect::Value;
                if seen.documents >= DOCUMENTS {
                    break;
                }
            }
        }
        Some(seen)
    }

    fn step(&mut self, token: u8, expect: Expect) -> Option<Expect> {
        let closes =
            |this: &mut Self, open: u8| (this.stack.pop() == Some(open)).then_some(Expect::CommaOrEnd);
        match (token, expect) {
            (b'{', Expect::Value | Expect::ValueOrEnd) if self.stack.len() < 512 => {
                self.stack.push(b'{');
                Some(Expect::KeyOrEnd)
            }
            (b'[', Expect::Value | Expect::ValueOrEnd) if self.stack.len() < 512 => {
                self.stack.push(b'[');
                Some(Expect::ValueOrEnd)
            }
            (b'}', Expect::KeyOrEnd | Expect::CommaOrEnd) => closes(self, b'{'),
            (b']', Expect::ValueOrEnd | Expect::CommaOrEnd) => closes(self, b'['),
            (b',', Expect::CommaOrEnd) => {
                Some(if self.stack.last() == Some(&b'{') { Expect::Key } else { Expect::Value })
            }
            (b':', Expect::Colon) => Some(Expect::Value),
            (b'"', Expect::Key | Expect::KeyOrEnd) => Some(Expect::Colon),
            (b'"' | b'0', Expect::Value | Expect::ValueOrEnd) => Some(Expect::CommaOrEnd),
            _ => None,
        }
    }

    /// The next token (strings as '"', other scalars as '0') and whether a line end came before it. Some(None) at
    /// the end.
    fn token(&mut self) -> Option<Option<(u8, bool)>> {
        let mut newline = false;
        while let Some(&byte) = self.text.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\r' => {}
                b'\n' => newline = true,
                b'{' | b'}' | b'[' | b']' | b',' | b':' => {
                    self.at += 1;
                    return Some(Some((byte, newline)));
                }
                b'"' => return Some(self.string().then_some((b'"', newline))),
                _ => return self.scalar().map(|done| done.then_some((b'0', newline))),
            }
            self.at += 1;
        }
        Some(None)
    }

    /// Passes a string; false if the text ends within it.
    fn string(&mut self) -> bool {
        self.at += 1;
        while let Some(&byte) = self.text.get(self.at) {
            match byte {
                b'"' => {
                    self.at += 1;
                    return true;
                }
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        false
    }

    /// Passes a number or a word; None if it is neither, Some(false) if the text ends within it.
    fn scalar(&mut self) -> Option<bool> {
        let rest = &self.text[self.at..];
        let length = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b)).count();
        let word = &rest[..length];
        let number = word.first().is_some_and(|&b| b == b'-' || b.is_ascii_digit())
            && word[1..].iter().all(|b| b.is_ascii_digit() || b"+-.eE".contains(b));
        let known = number || matches!(word, b"true" | b"false" | b"null" | b"NaN" | b"Infinity");
        self.at += length;
        let ended = self.at == self.text.len();
        (known || ended && length > 0 && length < 6).then_some(!ended || known)
    }
}

#[derive(Clone, Copy)]
enum Expect {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    CommaOrEnd,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Option<Kind> {
        find(text.as_bytes(), text.len() as u64).map(|d| d.kind)
    }

    #[test]
    fn grammar_decides() {
        assert_eq!(kind("{\"a\": [1, 2.5e3, \"x\\\"\"], \"b\": null}\n"), Some(Kind::Json));
        assert_eq!(kind("[[0, 0], [1, 0]]"), Some(Kind::Json));
        assert_eq!(kind("{\"a\": 1}\n{\"a\": 2}\n"), Some(Kind::Ndjson));
        for wrong in
            ["[Sun Dec 04] notice", "{ int x; }", "[section]\nkey = 1", "{\"a\" 1}", "[1, 2", "[]]", "{a: 1}"]
        {
            assert_eq!(kind(wrong), None, "{wrong}");
        }
        assert_eq!(find(b"[1, 2", 100_000).map(|d| d.kind), Some(Kind::Json));
    }
}
