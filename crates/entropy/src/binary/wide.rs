//! A binary arithmetic coder with 64-bit bounds and 16-bit probabilities (carry-less, as in Mahoney 2005).
//!
//! Four bytes leave at once, which is quicker than one where bits are well predicted; `bwt` is frozen with it.

use super::BitCoder;

/// Writes bits.
#[derive(Clone, Debug)]
pub struct Encoder {
    low: u64,
    high: u64,
    out: Vec<u8>,
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
        Self { low: 0, high: u64::MAX, out: Vec::new() }
    }

    /// The bytes, with as few at the end as settle the last bit: a decoder reads zeros after them.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        // The number in low..=high with the most zeros at its end: high without its lower bits.
        let zeros = (0..64).rev().find(|&n| self.high >> n << n >= self.low).unwrap_or(0);
        self.out.extend_from_slice(&(self.high >> zeros << zeros).to_be_bytes());
        if self.low == 0 {
            self.out.truncate(self.out.len() - 8);
        }
        while self.out.last() == Some(&0) {
            self.out.pop();
        }
        self.out
    }
}

/// The last number that stands for a 1.
#[inline(always)]
fn split(low: u64, high: u64, p1: u32) -> u64 {
    let range = high - low;
    low + (range >> 16) * u64::from(p1) + (((range & 0xffff) * u64::from(p1)) >> 16)
}

/// The bounds after `bit`, without a branch: the bit is what is hard to predict.
#[inline(always)]
fn narrow(low: &mut u64, high: &mut u64, middle: u64, bit: u32) {
    let one = u64::from(bit).wrapping_neg();
    *high = (middle & one) | (*high & !one);
    *low = (*low & one) | ((middle + 1) & !one);
}

impl BitCoder for Encoder {
    #[inline(always)]
    fn code(&mut self, bit: u32, p1: u32) -> u32 {
        let middle = split(self.low, self.high, p1);
        narrow(&mut self.low, &mut self.high, middle, bit);
        while (self.low ^ self.high) >> 32 == 0 {
            self.out.extend_from_slice(&((self.high >> 32) as u32).to_be_bytes());
            self.low <<= 32;
            self.high = (self.high << 32) | 0xffff_ffff;
        }
        bit
    }
}

/// Reads bits. Past the end it reads zeros, as the encoder left out.
#[derive(Clone, Debug)]
pub struct Decoder<'a> {
    low: u64,
    high: u64,
    value: u64,
    rest: &'a [u8],
}

impl<'a> Decoder<'a> {
    /// A decoder from the first byte of `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        let mut decoder = Self { low: 0, high: u64::MAX, value: 0, rest: bytes };
        decoder.shift();
        decoder.shift();
        decoder
    }

    #[inline(never)]
    fn shift(&mut self) {
        let (head, tail) = self.rest.split_at(self.rest.len().min(4));
        let mut word = [0; 4];
        word[..head.len()].copy_from_slice(head);
        self.rest = tail;
        self.value = (self.value << 32) | u64::from(u32::from_be_bytes(word));
    }

    /// True if all bytes were read: an encoder never writes more than that.
    #[must_use]
    pub fn is_used_up(&self) -> bool {
        self.rest.is_empty()
    }
}

impl BitCoder for Decoder<'_> {
    #[inline(always)]
    fn code(&mut self, _bit: u32, p1: u32) -> u32 {
        let middle = split(self.low, self.high, p1);
        let bit = u32::from(self.value <= middle);
        narrow(&mut self.low, &mut self.high, middle, bit);
        while (self.low ^ self.high) >> 32 == 0 {
            self.low <<= 32;
            self.high = (self.high << 32) | 0xffff_ffff;
            self.shift();
        }
        bit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::testing::Rng;

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn bits_come_back_at_any_probability() {
        for seed in 0..300 {
            let mut rng = Rng(seed);
            let bits: Vec<(u32, u32)> = (0..rng.below(2000))
                .map(|_| match rng.below(4) {
                    0 => (rng.below(2) as u32, 1 + rng.below(65_535) as u32),
                    1 => (rng.below(2) as u32, 1),
                    2 => (rng.below(2) as u32, 65_535),
                    _ => (u32::from(rng.below(1000) > 0), 65_000),
                })
                .collect();
            let mut encoder = Encoder::new();
            for &(bit, p1) in &bits {
                encoder.code(bit, p1);
            }
            let bytes = encoder.finish();
            let mut decoder = Decoder::new(&bytes);
            assert!(bits.iter().all(|&(bit, p1)| decoder.code(0, p1) == bit), "seed {seed}");
            assert!(decoder.is_used_up());
        }
    }
}
