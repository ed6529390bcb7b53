//! The language that files are described in: see `testdata/cases/README.md`.

use crate::generators;
use std::collections::BTreeMap;

/// Places in a file that have a name.
pub type Labels = BTreeMap<String, u64>;

/// The file that these lines describe, and its labels. Lines are read twice: the first time numbers that need labels are 0.
pub fn build(lines: &[&str]) -> (Vec<u8>, Labels) {
    let (first, labels) = Builder::run(lines, &Labels::new(), true);
    let (second, again) = Builder::run(lines, &labels, false);
    assert_eq!((first.len(), &labels), (second.len(), &again), "the length of a file depends on its labels");
    (second, labels)
}

/// The value of terms joined by `+` and `-`: numbers, `2^63`, `@label`, `here`.
pub fn value(text: &str, labels: &Labels, here: u64, early: bool) -> u64 {
    let (mut all, mut term, mut minus) = (0u64, String::new(), false);
    for c in text.chars().chain(['+']) {
        if !matches!(c, '+' | '-') {
            term.push(c);
            continue;
        }
        let n = if term.is_empty() { 0 } else { one(&term, labels, here, early) };
        all = if minus { all.wrapping_sub(n) } else { all.wrapping_add(n) };
        (minus, term) = (c == '-', String::new());
    }
    all
}

fn one(term: &str, labels: &Labels, here: u64, early: bool) -> u64 {
    let bad = || panic!("{term:?} is no number and no label");
    if let Some(label) = term.strip_prefix('@') {
        let found = labels.get(label).copied();
        return if early { found.unwrap_or(0) } else { found.unwrap_or_else(bad) };
    }
    match (term, term.strip_prefix("2^"), term.strip_prefix("0x")) {
        ("here", ..) => here,
        (_, Some(power), _) => 1u64.checked_shl(power.parse().unwrap()).unwrap_or_else(bad),
        (_, _, Some(hex)) => u64::from_str_radix(hex, 16).unwrap_or_else(|_| bad()),
        _ => term.parse().unwrap_or_else(|_| bad()),
    }
}

/// The words of a line; what stands between quotes is one, with a quote before it.
pub fn words(line: &str) -> Vec<String> {
    let (mut words, mut chars) = (Vec::new(), line.chars().peekable());
    while let Some(c) = chars.next() {
        if c.is_whitespace() {
            continue;
        }
        let mut word = String::from(c);
        if c == '"' {
            loop {
                match chars.next() {
                    Some('"') => break,
                    Some('\\') => word.push(escaped(&mut chars)),
                    Some(c) => word.push(c),
                    None => panic!("a quote without its end: {line}"),
                }
            }
        } else {
            while let Some(c) = chars.next_if(|c| !c.is_whitespace()) {
                word.push(c);
            }
        }
        words.push(word);
    }
    words
}

fn escaped(chars: &mut impl Iterator<Item = char>) -> char {
    match chars.next() {
        Some('n') => '\n',
        Some('0') => '\0',
        Some('x') => {
            let digits: String = chars.take(2).collect();
            char::from(u8::from_str_radix(&digits, 16).unwrap())
        }
        Some(c @ ('"' | '\\')) => c,
        other => panic!("an escape of {other:?}"),
    }
}

/// Characters up to U+00FF as bytes.
fn latin(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

/// What begins with a line that ends in `{`.
struct Open {
    kind: Kind,
    start: usize,
}

enum Kind {
    /// The length of what is inside goes before it, in so many bytes.
    Sized {
        at: usize,
        width: usize,
        big: bool,
    },
    /// A field of a protocol buffer.
    Field(u64),
    Repeat(u64),
    Zip(Vec<(Vec<u8>, usize, usize)>),
    Member(Vec<u8>, usize),
    Tar {
        at: usize,
    },
}

struct Builder<'a> {
    out: Vec<u8>,
    /// Those of the first reading.
    labels: &'a Labels,
    met: Labels,
    open: Vec<Open>,
    early: bool,
}

impl<'a> Builder<'a> {
    fn run(lines: &[&str], labels: &'a Labels, early: bool) -> (Vec<u8>, Labels) {
        let mut builder = Self { out: Vec::new(), labels, met: Labels::new(), open: Vec::new(), early };
        lines.iter().for_each(|line| builder.line(line));
        assert!(builder.open.is_empty(), "a bracket is not closed");
        (builder.out, builder.met)
    }

    fn line(&mut self, line: &str) {
        let words = words(line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            [] => {}
            ["}"] => self.close(),
            [label] if label.ends_with(':') && !label.starts_with('"') => {
                self.met.insert(label.trim_end_matches(':').to_owned(), self.out.len() as u64);
            }
            [first, ref rest @ .., "{"] => self.begin(first, rest),
            [first, ref rest @ ..] => self.plain(first, rest, &words),
        }
    }

    fn value(&self, text: &str) -> u64 {
        value(text, self.labels, self.out.len() as u64, self.early)
    }

