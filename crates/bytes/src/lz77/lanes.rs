//! Interleaved rANS (Duda 2013; Giesen 2014) whose lanes may each have a table of their own: a sequence has three
//! symbols of three alphabets, and decoding them in three lanes lets the processor do it at once.
//!
//! States of 32 bits in 2^16..2^32, renormalised by words of 16 bits that all lanes share.

use super::tables::SCALE_BITS;
use minlen_core::{Error, Result};

const LOW: u32 = 1 << 16;
const MASK: u32 = (1 << SCALE_BITS) - 1;

/// For every slot: the symbol in the high 8 bits, frequency less one, and slot less the first one of the symbol.
pub type SlotTable = [u32; 1 << SCALE_BITS];

/// Frequency and first slot of every symbol, for encoding.
pub fn spans(freqs: &[u32]) -> Vec<(u32, u32)> {
    let mut first = 0;
    freqs
        .iter()
        .map(|&freq| {
            first += freq;
            (freq, first - freq)
        })
        .collect()
}

/// Fills the decoder's table; `freqs` add up to the scale.
pub fn fill(freqs: &[u32], table: &mut SlotTable) {
    let mut slots = table.iter_mut();
    for (symbol, &freq) in freqs.iter().enumerate() {
        for (i, slot) in slots.by_ref().take(freq as usize).enumerate() {
            *slot = ((symbol as u32) << 24) | ((freq - 1) << 12) | i as u32;
        }
    }
}

/// Encodes backwards: the last symbol goes in first.
pub struct LaneWriter<const N: usize> {
    states: [u32; N],
    words: Vec<u16>,
}

impl<const N: usize> LaneWriter<N> {
    /// Nothing written.
    pub fn new() -> Self {
        Self { states: [LOW; N], words: Vec::new() }
    }

    /// Puts a symbol with this span into a lane.
    #[inline]
    pub fn put(&mut self, lane: usize, (freq, first): (u32, u32)) {
        let state = &mut self.states[lane];
        if *state >> (32 - SCALE_BITS) >= freq {
            self.words.push(*state as u16);
            *state >>= 16;
        }
        *state = ((*state / freq) << SCALE_BITS) + *state % freq + first;
    }

    /// Appends the states and the words.
    pub fn finish(self, out: &mut Vec<u8>) {
        self.states.iter().for_each(|s| out.extend_from_slice(&s.to_le_bytes()));
        self.words.iter().rev().for_each(|w| out.extend_from_slice(&w.to_le_bytes()));
    }
}

/// Decodes forwards.
pub struct LaneReader<'a, const N: usize> {
    states: [u32; N],
    words: &'a [u8],
    at: usize,
}

impl<'a, const N: usize> LaneReader<'a, N> {
    /// A reader over everything that [`LaneWriter::finish`] wrote.
    pub fn new(bytes: &'a [u8]) -> Result<Self> {
        if bytes.len() < 4 * N {
            return Err(Error::truncated("lz77: the states of the coder are missing"));
        }
        let (head, words) = bytes.split_at(4 * N);
        let mut states = [0; N];
        for (state, bytes) in states.iter_mut().zip(head.chunks_exact(4)) {
            *state = bytes.iter().rev().fold(0, |s, &b| (s << 8) | u32::from(b));
        }
        Ok(Self { states, words, at: 0 })
    }

    /// The next symbol of a lane. Past the end, zeros are read; see [`LaneReader::finish`].
    #[inline(always)]
    pub fn get(&mut self, lane: usize, table: &SlotTable) -> u8 {
        let mut state = self.states[lane];
        let slot = table[(state & MASK) as usize];
        // At most 4096 × (2^20 − 1) + 4095: no overflow, whatever the state.
        state = (((slot >> 12) & MASK) + 1) * (state >> SCALE_BITS) + (slot & MASK);
        if state < LOW {
            state = (state << 16) | self.word();
        }
        self.states[lane] = state;
        (slot >> 24) as u8
    }

    #[inline(always)]
    fn word(&mut self) -> u32 {
        let word = self
            .words
            .get(self.at..)
            .and_then(<[u8]>::first_chunk::<2>)
            .map_or(0, |w| u16::from_le_bytes(*w));
        self.at += 2;
        u32::from(word)
    }

    /// Checks that exactly what was written was read.
    pub fn finish(self) -> Result<()> {
        if self.at != self.words.len() || self.states != [LOW; N] {
            return Err(Error::corrupt("lz77: the entropy coder does not end where it began"));
        }
        Ok(())
    }
}
