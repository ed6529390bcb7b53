//! Lines in a stream of bytes, held against a pattern as they come.

use super::enough;
use super::output::Place;
use crate::args::Grep;
use crate::plan::Context;
use minlen::{Error, Reservation, Result};
use regex::bytes::Regex;
use serde_json::{Value, json};
use std::io::{self, Write};

/// A zero byte among the first bytes makes a file one that is no text, as in grep.
const LOOK: usize = 32 << 10;
/// Bytes of a line for which memory is reserved at once.
const STEP: usize = 1 << 20;

/// What was found in a file.
#[derive(Default)]
pub struct Told {
    /// Matching lines, as far as it was searched.
    pub lines: u64,
    /// True if it is no text.
    pub binary: bool,
    /// The lines, for the document.
    pub kept: Vec<Value>,
}

/// Takes the bytes of one file.
pub struct Search<'a> {
    regex: &'a Regex,
    args: &'a Grep,
    place: Place<'a>,
    ctx: &'a Context,
    /// What came of a line that has not ended.
    rest: Vec<u8>,
    held: Option<Reservation>,
    /// Bytes so far, and complete lines.
    seen: usize,
    number: u64,
    told: Told,
    over: bool,
    /// True where a line alone may fit although the text around it does not.
    has_anchors: bool,
}

impl<'a> Search<'a> {
    pub fn new(regex: &'a Regex, args: &'a Grep, place: Place<'a>, ctx: &'a Context) -> Self {
        let (rest, told) = (Vec::new(), Told::default());
        let has_anchors = ["\\A", "\\z", "^", "$"].iter().any(|anchor| regex.as_str().contains(anchor));
        Self { regex, args, place, ctx, rest, held: None, seen: 0, number: 0, told, over: false, has_anchors }
    }

    /// Ends the file, of which reading gave this.
    pub fn end(mut self, read: Result<()>) -> Result<Told> {
        if !self.over {
            read?;
            let last = std::mem::take(&mut self.rest);
            if !last.is_empty() {
                self.take_lines(&last).or_else(|e| if self.over { Ok(()) } else { Err(e) })?;
            }
        }
        if self.args.files_with_matches {
            if self.told.lines > 0 {
                self.place.name().map_err(Error::from)?;
            }
        } else if self.args.count {
            self.place.count(self.told.lines).map_err(Error::from)?;
        }
        Ok(self.told)
    }

    /// Takes whole lines, each with its end or the last one without.
    fn take_lines(&mut self, text: &[u8]) -> io::Result<()> {
        let zeros = self.told.binary && !self.args.text;
        // Most pieces of most files have nothing that fits: that is told at once.
        if !zeros && !self.args.invert_match && !self.has_anchors && !self.regex.is_match(text) {
            self.number += memchr::memchr_iter(b'\n', text).count() as u64;
            return Ok(());
        }
        let mut rest = text;
        while !rest.is_empty() {
            let end = match zeros {
                true => memchr::memchr2(b'\n', 0, rest),
                false => memchr::memchr(b'\n', rest),
            };
            let (line, next) = match end {
                Some(at) => (&rest[..at], &rest[at + 1..]),
                None => (rest, &rest[rest.len()..]),
            };
            self.number += 1;
            if self.regex.is_match(line) != self.args.invert_match {
                self.found(line)?;
            }
            rest = next;
        }
        Ok(())
    }

    fn found(&mut self, line: &[u8]) -> io::Result<()> {
        self.told.lines += 1;
        let binary = self.told.binary && !self.args.text;
        let bare = self.args.count || self.args.files_with_matches;
        if binary && !bare {
            self.place.binary(self.ctx)?;
        } else if !bare {
            self.place.line(self.args.line_number.then_some(self.number), line)?;
            self.keep(line)?;
        }
        let most = self.args.max_count.is_some_and(|most| self.told.lines >= most);
        let settled = self.args.files_with_matches || self.place.is_quiet() || binary && !self.args.count;
        if most || settled {
            self.over = true;
            return Err(enough().into());
        }
        Ok(())
    }

    /// Keeps a line for the document.
    fn keep(&mut self, line: &[u8]) -> io::Result<()> {
        if self.ctx.ui.json() {
            self.reserve(line.len() as u64 + 128)?;
            let text = String::from_utf8_lossy(line);
            self.told.kept.push(json!({"number": self.number, "text": text}));
        }
        Ok(())
    }

    fn reserve(&mut self, bytes: u64) -> Result<()> {
        match &mut self.held {
            Some(held) => held.grow(bytes),
            None => {
                self.held = Some(self.ctx.reading().budget.reserve(bytes)?);
                Ok(())
            }
        }
    }
}

impl Write for Search<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.over {
            return Err(enough().into());
        }
        let head = &data[..data.len().min(LOOK.saturating_sub(self.seen))];
        self.told.binary |= head.contains(&0);
        self.seen = self.seen.saturating_add(data.len());
        let ends = |byte: &u8| *byte == b'\n' || *byte == 0 && self.told.binary && !self.args.text;
        let Some(last) = data.iter().rposition(ends) else {
            if (self.rest.len() + data.len()) / STEP > self.rest.len() / STEP {
                self.reserve(STEP.max(data.len()) as u64)?;
            }
            self.rest.extend_from_slice(data);
            return Ok(data.len());
        };
        let (whole, begun) = data.split_at(last + 1);
        if self.rest.is_empty() {
            self.take_lines(whole)?;
        } else {
            let mut text = std::mem::take(&mut self.rest);
            text.extend_from_slice(whole);
            self.take_lines(&text)?;
        }
        self.rest.clear();
        self.rest.extend_from_slice(begun);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
