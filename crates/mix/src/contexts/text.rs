//! Contexts for everything that is read as text: prose, source, markup, JSON, CSV, logs.

use super::prose::Prose;
use super::{Contexts, View, combine};

const N: usize = 46;

/// Orders 0 to 20, words, sentences, lines and columns, nesting, keys and tags, gaps, shapes.
#[derive(Clone, Debug, Default)]
pub struct Text {
    /// Hashes of the current word and the four before it, letters in lower case.
    pub(super) words: [u64; 5],
    /// The current number's digits.
    number: u64,
    /// Classes of the last 16 bytes, 4 bits each.
    shape: u64,
    pub(super) lines: Lines,
    pub(super) nest: Nest,
    pub(super) indirect: super::Indirect,
    pub(super) prose: Prose,
    /// Last punctuation.
    mark: u8,
    /// The last bytes in lower case and with all digits alike.
    folded: u64,
    pub(super) masked: u64,
    pub(super) select: [u16; 5],
}

/// Where in the line.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines {
    start: usize,
    before: usize,
    first: u8,
    indent: usize,
    /// Field number in a separated line, its hash so far, and the hashes of the fields of the line before.
    pub(super) field: usize,
    pub(super) value: u64,
    pub(super) above: Vec<u64>,
    current: Vec<u64>,
}

/// What is open.
#[derive(Clone, Debug, Default)]
pub(super) struct Nest {
    /// Opening byte, and the key or tag under which it was opened.
    open: Vec<(u8, u64)>,
    quote: u8,
    /// Hash of the string being read, of the last string, of the last key.
    pub(super) string: u64,
    last: u64,
    pub(super) key: u64,
    /// Name of the last tag opened and the stack of names.
    pub(super) tag: u64,
    pub(super) in_tag: u64,
    since: u32,
}

fn class(c: u8) -> u64 {
    match c {
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        b'0'..=b'9' => 3,
        b' ' => 4,
        b'\n' | b'\r' => 5,
        b'\t' => 6,
        b'.' | b'!' | b'?' => 7,
        b',' | b';' | b':' => 8,
        b'"' | b'\'' | b'`' => 9,
        b'(' | b'[' | b'{' | b'<' => 10,
        b')' | b']' | b'}' | b'>' => 11,
        b'-' | b'_' | b'/' | b'\\' => 12,
        b'=' | b'+' | b'*' | b'&' | b'|' | b'%' | b'^' | b'~' => 13,
        128..=255 => 14,
        _ => 15,
    }
}

impl Lines {
    fn push(&mut self, c: u8, n: usize) {
        if c == b'\n' {
            self.before = self.start;
            self.start = n;
            self.first = 0;
            self.indent = 0;
            self.current.push(self.value);
            std::mem::swap(&mut self.above, &mut self.current);
            self.current.clear();
            self.field = 0;
            self.value = 0;
            return;
        }
        if self.first == 0 {
            if c == b' ' || c == b'\t' {
                self.indent += 1;
            } else {
                self.first = c;
            }
        }
        if matches!(c, b',' | b';' | b'\t' | b'|' | b' ') {
            if self.current.len() < 255 {
                self.current.push(self.value);
            }
            self.field += 1;
            self.value = 0;
        } else {
            self.value = combine(self.value, u64::from(c) + 1);
        }
    }

    fn column(&self, n: usize) -> usize {
        n - self.start
    }
}

impl Nest {
    fn push(&mut self, c: u8) {
        self.since = self.since.saturating_add(1);
        if self.quote != 0 {
            if c == self.quote || c == b'\n' {
                self.quote = 0;
                self.last = self.string;
            } else {
                self.string = combine(self.string, u64::from(c) + 1);
            }
            return;
        }
        match c {
            b'"' => {
                self.quote = c;
                self.string = 0;
            }
            b':' | b'=' => self.key = self.last,
            b'(' | b'[' | b'{' => {
                if self.open.len() < 64 {
                    self.open.push((c, self.key));
                }
                self.since = 0;
            }
            b'<' => {
                self.in_tag = 1;
                self.since = 0;
            }
            b')' | b']' | b'}' => {
                if let Some((_, key)) = self.open.pop() {
                    self.key = key;
                }
                self.since = 0;
            }
            b'>' | b' ' | b'\n' => {
                if self.in_tag > 1 {
                    self.tag = self.in_tag;
                }
                self.in_tag = 0;
            }
            _ => {}
        }
        if self.in_tag != 0 && c != b'<' {
            self.in_tag = combine(self.in_tag, u64::from(c));
        }
    }

    pub(super) fn top(&self) -> (u8, u64) {
        self.open.last().copied().unwrap_or_default()
    }
}

/// The surroundings in the line above.
pub(super) struct Line {
    col: u64,
    /// The byte above and the one after it (plus one; 0 for none), and whether the last byte was the same as above.
    pub above: u64,
    next_above: u64,
    pub agrees: u64,
}

impl Text {
    #[inline(always)]
    pub(super) fn line(&self, v: &View) -> Line {
        let l = &self.lines;
        let column = l.column(v.data.len());
        let over = |at: usize| {
            let inside = l.start > 0 && at < l.start;
            if inside { v.data.get(at).map_or(0, |&b| u64::from(b) + 1) } else { 0 }
        };
        let at = l.before + column;
        let left = if column > 0 { over(at - 1) } else { 0 };
        Line {
            col: column.min(255) as u64,
            above: over(at),
            next_above: over(at + 1),
            agrees: u64::from(left == (v.c8 & 255) + 1),
        }
    }

