//! Pages of one bit for a pixel, as fax machines and scanners make: templates of neighbouring pixels, like JBIG2's but
//! several at a time, and the runs and edges that fax codes work with.

use super::Layout;
use crate::bit_history;
use crate::sample::model::{hash, spread};
use minlen_core::Result;
use minlen_entropy::mixing::TwoLayerMixer;
use minlen_entropy::mixing::simd::{self, Task, Vector};
use minlen_entropy::mixing::{AdaptiveProb, stretch_table};
use minlen_entropy::mixing::{Apm, squash};

/// Rows above that templates see.
const ROWS: usize = 5;

/// Pixels to the right of the present one that a window of a row above has.
const AHEAD: u32 = 12;

/// Contexts at each depth.
const COUNTS: [usize; 3] = [5, 9, 13];
const ALL: usize = 13;

/// The predictor.
#[derive(Debug)]
pub struct Bilevel {
    stretch: &'static [i16; 4096],
    /// Rows of one pixel in a byte, the present one first in time order.
    rows: Vec<Vec<u8>>,
    y: usize,
    x: usize,
    stride: usize,
    /// The pixels around in each row: bit `AHEAD` is the pixel above, the present row has its last pixel at bit 0.
    windows: [u64; ROWS + 1],
    count: usize,
    bits: u32,
    cells: Vec<AdaptiveProb>,
    states: Vec<u8>,
    maps: Vec<[AdaptiveProb; 256]>,
    used: [usize; ALL],
    mixer: TwoLayerMixer,
    apms: [Apm; 2],
    p: u32,
}

impl Bilevel {
    pub fn new(layout: Layout, depth: u32) -> Result<Self> {
        let count = COUNTS[depth.min(2) as usize];
        let stride = layout.stride as usize * 8;
        let bits = 18;
        let map = std::array::from_fn(|s| AdaptiveProb::new(bit_history::initial_p(s as u8)));
        let mut model = Self {
            stretch: stretch_table(),
            rows: vec![vec![0; stride + 32]; ROWS + 1],
            y: 0,
            x: 0,
            stride,
            windows: [0; ROWS + 1],
            count,
            bits,
            cells: vec![AdaptiveProb::new(32_768); count << bits],
            states: vec![0; count << bits],
            maps: vec![map; count],
            used: [0; ALL],
            mixer: TwoLayerMixer::new(3 * count + 1, &[1024, 2048, 256, 512], 1, 3000),
            apms: [Apm::new(1 << 10), Apm::new(1 << 16)],
            p: 32_768,
        };
        model.mixer.set_rates(12, 3);
        simd::with(model.mixer.isa(), Turn { model: &mut model, bit: None });
        Ok(model)
    }

    #[inline(always)]
    pub fn p(&self) -> u32 {
        self.p
    }

    pub fn update(&mut self, bit: u32) {
        simd::with(self.mixer.isa(), Turn { model: self, bit: Some(bit & 1) });
    }

    #[inline(always)]
    fn step<V: Vector>(&mut self, v: V, bit: u32) {
        for (i, &at) in self.used.iter().enumerate().take(self.count) {
            self.cells[at].update(bit, 1000);
            let state = &mut self.states[at];
            self.maps[i][usize::from(*state)].update(bit, 1000);
            *state = bit_history::next(*state, bit as usize);
        }
        self.mixer.update(v, bit);
        self.apms.iter_mut().for_each(|a| a.update(bit, 7));
        self.advance(bit);
        self.predict(v);
    }

    #[inline(always)]
    fn advance(&mut self, bit: u32) {
        let n = self.rows.len();
        self.rows[self.y % n][self.x] = bit as u8;
        self.x += 1;
        self.windows[0] = self.windows[0] << 1 | u64::from(bit);
        if self.x >= self.stride {
            self.x = 0;
            self.y += 1;
            self.windows = [0; ROWS + 1];
            for up in 1..=ROWS {
                let row = &self.rows[(self.y + n - up) % n];
                self.windows[up] = row[..AHEAD as usize + 1].iter().fold(0, |w, &p| w << 1 | u64::from(p));
            }
            return;
        }
        for up in 1..=ROWS {
            let next = self.rows[(self.y + n - up) % n][self.x + AHEAD as usize];
            self.windows[up] = self.windows[up] << 1 | u64::from(next);
        }
    }

    /// The pixels from `left` columns to the left to `right` to the right, `up` rows above.
    #[inline(always)]
    fn cut(&self, up: usize, left: u32, right: u32) -> u32 {
        (self.windows[up] >> (AHEAD - right)) as u32 & ((1 << (left + right + 1)) - 1)
    }

    /// The last `n` pixels.
    #[inline(always)]
    fn last(&self, n: u32) -> u32 {
        self.windows[0] as u32 & ((1 << n) - 1)
    }

