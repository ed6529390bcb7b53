//! Carry-less binary arithmetic coder: 32-bit range, 16-bit probabilities; and probabilities that adapt.
//!
//! The coder of the PAQ family (Mahoney 2002; arithmetic coding after Witten, Neal and Cleary, CACM 1987): two
//! 32-bit bounds, bytes leave as soon as both bounds agree on them. Its loss is the rounding of the range, under
//! 0.02 % in all but pathological cases.
//!
//! A probability here is always the one of a 1 bit, in units of 1/65536, and in `1..=65535`.
//!
//! ```
//! use minlen_entropy::binary::{Decoder, Encoder, Prob16};
//! let bits = [1, 1, 1, 0, 1, 1, 1, 1];
//! let (mut encoder, mut prob) = (Encoder::new(), Prob16::default());
//! for bit in bits {
//!     encoder.encode(bit, prob.p());
//!     prob.update(bit, 4);
//! }
//! let bytes = encoder.finish();
//! let (mut decoder, mut prob) = (Decoder::new(&bytes), Prob16::default());
//! for bit in bits {
//!     assert_eq!(decoder.decode(prob.p()), bit);
//!     prob.update(bit, 4);
//! }
//! assert!(!decoder.overrun());
//! ```

/// Turns bits and their probabilities into bytes.
#[derive(Clone, Debug)]
pub struct Encoder {
    low: u32,
    high: u32,
    /// Zeros behind the `used` bytes that are written: so that a byte is a store and not a call.
    out: Vec<u8>,
    used: usize,
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Encoder {
    /// An encoder with nothing written.
    #[must_use]
    pub fn new() -> Self {
        Self::append_to(Vec::new())
    }

    /// An encoder that appends to `out`.
    #[must_use]
    pub fn append_to(out: Vec<u8>) -> Self {
        Self { low: 0, high: u32::MAX, used: out.len(), out }
    }

    /// Codes `bit` (`bool`, or 0 and not 0), which is 1 with probability `p1`/65536.
    #[inline(always)]
    pub fn encode(&mut self, bit: impl Bit, p1: u32) {
        let mid = split(self.low, self.high, p1);
        if bit.is_one() {
            self.high = mid;
        } else {
            self.low = mid.wrapping_add(1);
        }
        while (self.low ^ self.high) >> 24 == 0 {
            self.put((self.high >> 24) as u8);
            self.low <<= 8;
            self.high = self.high << 8 | 0xff;
        }
    }

    #[inline(always)]
    fn put(&mut self, byte: u8) {
        if self.used >= self.out.len() {
            // By value, so that the bounds of a local encoder may stay in registers.
            self.out = longer(std::mem::take(&mut self.out));
        }
        if let Some(slot) = self.out.get_mut(self.used) {
            *slot = byte;
        }
        self.used += 1;
    }

    /// Bytes written so far, without those that [`Encoder::finish`] adds.
    #[must_use]
    pub fn written(&self) -> usize {
        self.used
    }

    /// Writes as few bytes (0 to 4) as name the last interval, and gives all of them.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.out.truncate(self.used);
        // Missing bytes are read as zeros, so the shortest prefix whose zero extension lies inside will do.
        for n in 0..=4u32 {
            let step = 1u64 << (32 - 8 * n);
            let value = u64::from(self.low).div_ceil(step) * step;
            if value <= u64::from(self.high) {
                self.out.extend_from_slice(&(value as u32).to_be_bytes()[..n as usize]);
                break;
            }
        }
        self.out
    }
}

#[cold]
#[inline(never)]
fn longer(mut out: Vec<u8>) -> Vec<u8> {
    out.resize((out.len() * 2).max(out.capacity()).max(256), 0);
    out
}

/// Turns bytes and the same probabilities back into bits.
#[derive(Clone, Debug)]
pub struct Decoder<'a> {
    low: u32,
    high: u32,
    code: u32,
    data: &'a [u8],
    next: usize,
}

impl<'a> Decoder<'a> {
    /// A decoder from the first byte of `data`.
    #[must_use]
    pub fn new(data: &'a [u8]) -> Self {
        let mut decoder = Self { low: 0, high: u32::MAX, code: 0, data, next: 0 };
        (0..4).for_each(|_| decoder.shift_in());
        decoder
    }

    #[inline(always)]
    fn shift_in(&mut self) {
        self.code = self.code << 8 | u32::from(self.data.get(self.next).copied().unwrap_or(0));
        self.next += 1;
    }