    /// Chooses the weights for the next byte.
    #[inline(always)]
    pub(super) fn choose(&mut self, line: &Line) {
        let word = u16::from(self.words[0] != 0);
        let (bracket, _) = self.nest.top();
        self.select = [
            (self.shape & 15) as u16 | (self.shape >> 4 & 15) as u16 * 16,
            u16::from(self.mark & 31) | u16::from(bracket & 3) << 5 | word << 7,
            line.col.min(31) as u16 * 8 + (u16::from(line.above > 0) + u16::from(line.agrees > 0) * 2),
            line.above.min(255) as u16,
            self.prose.select(),
        ];
    }

    /// Takes in the newest byte; gives the word that it ended, 0 for none.
    #[inline(always)]
    pub(super) fn push(&mut self, view: &View) -> u64 {
        let c = view.c8 as u8;
        let n = view.data.len();
        let low = c.to_ascii_lowercase();
        let kind = class(c);
        let mut ended = 0;
        self.shape = self.shape << 4 | kind;
        self.folded = self.folded << 8 | u64::from(low);
        self.masked = self.masked << 8 | u64::from(if c.is_ascii_digit() { b'0' } else { c });
        if low.is_ascii_alphabetic() || low >= 128 {
            self.words[0] = combine(self.words[0], u64::from(low) + 1);
        } else if self.words[0] != 0 {
            ended = self.words[0];
            self.words.rotate_right(1);
            self.words[0] = 0;
        }
        if c.is_ascii_digit() {
            self.number = combine(self.number, u64::from(c));
        } else if c != b'.' {
            self.number = 0;
        }
        if (7..14).contains(&kind) {
            self.mark = c;
        }
        self.lines.push(c, n);
        self.nest.push(c);
        self.indirect.push(view.c8);
        ended
    }
}

impl Contexts<N> for Text {
    const DEEP: bool = true;
    const RUNS: bool = false;
    const ORDERS: usize = 10;
    const MATCH_LENGTHS: &'static [usize] = &[5, 9, 24];
    const SELECTORS: &'static [usize] = &[4096, 2048, 2048, 2048, 256, 2048];

    fn next(&mut self, v: &View, names: &mut [u64; N]) {
        if !v.data.is_empty() {
            let ended = self.push(v);
            self.prose.push(v.c8, self.words[0], ended);
        }
        let line = self.line(v);
        let n = v.data.len();
        let c1 = v.c8 & 255;
        let [w0, w1, w2, w3, _] = self.words;
        let l = &self.lines;
        let Line { col, above, next_above, agrees } = line;
        let above_field = l.above.get(l.field).copied().unwrap_or(0);
        let (bracket, parent) = self.nest.top();
        let nest = &self.nest;
        let long =
            |k: usize| v.data[n.saturating_sub(k)..].iter().fold(k as u64, |h, &b| combine(h, u64::from(b)));
        let shape = self.shape;
        let mut i = 0;
        let mut name = |x: u64| {
            names[i] = x;
            i += 1;
        };
        name(v.last(1));
        name(v.last(2));
        name(v.last(3));
        name(v.last(4));
        name(v.last(5));
        name(v.last(6));
        name(v.last(7));
        name(combine(v.c8, 8));
        name(long(10));
        name(long(14));
        name(long(20));
        name(combine(w0, c1));
        name(combine(combine(w0, w1), c1));
        name(combine(w0, combine(w2, c1)));
        name(combine(combine(w0, w1), combine(w2, w3)));
        name(combine(w0, combine(u64::from(l.first), l.indent as u64)));
        name(combine(w0, u64::from(self.mark) << 8 | u64::from(bracket)));
        name(combine(w1, combine(shape & 0xfff, 3)));
        name(shape & 0xffff_ffff_ffff);
        name(combine(shape & 0xff_ffff, c1));
        name(combine(shape & 0xffff, c1 << 8 | above));
        name(combine(above, col));
        name(above << 16 | v.last(2) | agrees << 40);
        name(above << 24 | next_above << 32 | c1 | agrees << 44);
        name(combine(l.field as u64, l.value));
        name(combine(above_field, l.value));
        name(combine(above_field, combine(l.value, l.field as u64)));
        name(combine(u64::from(bracket), v.last(2)));
        name(combine(u64::from(bracket) << 8 | u64::from(nest.since.min(30)), c1));
        name(combine(nest.key, combine(nest.string, c1)));
        name(combine(combine(nest.key, parent), combine(l.value, c1)));
        name(combine(nest.tag, combine(w0, c1)));
        name(combine(nest.tag, combine(nest.in_tag, v.last(2))));
        name(v.c8 >> 8 & 0xffff);
        name(self.indirect.one());
        name(self.indirect.two());
        name(self.folded & 0xffff_ffff);
        name(self.masked & 0xff_ffff_ffff);
        name(combine(self.number, combine(w1, c1)));
        name(combine(l.indent as u64, combine(u64::from(l.first), col)));
        let prose = &self.prose;
        name(prose.three() << 8 | c1);
        name(combine(prose.guess(), combine(w0, c1)));
        name(combine(prose.sentence, combine(w0, c1)));
        name(combine(prose.link, u64::from(bracket)));
        name(combine(prose.link, w0));
        name(0);
        self.choose(&line);
    }

    fn sse_context(&self) -> u64 {
        self.words[0]
    }

    fn select(&self, v: &View, mut choose: impl FnMut(usize, usize)) {
        let s = &self.select;
        let (c0, bit) = (v.c0 as usize, v.bit as usize);
        choose(0, usize::from(s[0] & 15) * 256 + c0);
        choose(1, usize::from(s[1]) * 8 + bit);
        choose(2, usize::from(s[2] & 255) * 8 + bit);
        choose(3, usize::from(s[3]) * 8 + bit);
        choose(4, usize::from(s[4]) * 8 + bit);
        choose(5, usize::from(s[0]) * 8 + bit);
    }
}
