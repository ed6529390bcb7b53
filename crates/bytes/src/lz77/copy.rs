//! Carries out sequences. Literals and matches are copied in steps of 16 bytes, writing up to [`SLACK`] bytes more
//! than asked for: those are overwritten by what comes next.

use super::spec::{Repeats, Sequence};
use minlen_core::{Error, Result};

/// Bytes that must be there after the last byte of a copy, in the source too.
pub const SLACK: usize = 32;

/// Where output goes and literals come from.
pub struct Writer<'a> {
    /// The output from its start, with [`SLACK`] bytes after the last.
    pub to: &'a mut [u8],
    /// Where the next byte goes.
    pub at: usize,
    /// The end of the block.
    pub end: usize,
    /// The literals of the block, with [`SLACK`] bytes after the last.
    pub literals: &'a [u8],
    /// How many of the literals were used.
    pub taken: usize,
}

impl Writer<'_> {
    /// Carries out a sequence; the block has so many `literals`.
    #[inline(always)]
    pub fn execute(&mut self, sequence: Sequence, repeats: &mut Repeats, literals: usize) -> Result<()> {
        let (run, length) = (sequence.literals as usize, sequence.length as usize);
        let offset = repeats.take(sequence.offset, run == 0) as usize;
        let start = self.at + run;
        if run > literals - self.taken || start + length > self.end || offset == 0 || offset > start {
            return Err(Error::corrupt("lz77: a sequence reaches outside the output"));
        }
        copy(self.to, self.at, &self.literals[self.taken..], run);
        repeat(self.to, start, offset, length);
        self.taken += run;
        self.at = start + length;
        Ok(())
    }

    /// Copies the literals after the last match, of `literals` in all.
    pub fn finish(&mut self, literals: usize) -> Result<()> {
        let run = literals - self.taken;
        if self.at + run != self.end {
            return Err(Error::corrupt("lz77: the sequences do not fill the block"));
        }
        self.to[self.at..self.end].copy_from_slice(&self.literals[self.taken..literals]);
        Ok(())
    }
}

/// Copies `len` bytes of `from` to `to` at `at`.
#[inline(always)]
fn copy(to: &mut [u8], at: usize, from: &[u8], len: usize) {
    let mut done = 0;
    loop {
        let Some(chunk) = from.get(done..).and_then(<[u8]>::first_chunk::<16>) else { return };
        let Some(target) = to.get_mut(at + done..).and_then(<[u8]>::first_chunk_mut::<16>) else { return };
        *target = *chunk;
        done += 16;
        if done >= len {
            return;
        }
    }
}

/// Repeats `len` bytes from `offset` bytes before `at`, which the caller has checked to be at most `at`.
#[inline(always)]
fn repeat(to: &mut [u8], at: usize, mut offset: usize, len: usize) {
    let mut done = 0;
    if offset < 16 {
        // What repeats at a short offset repeats at its multiples too, once there is enough of it.
        let wide = offset * 16usize.div_ceil(offset.max(1));
        let first = len.min(wide);
        for i in at..at + first {
            to[i] = to[i - offset];
        }
        if first == len {
            return;
        }
        (done, offset) = (first, wide);
    }
    loop {
        let from = at + done - offset;
        let Some(&chunk) = to.get(from..).and_then(<[u8]>::first_chunk::<16>) else { return };
        let Some(target) = to.get_mut(at + done..).and_then(<[u8]>::first_chunk_mut::<16>) else { return };
        *target = chunk;
        done += 16;
        if done >= len {
            return;
        }
    }
}
