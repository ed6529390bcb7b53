//! The states and the stream of words.

use minlen_core::{Error, Result};

/// Every state is at or above this between symbols, and starts (in the encoder) and ends (in the decoder) here.
const LOWEST: u32 = 1 << 16;
/// Size of the per-symbol table: a power of two of at least [`super::MAX_ALPHABET`].
const SYMBOLS: usize = 512;

/// A symbol type: `u8` or `u16`.
pub(super) trait Symbol: Copy + Default {
    /// Bytes of the raw form.
    const BYTES: usize;
    /// As an index.
    fn index(self) -> usize;
    /// From an index below the alphabet.
    fn from_index(index: usize) -> Self;
    /// Appends the raw form.
    fn put(self, out: &mut Vec<u8>);
    /// Reads the raw form from [`Symbol::BYTES`] bytes.
    fn take(bytes: &[u8]) -> Self;
}

impl Symbol for u8 {
    const BYTES: usize = 1;
    #[inline(always)]
    fn index(self) -> usize {
        usize::from(self)
    }
    fn from_index(index: usize) -> Self {
        index as Self
    }
    fn put(self, out: &mut Vec<u8>) {
        out.push(self);
    }
    fn take(bytes: &[u8]) -> Self {
        bytes.first().copied().unwrap_or(0)
    }
}

impl Symbol for u16 {
    const BYTES: usize = 2;
    #[inline(always)]
    fn index(self) -> usize {
        usize::from(self)
    }
    fn from_index(index: usize) -> Self {
        index as Self
    }
    fn put(self, out: &mut Vec<u8>) {
        out.extend(self.to_le_bytes());
    }
    fn take(bytes: &[u8]) -> Self {
        Self::from_le_bytes(bytes.first_chunk().copied().unwrap_or_default())
    }
}

/// Frequency and start of an interval, and how to divide by the frequency with a multiplication.
#[derive(Clone, Copy, Default)]
struct Interval {
    /// A state at or above this must give a word away first.
    most: u64,
    /// `ceil(2^64 / freq)`: one multiplication divides any 32-bit state exactly, as its error stays below
    /// 2^-32 (Granlund and Montgomery 1994).
    reciprocal: u64,
    freq: u32,
    bias: u32,
}

impl Interval {
    fn new(freq: u32, cum: u32, bits: u32) -> Self {
        let most = u64::from(freq) << (32 - bits);
        match freq {
            0 => Self::default(),
            // 2^64 does not fit: the quotient comes out one too small, which the bias makes good (Giesen 2014).
            1 => Self { most, reciprocal: u64::MAX, freq, bias: cum + (1 << bits) - 1 },
            _ => Self { most, reciprocal: u64::MAX / u64::from(freq) + 1, freq, bias: cum },
        }
    }

    #[inline(always)]
    fn divide(&self, state: u32) -> u32 {
        ((u128::from(state) * u128::from(self.reciprocal)) >> 64) as u32
    }
}

/// Appends the final states and the words. Symbol `i` is coded in lane `i % LANES`.
pub(super) fn encode<S: Symbol, const LANES: usize>(
    input: &[S],
    freqs: &[u32],
    bits: u32,
    out: &mut Vec<u8>,
) {
    let mut intervals = [Interval::default(); SYMBOLS];
    let mut cum = 0;
    for (interval, &freq) in intervals.iter_mut().zip(freqs) {
        *interval = Interval::new(freq, cum, bits);
        cum += freq;
    }
    let mut states = [LOWEST; LANES];
    // Words are made last first.
    let mut words: Vec<u16> = Vec::with_capacity(input.len() / 2);
    let (body, tail) = input.as_chunks::<LANES>();
    encode_turn(&mut states, tail, &intervals, bits, &mut words);
    for turn in body.iter().rev() {
        encode_turn(&mut states, turn, &intervals, bits, &mut words);
    }
    states.iter().for_each(|state| out.extend(state.to_le_bytes()));
    out.extend(words.iter().rev().flat_map(|word| word.to_le_bytes()));
}

/// One symbol of each lane. Words are written without asking whether they count, and those that do are kept: no
/// branch to guess wrong.
#[inline(always)]
fn encode_turn<S: Symbol, const LANES: usize>(
    states: &mut [u32; LANES],
    turn: &[S],
    intervals: &[Interval; SYMBOLS],
    bits: u32,
    words: &mut Vec<u16>,
) {
    let (mut window, mut used) = ([0u16; LANES], 0);
    let lanes = turn.len().min(LANES);
    for (state, &symbol) in states[..lanes].iter_mut().zip(turn).rev() {
        *state = push(*state, &intervals[symbol.index() & (SYMBOLS - 1)], bits, &mut window, &mut used);
    }
    let keep = words.len() + used;
    words.extend_from_slice(&window);
    words.truncate(keep);
}

