//! Bit I/O, least significant bit first: the first bit written is bit 0 of the first byte.
//!
//! ```
//! use minlen_entropy::bits::{BitReader, BitWriter};
//! let mut writer = BitWriter::new();
//! writer.put(0b101, 3);
//! writer.put(1000, 10);
//! let bytes = writer.finish();
//! let mut reader = BitReader::new(&bytes);
//! assert_eq!((reader.get(3)?, reader.get(10)?), (0b101, 1000));
//! assert!(!reader.overrun());
//! # Ok::<(), minlen_core::Error>(())
//! ```

use minlen_core::{Error, Result};

/// Most bits that one call can write or read.
pub const MAX_BITS: u32 = 56;

/// Appends bits to a growing buffer.
#[derive(Clone, Debug, Default)]
pub struct BitWriter {
    out: Vec<u8>,
    acc: u64,
    /// Bits waiting in `acc`: always under 32 between calls.
    filled: u32,
}

impl BitWriter {
    /// An empty writer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A writer that appends to `out`, from its end.
    #[must_use]
    pub fn append_to(out: Vec<u8>) -> Self {
        Self { out, acc: 0, filled: 0 }
    }

    /// Appends the low `n` bits of `value`; `n` is at most [`MAX_BITS`], and bits above `n` are ignored.
    #[inline(always)]
    pub fn put(&mut self, value: u64, n: u32) {
        debug_assert!(n <= MAX_BITS, "{n} bits in one call");
        if n > 32 {
            self.put32(value & 0xffff_ffff, 32);
            self.put32(value >> 32, n - 32);
        } else {
            self.put32(value, n);
        }
    }

    #[inline(always)]
    fn put32(&mut self, value: u64, n: u32) {
        self.acc |= (value & ((1u64 << n) - 1)) << self.filled;
        self.filled += n;
        if self.filled >= 32 {
            self.out.extend_from_slice(&(self.acc as u32).to_le_bytes());
            self.acc >>= 32;
            self.filled -= 32;
        }
    }

    /// How many bits were written, what [`BitWriter::append_to`] began with included.
    #[must_use]
    pub fn bits(&self) -> u64 {
        self.out.len() as u64 * 8 + u64::from(self.filled)
    }

    /// Pads with zero bits to the next byte boundary.
    pub fn align(&mut self) {
        let pad = self.filled.wrapping_neg() & 7;
        self.put32(0, pad);
    }

    /// Pads to a whole byte and gives the bytes.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        let bytes = self.filled.div_ceil(8) as usize;
        self.out.extend_from_slice(&self.acc.to_le_bytes()[..bytes]);
        self.out
    }
}

/// Reads bits from a slice. Past the end it delivers zeros and remembers it: see [`BitReader::overrun`].
#[derive(Clone, Debug)]
pub struct BitReader<'a> {
    data: &'a [u8],
    /// Next byte to load; runs on past the end, so that consumed bits can be counted.
    next: usize,
    acc: u64,
    filled: u32,
}

impl<'a> BitReader<'a> {
    /// A reader from the first bit of `data`.
    #[must_use]
    pub fn new(data: &'a [u8]) -> Self {
        Self { data, next: 0, acc: 0, filled: 0 }
    }

    /// Makes sure that at least [`MAX_BITS`] bits are at hand.
    #[inline(always)]
    fn refill(&mut self) {
        if let Some(chunk) = self.data.get(self.next..).and_then(<[u8]>::first_chunk::<8>) {
            self.acc |= u64::from_le_bytes(*chunk) << self.filled;
            self.next += ((63 - self.filled) >> 3) as usize;
            self.filled |= 56;
        } else {
            self.refill_at_end();
        }
    }

    #[cold]
    fn refill_at_end(&mut self) {
        while self.filled <= 56 {
            let byte = self.data.get(self.next).copied().unwrap_or(0);
            self.acc |= u64::from(byte) << self.filled;
            self.next += 1;
            self.filled += 8;
        }
    }

    /// The next `n` bits (at most [`MAX_BITS`]) without taking them; zeros past the end.
    #[inline(always)]
    pub fn peek(&mut self, n: u32) -> u64 {
        debug_assert!(n <= MAX_BITS, "{n} bits in one call");
        if self.filled < n {
            self.refill();
        }
        self.acc & ((1u64 << n) - 1)
    }

    /// Takes `n` bits; at most as many as the last [`BitReader::peek`] asked for.
    #[inline(always)]
    pub fn consume(&mut self, n: u32) {
        debug_assert!(n <= self.filled, "consume without peek");
        self.acc >>= n & 63;
        self.filled = self.filled.wrapping_sub(n);
    }

    /// Takes the next `n` bits (at most [`MAX_BITS`]).
    ///
    /// # Errors
    /// Truncated if the data ends before.
    #[inline(always)]
    pub fn get(&mut self, n: u32) -> Result<u64> {
        let value = self.peek(n);
        self.consume(n);
        if self.next > self.data.len() && self.overrun() {
            return Err(Error::truncated("the bit stream ends too early"));
        }
        Ok(value)
    }

    /// How many bits were taken.
    #[must_use]
    pub fn position(&self) -> u64 {
        (self.next as u64) * 8 - u64::from(self.filled)
    }

    /// True once more bits were taken than there are. Check it at the end of every stream.
    #[must_use]
    pub fn overrun(&self) -> bool {
        self.position() > self.data.len() as u64 * 8
    }

    /// Skips to the next byte boundary and gives the rest of the data from there (empty if overrun).
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        let at = usize::try_from(self.position().div_ceil(8)).unwrap_or(usize::MAX);
        self.data.get(at..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::testing::Rng;

    #[test]
    fn known_bits() {
        let mut writer = BitWriter::new();
        writer.put(1, 1);
        writer.put(0b10, 2);
        writer.put(0xff, 5);
        writer.put(0x1234, 16);
        assert_eq!(writer.bits(), 24);
        assert_eq!(writer.finish(), [0b1111_1101, 0x34, 0x12]);
    }

    #[test]
    fn round_trips_random_widths() {
        let mut rng = Rng(1);
        let items: Vec<(u64, u32)> = (0..5000)
            .map(|_| {
                let n = rng.below(57) as u32;
                (rng.next_u64() & ((1 << n) - 1), n)
            })
            .collect();
        let mut writer = BitWriter::append_to(vec![9]);
        items.iter().for_each(|&(v, n)| writer.put(v, n));
        let total = writer.bits();
        writer.align();
        assert_eq!(writer.bits(), total.div_ceil(8) * 8);
        let bytes = writer.finish();
        let mut reader = BitReader::new(&bytes[1..]);
        for &(v, n) in &items {
            assert_eq!(reader.get(n).unwrap(), v);
        }
        assert_eq!(reader.position() + 8, total);
        assert!(!reader.overrun() && reader.rest().is_empty());
    }

    #[test]
    fn past_the_end_are_zeros_and_an_error() {
        let mut reader = BitReader::new(&[0xff]);
        assert_eq!(reader.peek(12), 0xff);
        reader.consume(8);
        assert!(!reader.overrun());
        assert_eq!(reader.peek(56), 0);
        reader.consume(1);
        assert!(reader.overrun() && reader.rest().is_empty());
        assert!(BitReader::new(&[]).get(1).unwrap_err().is_truncated());
        assert_eq!(BitReader::new(&[]).get(0).unwrap(), 0);
    }
}
