//! Learning: what is done for every bit that came.

use super::Engine;
use super::lookup::second_half;
use crate::Predictor;
use crate::bit_history;
use crate::contexts::Contexts;
use minlen_entropy::mixing::simd::{self, Task, Vector};

impl<C: Contexts<N>, const N: usize, const M: usize, const S: usize, const L: usize> Engine<C, N, M, S, L> {
    /// Learns the bit that came, and predicts the next.
    #[inline(always)]
    pub(super) fn step<V: Vector>(&mut self, isa: V, bit: u32) {
        if !C::DEEP && self.bypass.active() {
            return self.step_bypassed(isa, bit);
        }
        let c0 = self.view.c0 << 1 | bit;
        let at = self.view.bit;
        let node = self.view.node & 15;
        match at {
            1 => (0..N).for_each(|i| self.table.prefetch(self.hashes[i], c0 & 3 | 4)),
            6 if C::PEEKS => self.peek((c0 << 1) as u8),
            7 => {
                self.append((c0 & 255) as u8);
            }
            _ => {}
        }
        let (stretch, state_maps) = (self.stretch, &mut *self.state_maps);
        for i in 0..N {
            let s = self.buckets[i][node];
            let entry = &mut state_maps[i][usize::from(s)];
            entry.p.step(bit);
            entry.refresh(s, C::DEEP, stretch);
            self.buckets[i][node] = bit_history::next(s, bit as usize);
            if C::RUNS {
                self.runs[i].update(bit);
            }
        }
        if C::DEEP {
            self.direct.update(bit);
            self.sse.update(bit);
        } else {
            self.apm.update(bit, 7);
        }
        self.mixer.update(isa, bit);
        for m in &mut self.matches {
            m.update(bit, at);
        }
        self.view.bit = (at + 1) & 7;
        self.view.node = node << 1 | bit as usize;
        self.view.c0 = c0;
        if at == 3 {
            self.matches.iter().for_each(|m| m.fetch(&self.view.data));
            self.store_buckets();
            self.look_up_nibble(c0 >> 2 & 3 | 4, second_half(c0));
        } else if at == 7 {
            self.view.c0 = 1;
            self.store_buckets();
            if let Some(lstm) = &mut self.lstm {
                lstm.push(&self.view.data);
            }
            self.next_byte_begins((c0 & 255) as u8);
        }
        self.predict(isa);
    }

    /// From a coded byte to the next, which may go the short way.
    #[inline(always)]
    pub(super) fn next_byte_begins(&mut self, byte: u8) {
        self.finish_byte(byte);
        if !C::DEEP {
            self.bypass.leave(byte);
            let longest = self.matches.iter().max_by_key(|m| m.length());
            if longest.is_some_and(|m| self.bypass.enter(m, byte)) {
                self.hashes = self.next_hashes;
                return;
            }
        }
        self.look_up_byte();
    }

    /// A bit of a byte that goes the short way.
    #[inline(always)]
    pub(super) fn step_bypassed<V: Vector>(&mut self, isa: V, bit: u32) {
        let c0 = self.view.c0 << 1 | bit;
        let at = self.view.bit;
        self.bypass.update(at, bit);
        for m in &mut self.matches {
            m.update(bit, at);
        }
        self.view.bit = (at + 1) & 7;
        self.view.c0 = c0;
        if at == 7 {
            self.append((c0 & 255) as u8);
            self.view.c0 = 1;
            self.next_byte_begins((c0 & 255) as u8);
        } else if !self.bypass.active() {
            self.resume_contexts(at, c0);
        }
        self.predict(isa);
    }

    /// Takes up the contexts in the middle of a byte, after bit `at`.
    #[inline(always)]
    pub(super) fn resume_contexts(&mut self, at: u32, c0: u32) {
        if at < 3 {
            self.look_up_nibble(0, 0);
            self.view.node = c0 as usize;
        } else {
            // Its first half, behind a leading one.
            let half = c0 >> (at - 3);
            self.look_up_nibble(half >> 2 & 3 | 4, second_half(half));
            self.view.node = 1 << (at - 3) | c0 as usize & ((1 << (at - 3)) - 1);
        }
    }
}

impl<C: Contexts<N>, const N: usize, const M: usize, const S: usize, const L: usize> Predictor
    for Engine<C, N, M, S, L>
{
    fn p(&self) -> u32 {
        self.p
    }

    fn update(&mut self, bit: u32) {
        simd::with(self.isa, Step { engine: self, bit });
    }
}

/// What is done for every bit.
struct Step<'a, C, const N: usize, const M: usize, const S: usize, const L: usize> {
    engine: &'a mut Engine<C, N, M, S, L>,
    bit: u32,
}

impl<C: Contexts<N>, const N: usize, const M: usize, const S: usize, const L: usize> Task
    for Step<'_, C, N, M, S, L>
{
    type Out = ();

    #[inline(always)]
    fn run<V: Vector>(self, v: V) {
        self.engine.step(v, self.bit);
    }
}
