//! What a model learns before the data.

use super::Engine;
use super::lookup::second_half;
use crate::Predictor;
use crate::bit_history;
use crate::contexts::Contexts;
use minlen_entropy::mixing::simd::{self, Task, Vector};

impl<C: Contexts<N>, const N: usize, const M: usize, const S: usize, const L: usize> Engine<C, N, M, S, L> {
    /// Takes in what comes before the data: the tables learn all of it, the mixers the last `warm` bytes only, as that
    /// takes several times as long.
    pub fn pretrain(&mut self, window: &[u8], warm: usize) {
        let (first, last) = window.split_at(window.len().saturating_sub(warm));
        simd::with(self.isa, Replay { engine: self, data: first });
        for &byte in last {
            for shift in (0..8).rev() {
                self.update(u32::from(byte >> shift & 1));
            }
        }
    }

    #[inline(always)]
    fn replay<V: Vector>(&mut self, isa: V, data: &[u8]) {
        for (i, &byte) in data.iter().enumerate() {
            // The names of the next byte come first, so that its memory is on its way while this one is learned.
            self.append(byte);
            if C::PEEKS {
                self.next_hashes.iter().for_each(|&hash| self.table.prefetch(hash, 0));
            }
            let next = u32::from(data.get(i + 1).copied().unwrap_or(0)) >> 4;
            self.next_hashes.iter().for_each(|&hash| self.table.prefetch(hash, next >> 2 & 3 | 4));
            self.learn_nibble(1, byte >> 4);
            let c0 = u32::from(byte >> 4) | 16;
            self.look_up_nibble(c0 >> 2 & 3 | 4, second_half(c0));
            self.learn_nibble(c0, byte & 15);
            self.finish_byte(byte);
            self.look_up_byte();
        }
        self.predict(isa);
    }

    #[inline(always)]
    fn learn_nibble(&mut self, mut c0: u32, half: u8) {
        let mut node = 1;
        for shift in (0..4).rev() {
            let bit = usize::from(half >> shift & 1);
            if C::DEEP {
                self.direct.point(c0, self.view.c8 >> 8);
                self.direct.update(bit as u32);
                c0 = c0 << 1 | bit as u32;
            }
            for bucket in &mut self.buckets {
                bucket[node & 15] = bit_history::next(bucket[node & 15], bit);
            }
            node = node << 1 | bit;
        }
        self.store_buckets();
    }
}

/// What comes before the data, through the tables only.
struct Replay<'a, C, const N: usize, const M: usize, const S: usize, const L: usize> {
    engine: &'a mut Engine<C, N, M, S, L>,
    data: &'a [u8],
}

impl<C: Contexts<N>, const N: usize, const M: usize, const S: usize, const L: usize> Task
    for Replay<'_, C, N, M, S, L>
{
    type Out = ();

    #[inline(always)]
    fn run<V: Vector>(self, v: V) {
        self.engine.replay(v, self.data);
    }
}
