//! What an engine is made of beside its contexts: what states predict, runs, plain tables, the learning rate.

use crate::bit_history;
use crate::hash_table::{Bucket, Place};
use minlen_entropy::mixing::AdaptiveProb;

/// Learning rate of the mixer: starts high, falls with every byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct LearningRate {
    /// In 1/65536 of a unit.
    pub(super) now: i32,
    /// What it comes down to soon, and in the long run.
    pub(super) floor: i32,
    pub(super) last: i32,
}

impl LearningRate {
    pub(super) fn new(floor: i32, last: i32) -> Self {
        Self { now: 100 << 16, floor: floor << 16, last: last << 16 }
    }

    pub(super) fn step(&mut self) -> i32 {
        self.now -= (self.now - self.floor) >> 11;
        self.floor -= (self.floor - self.last) >> 17;
        self.now >> 16
    }
}

/// Room for the pairs of inputs that do not come from contexts.
pub(super) const MORE: usize = 8;

/// What a state has turned out to mean, and the inputs that follow from it, so that a prediction is one load.
#[derive(Clone, Copy)]
pub(super) struct StateInputs {
    pub(super) p: AdaptiveProb,
    pub(super) inputs: [i16; 2],
}

impl StateInputs {
    pub(super) fn new(state: u8, deep: bool, stretch: &[i16; 4096]) -> Self {
        let mut new = Self { p: AdaptiveProb::new(bit_history::initial_p(state)), inputs: [0; 2] };
        new.refresh(state, deep, stretch);
        new
    }

    /// In the deeper models, what was never seen says nothing, and plain probabilities weigh less: of many inputs together
    /// they are mostly noise.
    #[inline(always)]
    pub(super) fn refresh(&mut self, state: u8, deep: bool, stretch: &[i16; 4096]) {
        let p = self.p.p12() & 4095;
        let mask = -i16::from(!deep || state != 0);
        let plain = ((p as i32 - 2048) >> if deep { 2 } else { 1 }) as i16;
        self.inputs = [stretch[p] & mask, plain & mask];
    }
}

/// What followed a context lately: its last byte and how often in a row, and the byte before that.
#[derive(Clone, Copy)]
pub(super) struct RunMap {
    pub(super) place: Place,
    pub(super) bucket: Bucket,
    pub(super) first: [AdaptiveProb; 64],
    pub(super) second: [AdaptiveProb; 64],
    pub(super) at: [u8; 2],
}

impl RunMap {
    pub(super) fn new() -> Self {
        let likely = AdaptiveProb::new(49_152);
        Self { place: 0, bucket: [0; 16], first: [likely; 64], second: [likely; 64], at: [255; 2] }
    }

    /// Learns the byte `c` that followed.
    #[inline(always)]
    pub(super) fn learn(&mut self, c: u8) {
        let [_, weight, b1, n1, b2, n2, ..] = &mut self.bucket;
        if *n1 == 0 {
            (*b1, *n1) = (c, 1);
        } else if *b1 == c {
            *n1 = (*n1 + 1).min(31);
        } else if *n2 > 0 && *b2 == c {
            (*b1, *n1, *b2, *n2) = (c, (*n2 + 1).min(31), *b1, n1.div_ceil(2));
        } else {
            (*b1, *n1, *b2, *n2) = (c, 1, *b1, n1.div_ceil(2));
        }
        *weight = bit_history::after_ones(*n1);
    }

    /// Inputs for the next bit.
    #[inline(always)]
    pub(super) fn predict(&mut self, c0: u32, bit: u32, stretch: &[i16; 4096]) -> [i16; 2] {
        let mut x = [0; 2];
        for k in 0..2 {
            let (byte, n) = (self.bucket[2 + 2 * k], self.bucket[3 + 2 * k]);
            self.at[k] = 255;
            if n == 0 || (u32::from(byte) | 256) >> (8 - bit) != c0 {
                continue;
            }
            let next = byte >> (7 - bit) & 1;
            let at = (n.min(31) << 1 | next) & 63;
            self.at[k] = at;
            let p = if k == 0 { &self.first[usize::from(at)] } else { &self.second[usize::from(at)] };
            x[k] = stretch[p.p12() & 4095];
        }
        x
    }

    #[inline(always)]
    pub(super) fn update(&mut self, bit: u32) {
        if self.at[0] != 255 {
            self.first[usize::from(self.at[0] & 63)].update(bit, 1000);
        }
        if self.at[1] != 255 {
            self.second[usize::from(self.at[1] & 63)].update(bit, 1000);
        }
    }
}

/// Order 0 to 2 without hashing, as plain probabilities.
#[derive(Clone)]
pub(super) struct DirectOrders {
    pub(super) order0: Box<[AdaptiveProb; 256]>,
    pub(super) order1: Vec<AdaptiveProb>,
    pub(super) order2: Vec<u16>,
    pub(super) at: [usize; 3],
}

impl DirectOrders {
    /// Tables for use, or the smallest where they are not used.
    pub(super) fn new(used: bool) -> Self {
        let size = |n: usize| if used { n } else { 1 };
        Self {
            order0: Box::new([AdaptiveProb::new(32_768); 256]),
            order1: vec![AdaptiveProb::new(32_768); size(65_536)],
            order2: vec![32_768; size(1 << 20)],
            at: [0; 3],
        }
    }

    #[inline(always)]
    pub(super) fn point(&mut self, c0: u32, c8: u64) {
        let c0 = c0 as usize & 255;
        let order2 = ((c8 & 0xffff) as u32).wrapping_mul(0x9E37_79B1) >> 12;
        self.at = [c0, (c8 & 255) as usize * 256 + c0, (order2 as usize ^ c0 * 4099) & 0xf_ffff];
    }

    #[inline(always)]
    pub(super) fn predict(&mut self, c0: u32, c8: u64, stretch: &[i16; 4096]) -> [i16; 3] {
        self.point(c0, c8);
        [
            stretch[self.order0[self.at[0]].p12()],
            stretch[self.order1[self.at[1]].p12()],
            stretch[usize::from(self.order2[self.at[2]] >> 4)],
        ]
    }

    #[inline(always)]
    pub(super) fn update(&mut self, bit: u32) {
        self.order0[self.at[0]].update(bit, 400);
        self.order1[self.at[1]].update(bit, 250);
        let p = &mut self.order2[self.at[2]];
        *p = if bit == 1 { *p + ((65_535 - *p) >> 4) } else { *p - (*p >> 4) };
    }
}
