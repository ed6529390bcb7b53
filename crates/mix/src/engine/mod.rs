//! The predictor: contexts in, bit probabilities out.

mod parts;

use crate::Predictor;
use crate::bit_history;
use crate::contexts::{Contexts, View};
use crate::hash_table::{Bucket, HashTable, Place};
use crate::lstm_model::LstmModel;
use crate::match_bypass::MatchBypass;
use crate::match_model::{MatchModel, head_bits};
use crate::sse::SseStage;
use minlen_core::Result;
use minlen_entropy::mixing::Apm;
use minlen_entropy::mixing::simd::{self, Isa, Task, Vector};
use minlen_entropy::mixing::stretch_table;
use minlen_entropy::mixing::{FixedMixer, RatePolicy};
use minlen_entropy::mixing::{squash, stretch};
use parts::{DirectOrders, LearningRate, MORE, RunMap, StateInputs};

/// A model with `N` hashed contexts named by `C`.
pub struct Engine<C, const N: usize, const M: usize, const S: usize, const L: usize> {
    isa: Isa,
    contexts: C,
    view: View,
    stretch: &'static [i16; 4096],
    table: HashTable,
    hashes: [u32; N],
    next_hashes: [u32; N],
    places: [Place; N],
    buckets: [Bucket; N],
    state_maps: Box<[[StateInputs; 256]; N]>,
    runs: Box<[RunMap; N]>,
    /// What the runs say.
    run_inputs: [[i16; 2]; N],
    matches: Vec<MatchModel>,
    bypass: MatchBypass,
    direct: DirectOrders,
    lstm: Option<LstmModel>,
    mixer: FixedMixer<M, S, L>,
    /// The only correction of the faster models.
    apm: Apm<u32>,
    sse: SseStage,
    p: u32,
    rate: LearningRate,
}

/// Mixes the number of a context into what names it.
#[inline(always)]
fn hash(name: u64, i: usize) -> u32 {
    let x = name.wrapping_add((i as u64 + 1) << 56).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ x >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    (x >> 32) as u32
}

/// The table grows with the input: about one bucket for a byte and a context, as half of them are new.
fn table_bits(contexts: usize, len: usize, max_bits: u32) -> u32 {
    let want = len.saturating_mul(contexts * 6).max(1);
    (usize::BITS - want.leading_zeros()).clamp(16, max_bits)
}

/// Bytes of the table of a model with so many contexts for `len` bytes.
#[must_use]
pub fn table_size(contexts: usize, len: usize, max_bits: u32) -> u64 {
    HashTable::memory(table_bits(contexts, len, max_bits))
}

impl<C: Contexts<N>, const N: usize, const M: usize, const S: usize, const L: usize> Engine<C, N, M, S, L> {
    const INPUTS: usize = if C::RUNS { 4 } else { 2 };
    /// Inputs besides those of the contexts: two of each match model, a constant with the direct counters', the network's.
    const EXTRA: usize = 2 * (C::MATCH_LENGTHS.len() + 1 + C::DEEP as usize + C::LSTM as usize);
    /// Weight selectors of the engine itself, before those of the contexts.
    const OWN: usize = if C::ENGINE_SELECTORS { 4 } else { 2 };

