//! Distributions for the range coder: fixed for a block, or adapting by frequency counts.

use super::{Decoder, Encoder, MAX_TOTAL};
use crate::rans::normalize;
use minlen_core::{Error, Result};

/// A fixed distribution with a power-of-two total.
#[derive(Clone, Debug)]
pub struct StaticCdf {
    /// `n + 1` cumulative counts from 0 to the total.
    cum: Vec<u32>,
    /// The first symbol that a target with these upper bits can mean.
    first: Vec<u16>,
    bits: u32,
}

/// Upper bits of a target that the look-up goes by.
const LOOKUP_BITS: u32 = 12;

impl StaticCdf {
    /// From exact frequencies that add up to `1 << bits`; `bits` in 1..=16, at most 65,536 symbols.
    ///
    /// # Errors
    /// Corrupt if they do not add up.
    pub fn new(freqs: &[u32], bits: u32) -> Result<Self> {
        let sum: u64 = freqs.iter().map(|&f| u64::from(f)).sum();
        if !(1..=16).contains(&bits) || sum != 1 << bits || freqs.len() > 1 << 16 {
            return Err(Error::corrupt("frequencies do not add up to the total"));
        }
        let mut cum = Vec::with_capacity(freqs.len() + 1);
        cum.push(0);
        cum.extend(freqs.iter().scan(0, |sum, &f| {
            *sum += f;
            Some(*sum)
        }));
        let mut cdf = Self { cum, first: Vec::new(), bits };
        let shift = bits.saturating_sub(LOOKUP_BITS);
        cdf.first = (0..1u32 << (bits - shift)).map(|slot| cdf.search(slot << shift, 0) as u16).collect();
        Ok(cdf)
    }

    /// From counts of any size, scaled so that whatever occurs keeps at least 1/2^`bits`.
    ///
    /// # Errors
    /// Corrupt if nothing occurs or more symbols do than `1 << bits`.
    pub fn from_counts(counts: &[u32], bits: u32) -> Result<Self> {
        Self::new(&normalize(counts, bits)?, bits)
    }

    /// From the bytes of `sample`, over the alphabet of 256.
    ///
    /// # Errors
    /// As [`StaticCdf::from_counts`].
    pub fn from_bytes(sample: &[u8], bits: u32) -> Result<Self> {
        Self::from_counts(&crate::histogram(sample), bits)
    }

    fn search(&self, target: u32, from: usize) -> usize {
        let mut symbol = from;
        while symbol + 2 < self.cum.len() && self.cum[symbol + 1] <= target {
            symbol += 1;
        }
        symbol
    }

    /// Codes `symbol`; one of probability 0 cannot be coded and writes nothing.
    #[inline]
    pub fn encode(&self, encoder: &mut Encoder, symbol: usize) {
        if let Some(&[from, to]) = self.cum.get(symbol..symbol + 2)
            && to > from
        {
            encoder.encode(from, to - from, self.bits);
        }
    }

    /// The next symbol.
    #[inline]
    pub fn decode(&self, decoder: &mut Decoder<'_>) -> usize {
        let target = decoder.target(self.bits);
        let slot = target >> self.bits.saturating_sub(LOOKUP_BITS);
        let first = self.first.get(slot as usize).copied().unwrap_or(0);
        let symbol = self.search(target, usize::from(first));
        decoder.advance(self.cum[symbol], self.cum[symbol + 1] - self.cum[symbol]);
        symbol
    }
}

/// Adaptive frequency counts over up to 4,096 symbols, summed in a Fenwick tree (Fenwick 1994): each step takes
/// time in the logarithm of the alphabet.
#[derive(Clone, Debug)]
pub struct AdaptiveCdf {
    counts: Vec<u32>,
    /// Fenwick tree, from index 1, over a power of two of leaves.
    tree: Vec<u32>,
    total: u32,
    step: u32,
}

impl AdaptiveCdf {
    /// All of `n` symbols (clamped to 1..=4096) equally likely. Each occurrence adds `step` (clamped to 1..=4096)
    /// to a count that starts at 1; at [`MAX_TOTAL`] all are halved: small steps forget slowly.
    #[must_use]
    pub fn new(n: usize, step: u32) -> Self {
        let n = n.clamp(1, 4096);
        let mut cdf = Self { counts: vec![1; n], tree: Vec::new(), total: 0, step: step.clamp(1, 4096) };
        cdf.rebuild();
        cdf
    }

    fn rebuild(&mut self) {
        let size = self.counts.len().next_power_of_two();
        self.tree = vec![0; size + 1];
        self.tree[1..=self.counts.len()].copy_from_slice(&self.counts);
        for i in 1..size {
            let parent = i + (i & i.wrapping_neg());
            self.tree[parent] += self.tree[i];
        }
        self.total = self.counts.iter().sum();
    }

    fn cum(&self, symbol: usize) -> u32 {
        let (mut sum, mut i) = (0, symbol);
        while i > 0 {
            sum += self.tree[i];
            i &= i - 1;
        }
        sum
    }

    fn find(&self, mut target: u32) -> usize {
        let (mut at, mut half) = (0, (self.tree.len() - 1) / 2);
        while half > 0 {
            if self.tree[at + half] <= target {
                at += half;
                target -= self.tree[at];
            }
            half /= 2;
        }
        at.min(self.counts.len() - 1)
    }

    fn update(&mut self, symbol: usize) {
        self.counts[symbol] += self.step;
        self.total += self.step;
        if self.total > MAX_TOTAL {
            self.counts.iter_mut().for_each(|c| *c = c.div_ceil(2));
            return self.rebuild();
        }
        let mut i = symbol + 1;
        while i < self.tree.len() {
            self.tree[i] += self.step;
            i += i & i.wrapping_neg();
        }
    }

    /// Codes `symbol` (taken modulo nothing: one out of range writes nothing) and learns it.
    pub fn encode(&mut self, encoder: &mut Encoder, symbol: usize) {
        if let Some(&freq) = self.counts.get(symbol) {
            encoder.encode_total(self.cum(symbol), freq, self.total);
            self.update(symbol);
        }
    }

    /// The next symbol, learnt as well.
    pub fn decode(&mut self, decoder: &mut Decoder<'_>) -> usize {
        let target = decoder.target_total(self.total);
        let symbol = self.find(target);
        decoder.advance(self.cum(symbol), self.counts[symbol]);
        self.update(symbol);
        symbol
    }
}
