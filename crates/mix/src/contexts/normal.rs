//! Contexts between the fast and the deep sets: what pays most for its time.

use super::{Binary, Contexts, Text, View, combine};

/// 12 contexts for text.
#[derive(Clone, Debug, Default)]
pub struct NormalText(Text);

impl Contexts<12> for NormalText {
    const DEEP: bool = false;
    const RUNS: bool = false;
    const ENGINE_SELECTORS: bool = false;
    const ORDERS: usize = 5;
    const MATCH_LENGTHS: &'static [usize] = &[6, 16];
    const SELECTORS: &'static [usize] = &[4096, 2048, 2048];

    #[inline(always)]
    fn next(&mut self, v: &View, names: &mut [u64; 12]) {
        let t = &mut self.0;
        if !v.data.is_empty() {
            t.push(v);
        }
        let line = t.line(v);
        let c1 = v.c8 & 255;
        let [w0, w1, ..] = t.words;
        let (above, agrees) = (line.above, line.agrees);
        *names = [
            v.last(1),
            v.last(2),
            v.last(3),
            v.last(4),
            v.last(6),
            combine(w0, c1),
            combine(combine(w0, w1), c1),
            above << 16 | v.last(2) | agrees << 40,
            combine(t.nest.key, combine(t.nest.string, c1)),
            combine(t.nest.tag ^ u64::from(t.nest.top().0), combine(t.nest.in_tag, v.last(2))),
            v.c8 >> 8 & 0xff_ffff,
            t.indirect.two(),
        ];
        t.choose(&line);
    }

    #[inline(always)]
    fn select(&self, v: &View, mut choose: impl FnMut(usize, usize)) {
        let s = &self.0.select;
        let bit = v.bit as usize;
        choose(0, usize::from(s[0] & 15) * 256 + v.c0 as usize);
        choose(1, usize::from(s[1]) * 8 + bit);
        choose(2, usize::from(s[2] & 255) * 8 + bit);
    }
}

/// 13 contexts for other data.
#[derive(Clone, Debug)]
pub struct NormalBinary(Binary);

impl NormalBinary {
    /// With or without contexts for x86 code.
    #[must_use]
    pub fn new(x86: bool) -> Self {
        Self(Binary::new(x86))
    }
}

impl Contexts<13> for NormalBinary {
    const DEEP: bool = false;
    const RUNS: bool = false;
    const ENGINE_SELECTORS: bool = false;
    const ORDERS: usize = 5;
    const MATCH_LENGTHS: &'static [usize] = &[5, 16];
    const SELECTORS: &'static [usize] = &[2048, 2048, 256 * 12];

    #[inline(always)]
    fn next(&mut self, v: &View, names: &mut [u64; 13]) {
        let t = &mut self.0;
        if !v.data.is_empty() {
            t.push(v);
        }
        let r = t.record(v);
        let c = v.c8;
        let c1 = c & 255;
        let first: [u64; 10] = [
            v.last(1),
            v.last(2),
            v.last(3),
            v.last(4),
            v.last(6),
            c >> 8 & 0xffff,
            c & 0xff00_ff00,
            r.a1 << 8 | r.a2,
            r.a1 << 16 | v.last(2),
            combine(t.word, c1),
        ];
        names[..10].copy_from_slice(&first);
        let rest = match &t.code {
            Some(x) => x.few(),
            None => [r.a1 << 16 | r.col, r.b1 << 16 | v.last(2), t.indirect.two()],
        };
        names[10..].copy_from_slice(&rest);
        t.choose(v, &r);
    }

    #[inline(always)]
    fn select(&self, v: &View, mut choose: impl FnMut(usize, usize)) {
        let s = &self.0.select;
        let bit = v.bit as usize;
        choose(0, usize::from(s[2] & 255) * 8 + bit);
        choose(1, usize::from(s[1] & 255) * 8 + bit);
        choose(2, usize::from(s[5]) * 256 + v.c0 as usize);
    }
}
