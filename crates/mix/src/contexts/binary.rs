//! Contexts for everything that is not text: programs, records, databases, numbers.

use super::code::X86;
use super::{Contexts, Indirect, View, combine};

const N: usize = 52;

/// Orders, gaps, records of a width that is found along the way, machine code, words inside.
#[derive(Clone, Debug)]
pub struct Binary {
    record: Record,
    pub(super) code: Option<X86>,
    fields: Fields,
    pub(super) word: u64,
    before: u64,
    pub(super) indirect: Indirect,
    pub(super) select: [u16; 6],
}

/// Records of no fixed width: one begins where text ends.
#[derive(Clone, Debug, Default)]
struct Fields {
    /// Classes of the last 16 bytes, 4 bits each.
    shape: u64,
    /// Readable bytes in a row.
    text: u32,
    start: usize,
    before: usize,
}

/// Classes of bytes: zero, small, control, ...
fn class(c: u8) -> u64 {
    match c {
        0 => 0,
        1..=8 => 1,
        9..=31 => 2,
        b' ' => 3,
        b'0'..=b'9' => 4,
        b'a'..=b'z' => 5,
        b'A'..=b'Z' => 6,
        33..=126 => 7,
        127..=159 => 8,
        160..=191 => 9,
        192..=223 => 10,
        224..=254 => 11,
        255 => 12,
    }
}

impl Fields {
    fn push(&mut self, c: u8, n: usize) {
        let class = class(c);
        self.shape = self.shape << 4 | class;
        if (3..8).contains(&class) {
            self.text += 1;
        } else {
            if self.text >= 4 {
                self.before = self.start;
                self.start = n - 1;
            }
            self.text = 0;
        }
    }
}

/// Bytes above in records of the two likeliest widths.
pub(super) struct Near {
    pub a1: u64,
    pub a2: u64,
    pub an: u64,
    pub b1: u64,
    b2: u64,
    pub col: u64,
    pub left_above: u64,
}

/// Finds the width of records: the distance at which pairs of bytes repeat most.
#[derive(Clone, Debug)]
struct Record {
    last: Vec<u32>,
    gaps: Vec<u16>,
    widths: [usize; 2],
}

const GAPS: usize = 1024;

impl Record {
    fn new() -> Self {
        Self { last: vec![0; 65_536], gaps: vec![0; GAPS], widths: [4, 8] }
    }

    fn push(&mut self, c8: u64, n: usize) {
        let at = &mut self.last[(c8 & 0xffff) as usize];
        let gap = n - *at as usize;
        *at = n as u32;
        if c8 & 0xffff != 0 && (2..GAPS).contains(&gap) {
            self.gaps[gap] = self.gaps[gap].saturating_add(1);
        }
        if n.is_multiple_of(512) {
            self.choose();
        }
    }

    fn choose(&mut self) {
        let best = |gaps: &[u16], not: usize| {
            let mut best = (0, 0);
            for (gap, &count) in gaps.iter().enumerate().skip(2) {
                if count > best.0 && gap != not {
                    best = (count, gap);
                }
            }
            best
        };
        let (count, first) = best(&self.gaps, 0);
        if count > 24 {
            let (_, second) = best(&self.gaps, first);
            self.widths = [first, if second > 1 { second } else { 4 }];
        }
        self.gaps.iter_mut().for_each(|g| *g -= *g >> 2);
    }
}

impl Binary {
    /// Contexts with or without those for x86 machine code.
    #[must_use]
    pub fn new(x86: bool) -> Self {
        Self {
            record: Record::new(),
            code: x86.then(X86::default),
            fields: Fields::default(),
            word: 0,
            before: 0,
            indirect: Indirect::default(),
            select: [0; 6],
        }
    }

    #[inline(always)]
    pub(super) fn record(&self, v: &View) -> Near {
        let [r, r2] = self.record.widths;
        let byte = |i: usize| u64::from(v.back(i));
        Near {
            a1: byte(r),
            a2: byte(2 * r),
            an: byte(r - 1),
            b1: byte(r2),
            b2: byte(2 * r2),
            col: (v.data.len() % r) as u64,
            left_above: byte(r + 1),
        }
    }

    /// Chooses the weights for the next byte.
    #[inline(always)]
    pub(super) fn choose(&mut self, v: &View, near: &Near) {
        let (c, c1, a1) = (v.c8, v.c8 & 255, near.a1);
        let phase = self.code.as_ref().map_or((v.data.len() & 15) as u16, X86::phase);
        let zeros = u16::from(c1 == 0) | u16::from(c >> 8 & 255 == 0) << 1;
        self.select = [
            near.col.min(255) as u16,
            a1 as u16,
            zeros | (c1 >> 5 << 2) as u16 | (c >> 13 & 7) as u16 * 32,
            (self.fields.shape & 255) as u16,
            phase.min(255),
            phase.min(11),
        ];
    }

