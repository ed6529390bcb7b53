//! A handful of contexts, for speed.

use super::{Contexts, View, combine};

/// Orders 1 to 4 and 6, the word, and two words.
#[derive(Clone, Debug, Default)]
pub struct FastText {
    word: u64,
    before: u64,
    /// Where the row at hand and the one before it begin: after a line's end or an opening bracket.
    rows: [usize; 2],
}

/// Digits and what stands between the cells of tables.
#[inline(always)]
fn is_cell(c: u8) -> bool {
    matches!(c, b'0'..=b'9' | b'[' | b']' | b',' | b';' | b'|' | b'\t' | b'\n')
}

impl FastText {
    #[inline(always)]
    fn push(&mut self, last: u8, len: usize) {
        if last == b'\n' || last == b'[' {
            self.rows = [len, self.rows[0]];
        }
        let c = last.to_ascii_lowercase();
        if c.is_ascii_alphabetic() || c >= 128 {
            self.word = combine(self.word, u64::from(c) + 1);
        } else if self.word != 0 {
            self.before = self.word;
            self.word = 0;
        }
    }

    #[inline(always)]
    fn names(&self, c8: u64, data: &[u8], len: usize) -> [u64; 7] {
        let last = c8 << 56;
        let seventh = if is_cell(c8 as u8) || c8 as u16 == 0x2c20 {
            let above = self.rows[1] + len - self.rows[0];
            let above = if above < self.rows[0] { data.get(above).copied().unwrap_or(0) } else { 0 };
            combine(c8 & 0xffff, u64::from(above) + 1)
        } else {
            combine(self.word, self.before) ^ last
        };
        [
            c8 & 0xff,
            c8 & 0xffff,
            c8 & 0xff_ffff,
            c8 & 0xffff_ffff,
            c8 & 0xffff_ffff_ffff,
            self.word ^ last,
            seventh,
        ]
    }
}

impl Contexts<7> for FastText {
    const DEEP: bool = false;
    const RUNS: bool = false;
    const ENGINE_SELECTORS: bool = false;
    const ORDERS: usize = 5;
    const MATCH_LENGTHS: &'static [usize] = &[6];
    const SELECTORS: &'static [usize] = &[256, 2048];

    const PEEKS: bool = true;

    #[inline(always)]
    fn peek(&self, view: &View, byte: u8) -> [u64; 7] {
        let mut after = self.clone();
        let len = view.data.len() + 1;
        after.push(byte, len);
        after.names(view.c8 << 8 | u64::from(byte), &view.data, len)
    }

    #[inline(always)]
    fn next(&mut self, view: &View, names: &mut [u64; 7]) {
        let len = view.data.len();
        self.push(view.c8 as u8, len);
        *names = self.names(view.c8, &view.data, len);
    }

    #[inline(always)]
    fn select(&self, view: &View, mut choose: impl FnMut(usize, usize)) {
        choose(0, (view.c8 & 255) as usize);
        choose(1, (view.c8 >> 13 & 7) as usize * 256 + view.c0 as usize);
    }
}

/// Orders 1 to 4, one with gaps.
#[derive(Clone, Debug, Default)]
pub struct FastBinary;

impl FastBinary {
    #[inline(always)]
    fn names(c: u64) -> [u64; 5] {
        [c & 0xff, c & 0xffff, c & 0xff_ffff, c & 0xffff_ffff, c & 0xff00_ff00]
    }
}

impl Contexts<5> for FastBinary {
    const DEEP: bool = false;
    const RUNS: bool = false;
    const ENGINE_SELECTORS: bool = false;
    const ORDERS: usize = 4;
    const MATCH_LENGTHS: &'static [usize] = &[6];
    const SELECTORS: &'static [usize] = &[256];

    const PEEKS: bool = true;

    #[inline(always)]
    fn peek(&self, view: &View, byte: u8) -> [u64; 5] {
        Self::names(view.c8 << 8 | u64::from(byte))
    }

    #[inline(always)]
    fn next(&mut self, view: &View, names: &mut [u64; 5]) {
        *names = Self::names(view.c8);
    }

    #[inline(always)]
    fn select(&self, view: &View, mut choose: impl FnMut(usize, usize)) {
        choose(0, (view.c8 & 255) as usize);
    }
}
