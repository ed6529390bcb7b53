//! The dense form of a series whose values recur: first whether the value is one of a few that came before in such a place,
//! then whether it came before at all, and then its place among those that did, or its difference from a prediction.

use super::ols::Ols;
use super::ranks::Ranks;
use super::residual::{Io, Model, Source, Writer, fine_log};
use super::word::Word;
use minlen_core::varint::Reader;
use minlen_core::{Env, Error, Result};
use minlen_entropy::binary::Counter;
use minlen_entropy::mixing::{Mixer, stretch};
use std::collections::HashMap;

/// Candidates: what followed the last 3, 2 and 1 values before, the last value, and the one before it.
const CANDIDATES: usize = 5;
/// Values that the linear prediction looks at.
const TAPS: usize = 16;
const CONTEXTS: usize = 8;
const LEVELS: usize = 270;
const BUCKETS: usize = 1024;
const SIZES: [usize; CONTEXTS] = [1, LEVELS, 40 * 40, 2 * LEVELS, BUCKETS, 9 * 48, LEVELS, 2 * LEVELS];
const SETS: usize = 48;
/// Bytes of memory for each value, at most.
const PER_VALUE: u64 = 160;
/// Memory of the flags' probabilities.
const LIMIT: u32 = 255;

/// Yes or no in four contexts.
struct Flag {
    cells: Vec<Counter>,
    mixer: Mixer<4>,
}

impl Flag {
    const SIZE: usize = 4096;

    fn new() -> Self {
        Self { cells: vec![Counter::default(); 4 * Self::SIZE], mixer: Mixer::new(CANDIDATES + 1, 6) }
    }

    #[inline(always)]
    fn code(&mut self, io: &mut impl Io, bit: bool, contexts: [usize; 4], set: usize) -> bool {
        let at: [usize; 4] = std::array::from_fn(|i| i * Self::SIZE + contexts[i] % Self::SIZE);
        let p = self.mixer.mix(at.map(|at| stretch(self.cells[at].p())), set);
        let bit = io.bit(u32::from(bit), p);
        self.mixer.update(bit, p);
        at.iter().for_each(|&at| self.cells[at].update(bit, LIMIT));
        bit == 1
    }
}

/// A number that follows how long recent numbers were: chooses between bases.
#[derive(Clone, Copy, Default)]
struct Mean(u64);

impl Mean {
    /// Moves towards `x` (in [`fine_log`]'s unit) by 1/2^`rate`.
    fn update(&mut self, x: usize, rate: u32) {
        self.0 = self.0 - (self.0 >> rate) + (((x as u64) << 16) >> rate);
    }
    fn get(self) -> usize {
        (self.0 >> 16) as usize
    }
}

/// What the numbers of one kind (ranks, differences) were like.
struct History {
    model: Model<CONTEXTS>,
    fast: Mean,
    slow: Mean,
    last: [i64; 2],
}

impl History {
    fn new(count: usize) -> Self {
        Self {
            model: Model::new(SIZES, SETS, count),
            fast: Mean::default(),
            slow: Mean::default(),
            last: [0; 2],
        }
    }

    /// Codes a number; `apart` are the distances of two other guesses, `bucket` a context of the base.
    fn code(&mut self, io: &mut impl Io, number: i64, apart: [i64; 2], bucket: usize) -> i64 {
        let length = |x: i64| (64 - x.unsigned_abs().leading_zeros() as usize).min(39);
        let sign = |x: i64| (x.signum() + 1) as usize;
        let split = |x: i64| fine_log(x.unsigned_abs()) + LEVELS * usize::from(x < 0);
        let level = (self.fast.get() / 3).min(SETS - 1);
        let contexts = [
            0,
            self.fast.get(),
            length(self.last[0]) * 40 + length(self.last[1]),
            split(apart[0]),
            bucket,
            (sign(self.last[0]) * 3 + sign(self.last[1])) * 48 + level,
            self.slow.get(),
            split(apart[1]),
        ];
        let number = self.model.code(io, number, contexts, level);
        let size = fine_log(number.unsigned_abs());
        self.fast.update(size, 2);
        self.slow.update(size, 5);
        self.last = [number, self.last[0]];
        number
    }
}