    fn begin(&mut self, first: &str, rest: &[&str]) {
        let start = self.out.len();
        let text = |i: usize| latin(rest[i].strip_prefix('"').unwrap());
        let kind = match first {
            "sized" => {
                let (width, big) = number(rest[0]).unwrap();
                self.out.resize(start + width, 0);
                Kind::Sized { at: start, width, big }
            }
            "field" => Kind::Field(self.value(rest[0])),
            "repeat" => Kind::Repeat(self.value(rest[0])),
            "zip" => Kind::Zip(Vec::new()),
            "member" => {
                self.out.extend(generators::zip_local(&text(0)));
                Kind::Member(text(0), start)
            }
            "tar" => {
                self.out.extend(generators::tar_head(&text(0), rest[1].as_bytes()[0]));
                Kind::Tar { at: start }
            }
            _ => panic!("{first:?} opens nothing"),
        };
        self.open.push(Open { kind, start: self.out.len() });
    }

    fn close(&mut self) {
        let Open { kind, start } = self.open.pop().unwrap();
        let len = self.out.len() - start;
        match kind {
            Kind::Sized { at, width, big } => {
                self.out.splice(at..at + width, bytes(len as u64, width, big));
            }
            Kind::Field(field) => {
                let head = [generators::varint(field << 3 | 2), generators::varint(len as u64)].concat();
                let inside = self.met.values_mut().filter(|place| **place >= start as u64);
                inside.for_each(|place| *place += head.len() as u64);
                self.out.splice(start..start, head);
            }
            Kind::Repeat(times) => {
                let inside = self.out.split_off(start);
                (0..times).for_each(|_| self.out.extend(&inside));
            }
            Kind::Member(name, at) => {
                self.out.splice(at + 18..at + 26, bytes(len as u64, 4, false).repeat(2));
                let Some(Open { kind: Kind::Zip(members), .. }) = self.open.last_mut() else {
                    panic!("a member outside of a ZIP file")
                };
                members.push((name, at, len));
            }
            Kind::Zip(members) => {
                let directory = generators::zip_end(&members, self.out.len());
                self.out.extend(directory);
            }
            Kind::Tar { at } => {
                generators::tar_finish(&mut self.out[at..at + 512], len);
                self.out.resize(self.out.len().next_multiple_of(512), 0);
            }
        }
    }

    fn plain(&mut self, first: &str, rest: &[&str], all: &[&str]) {
        if let Some((width, big)) = number(first) {
            for word in rest {
                let value = self.value(word);
                self.out.extend(bytes(value, width, big));
            }
            return;
        }
        let args: Vec<u64> = match first {
            "fill" | "ramp" | "noise" | "at" | "align" | "varint" | "page" | "plane" | "wave" => {
                rest.iter().map(|word| self.value(word)).collect()
            }
            _ => Vec::new(),
        };
        match (first, &args[..]) {
            ("fill", &[count, byte]) => self.out.extend(vec![byte as u8; count as usize]),
            ("ramp", &[count]) => self.out.extend((0..count).map(|i| i as u8)),
            ("noise", &[count, seed]) => self.out.extend(generators::noise(count, seed)),
            ("page", &[width, height]) => self.out.extend(generators::page(width, height)),
            ("plane", &[width, height]) => self.out.extend(generators::plane(width, height)),
            ("wave", &[count]) => self.out.extend(generators::wave(count)),
            ("at", &[place]) => {
                assert!(self.out.len() as u64 <= place, "byte {place} is already written");
                self.out.resize(place as usize, 0);
            }
            ("align", &[unit]) => self.out.resize(self.out.len().next_multiple_of(unit as usize), 0),
            ("varint", &[field, value]) => {
                self.out.extend(generators::varint(field << 3));
                self.out.extend(generators::varint(value));
            }
            _ => all.iter().for_each(|word| self.literal(word)),
        }
    }

    /// Text between quotes, or two hexadecimal digits.
    fn literal(&mut self, word: &str) {
        match word.strip_prefix('"') {
            Some(text) => self.out.extend(latin(text)),
            None if word.len() == 2 => self.out.push(u8::from_str_radix(word, 16).unwrap()),
            None => panic!("{word:?} is neither a byte nor a word of the language"),
        }
    }
}

/// Bytes and order of a number's type, as `u16be`.
fn number(name: &str) -> Option<(usize, bool)> {
    Some(match name {
        "u8" => (1, false),
        "u16le" => (2, false),
        "u16be" => (2, true),
        "u32le" => (4, false),
        "u32be" => (4, true),
        "u64le" => (8, false),
        "u64be" => (8, true),
        _ => return None,
    })
}

fn bytes(value: u64, width: usize, big: bool) -> Vec<u8> {
    match big {
        true => value.to_be_bytes()[8 - width..].to_vec(),
        false => value.to_le_bytes()[..width].to_vec(),
    }
}
