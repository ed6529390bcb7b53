//! A handful of contexts, for speed.

use super::{Contexts, View, join};

/// Orders 1 to 4 and 6, the word, and two words.
#[derive(Clone, Debug, Default)]
pub struct FastText {
    word: u64,
    before: u64,
}

impl Contexts<7> for FastText {
    const DEEP: bool = false;
    const RUNS: bool = false;
    const MORE: bool = false;
    const ORDERS: usize = 5;
    const MATCHES: &'static [usize] = &[6];
    const SELECTORS: &'static [usize] = &[256, 2048];

    #[inline(always)]
    fn next(&mut self, view: &View, names: &mut [u64; 7]) {
        let last = view.c8 as u8;
        let c = last.to_ascii_lowercase();
        if c.is_ascii_alphabetic() || c >= 128 {
            self.word = join(self.word, u64::from(c) + 1);
        } else if self.word != 0 {
            self.before = self.word;
            self.word = 0;
        }
        *names = [
            view.last(1),
            view.last(2),
            view.last(3),
            view.last(4),
            view.last(6),
            self.word ^ u64::from(last) << 56,
            join(self.word, self.before) ^ u64::from(last) << 56,
        ];
    }

    #[inline(always)]
    fn select(&self, view: &View, mut choose: impl FnMut(usize, usize)) {
        choose(0, (view.c8 & 255) as usize);
        choose(1, (view.c8 >> 13 & 7) as usize * 256 + view.c0 as usize);
    }
}

/// Orders 1 to 4, two with gaps.
#[derive(Clone, Debug, Default)]
pub struct FastBinary;

impl Contexts<6> for FastBinary {
    const DEEP: bool = false;
    const RUNS: bool = false;
    const MORE: bool = false;
    const ORDERS: usize = 4;
    const MATCHES: &'static [usize] = &[6];
    const SELECTORS: &'static [usize] = &[256];

    #[inline(always)]
    fn next(&mut self, view: &View, names: &mut [u64; 6]) {
        let c = view.c8;
        *names = [view.last(1), view.last(2), view.last(3), view.last(4), c & 0xff00_ff00, c & 0xff_ff00];
    }

    #[inline(always)]
    fn select(&self, view: &View, mut choose: impl FnMut(usize, usize)) {
        choose(0, (view.c8 & 255) as usize);
    }
}