    /// The next bit, given that it is 1 with probability `p1`/65536.
    #[inline(always)]
    pub fn decode(&mut self, p1: u32) -> u32 {
        let mid = split(self.low, self.high, p1);
        let bit = u32::from(self.code <= mid);
        if bit == 1 {
            self.high = mid;
        } else {
            self.low = mid.wrapping_add(1);
        }
        while (self.low ^ self.high) >> 24 == 0 {
            self.low <<= 8;
            self.high = self.high << 8 | 0xff;
            self.shift_in();
        }
        bit
    }

    /// True once more bytes were needed than any encoder would have left out: the data is cut short or corrupt.
    /// Check it at the end, and now and then while decoding long outputs.
    #[must_use]
    pub fn overrun(&self) -> bool {
        self.next > self.data.len() + 4
    }

    /// How many bytes of the data were taken in, at most its length. An encoder's output is taken in whole.
    #[must_use]
    pub fn consumed(&self) -> usize {
        self.next.min(self.data.len())
    }
}

/// The last code value of bit 1. Always `low <= mid < high`, so both bits keep a part of the range.
#[inline(always)]
fn split(low: u32, high: u32, p1: u32) -> u32 {
    debug_assert!((1..=65535).contains(&p1), "probability {p1}");
    low.wrapping_add(((u64::from(high.wrapping_sub(low)) * u64::from(p1)) >> 16) as u32)
}

/// What [`Encoder::encode`] takes for a bit.
pub trait Bit: Copy {
    /// True for a 1.
    fn is_one(self) -> bool;
}

impl Bit for bool {
    #[inline(always)]
    fn is_one(self) -> bool {
        self
    }
}

impl Bit for u32 {
    #[inline(always)]
    fn is_one(self) -> bool {
        self != 0
    }
}

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

/// 65536 / (n + 1.5), rounded.
const RECIPROCALS: [u32; 1024] = {
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

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::testing::Rng;

    #[test]
    fn known_bytes() {
        let mut encoder = Encoder::new();
        for i in 0..40u32 {
            encoder.encode(i % 3 == 0, 21_845);
        }
        assert_eq!(encoder.finish(), [55, 166, 144, 179, 4]);
        assert!(Encoder::new().finish().is_empty());
    }

    #[test]
    fn extreme_probabilities_round_trip_and_cost_little() {
        let mut rng = Rng(9);
        let steps: Vec<(u32, u32)> = (0..200_000)
            .map(|i| {
                let p = match i % 4 {
                    0 => 1,
                    1 => 65_535,
                    2 => 1 + rng.below(65_535) as u32,
                    _ => 32_768,
                };
                let bit = u32::from(rng.below(65_536) < p as usize);
                (bit, p)
            })
            .collect();
        let mut encoder = Encoder::new();
        steps.iter().for_each(|&(bit, p)| encoder.encode(bit, p));
        let bytes = encoder.finish();
        let mut decoder = Decoder::new(&bytes);
        steps.iter().for_each(|&(bit, p)| assert_eq!(decoder.decode(p), bit));
        assert!(!decoder.overrun());
        assert_eq!(decoder.consumed(), bytes.len());
        let ideal: f64 = steps
            .iter()
            .map(|&(bit, p)| -(f64::from(if bit == 1 { p } else { 65_536 - p }) / 65_536.0).log2())
            .sum();
        let over = bytes.len() as f64 * 8.0 / ideal;
        assert!(over < 1.000_3, "{over}");
    }

    #[test]
    fn cut_short_is_noticed() {
        let mut encoder = Encoder::new();
        let mut rng = Rng(2);
        (0..8000).for_each(|_| encoder.encode(rng.below(2) == 1, 32_768));
        let bytes = encoder.finish();
        let mut decoder = Decoder::new(&bytes[..500]);
        (0..8000).for_each(|_| assert!(decoder.decode(32_768) < 2));
        assert!(decoder.overrun());
    }

    #[test]
    fn probabilities_stay_in_range() {
        for bit in [0u32, 1] {
            let (mut prob, mut counter) = (Prob16::default(), Counter::default());
            for _ in 0..100_000 {
                prob.update(bit, 1);
                counter.update(bit, Counter::MAX_LIMIT);
                assert!((1..=65_535).contains(&prob.p()) && (1..=65_535).contains(&counter.p()));
            }
        }
    }

    #[test]
    fn trees_round_trip() {
        let mut rng = Rng(4);
        for bits in [1, 5, 8, 16] {
            let symbols: Vec<u32> = (0..2000).map(|_| rng.below(1 << bits) as u32).collect();
            let (mut encoder, mut tree) = (Encoder::new(), BitTree::new(bits, 5));
            symbols.iter().for_each(|&s| tree.encode(&mut encoder, s));
            let bytes = encoder.finish();
            let (mut decoder, mut tree) = (Decoder::new(&bytes), BitTree::new(bits, 5));
            symbols.iter().for_each(|&s| assert_eq!(tree.decode(&mut decoder), s));
        }
    }
}
