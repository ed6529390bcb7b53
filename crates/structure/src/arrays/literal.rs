//! The Python literals that headers of npy files are made of.
//!
//! Source: the grammar of literals in the Python language reference, as far as `numpy.lib.format` writes them.

/// Literals inside each other.
const MAX_DEPTH: u32 = 32;
/// Literals in one text.
const MAX_LITERALS: usize = 1 << 16;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal<'a> {
    /// As it stands between its quotes: escapes are not resolved.
    Text(&'a str),
    /// A whole number.
    Int(u64),
    /// `True` or `False`.
    Bool(bool),
    /// A tuple or a list.
    Items(Vec<Literal<'a>>),
    /// Keys and values, and the text of each value.
    Dict(Vec<(&'a str, Literal<'a>, &'a str)>),
}

/// The value that is all of `text`, but for space around it; `None` for anything that is no such literal.
pub fn parse(text: &str) -> Option<Literal<'_>> {
    let mut parser = Parser { text, at: 0, left: MAX_LITERALS };
    let value = parser.value(0)?;
    parser.space();
    (parser.at == text.len()).then_some(value)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    left: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Passes over `token`, if that is next.
    fn eat(&mut self, token: &str) -> bool {
        self.space();
        let found = self.rest().starts_with(token);
        self.at += if found { token.len() } else { 0 };
        found
    }

    fn value(&mut self, depth: u32) -> Option<Literal<'a>> {
        self.left = self.left.checked_sub(1)?;
        if depth > MAX_DEPTH {
            return None;
        }
        self.space();
        match self.rest().as_bytes().first()? {
            b'\'' | b'"' => self.quoted().map(Literal::Text),
            b'(' => self.items(")", depth),
            b'[' => self.items("]", depth),
            b'{' => self.dict(depth),
            b'0'..=b'9' => self.number(),
            _ if self.eat("True") => Some(Literal::Bool(true)),
            _ if self.eat("False") => Some(Literal::Bool(false)),
            _ => None,
        }
    }

    fn quoted(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let quote = rest.chars().next()?;
        let mut escaped = false;
        for (i, c) in rest.char_indices().skip(1) {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                _ if c == quote => {
                    self.at += i + 1;
                    return rest.get(1..i);
                }
                _ => {}
            }
        }
        None
    }

    fn number(&mut self) -> Option<Literal<'a>> {
        let rest = self.rest();
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        self.at += digits;
        // Python 2 wrote long numbers with an L.
        if self.rest().starts_with('L') {
            self.at += 1;
        }
        rest.get(..digits)?.parse().ok().map(Literal::Int)
    }

    fn items(&mut self, end: &str, depth: u32) -> Option<Literal<'a>> {
        self.at += 1;
        let mut items = Vec::new();
        let mut commas = 0;
        while !self.eat(end) {
            if items.len() > commas {
                return None;
            }
            items.push(self.value(depth + 1)?);
            commas += usize::from(self.eat(","));
        }
        // What stands in round brackets without a comma is itself.
        match items.len() {
            1 if end == ")" && commas == 0 => items.pop(),
            _ => Some(Literal::Items(items)),
        }
    }

    fn dict(&mut self, depth: u32) -> Option<Literal<'a>> {
        self.at += 1;
        let mut pairs = Vec::new();
        let mut commas = 0;
        while !self.eat("}") {
            if pairs.len() > commas {
                return None;
            }
            self.space();
            let key = self.quoted()?;
            if !self.eat(":") {
                return None;
            }
            self.space();
            let from = self.at;
            let value = self.value(depth + 1)?;
            pairs.push((key, value, self.text.get(from..self.at)?));
            commas += usize::from(self.eat(","));
        }
        Some(Literal::Dict(pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_numpy_writes_is_read() {
        let text = "{'descr': [('a', '<f4', (2, 3)), (('t', \"b'\"), '|O')], 'fortran_order': False, 'shape': (3L,), } \n";
        let Some(Literal::Dict(pairs)) = parse(text) else { panic!("no dictionary") };
        assert_eq!(pairs.iter().map(|pair| pair.0).collect::<Vec<_>>(), ["descr", "fortran_order", "shape"]);
        assert_eq!(pairs[0].2, "[('a', '<f4', (2, 3)), (('t', \"b'\"), '|O')]");
        assert_eq!(pairs[2].1, Literal::Items(vec![Literal::Int(3)]));
        assert_eq!(parse("(3)"), Some(Literal::Int(3)));
        assert_eq!(parse("()"), Some(Literal::Items(Vec::new())));
        for bad in ["(1 2)", "{'a' 1}", "[1,,2]", "'a", "1 1", "", "{1: 2}", "-1", "None"] {
            assert!(parse(bad).is_none(), "{bad}");
        }
        assert!(parse(&"[".repeat(1 << 20)).is_none());
        assert!(parse(&format!("[{}]", "1,".repeat(1 << 17))).is_none());
    }
}
