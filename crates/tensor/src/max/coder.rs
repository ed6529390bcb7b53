//! One description of the model for both directions.

use minlen_entropy::binary::{Decoder, Encoder};
use minlen_entropy::bits::{BitReader, BitWriter};

/// Where decisions go to or come from.
pub trait Bits {
    /// The decision, 1 with probability `p1`/65536: `bit` itself when writing, the one read otherwise.
    fn bit(&mut self, bit: u32, p1: u32) -> u32;
    /// `n` (at most 63) bits that no model predicts.
    fn raw(&mut self, value: u64, n: u32) -> u64;
}

/// Writes.
#[derive(Default)]
pub struct Writer {
    /// Decisions.
    pub coder: Encoder,
    /// Unpredicted bits.
    pub raw: BitWriter,
}

impl Bits for Writer {
    #[inline(always)]
    fn bit(&mut self, bit: u32, p1: u32) -> u32 {
        self.coder.encode(bit, p1);
        bit
    }

    #[inline(always)]
    fn raw(&mut self, value: u64, n: u32) -> u64 {
        if n > 32 {
            self.raw.put(value & 0xffff_ffff, 32);
            self.raw.put(value >> 32, n - 32);
        } else if n > 0 {
            self.raw.put(value, n);
        }
        value
    }
}

/// Reads.
pub struct Reader<'a> {
    /// Decisions.
    pub coder: Decoder<'a>,
    /// Unpredicted bits.
    pub raw: BitReader<'a>,
}

impl Reader<'_> {
    fn take(&mut self, n: u32) -> u64 {
        let value = self.raw.peek(n);
        self.raw.consume(n);
        value
    }

    /// True if one of the streams was too short.
    pub fn overrun(&self) -> bool {
        self.coder.overrun() || self.raw.overrun()
    }
}

impl Bits for Reader<'_> {
    #[inline(always)]
    fn bit(&mut self, _: u32, p1: u32) -> u32 {
        self.coder.decode(p1)
    }

    #[inline(always)]
    fn raw(&mut self, _: u64, n: u32) -> u64 {
        if n > 32 {
            let low = self.take(32);
            return low | self.take(n - 32) << 32;
        }
        if n > 0 { self.take(n) } else { 0 }
    }
}