    #[inline(always)]
    pub(super) fn push(&mut self, v: &View) {
        let c = v.c8 as u8;
        self.record.push(v.c8, v.data.len());
        self.indirect.push(v.c8);
        self.fields.push(c, v.data.len());
        let low = c.to_ascii_lowercase();
        if low.is_ascii_alphanumeric() || low == b'_' {
            self.word = combine(self.word, u64::from(low) + 1);
        } else if self.word != 0 {
            self.before = self.word;
            self.word = 0;
        }
        if let Some(code) = &mut self.code {
            code.push(c);
        }
    }
}

impl Contexts<N> for Binary {
    const DEEP: bool = true;
    const RUNS: bool = false;
    const ORDERS: usize = 7;
    const MATCH_LENGTHS: &'static [usize] = &[4, 7, 16];
    const SELECTORS: &'static [usize] = &[2048, 2048, 2048, 2048, 2048, 256 * 12];

    fn next(&mut self, v: &View, names: &mut [u64; N]) {
        if !v.data.is_empty() {
            self.push(v);
        }
        let near = self.record(v);
        let n = v.data.len();
        let c = v.c8;
        let byte = |i: usize| u64::from(v.back(i));
        let c1 = c & 255;
        let Near { a1, a2, an, b1, b2, col, left_above } = near;
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
        name(combine(c, 8));
        name(c >> 8 & 0xff);
        name(c >> 16 & 0xff);
        name(c >> 24 & 0xff);
        name(c >> 8 & 0xffff);
        name(c >> 16 & 0xffff);
        name(c & 0xff_00ff);
        name(c & 0xff00_00ff);
        name(c & 0xff00_ff00);
        name(c >> 8 & 0xff_ffff);
        name(c >> 24 & 0xffff_ffff);
        name(c & 0xf0f0_f0ff);
        name(c & 0xf8f8_f8f8_f8f8);
        name(a1 << 16 | col);
        name(a1 << 8 | c1);
        name(a1 << 8 | a2);
        name(a1 << 16 | v.last(2));
        name(a1 << 16 | an << 8 | c1);
        name(a1 << 16 | a2 << 8 | c1);
        name(col << 8 | c1);
        name(col << 16 | v.last(2));
        name((c1 + 256 + a1 - left_above) & 255 | a1 << 8);
        name((2 * a1 + 256 - a2) & 255 | c1 << 8);
        name(b1 << 8 | c1);
        name(b1 << 8 | b2);
        name(b1 << 8 | a1);
        name(b1 << 16 | v.last(2));
        name(combine(self.word, c1));
        name(combine(self.word, combine(self.before, c1)));
        name(self.indirect.one());
        name(self.indirect.two());
        name(self.indirect.three());
        let f = &self.fields;
        let since = n - f.start;
        let over = v.data.get(f.before + since).copied().map_or(0, u64::from);
        name(f.shape & 0xffff_ffff | 1 << 60);
        name(f.shape & 0xf_ffff | c1 << 24);
        name(since.min(255) as u64 | (f.shape & 0xff) << 8 | over << 16);
        name(over | c1 << 8 | (f.shape >> 4 & 0xf) << 16);
        match &self.code {
            Some(x) => x.names(v, &mut name),
            None => {
                let (p4, in4) = ((n & 3) as u64, (n & 3) as u32);
                name(combine(p4, v.last(in4 + 4)));
                name(p4 << 32 | c >> (8 * in4) & 0xffff_ffff);
                name(p4 << 16 | byte(4) << 8 | c1);
                name(byte(4) << 16 | byte(8) << 8 | p4);
                name(byte(8) << 8 | c1 | ((n & 7) as u64) << 16);
                name(byte(16) << 8 | c1 | ((n & 15) as u64) << 16);
                name(combine((n & 0xfff) as u64, 77));
                name(combine(col, combine(a1, an)));
                name((c1 + 256 - a1) & 255 | (byte(2) + 256 - left_above & 255) << 8 | a1 << 16);
                name(byte(12) << 8 | byte(24) | c1 << 16);
            }
        }
        debug_assert_eq!(i, N);
        self.choose(v, &near);
    }

    fn select(&self, v: &View, mut choose: impl FnMut(usize, usize)) {
        let bit = v.bit as usize;
        for k in 0..5 {
            choose(k, usize::from(self.select[k] & 255) * 8 + bit);
        }
        choose(5, usize::from(self.select[5]) * 256 + v.c0 as usize);
    }
}
