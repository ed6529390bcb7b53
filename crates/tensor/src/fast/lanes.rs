//! rANS (Duda 2013) in many lanes: symbol `j` of a run belongs to lane `j` modulo their number. States are 32 bits wide, at least
//! 2^16 between symbols, and give and take 16 bits at a time. Plain Rust here, the same in vector registers in [`super::simd`].

use super::simd::{self, Isa};
use super::table::{Alias, BITS, Coder, SLOTS, Table};

/// The most lanes.
pub(crate) const LANES: usize = 64;
/// Lanes of short runs.
pub(crate) const FEW: usize = 8;
/// The smallest state.
pub(crate) const LOW: u32 = 1 << 16;

/// Which table codes each symbol of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Choice<'a> {
    /// One for all.
    One(u8),
    /// One each, as many as there are symbols.
    Each(&'a [u8]),
}

/// Symbols to be coded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'a> {
    /// What.
    pub(crate) symbols: &'a [u8],
    /// By which tables.
    pub(crate) tables: Choice<'a>,
}

/// States and words of runs coded one after another.
#[derive(Debug)]
pub(crate) struct Coded {
    /// The states to begin decoding with.
    pub(crate) states: [u32; LANES],
    /// Words in the order in which decoding takes them.
    pub(crate) words: Vec<u16>,
}

/// Codes `runs`, backwards; the states end up as [`LOW`] plus `seeds` for whoever decodes.
pub(crate) fn encode(
    runs: &[Run<'_>],
    coders: &[Coder],
    lanes: usize,
    seeds: &[u16; LANES],
    isa: Isa,
) -> Coded {
    let symbols: usize = runs.iter().map(|run| run.symbols.len()).sum();
    // A symbol gives at most one word; the slack is for whole vectors.
    let mut words = vec![0u16; symbols + 2 * LANES];
    let mut at = words.len();
    let mut states = seeds.map(|seed| LOW + u32::from(seed));
    for run in runs.iter().rev() {
        let mut end = run.symbols.len();
        if let (Choice::One(table), LANES) = (run.tables, lanes) {
            // What is over after whole turns comes last in the run, so first here.
            let whole = end / LANES * LANES;
            encode_plain(run, whole..end, coders, lanes, &mut states, &mut words, &mut at);
            end = whole
                - simd::encode(
                    isa,
                    &run.symbols[..whole],
                    &coders[usize::from(table)],
                    &mut states,
                    &mut words,
                    &mut at,
                );
        }
        encode_plain(run, 0..end, coders, lanes, &mut states, &mut words, &mut at);
    }
    words.drain(..at);
    Coded { states, words }
}

fn encode_plain(
    run: &Run<'_>,
    range: std::ops::Range<usize>,
    coders: &[Coder],
    lanes: usize,
    states: &mut [u32; LANES],
    words: &mut [u16],
    at: &mut usize,
) {
    for j in range.rev() {
        let coder = match run.tables {
            Choice::One(table) => &coders[usize::from(table)],
            Choice::Each(tables) => &coders[usize::from(tables[j])],
        };
        let symbol = usize::from(run.symbols[j]);
        let state = &mut states[j & (lanes - 1)];
        let (freq, start) = (coder.symbols[symbol] >> 16, coder.symbols[symbol] & 0xffff);
        if *state >> (32 - BITS) >= freq {
            *at -= 1;
            words[*at] = *state as u16;
            *state >>= 16;
        }
        // The reciprocal is rounded down, so the quotient is right or one too small.
        let mut quotient = ((u64::from(*state) * u64::from(coder.reciprocals[symbol])) >> 32) as u32;
        let mut rest = *state - quotient * freq;
        if rest >= freq {
            quotient += 1;
            rest -= freq;
        }
        *state = quotient << BITS | coder.slots[(start + rest) as usize];
    }
}

/// The tables of a block, for decoding.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    /// [`Table::slots`] of each, one after another.
    pub(crate) slots: Vec<u32>,
    /// [`Table::alias`] of each.
    pub(crate) alias: Vec<Option<Box<Alias>>>,
}

impl Tables {
    /// Adds one.
    pub(crate) fn push(&mut self, table: Table) {
        self.slots.extend_from_slice(&table.slots);
        self.alias.push(table.alias);
    }
}

/// Decodes runs in order.
#[derive(Debug)]
pub(crate) struct Decoder<'a> {
    /// The states.
    pub(crate) states: [u32; LANES],
    /// Little-endian words.
    pub(crate) words: &'a [u8],
    /// Words taken; over their number if they ran out.
    pub(crate) taken: usize,
    /// Lanes in use, a power of two.
    pub(crate) lanes: usize,
    /// The instructions to use.
    pub(crate) isa: Isa,
}

impl Decoder<'_> {
    /// The next symbols, by one table, which must be one of the tables.
    pub(crate) fn one(&mut self, tables: &Tables, table: u8, out: &mut [u8]) {
        let table = usize::from(table);
        let slots = &tables.slots[table * SLOTS..][..SLOTS];
        let done = if self.lanes == LANES {
            simd::decode(self, slots, tables.alias[table].as_deref(), out)
        } else {
            0
        };
        let rest = &mut out[done..];
        let mut turns = rest.chunks_mut(self.lanes);
        for turn in turns.by_ref() {
            for (lane, out) in turn.iter_mut().enumerate() {
                let entry = slots[self.states[lane] as usize & (SLOTS - 1)];
                *out = self.take(lane, entry);
            }
        }
    }

    /// The next symbols, each by its own table; `ids` are tables there are, as many as there are symbols.
    pub(crate) fn each(&mut self, tables: &Tables, ids: &[u8], out: &mut [u8]) {
        let done = if self.lanes == LANES { simd::decode_each(self, &tables.slots, ids, out) } else { 0 };
        for (ids, turn) in ids[done..].chunks(self.lanes).zip(out[done..].chunks_mut(self.lanes)) {
            for (lane, (out, &id)) in turn.iter_mut().zip(ids).enumerate() {
                let slot = self.states[lane] as usize & (SLOTS - 1);
                let entry = tables.slots[usize::from(id) * SLOTS + slot];
                *out = self.take(lane, entry);
            }
        }
    }

    /// Steps one lane and gives its symbol.
    #[inline(always)]
    fn take(&mut self, lane: usize, entry: u32) -> u8 {
        let state = ((entry >> 12 & 0xfff) + 1) * (self.states[lane] >> BITS) + (entry & 0xfff);
        self.states[lane] = if state < LOW { state << 16 | self.word() } else { state };
        (entry >> 24) as u8
    }

    #[inline(always)]
    fn word(&mut self) -> u32 {
        let word = self
            .words
            .get(self.taken * 2..self.taken * 2 + 2)
            .map_or(0, |w| u16::from_le_bytes([w[0], w[1]]));
        self.taken += 1;
        u32::from(word)
    }
}