    /// How far back the last change of colour is, and how far ahead the next two changes are in the row above.
    #[inline(always)]
    fn edges(&self) -> (u32, u32, u32) {
        let w = self.windows[0];
        let colour = 0u64.wrapping_sub(w & 1);
        let run = ((w ^ colour) | 1 << 31).trailing_zeros();
        // From the pixel above to the right, aligned at the top.
        let above = self.windows[1] << (63 - AHEAD);
        let flipped = if above >> 63 == 1 { !above } else { above };
        let first = (flipped | 1 << (63 - AHEAD)).leading_zeros();
        let rest = flipped << first;
        let second = if first >= AHEAD { 0 } else { (!rest | 1 << (63 - AHEAD)).leading_zeros().min(AHEAD) };
        (run, first, second)
    }

    #[inline(always)]
    fn contexts(&self) -> [u32; ALL] {
        let c = |up, left, right| self.cut(up, left, right);
        let (run, first, second) = self.edges();
        let far = (self.windows[0] >> 1) as u32;
        let column = self.x as u32 & 7;
        let mut all = [0; ALL];
        let few = [
            hash(&[self.last(4), c(1, 2, 2), c(2, 1, 1)]),
            hash(&[self.last(6), c(1, 4, 4), c(2, 2, 2)]),
            hash(&[self.last(9), c(1, 6, 6), c(2, 4, 4), c(3, 2, 2)]),
            hash(&[run, first, second, c(1, 1, 1), self.last(1), c(2, 1, 1)]),
            hash(&[self.last(4), c(1, 2, 2), c(2, 2, 2), c(3, 2, 2), c(4, 1, 1), c(5, 1, 1)]),
        ];
        all[..5].copy_from_slice(&few);
        if self.count > 5 {
            let rest = [
                hash(&[self.last(12), c(1, 9, 9), c(2, 6, 6), c(3, 4, 4), c(4, 3, 3)]),
                hash(&[self.last(16), c(1, 11, 11)]),
                hash(&[self.last(2), c(1, 1, 1), c(2, 1, 1), c(3, 1, 1), c(4, 1, 1), c(5, 1, 1)]),
                hash(&[self.last(8), c(1, 12, 12), c(2, 12, 12)]),
                hash(&[self.last(24), c(1, 12, 12), c(2, 8, 8), c(3, 8, 8), c(4, 6, 6), c(5, 6, 6)]),
                hash(&[self.last(3), c(1, 3, 7), c(2, 0, 8)]),
                hash(&[far & 0xffff, column, c(1, 0, 7), self.last(1)]),
                hash(&[run, first, c(2, 5, 5), c(3, 3, 3), self.last(2)]),
            ];
            all[5..].copy_from_slice(&rest);
        }
        all
    }

    #[inline(always)]
    fn predict<V: Vector>(&mut self, v: V) {
        let contexts = self.contexts();
        let mask = (1 << self.bits) - 1;
        for (i, context) in contexts.iter().enumerate().take(self.count) {
            let at = i << self.bits | (spread(context ^ i as u32) & mask) as usize;
            self.used[i] = at;
            let cell = self.cells[at];
            let state = self.states[at];
            let p = self.maps[i][usize::from(state)].p12();
            self.mixer.add(self.stretch[cell.p12() & 4095]);
            self.mixer.add(self.stretch[p & 4095]);
            self.mixer.add(((p as i32 - 2048) >> 2) as i16);
        }
        self.mixer.add(256);
        let small = (self.last(4) << 6 | self.cut(1, 2, 2) << 1 | self.cut(2, 0, 0)) as usize;
        let (run, first, _) = self.edges();
        let run = (run.min(15) << 1 | self.last(1)) as usize;
        self.mixer.choose(0, small & 1023);
        self.mixer.choose(1, run | (first as usize).min(15) << 5 | (self.cut(1, 0, 0) as usize) << 9);
        let black = |up: usize| (self.windows[up] & 0x1ff_ffff).count_ones().min(15) as usize;
        self.mixer.choose(2, (self.windows[0] & 0xffff).count_ones().min(15) as usize | black(1) << 4);
        self.mixer.choose(3, (self.x & 7) | (black(2) / 2) << 3 | (black(5) / 2) << 6);
        let x = self.mixer.mix(v, 0);
        let a = self.apms[0].refine(x, small & 1023);
        let b = self.apms[1].refine(x, (spread(contexts[1]) >> 16) as usize);
        self.p = ((2 * squash(x) + a + b + 2) >> 2).clamp(1, 65_535);
    }
}

/// A prediction, of the first pixel or after one.
struct Turn<'a> {
    model: &'a mut Bilevel,
    bit: Option<u32>,
}

impl Task for Turn<'_> {
    type Out = ();

    #[inline(always)]
    fn run<V: Vector>(self, v: V) {
        match self.bit {
            Some(bit) => self.model.step(v, bit),
            None => self.model.predict(v),
        }
    }
}
