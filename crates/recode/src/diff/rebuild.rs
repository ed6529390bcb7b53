//! The content again, from the old one and what was told.

use super::near::{MARGIN, Model, Moves};
use super::old::{Places, Row};
use super::ops::{self, COLUMNS};
use super::{Close, surround};
use minlen_core::{Env, Error, Result};
use minlen_entropy::binary::Decoder;
use std::ops::Range;

/// What [`super::express`] made, decoded.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// The steps.
    pub columns: [&'a [u8]; COLUMNS],
    /// What is new.
    pub literals: &'a [u8],
    /// What differs.
    pub near: &'a [u8],
}

/// Bytes of the old content that are read at once, at least.
const READ: u64 = 64 << 10;
/// And at most.
const MOST: usize = 1 << 20;

/// Appends the first `wanted` of `len` bytes to `out`: the content that `parts` tell of, by differences from what is at `places`. `content`
/// gives bytes of the old content; only what is needed is asked for.
///
/// # Errors
/// Corrupt or truncated for parts that were not made so; whatever `read` says.
pub fn rebuild(
    parts: &Parts<'_>,
    close: Close,
    places: &Places,
    content: &dyn Fn(Range<u64>) -> Result<Vec<u8>>,
    (len, wanted): (usize, usize),
    env: &Env,
    out: &mut Vec<u8>,
) -> Result<()> {
    let steps = ops::read(parts.columns, len, places.end())?;
    let known: usize = steps.iter().map(|step| step.gap + step.exact + step.near).sum();
    let total: usize = steps.iter().map(|step| step.near).sum();
    let gaps: usize = steps.iter().map(|step| step.gap).sum();
    if parts.literals.len() != gaps + (len - known) {
        return Err(Error::corrupt("diff: more or fewer new bytes than there are places for"));
    }
    let moves = Moves::new(if close == Close::Predicted { &steps } else { &[] });
    let mut near = match close {
        Close::Bytes if parts.near.len() != total => {
            return Err(Error::corrupt("diff: more or fewer differences than there are places for"));
        }
        Close::Bytes => Near::Bytes(parts.near),
        Close::Predicted => Near::Predicted(Model::new(&moves, total), Decoder::new(parts.near)),
    };
    let (start, mut literals) = (out.len(), parts.literals);
    let row = Row::new(places, content, env);
    let mut old = Window { row, len: places.end(), start: 0, bytes: Vec::new() };
    for step in &steps {
        if out.len() - start >= wanted {
            return Ok(());
        }
        env.check()?;
        let (gap, rest) = literals.split_at(step.gap.min(literals.len()));
        out.extend_from_slice(gap);
        literals = rest;
        old.copy(step.from, step.exact, out)?;
        near.rebuild(step.from + step.exact as u64, step.near, start, &mut old, out)?;
    }
    out.extend_from_slice(literals);
    near.check()
}

/// Differences that come one after the other.
enum Near<'a> {
    Bytes(&'a [u8]),
    Predicted(Model<'a>, Decoder<'a>),
}

impl Near<'_> {
    /// Appends `len` bytes that are nearly those from `from` on; the content begins at `start` in `out`.
    fn rebuild(
        &mut self,
        from: u64,
        len: usize,
        start: usize,
        old: &mut Window<'_>,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let first = (out.len() - start) as i64;
        let shift = first.wrapping_sub(from as i64);
        if let (Self::Predicted(model, _), true) = (&mut *self, len > 0) {
            model.begin(&out[start.max(out.len().saturating_sub(MARGIN))..]);
        }
        let mut around = [0; 2 * MARGIN];
        for done in (0..len).step_by(MOST) {
            let count = MOST.min(len - done);
            let at = from + done as u64;
            match self {
                Self::Bytes(differences) => {
                    let (these, rest) = differences.split_at(count.min(differences.len()));
                    let there = old.get(at..at + count as u64)?;
                    out.extend(
                        there.iter().zip(these).map(|(old, difference)| old.wrapping_add(*difference)),
                    );
                    *differences = rest;
                }
                Self::Predicted(model, coder) => {
                    let from = at.saturating_sub(MARGIN as u64);
                    let to = (at + count as u64 + MARGIN as u64).min(old.len);
                    let there = old.get(from..to)?;
                    let byte = |place: usize| {
                        (place as u64)
                            .checked_sub(from)
                            .and_then(|i| there.get(i as usize))
                            .copied()
                            .unwrap_or(0)
                    };
                    for i in 0..count {
                        surround(&mut around, byte, at + i as u64, done + i == 0);
                        out.push(model.code(coder, 0, &around, at + i as u64, shift));
                    }
                    if coder.overrun() {
                        return Err(Error::truncated("diff: the differences end too early"));
                    }
                }
            }
        }
        Ok(())
    }

    /// At the end, everything is used up.
    fn check(&self) -> Result<()> {
        match self {
            Self::Predicted(_, coder) if coder.overrun() => {
                Err(Error::truncated("diff: the differences end too early"))
            }
            _ => Ok(()),
        }
    }
}

/// A part of the old content, read in larger pieces than it is asked for.
struct Window<'r> {
    row: Row<'r>,
    len: u64,
    start: u64,
    bytes: Vec<u8>,
}

impl Window<'_> {
    /// These bytes, of which there are at most [`MOST`] and two margins.
    fn get(&mut self, range: Range<u64>) -> Result<&[u8]> {
        if range.start < self.start || range.end > self.start + self.bytes.len() as u64 {
            let to = range.end.max(range.start.saturating_add(READ).min(self.len));
            self.bytes = self.row.read(range.start..to)?;
            self.start = range.start;
        }
        let from = (range.start - self.start) as usize;
        Ok(&self.bytes[from..from + (range.end - range.start) as usize])
    }

    /// Appends `len` bytes from `from` on.
    fn copy(&mut self, from: u64, len: usize, out: &mut Vec<u8>) -> Result<()> {
        for done in (0..len).step_by(MOST) {
            let at = from + done as u64;
            out.extend_from_slice(self.get(at..at + MOST.min(len - done) as u64)?);
        }
        Ok(())
    }
}
