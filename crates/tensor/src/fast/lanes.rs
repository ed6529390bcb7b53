//! rANS (Duda 2013) in many lanes: symbol `j` of a run belongs to lane `j` modulo their number. States are 32 bits wide, at least
//! 2^16 between symbols, and give and take 16 bits at a time. Plain Rust here, the same in vector registers in [`super::simd`].

use super::grid::Grid;
use super::simd::{self, Isa};
pub(crate) use super::state::{Decoder, FEW, LANES, LOW};
use super::table::{self, BITS, Coder, Freqs, SLOTS};
use minlen_core::{Error, Result};

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
pub(crate) struct Coded<'a> {
    /// The states to begin decoding with.
    pub(crate) states: [u32; LANES],
    /// Words in the order in which decoding takes them.
    pub(crate) words: &'a [u16],
}

/// Codes `runs`, backwards, into memory that `buffer` keeps for the next time; the states end up as [`LOW`] plus `seeds` for whoever decodes.
///
/// # Errors
/// Usage where a symbol has no frequency in its table.
pub(crate) fn encode<'a>(
    runs: &[Run<'_>],
    coders: &[Coder],
    lanes: usize,
    seeds: &[u16; LANES],
    isa: Isa,
    buffer: &'a mut Vec<u16>,
) -> Result<Coded<'a>> {
    let symbols: usize = runs.iter().map(|run| run.symbols.len()).sum();
    // A symbol gives at most one word; the slack is for whole vectors.
    let len = symbols + 2 * LANES;
    if buffer.len() < len {
        buffer.resize(len, 0);
    }
    let words = &mut buffer[..len];
    let mut at = len;
    let mut states = seeds.map(|seed| LOW + u32::from(seed));
    // False once a symbol has no frequency: the words are no use then.
    let mut fine = true;
    for run in runs.iter().rev() {
        let mut end = run.symbols.len();
        if let (Choice::One(table), LANES) = (run.tables, lanes) {
            // What is over after whole turns comes last in the run, so first here.
            let whole = end / LANES * LANES;
            fine &= encode_plain(run, whole..end, coders, lanes, &mut states, words, &mut at);
            let table = &coders[usize::from(table)];
            match simd::encode(isa, &run.symbols[..whole], table, &mut states, words, &mut at) {
                Some(done) => {
                    fine &= done;
                    end = 0;
                }
                None => end = whole,
            }
        }
        fine &= encode_plain(run, 0..end, coders, lanes, &mut states, words, &mut at);
    }
    if !fine {
        return Err(Error::usage("a symbol that its table does not have"));
    }
    Ok(Coded { states, words: &words[at..] })
}

fn encode_plain(
    run: &Run<'_>,
    range: std::ops::Range<usize>,
    coders: &[Coder],
    lanes: usize,
    states: &mut [u32; LANES],
    words: &mut [u16],
    at: &mut usize,
) -> bool {
    for j in range.rev() {
        let coder = match run.tables {
            Choice::One(table) => &coders[usize::from(table)],
            Choice::Each(tables) => &coders[usize::from(tables[j])],
        };
        let symbol = usize::from(run.symbols[j]);
        let state = &mut states[j & (lanes - 1)];
        let (freq, start) = (coder.symbols[symbol] >> 16, coder.symbols[symbol] & 0xffff);
        if freq == 0 {
            return false;
        }
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
        *state = quotient << BITS | (start + rest);
    }
    true
}

/// The tables of a block, for decoding.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    /// [`table::slots`] of each, one after another; empty if the grids are to do.
    pub(crate) slots: Vec<u32>,
    /// For vector registers, where that is possible.
    pub(crate) grids: Vec<Option<Box<Grid>>>,
}

impl Tables {
    /// Bytes that a table takes.
    pub(crate) const MEMORY: u64 = (SLOTS * 4 + size_of::<Grid>() + 64) as u64;

    /// Lays tables out. `each` says whether symbols have tables of their own: the slots are needed then.
    pub(crate) fn new(freqs: &[Freqs], each: bool, isa: Isa) -> Self {
        let mut tables = Self::default();
        if isa == Isa::Avx512 && !each {
            tables.grids = freqs.iter().map(|freqs| Grid::new(freqs).map(Box::new)).collect();
        }
        if tables.grids.len() < freqs.len() || tables.grids.iter().any(Option::is_none) {
            tables.slots.reserve(freqs.len() * SLOTS);
            freqs.iter().for_each(|freqs| table::slots(freqs, &mut tables.slots));
        }
        tables.grids.resize_with(freqs.len(), || None);
        tables
    }

    /// What a slot of a table holds.
    #[inline(always)]
    fn entry(&self, table: usize, slot: usize) -> u32 {
        match (self.slots.get(table * SLOTS + slot), &self.grids[table]) {
            (Some(entry), _) => *entry,
            (None, Some(grid)) => grid.entry(slot),
            (None, None) => 0,
        }
    }
}