#[inline(always)]
fn push<const LANES: usize>(
    state: u32,
    interval: &Interval,
    bits: u32,
    window: &mut [u16; LANES],
    used: &mut usize,
) -> u32 {
    let full = u32::from(u64::from(state) >= interval.most);
    window[*used & (LANES - 1)] = state as u16;
    *used += full as usize;
    let state = state >> (16 * full);
    let quotient = interval.divide(state);
    let rest = state.wrapping_sub(quotient.wrapping_mul(interval.freq));
    (quotient << bits).wrapping_add(rest).wrapping_add(interval.bias)
}

/// From a slot to its symbol, and from a symbol to its interval.
struct Table<S, const SLOTS: usize> {
    slots: Box<[S; SLOTS]>,
    /// Start in the upper half, frequency in the lower.
    intervals: [u32; SYMBOLS],
}

impl<S: Symbol, const SLOTS: usize> Table<S, SLOTS> {
    fn new(freqs: &[u32]) -> Result<Self> {
        let mut table = Self { slots: Box::new([S::default(); SLOTS]), intervals: [0; SYMBOLS] };
        let mut cum = 0usize;
        for (symbol, &freq) in freqs.iter().enumerate().take(SYMBOLS).filter(|&(_, &f)| f > 0) {
            let end = cum + freq as usize;
            let slots =
                table.slots.get_mut(cum..end).ok_or_else(|| Error::corrupt("frequencies over the total"))?;
            slots.fill(S::from_index(symbol));
            table.intervals[symbol] = (cum as u32) << 16 | (freq & 0xffff);
            cum = end;
        }
        Ok(table)
    }

    /// One symbol from `state`, which is left unnormalised.
    #[inline(always)]
    fn pop(&self, state: &mut u32) -> S {
        let slot = *state & (SLOTS as u32 - 1);
        let symbol = self.slots[slot as usize & (SLOTS - 1)];
        let interval = self.intervals[symbol.index() & (SYMBOLS - 1)];
        *state = (interval & 0xffff)
            .wrapping_mul(*state >> SLOTS.trailing_zeros())
            .wrapping_add(slot)
            .wrapping_sub(interval >> 16);
        symbol
    }
}

/// Appends `len` symbols. All states must come back to the start, and all words must be used.
pub(super) fn decode<S: Symbol, const LANES: usize, const SLOTS: usize>(
    freqs: &[u32],
    stream: &[u8],
    len: usize,
    out: &mut Vec<S>,
) -> Result<()> {
    let table = Table::<S, SLOTS>::new(freqs)?;
    let (heads, rest) = stream.as_chunks::<4>().0.split_at_checked(LANES).map_or_else(
        || Err(Error::truncated("rANS states are missing")),
        |(heads, _)| Ok((heads, &stream[4 * LANES..])),
    )?;
    let (words, odd) = rest.as_chunks::<2>();
    if !odd.is_empty() {
        return Err(Error::corrupt("half a rANS word"));
    }
    let mut states: [u32; LANES] = std::array::from_fn(|i| u32::from_le_bytes(heads[i]));
    let start = out.len();
    out.resize(start + len, S::default());
    let (turns, tail) = out[start..].as_chunks_mut::<LANES>();
    let mut next = 0;
    for turn in turns {
        next = match words.get(next..).and_then(<[[u8; 2]]>::first_chunk::<LANES>) {
            Some(window) => next + full_turn(&table, &mut states, window, turn),
            None => careful_turn(&table, &mut states, words, next, turn)?,
        };
    }
    next = careful_turn(&table, &mut states, words, next, tail)?;
    if next != words.len() || states.iter().any(|&s| s != LOWEST) {
        return Err(Error::corrupt("a rANS stream does not end where its symbols end"));
    }
    Ok(())
}

/// One symbol of every lane with enough words at hand; gives how many were used.
#[inline(always)]
fn full_turn<S: Symbol, const LANES: usize, const SLOTS: usize>(
    table: &Table<S, SLOTS>,
    states: &mut [u32; LANES],
    window: &[[u8; 2]; LANES],
    turn: &mut [S; LANES],
) -> usize {
    let mut used = 0;
    for (state, symbol) in states.iter_mut().zip(turn) {
        *symbol = table.pop(state);
        // No branch: the word is read in any case and taken where the state is low.
        let word = u32::from(u16::from_le_bytes(window[used & (LANES - 1)]));
        let low = u32::from(*state < LOWEST);
        *state = *state << (16 * low) | (word & low.wrapping_neg());
        used += low as usize;
    }
    used
}

/// The same near the end of the words, or for fewer symbols than lanes.
fn careful_turn<S: Symbol, const LANES: usize, const SLOTS: usize>(
    table: &Table<S, SLOTS>,
    states: &mut [u32; LANES],
    words: &[[u8; 2]],
    mut next: usize,
    turn: &mut [S],
) -> Result<usize> {
    for (state, symbol) in states.iter_mut().zip(turn) {
        *symbol = table.pop(state);
        if *state < LOWEST {
            let word = words.get(next).ok_or_else(|| Error::truncated("rANS words are missing"))?;
            *state = *state << 16 | u32::from(u16::from_le_bytes(*word));
            next += 1;
        }
    }
    Ok(next)
}
