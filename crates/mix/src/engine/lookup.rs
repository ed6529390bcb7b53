//! From contexts to buckets and back.

use super::Engine;
use crate::contexts::Contexts;

/// Mixes the number of a context into what names it.
#[inline(always)]
fn hash(name: u64, i: usize) -> u32 {
    let x = name.wrapping_add((i as u64 + 1) << 56).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ x >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    (x >> 32) as u32
}

impl<C: Contexts<N>, const N: usize, const M: usize, const S: usize, const L: usize> Engine<C, N, M, S, L> {
    /// Appends a byte whose last bit is still to be learned, so that what comes after it is on its way from memory.
    #[inline(always)]
    pub(super) fn append(&mut self, byte: u8) {
        self.view.push(byte);
        self.matches.iter_mut().for_each(|m| m.prepare(&self.view.data));
        self.hash_contexts();
    }

    /// From a byte that is learned to the one after it.
    #[inline(always)]
    pub(super) fn finish_byte(&mut self, byte: u8) {
        self.update_runs(byte);
        for m in &mut self.matches {
            m.next_byte(&self.view.data);
        }
    }

    /// Names the contexts of the next byte and asks for their memory.
    #[inline(always)]
    pub(super) fn hash_contexts(&mut self) {
        let mut names = [0; N];
        self.contexts.next(&self.view, &mut names);
        for i in 0..N {
            self.next_hashes[i] = hash(names[i], i);
            if !C::PEEKS {
                self.table.prefetch(self.next_hashes[i], 0);
            }
            if C::RUNS {
                self.table.prefetch(self.next_hashes[i], 1);
            }
        }
        let rate = self.rate.step();
        self.mixer.set_rates(rate, 2);
    }

    /// Asks for the memory of the next byte before the last bit of this one, the lowest of `byte`, is known.
    #[inline(always)]
    pub(super) fn peek(&mut self, byte: u8) {
        for bit in 0..2 {
            let names = self.contexts.peek(&self.view, byte | bit);
            for i in 0..N {
                self.table.prefetch(hash(names[i], i), 0);
            }
        }
    }

    #[inline(always)]
    pub(super) fn look_up_byte(&mut self) {
        self.hashes = self.next_hashes;
        self.look_up_nibble(0, 0);
        if C::RUNS {
            for i in 0..N {
                let (run, hash) = (&mut self.runs[i], self.hashes[i]);
                run.place = self.table.load(hash, 1, (hash as u8).wrapping_add(91), &mut run.bucket);
            }
        }
    }

    #[inline(always)]
    pub(super) fn update_runs(&mut self, c: u8) {
        if C::RUNS {
            for run in self.runs.iter_mut() {
                run.learn(c);
                self.table.store(run.place, &run.bucket);
            }
        }
    }

    #[inline(always)]
    pub(super) fn look_up_nibble(&mut self, near: u32, salt: u8) {
        for i in 0..N {
            let check = (self.hashes[i] as u8).wrapping_add(salt);
            self.places[i] = self.table.load(self.hashes[i], near, check, &mut self.buckets[i]);
        }
        self.view.node = 1;
    }

    #[inline(always)]
    pub(super) fn store_buckets(&mut self) {
        for i in 0..N {
            self.table.store(self.places[i], &self.buckets[i]);
        }
    }
}

/// What tells the buckets of the second half byte apart: one in 4 lines by the first two bits, the tag by all four.
#[inline(always)]
pub(super) fn second_half(c0: u32) -> u8 {
    ((c0 & 15) + 1) as u8 * 13
}