impl Decoder<'_> {
    /// The next symbols, by one table, which must be one of the tables.
    pub(crate) fn one(&mut self, tables: &Tables, table: u8, out: &mut [u8]) {
        let table = usize::from(table);
        let slots = tables.slots.get(table * SLOTS..(table + 1) * SLOTS).unwrap_or(&[]);
        let wide = self.lanes == LANES;
        let done = if wide { simd::decode(self, slots, tables.grids[table].as_deref(), out) } else { 0 };
        for turn in out[done..].chunks_mut(self.lanes) {
            for (lane, out) in turn.iter_mut().enumerate() {
                let entry = tables.entry(table, self.states[lane] as usize & (SLOTS - 1));
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
                let entry = tables.entry(usize::from(id), slot);
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

#[cfg(test)]
mod tests {
    use super::super::table::normalise;
    use super::*;
    use minlen_core::testing::Rng;

    /// Symbols of `kinds` kinds, the first ones more often.
    fn symbols(kinds: usize, len: usize, rng: &mut Rng) -> Vec<u8> {
        (0..len).map(|_| (rng.below(kinds).min(rng.below(kinds)) * 256 / kinds) as u8).collect()
    }

    fn check(runs: &[Run<'_>], tables: &Tables, coders: &[Coder], lanes: usize) {
        let seeds = std::array::from_fn(|i| if i < lanes { 1000u16.wrapping_mul(i as u16) } else { 0 });
        let isas = [Isa::Scalar, Isa::Avx2, Isa::Avx512].into_iter().filter(|isa| *isa <= simd::best());
        let mut buffers = vec![Vec::new(); 3];
        let buffers = buffers.iter_mut();
        let all: Vec<Coded<'_>> = isas
            .clone()
            .zip(buffers)
            .map(|(isa, buffer)| encode(runs, coders, lanes, &seeds, isa, buffer).unwrap())
            .collect();
        let words: Vec<u8> = all[0].words.iter().flat_map(|word| word.to_le_bytes()).collect();
        for (isa, coded) in isas.zip(&all) {
            assert_eq!((coded.states, coded.words), (all[0].states, all[0].words), "{isa:?}");
            for cut in [0, 2, 600] {
                let kept = &words[..words.len().saturating_sub(cut)];
                let mut decoder = Decoder { states: coded.states, words: kept, taken: 0, lanes, isa };
                let mut same = true;
                for run in runs {
                    let mut out = vec![0; run.symbols.len()];
                    match run.tables {
                        Choice::One(table) => decoder.one(tables, table, &mut out),
                        Choice::Each(ids) => decoder.each(tables, ids, &mut out),
                    }
                    same &= out == run.symbols;
                }
                if kept.len() == words.len() {
                    assert!(same, "{isa:?}");
                    let ends: Vec<u32> = seeds.iter().map(|seed| LOW + u32::from(*seed)).collect();
                    assert_eq!((&decoder.states[..], 2 * decoder.taken), (&ends[..], words.len()));
                } else {
                    assert!(!same || 2 * decoder.taken > kept.len());
                }
            }
        }
    }

    #[test]
    fn symbols_without_frequency_are_refused() {
        let coder = [Coder::new(&normalise(&minlen_entropy::histogram(&[1, 2, 3, 3])))];
        for isa in [Isa::Scalar, Isa::Avx2, Isa::Avx512].into_iter().filter(|isa| *isa <= simd::best()) {
            for at in [0, 70, 999] {
                let mut symbols = vec![3; 1000];
                symbols[at] = 4;
                let run = [Run { symbols: &symbols, tables: Choice::One(0) }];
                assert!(encode(&run, &coder, LANES, &[0; LANES], isa, &mut Vec::new()).is_err());
            }
        }
    }

    #[test]
    fn all_versions_agree() {
        let mut rng = Rng(11);
        let kinds = [1, 2, 40, 128, 129, 256];
        let (mut all, mut coders) = (Vec::new(), Vec::new());
        for kinds in kinds {
            let mut counts = minlen_entropy::histogram(&symbols(kinds, 50_000, &mut rng));
            (0..kinds).for_each(|kind| counts[kind * 256 / kinds] += 1);
            let freqs = normalise(&counts);
            all.push(freqs);
            coders.push(Coder::new(&freqs));
        }
        let mut tables = Tables::new(&all, true, Isa::Scalar);
        tables.grids = all.iter().map(|freqs| Grid::new(freqs).map(Box::new)).collect();
        assert!(tables.grids.iter().filter(|grid| grid.is_some()).count() >= 3);
        for lanes in [FEW, LANES] {
            for len in [0, 1, 127, 128, 129, 256, 5000] {
                let streams: Vec<Vec<u8>> =
                    kinds.iter().map(|kinds| symbols(*kinds, len, &mut rng)).collect();
                let ids: Vec<u8> = (0..len).map(|_| rng.below(kinds.len()) as u8).collect();
                let mixed: Vec<u8> =
                    ids.iter().enumerate().map(|(i, id)| streams[usize::from(*id)][i]).collect();
                let mut runs: Vec<Run<'_>> = (0u8..)
                    .zip(&streams)
                    .map(|(table, symbols)| Run { symbols, tables: Choice::One(table) })
                    .collect();
                runs.push(Run { symbols: &mixed, tables: Choice::Each(&ids) });
                if len > 200 {
                    check(&runs, &tables, &coders, lanes);
                    runs.reverse();
                }
                for run in &runs {
                    let all = Isa::Scalar..=Isa::Avx512;
                    assert!(all.contains(&simd::isa()));
                    if len >= 5000 && run.symbols.iter().any(|s| *s != 0) {
                        check(&[*run], &tables, &coders, lanes);
                    }
                }
            }
        }
    }
}