/// The series so far.
struct Series {
    values: Vec<i64>,
    known: Ranks,
    /// Where a value, or a hash of two or three, was last seen to end.
    after: [HashMap<u64, u32>; 3],
    hits: [usize; CANDIDATES],
    knowns: usize,
    flag: Flag,
    ranks: History,
    fresh: History,
    ols: Ols,
    inputs: [f64; TAPS],
    /// How far off the last value and the linear prediction were, in ranks; and nothing, the last value and the linear
    /// prediction, in numbers.
    off_ranks: [Mean; 2],
    off: [Mean; 3],
}

fn hash(values: &[i64]) -> u64 {
    values.iter().fold(values.len() as u64, |h, &v| {
        (h ^ v as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_add(h >> 7)
    })
}

impl Series {
    fn new(count: usize) -> Self {
        Self {
            values: Vec::new(),
            known: Ranks::default(),
            after: Default::default(),
            hits: [0; CANDIDATES],
            knowns: 0,
            flag: Flag::new(),
            ranks: History::new(count),
            fresh: History::new(count),
            ols: Ols::new(TAPS, 0.9995, 8),
            inputs: [0.0; TAPS],
            off_ranks: Default::default(),
            off: Default::default(),
        }
    }

    fn back(&self, k: usize) -> i64 {
        self.values.len().checked_sub(k).map_or(0, |at| self.values[at])
    }

    /// The candidates, and how long ago each stood, as a small number.
    fn candidates(&self) -> [Option<(i64, usize)>; CANDIDATES] {
        let n = self.values.len();
        let followed = |order: usize| {
            let key = hash(self.values.get(n.checked_sub(order)?..)?);
            let at = *self.after[order - 1].get(&key)? as usize;
            Some((*self.values.get(at)?, fine_log((n - at) as u64) / 4))
        };
        let before = |k: usize| Some((*self.values.get(n.checked_sub(k)?)?, 0));
        [followed(3), followed(2), followed(1), before(1), before(2)]
    }

    /// Codes the next value.
    fn step(&mut self, io: &mut impl Io, value: i64) {
        let candidates = self.candidates();
        // Which candidates are the same value: says how much one is worth.
        let mut same = 0;
        for i in 1..CANDIDATES {
            let equal = candidates[i].is_some()
                && candidates[..i].iter().any(|c| c.map(|c| c.0) == candidates[i].map(|c| c.0));
            same = same << 1 | usize::from(equal);
        }
        let mut found = None;
        for slot in 0..CANDIDATES {
            let Some((candidate, age)) = candidates[slot] else { continue };
            if candidates[..slot].iter().flatten().any(|c| c.0 == candidate) {
                continue;
            }
            let history = self.hits[slot];
            let contexts = [
                slot * 256 + (history & 255),
                (slot * 16 + same) * 16 + (history & 15),
                (slot * 32 + age.min(31)) * 8 + (history & 7),
                (hash(&[candidate]) as usize & 511) * 8 + slot,
            ];
            let hit = found.is_none() && self.flag.code(io, candidate == value, contexts, slot);
            self.hits[slot] = history << 1 | usize::from(hit);
            if hit {
                found = Some(candidate);
                break;
            }
        }
        let value = match found {
            Some(value) => value,
            None => self.other(io, value),
        };
        self.learn(value);
    }

    /// Codes a value that is no candidate.
    fn other(&mut self, io: &mut impl Io, value: i64) -> i64 {
        let last = self.back(1);
        for (k, input) in self.inputs.iter_mut().enumerate() {
            let at = self.values.len().checked_sub(k + 2);
            *input = at.map_or(0.0, |at| (self.values[at].wrapping_sub(last)) as f64);
        }
        let linear = last.saturating_add(self.ols.predict(&self.inputs) as i64);
        let full = self.known.len();
        let place = if full == 0 { 0 } else { self.known.rank(value) };
        let is_known = full > 0 && self.known.at(place) == Some(value);
        let contexts = [self.knowns & 4095, self.knowns & 15, 0, fine_log(full as u64)];
        let is_known = full > 0 && self.flag.code(io, is_known, contexts, CANDIDATES);
        self.knowns = self.knowns << 1 | usize::from(is_known);
        let value = if is_known {
            let bases = [self.known.rank(last) as i64, self.known.rank(linear) as i64];
            let best = usize::from(self.off_ranks[1].0 < self.off_ranks[0].0);
            let base = bases[best];
            let follower = self.candidates()[2].map_or(base, |c| self.known.rank(c.0) as i64);
            let bucket = if full <= BUCKETS { base as usize } else { base as usize * BUCKETS / full };
            let apart = [bases[1 - best] - base, follower - base];
            let place = base
                + self.ranks.code(io, place as i64 - base, apart, bucket).clamp(-base, full as i64 - base);
            for (off, base) in self.off_ranks.iter_mut().zip(bases) {
                off.update(fine_log(place.abs_diff(base)), 5);
            }
            self.known.at(place as usize).unwrap_or(last)
        } else {
            let bases = [0, last, linear];
            let best = (0..3).min_by_key(|&i| self.off[i].0).unwrap_or(0);
            let base = bases[best];
            let apart = [linear.wrapping_sub(last), self.back(2).wrapping_sub(last)];
            let value = base.wrapping_add(self.fresh.code(io, value.wrapping_sub(base), apart, best));
            for (off, base) in self.off.iter_mut().zip(bases) {
                off.update(fine_log(value.wrapping_sub(base).unsigned_abs()), 5);
            }
            value
        };
        let truth = value.wrapping_sub(last) as f64;
        let mut spread = 0.0;
        for input in &self.inputs {
            spread += input.abs();
        }
        let miss = value.wrapping_sub(linear) as f64;
        self.ols.learn(truth, 1.0 / (spread / TAPS as f64 + miss.abs() + 1e-30));
        value
    }

    fn learn(&mut self, value: i64) {
        let n = self.values.len();
        for order in 1..=3 {
            if let Some(start) = n.checked_sub(order) {
                let key = hash(&self.values[start..]);
                self.after[order - 1].insert(key, n as u32);
            }
        }
        self.known.insert(value);
        self.values.push(value);
    }
}

fn memory(cells: usize) -> u64 {
    (cells as u64).saturating_mul(PER_VALUE) + 2 * Model::<CONTEXTS>::memory(SIZES, SETS, cells)
}

/// Appends the words of a series.
///
/// # Errors
/// Over the memory budget; cancelled.
pub(super) fn encode<W: Word>(words: &[W], env: &Env, out: &mut Vec<u8>) -> Result<()> {
    let _memory = env.budget.reserve(memory(words.len()))?;
    let (mut series, mut writer) = (Series::new(words.len()), Writer::default());
    for (i, &word) in words.iter().enumerate() {
        if i % 1024 == 0 {
            env.work(1024 * u64::from(W::BITS / 8))?;
        }
        series.step(&mut writer, signed(word));
    }
    writer.finish(out);
    Ok(())
}

/// A word as a number around 0.
fn signed<W: Word>(word: W) -> i64 {
    W::narrow(word.wide() ^ 1 << (W::BITS - 1)).signed()
}

/// The words that [`encode`] wrote.
///
/// # Errors
/// Truncated or corrupt; over a limit; cancelled.
pub(super) fn decode<W: Word>(reader: &mut Reader<'_>, cells: usize, env: &Env) -> Result<Vec<W>> {
    let _memory = env.budget.reserve(memory(cells))?;
    let mut source = Source::new(reader)?;
    let mut series = Series::new(cells);
    for i in 0..cells {
        if i % 1024 == 0 {
            source.check()?;
            env.work(1024 * u64::from(W::BITS / 8))?;
        }
        series.step(&mut source, 0);
    }
    source.finish()?;
    let words: Vec<W> = series.values.iter().map(|&v| W::narrow(v as u64 ^ 1 << (W::BITS - 1))).collect();
    if words.iter().zip(&series.values).any(|(&word, &value)| signed(word) != value) {
        return Err(Error::corrupt("a number out of its type's range"));
    }
    Ok(words)
}