    /// A model for `len` bytes of input with tables of at most `2^max_bits` bytes.
    ///
    /// # Errors
    /// Limit if there is no memory.
    pub fn new(contexts: C, len: usize, max_bits: u32) -> Result<Self> {
        let bits = table_bits(if C::RUNS { 2 * N } else { N }, len, max_bits);
        let stretch = stretch_table();
        let entry = |s| StateInputs::new(s as u8, C::DEEP, stretch);
        let state_maps = vec![std::array::from_fn(entry); N].into_boxed_slice();
        let state_maps = state_maps.try_into().map_err(|_| minlen_core::Error::limit("contexts"))?;
        let runs = vec![RunMap::new(); N].into_boxed_slice();
        let runs = runs.try_into().map_err(|_| minlen_core::Error::limit("contexts"))?;
        const { assert!(M >= N * Self::INPUTS + Self::EXTRA && M.is_multiple_of(simd::LANES)) };
        const { assert!(Self::EXTRA <= 2 * MORE) };
        const { assert!(S == Self::OWN + C::LSTM as usize + C::SELECTORS.len()) };
        let own: &[usize] =
            if C::ENGINE_SELECTORS { &[256 * 3, 12 * 256, 32 * 8, 256] } else { &[256 * 3, 12 * 256] };
        let sets = std::array::from_fn(|i| {
            let last = C::SELECTORS.get(i.wrapping_sub(own.len())).copied().unwrap_or(LstmModel::CONTEXTS);
            own.get(i).copied().unwrap_or(last)
        });
        let heads = head_bits(len);
        let mins: &[usize] = C::MATCH_LENGTHS;
        let matches = mins.iter().map(|&min| MatchModel::new(min, heads, C::DEEP)).collect::<Result<_>>()?;
        let mut engine = Self {
            isa: simd::isa(),
            contexts,
            view: View::default(),
            stretch,
            table: HashTable::new(bits)?,
            hashes: [0; N],
            next_hashes: [0; N],
            places: [0; N],
            buckets: [[0; 16]; N],
            state_maps,
            runs,
            run_inputs: [[0; 2]; N],
            matches,
            bypass: MatchBypass::new(),
            direct: DirectOrders::new(C::DEEP),
            lstm: if C::LSTM { Some(LstmModel::new()?) } else { None },
            mixer: FixedMixer::new(
                sets,
                std::array::from_fn(|i| [256, 256, 12 * 8][i]),
                (if C::RUNS { 5 } else { 10 } * 1024 / N as i32) as i16,
                if C::DEEP { RatePolicy::PerSet } else { RatePolicy::Shared },
            ),
            apm: Apm::new(if C::DEEP { 1 } else { 65_536 }),
            sse: SseStage::new(C::DEEP),
            p: 32_768,
            rate: if C::DEEP { LearningRate::new(3, 3) } else { LearningRate::new(14, 7) },
        };
        engine.hash_contexts();
        engine.look_up_byte();
        simd::with(engine.isa, First(&mut engine));
        Ok(engine)
    }

    /// The learning rate that the mixers come down to, in 1/64.
    pub fn set_rate(&mut self, floor: u8) {
        self.rate = LearningRate::new(floor.into(), floor.into());
    }

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

    /// Appends a byte whose last bit is still to be learned, so that what comes after it is on its way from memory.
    #[inline(always)]
    fn append(&mut self, byte: u8) {
        self.view.push(byte);
        self.matches.iter_mut().for_each(|m| m.prepare(&self.view.data));
        self.hash_contexts();
    }

    /// From a byte that is learned to the one after it.
    #[inline(always)]
    fn finish_byte(&mut self, byte: u8) {
        self.update_runs(byte);
        for m in &mut self.matches {
            m.next_byte(&self.view.data);
        }
    }

