//! The predictor.

use crate::history;
use crate::maps::{Cell, stretch_table};
use crate::matching::Match;
use crate::mixer::Mixer;
use crate::slots::{Bucket, Place, Slots};
use minlen_entropy::mixing::{Apm, squash, stretch};

pub const MAX: usize = 32;

pub struct Knobs(pub Vec<i32>);
impl Knobs {
    pub fn get(&self, i: usize, d: i32) -> i32 {
        self.0.get(i).copied().filter(|v| *v != -999).unwrap_or(d)
    }
}

pub const N: usize = 7;

pub struct Model {
    stretch: &'static [i16; 4096],
    text: bool,
    slots: Slots,
    hashes: [u32; N],
    fresh: [u32; N],
    places: [Place; N],
    buckets: [Bucket; N],
    cells: Box<[[Cell; 256]; N]>,
    limit: u32,
    matches: Match,
    mixer: Mixer,
    apms: [Apm; 1],
    p: u32,
    c0: u32,
    bit: u32,
    node: usize,
    c8: u64,
    word: u32,
    words: [u32; 2],
    rate: i32,
    rate_min: i32,
}

fn hash(a: u64, i: usize) -> u32 {
    let x = (a ^ (i as u64) << 59).wrapping_add(i as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ x >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    (x >> 32) as u32
}

impl Model {
    pub fn new(len: usize, text: bool, k: &Knobs) -> Self {
        let bits = (usize::BITS - (len * 64).leading_zeros()).clamp(16, k.get(1, 26) as u32);
        let cells = std::array::from_fn(|_| std::array::from_fn(|s| Cell::new(history::guess(s as u8))));
        let start = k.get(2, 5000) as i16;
        Self {
            stretch: stretch_table(),
            text,
            slots: Slots::new(bits).unwrap(),
            hashes: [0; N],
            fresh: [0; N],
            places: [0; N],
            buckets: [[0; 16]; N],
            cells: Box::new(cells),
            limit: k.get(3, 255) as u32,
            matches: Match::new(k.get(4, 6) as usize, (usize::BITS - len.leading_zeros()).clamp(10, 20)),
            mixer: Mixer::new(2 * N + 3, &[256 * 3, 256, 2048], 1, start),
            apms: [Apm::new(65536)],
            p: 32768,
            c0: 1,
            bit: 0,
            node: 1,
            c8: 0,
            word: 0,
            words: [0; 2],
            rate: k.get(5, 200),
            rate_min: k.get(6, 14),
        }
    }

    pub fn p(&self) -> u32 {
        self.p
    }

    pub fn start(&mut self) {
        self.byte();
        self.hashes = self.fresh;
        for i in 0..N {
            self.places[i] = self.slots.take(self.hashes[i], 0, self.hashes[i] as u8, &mut self.buckets[i]);
        }
        self.predict();
    }

    #[inline(always)]
    pub fn update(&mut self, bit: u32, data: &[u8]) {
        let c0 = self.c0 << 1 | bit;
        match self.bit {
            1 => (0..N).for_each(|i| self.slots.prefetch(self.hashes[i], c0 & 3 | 4)),
            7 => {
                self.c8 = self.c8 << 8 | u64::from(c0 & 255);
                self.byte();
            }
            _ => {}
        }
        let node = self.node & 15;
        for i in 0..N {
            let s = &mut self.buckets[i][node];
            self.cells[i][usize::from(*s)].update(bit, self.limit);
            *s = history::next(*s, bit as usize);
        }
        self.mixer.update(bit);
        self.apms[0].update(bit, 7);
        self.matches.update(bit, self.bit);
        self.c0 = c0;
        self.node = self.node << 1 | bit as usize;
        self.bit += 1;
        if self.bit == 4 {
            // One in 4 lines by the first two bits, the tag by all four.
            let salt = (c0 & 15) + 1;
            self.nibble(c0 >> 2 & 3 | 4, salt as u8 * 13);
        } else if self.bit == 8 {
            self.c0 = 1;
            self.bit = 0;
            self.matches.next_byte(data);
            std::mem::swap(&mut self.hashes, &mut self.fresh);
            self.nibble(0, 0);
        }
        self.predict();
    }

    #[inline(always)]
    fn nibble(&mut self, near: u32, salt: u8) {
        for i in 0..N {
            self.slots.put(self.places[i], &self.buckets[i]);
            let check = (self.hashes[i] as u8).wrapping_add(salt);
            self.places[i] = self.slots.take(self.hashes[i], near, check, &mut self.buckets[i]);
        }
        self.node = 1;
    }

    #[inline(always)]
    fn byte(&mut self) {
        let c = self.c8;
        let last = (c & 255) as u8;
        let mask = |n: u32| c & ((1u64 << (8 * n)) - 1);
        let ctx: [u64; N] = if self.text {
            let l = last.to_ascii_lowercase();
            if l.is_ascii_alphabetic() || l >= 128 {
                self.word =
                    (self.word.wrapping_add(u32::from(l) + 1)).wrapping_mul(0x2F0B4C47).rotate_left(7);
            } else if self.word != 0 {
                self.words[1] = self.words[0];
                self.words[0] = self.word;
                self.word = 0;
            }
            [
                mask(1),
                mask(2),
                mask(3),
                mask(4),
                mask(6),
                u64::from(self.word) << 8 | u64::from(last),
                u64::from(self.word) << 32 | u64::from(self.words[0]) ^ u64::from(last),
            ]
        } else {
            [mask(1), mask(2), mask(3), mask(4), mask(6), c & 0xff00ff00, c & 0xffff00]
        };
        for i in 0..N {
            self.fresh[i] = hash(ctx[i], i);
            self.slots.prefetch(self.fresh[i], 0);
        }
        let r = self.rate;
        self.rate = (r * 1023 / 1024).max(self.rate_min);
        self.mixer.set_rates(r / 2, 4);
    }

    fn predict(&mut self) {
        let mut x = [0i16; 32];
        let node = self.node & 15;
        for i in 0..N {
            let s = self.buckets[i][node];
            let p = self.cells[i][usize::from(s)].p12();
            x[2 * i] = self.stretch[p & 4095];
            x[2 * i + 1] = ((p as i32 - 2048) >> 1) as i16;
        }
        let m = self.matches.predict(self.c0, self.bit, self.stretch);
        x[2 * N] = m[0];
        x[2 * N + 1] = m[1];
        x[2 * N + 2] = 256;
        self.mixer.inputs_mut().copy_from_slice(&x);
        let len = self.matches.len();
        let ml = match len {
            0 => 0,
            1..16 => 1,
            _ => 2,
        };
        self.mixer.choose(0, self.c0 as usize + 256 * ml);
        self.mixer.choose(1, (self.c8 & 255) as usize);
        self.mixer.choose(2, (self.c8 >> 13 & 7) as usize * 256 + self.c0 as usize);
        let x = self.mixer.mix(0);
        let p = squash(x);
        let a = self.apms[0].refine(x, self.c0 as usize | (self.c8 & 255) as usize * 256);
        self.p = ((p + a + 1) >> 1).clamp(1, 65535);
        let _ = stretch;
    }
}
