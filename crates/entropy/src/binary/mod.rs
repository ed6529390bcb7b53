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

mod prob;
pub mod wide;

pub use prob::{BitTree, Counter, Prob16, RECIPROCALS};

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
        // Two arms, each to its end: a branch that is predicted beats waiting for the comparison by half.
        if self.code <= mid {
            self.high = mid;
            self.normalise();
            1
        } else {
            self.low = mid.wrapping_add(1);
            self.normalise();
            0
        }
    }

    #[inline(always)]
    fn normalise(&mut self) {
        while (self.low ^ self.high) >> 24 == 0 {
            self.low <<= 8;
            self.high = self.high << 8 | 0xff;
            self.shift_in();
        }
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

/// Codes one bit with the probability (1..=65535 of 65536) that it is 1: an encoder writes `bit` and returns it, a
/// decoder ignores `bit` and returns what it read. So a model is written once for both directions.
pub trait BitCoder {
    /// The bit that is coded.
    fn code(&mut self, bit: u32, p1: u32) -> u32;
}

impl BitCoder for Encoder {
    #[inline(always)]
    fn code(&mut self, bit: u32, p1: u32) -> u32 {
        self.encode(bit, p1);
        bit
    }
}

impl BitCoder for Decoder<'_> {
    #[inline(always)]
    fn code(&mut self, _bit: u32, p1: u32) -> u32 {
        self.decode(p1)
    }
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

#[cfg(test)]
mod tests;