    /// Names the contexts of the next byte and asks for their memory.
    #[inline(always)]
    fn hash_contexts(&mut self) {
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
    fn peek(&mut self, byte: u8) {
        for bit in 0..2 {
            let names = self.contexts.peek(&self.view, byte | bit);
            for i in 0..N {
                self.table.prefetch(hash(names[i], i), 0);
            }
        }
    }

    #[inline(always)]
    fn look_up_byte(&mut self) {
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
    fn update_runs(&mut self, c: u8) {
        if C::RUNS {
            for run in self.runs.iter_mut() {
                run.learn(c);
                self.table.store(run.place, &run.bucket);
            }
        }
    }

    #[inline(always)]
    fn look_up_nibble(&mut self, near: u32, salt: u8) {
        for i in 0..N {
            let check = (self.hashes[i] as u8).wrapping_add(salt);
            self.places[i] = self.table.load(self.hashes[i], near, check, &mut self.buckets[i]);
        }
        self.view.node = 1;
    }

    #[inline(always)]
    fn store_buckets(&mut self) {
        for i in 0..N {
            self.table.store(self.places[i], &self.buckets[i]);
        }
    }

    #[inline(always)]
    fn predict<V: Vector>(&mut self, isa: V) {
        if !C::DEEP && self.bypass.active() {
            self.p = self.bypass.p(self.view.bit);
            return;
        }
        let v = &self.view;
        let order1 = (v.c8 & 255) as usize;
        let node = v.node & 15;
        let corrected = v.c0 as usize | order1 * 256;
        // Needed last, and seldom in the nearest cache.
        if !C::DEEP
            && let Some(row) = self.apm.row(corrected)
        {
            simd::prefetch(row, 0);
            simd::prefetch(row, 16);
            simd::prefetch(row, 32);
        }
        let mut known = 0;
        for i in 0..C::ORDERS {
            known += usize::from(self.buckets[i][node] != 0);
        }
        // Two inputs each, behind those of the contexts.
        let mut more = [[0; 2]; MORE];
        for (m, more) in self.matches.iter_mut().zip(&mut more) {
            *more = m.predict(v.c0, v.bit, self.stretch);
        }
        if C::DEEP {
            let expect = self.matches.iter().rev().map(MatchModel::expected).find(|&byte| byte != 0);
            self.sse.place(v, self.contexts.sse_context(), expect.unwrap_or(0));
        }
        let mut at = C::MATCH_LENGTHS.len();
        more[at][0] = 256;
        if C::DEEP {
            [more[at][1], more[at + 1][0], more[at + 1][1]] = self.direct.predict(v.c0, v.c8, self.stretch);
            at += 1;
        }
        if let Some(lstm) = &self.lstm {
            let p = lstm.tree.p16(v.c0);
            more[at + 1] = [stretch(u32::from(p)) as i16, ((i32::from(p) - 32_768) >> 5) as i16];
            self.mixer.choose(S - 1, lstm.context(v.c0, v.bit, order1));
        }
        if C::RUNS {
            for (i, run) in self.runs.iter_mut().enumerate() {
                self.run_inputs[i] = run.predict(v.c0, v.bit, self.stretch);
            }
        }
        let (buckets, state_maps, run_inputs) = (&self.buckets, &*self.state_maps, &self.run_inputs);
        self.mixer.set_inputs(isa, |i| match i {
            _ if i < N => state_maps[i][usize::from(buckets[i][node])].inputs,
            _ if C::RUNS && i < 2 * N => run_inputs[i - N],
            _ => more.get(i - N * (1 + usize::from(C::RUNS))).copied().unwrap_or_default(),
        });
        let longest = self.matches.iter().map(MatchModel::length).max().unwrap_or(0);
        let state = match longest {
            0 => 0,
            1..16 => 1,
            _ => 2,
        };
        let c0 = v.c0 as usize;
        self.mixer.choose(0, c0 + 256 * state);
        self.mixer.choose(1, known * 256 + c0);
        let bit = v.bit as usize;
        if C::ENGINE_SELECTORS {
            self.mixer.choose(2, (longest.min(15) + 16 * usize::from(longest > 32)) * 8 + bit);
            self.mixer.choose(3, order1);
        }
        self.contexts.select(v, |group, context| self.mixer.choose(Self::OWN + group, context));
        let copied = longest.min(31) * 8 + bit;
        let first = if L == 1 { copied } else { c0 };
        let x = self.mixer.mix(isa, std::array::from_fn(|i| [first, copied, known * 8 + bit][i]));
        self.p = if C::DEEP {
            self.sse.refine(x)
        } else {
            ((squash(x) + 3 * self.apm.refine(x, corrected) + 2) >> 2).clamp(1, 65_535)
        };
    }

    /// Learns the bit that came, and predicts the next.
    #[inline(always)]
    fn step<V: Vector>(&mut self, isa: V, bit: u32) {
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
    fn next_byte_begins(&mut self, byte: u8) {
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
    fn step_bypassed<V: Vector>(&mut self, isa: V, bit: u32) {
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
    fn resume_contexts(&mut self, at: u32, c0: u32) {
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

/// What tells the buckets of the second half byte apart: one in 4 lines by the first two bits, the tag by all four.
#[inline(always)]
fn second_half(c0: u32) -> u8 {
    ((c0 & 15) + 1) as u8 * 13
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

/// The first prediction after a start.
struct First<'a, C, const N: usize, const M: usize, const S: usize, const L: usize>(
    &'a mut Engine<C, N, M, S, L>,
);

impl<C: Contexts<N>, const N: usize, const M: usize, const S: usize, const L: usize> Task
    for First<'_, C, N, M, S, L>
{
    type Out = ();

    #[inline(always)]
    fn run<V: Vector>(self, v: V) {
        self.0.predict(v);
    }
}
