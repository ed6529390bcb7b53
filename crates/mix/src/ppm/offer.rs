//! How sure a candidate is.

use super::matches::{self, View};
use super::mixer::{INPUTS, Mixer};
use super::model::{CANDIDATES, TABLES, TOP};
use super::slots::{self, Slot};
use minlen_entropy::binary::BitCoder;
use minlen_entropy::mixing::{AdaptiveProb, Apm, squash, stretch_table};

/// States of a slot as seen from a candidate: by its rank for the first one, more coarsely for the others.
const VIEWS: usize = 4 * slots::STATES + ((32 * slots::STATES) >> 3);
/// The learning rate of the mixers, in 1/16.
const RATE: i32 = 8;
/// How fast the tables at the end learn: by a 32nd of the distance.
const APM_RATE: u32 = 5;

/// Bytes of a [`Judge`], about: its probabilities, and a table of 33 for each pair of bytes.
pub(super) const MEMORY: u64 = 4 * (VIEWS * TABLES + (2 << 16) + 4 * matches::STATES) as u64 + (132 << 16);

/// What candidates were worth so far.
#[derive(Clone, Debug)]
pub(super) struct Judge {
    /// By table, rank and state of the slot.
    views: Vec<AdaptiveProb>,
    /// By match, whether it agrees, and its state.
    matched: Vec<AdaptiveProb>,
    /// By the byte before, and by the two before.
    pairs: Vec<AdaptiveProb>,
    triples: Vec<AdaptiveProb>,
    usual: Mixer,
    sure: Mixer,
    by_pair: Apm<u32>,
    by_match: Apm<u32>,
    stretched: &'static [i16; 4096],
    /// The last bytes and the matches at the current place.
    recent: u64,
    matches: [View; 2],
}

impl Judge {
    pub(super) fn new() -> Self {
        let even = |n| vec![AdaptiveProb::new(32_768); n];
        Self {
            views: even(VIEWS * TABLES),
            matched: even(2 * 2 * matches::STATES),
            pairs: even(1 << 16),
            triples: even(1 << 16),
            usual: Mixer::new(CANDIDATES << (TABLES + 2), 20_000),
            sure: Mixer::new(8, 26_000),
            by_pair: Apm::new(1 << 16),
            by_match: Apm::new(matches::STATES),
            stretched: stretch_table(),
            recent: 0,
            matches: [View::default(); 2],
        }
    }

    /// The next byte's turn.
    #[inline(always)]
    pub(super) fn begin(&mut self, recent: u64, matches: [View; 2]) {
        (self.recent, self.matches) = (recent, matches);
    }

    #[inline(always)]
    fn pair(&self, candidate: u8) -> usize {
        usize::from(candidate) << 8 | (self.recent & 255) as usize
    }

    #[inline(always)]
    fn triple(&self, candidate: u8) -> usize {
        // The product's upper bits depend on the lowest three bytes only.
        let bytes = self.recent << 8 | u64::from(candidate);
        (bytes.wrapping_mul(0x9e37_79b9_7f4a_7c15 << 40) >> 48) as usize
    }

    #[inline(always)]
    fn stretch(&self, prob: AdaptiveProb) -> i32 {
        self.stretched[prob.p12() & 4095].into()
    }

    /// Codes whether `candidate` is right where a long match is sure of it, by that match, the other one and the longest context.
    #[inline(always)]
    pub(super) fn expect<C: BitCoder>(
        &mut self,
        coder: &mut C,
        slot: Slot,
        candidate: u8,
        right: bool,
    ) -> bool {
        let rank = slot.rank(candidate);
        let agrees = self.matches[1].agrees(candidate);
        let view = TOP * VIEWS + rank * slots::STATES + slot.state();
        let long = matches::STATES + self.matches[0].state;
        let middle = (2 + usize::from(agrees)) * matches::STATES + self.matches[1].state;
        let triple = self.triple(candidate);
        let mut inputs = [0; INPUTS];
        inputs[0] = self.stretch(self.views[view]);
        inputs[1] = self.stretch(self.matched[long]);
        inputs[2] = self.stretch(self.matched[middle]);
        inputs[3] = self.stretch(self.triples[triple]);
        inputs[4] = 256;
        let set = rank << 1 | usize::from(agrees);
        let x = self.sure.mix(&inputs, set);
        let one = self.by_pair.refine(x, self.pair(candidate));
        let two = self.by_match.refine(x, self.matches[0].state);
        let p = ((2 * squash(x) + one + two) >> 2).clamp(1, 65_535);
        let bit = coder.code(right.into(), p);
        self.sure.update(&inputs, set, x, bit, RATE);
        self.by_pair.update(bit, APM_RATE);
        self.by_match.update(bit, APM_RATE);
        self.views[view].step(bit);
        self.matched[long].step(bit);
        self.matched[middle].step(bit);
        self.triples[triple].step(bit);
        bit == 1
    }

    /// Codes whether `candidate`, the `n`th, is right, by what all contexts say; of each slot's symbols the `gone` were not.
    #[inline(always)]
    pub(super) fn offer<C: BitCoder>(
        &mut self,
        coder: &mut C,
        slots: &[Slot; TABLES],
        gone: &[u32; TABLES],
        candidate: u8,
        n: usize,
        right: bool,
    ) -> bool {
        let (mut views, mut firsts) = ([0; TABLES], 0);
        for i in 0..TABLES {
            let (rank, state) = (slots[i].rank(candidate), slots[i].state());
            let coarse = rank << 13 | (gone[i] as usize & 7) << 10 | state >> 3;
            let at = if n == 0 { rank * slots::STATES + state } else { 4 * slots::STATES + coarse };
            views[i] = i * VIEWS + at;
            firsts |= usize::from(rank == 0) << i;
        }
        let agree = self.matches.map(|view| view.agrees(candidate));
        let mut matched = [0, 2 * matches::STATES];
        for i in 0..2 {
            // A match that was wrong says nothing about the others.
            let state = matches::STATES * usize::from(agree[i]) + self.matches[i].state;
            matched[i] += if agree[i] | (n == 0) { state } else { 0 };
        }
        let (pair, triple) = (self.pair(candidate), self.triple(candidate));
        let mut inputs = [0; INPUTS];
        for i in 0..TABLES {
            inputs[i] = self.stretch(self.views[views[i]]);
        }
        inputs[4] = self.stretch(self.pairs[pair]);
        inputs[5] = self.stretch(self.matched[matched[0]]);
        inputs[6] = self.stretch(self.matched[matched[1]]);
        inputs[7] = self.stretch(self.triples[triple]);
        let longer = if self.matches[0].len < 32 { 2 } else { 3 };
        let matching = if agree[0] { longer } else { usize::from(agree[1]) };
        let set = (n << 2 | matching) << TABLES | firsts;
        let x = self.usual.mix(&inputs, set);
        let refined = self.by_pair.refine(x, pair);
        let p = ((squash(x) + refined) >> 1).clamp(1, 65_535);
        let bit = coder.code(right.into(), p);
        self.usual.update(&inputs, set, x, bit, RATE);
        self.by_pair.update(bit, APM_RATE);
        views.iter().for_each(|&i| self.views[i].step(bit));
        matched.iter().for_each(|&i| self.matched[i].step(bit));
        self.pairs[pair].step(bit);
        self.triples[triple].step(bit);
        bit == 1
    }
}
