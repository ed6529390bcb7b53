//! Probabilities that adapt, and symbols made of them.

use super::{Bit, Decoder, Encoder};

/// An adaptive probability in 16 bits that moves by a fixed share towards each bit seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prob16(u16);

impl Default for Prob16 {
    fn default() -> Self {
        Self(1 << 15)
    }
}

impl Prob16 {
    /// A probability of `p1`/65536, clamped to `1..=65535`.
    #[must_use]
    pub fn new(p1: u32) -> Self {
        Self(p1.clamp(1, 65_535) as u16)
    }

    /// The probability of a 1, in `1..=65535`.
    #[inline(always)]
    #[must_use]
    pub fn p(self) -> u32 {
        u32::from(self.0)
    }

    /// Moves by 1/2^`rate` (1..=15) of the distance towards `bit`: small rates adapt fast, large ones estimate finely.
    #[inline(always)]
    pub fn update(&mut self, bit: impl Bit, rate: u32) {
        // Neither side can reach 0 or 65536, because the step is rounded down.
        if bit.is_one() {
            self.0 += ((65_536 - u32::from(self.0)) >> rate) as u16;
        } else {
            self.0 -= self.0 >> rate;
        }
    }
}

/// An adaptive probability that averages what it has seen: the step is 1/(n + 1.5) up to a limit on n.
///
/// 22 bits of probability and 10 of count (the *StateMap* of lpaq, Mahoney 2007). It learns as fast as counting and
/// becomes as fine as its limit, which is why the order-n models use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter(u32);

impl Default for Counter {
    fn default() -> Self {
        Self(1 << 31)
    }
}

/// 65536 / (n + 1.5), rounded: how far a probability of n observations moves towards the next one, in 65536ths.
pub static RECIPROCALS: [u32; 1024] = {
    let mut table = [0; 1024];
    let mut n = 0;
    while n < 1024 {
        table[n] = (2 * 65_536 + n as u32 + 1) / (2 * n as u32 + 3);
        n += 1;
    }
    table
};

impl Counter {
    /// Largest limit for [`Counter::update`].
    pub const MAX_LIMIT: u32 = 1023;

    /// The probability of a 1, odd and so in `1..=65535`.
    #[inline(always)]
    #[must_use]
    pub fn p(self) -> u32 {
        (self.0 >> 16) | 1
    }

    /// Takes `bit` in; `limit` (at most [`Counter::MAX_LIMIT`]) bounds the memory: 30 forgets fast, 1023 hardly.
    #[inline(always)]
    pub fn update(&mut self, bit: impl Bit, limit: u32) {
        let n = self.0 & 1023;
        let p = i64::from(self.0 >> 10);
        let target = if bit.is_one() { (1 << 22) - 1 } else { 0 };
        let step = ((target - p) * i64::from(RECIPROCALS[n as usize])) >> 16;
        self.0 = (((p + step) as u32) << 10) | if n < limit { n + 1 } else { n };
    }

    /// The same probability, as if at most `count` bits had been seen: it will adapt fast again.
    #[must_use]
    pub fn forget(self, count: u32) -> Self {
        Self((self.0 & !1023) | (self.0 & 1023).min(count))
    }
}

/// Symbols of up to 16 bits as a path of binary decisions, most significant bit first, each with its own [`Prob16`].
#[derive(Clone, Debug)]
pub struct BitTree {
    probs: Vec<Prob16>,
    bits: u32,
    rate: u32,
}

impl BitTree {
    /// A tree for symbols of `bits` (clamped to 1..=16) bits, adapting at `rate` (see [`Prob16::update`]).
    #[must_use]
    pub fn new(bits: u32, rate: u32) -> Self {
        let bits = bits.clamp(1, 16);
        Self { probs: vec![Prob16::default(); 1 << bits], bits, rate: rate.clamp(1, 15) }
    }

    /// A tree for bytes with a rate that suits most data.
    #[must_use]
    pub fn bytes() -> Self {
        Self::new(8, 5)
    }

    /// Codes `symbol`, of which only the low bits count.
    #[inline]
    pub fn encode(&mut self, encoder: &mut Encoder, symbol: u32) {
        let mut node = 1usize;
        for shift in (0..self.bits).rev() {
            let bit = symbol >> shift & 1;
            let Some(prob) = self.probs.get_mut(node) else { return };
            encoder.encode(bit, prob.p());
            prob.update(bit, self.rate);
            node = node << 1 | bit as usize;
        }
    }

    /// The next symbol.
    #[inline]
    pub fn decode(&mut self, decoder: &mut Decoder<'_>) -> u32 {
        let mut node = 1usize;
        for _ in 0..self.bits {
            let Some(prob) = self.probs.get_mut(node) else { return 0 };
            let bit = decoder.decode(prob.p());
            prob.update(bit, self.rate);
            node = node << 1 | bit as usize;
        }
        node as u32 - (1 << self.bits)
    }
}
