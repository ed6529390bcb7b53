//! Range coder over integer cumulative distributions, with carry propagation.
//!
//! After Martin (1979) in the arrangement of Subbotin and of LZMA: a 32-bit range, a 64-bit low end whose overflow
//! is carried into bytes held back. A symbol is an interval `cum..cum + freq` of `0..total`. The top symbol also
//! gets what the division leaves over (Schindler 1999), so no part of the range is lost.
//!
//! ```
//! use minlen_entropy::range::{Decoder, Encoder, StaticCdf};
//! let text = b"so many men, so many minds";
//! let cdf = StaticCdf::from_bytes(text, 12)?;
//! let mut encoder = Encoder::new();
//! text.iter().for_each(|&byte| cdf.encode(&mut encoder, usize::from(byte)));
//! let bytes = encoder.finish();
//! let mut decoder = Decoder::new(&bytes);
//! let back: Vec<u8> = text.iter().map(|_| cdf.decode(&mut decoder) as u8).collect();
//! assert_eq!(back, text);
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod cdf;

pub use cdf::{AdaptiveCdf, StaticCdf};

/// The range is kept at or above this between symbols.
const LEAST_RANGE: u32 = 1 << 24;
/// Largest total that keeps the loss small.
pub const MAX_TOTAL: u32 = 1 << 16;

/// Turns intervals into bytes.
#[derive(Clone, Debug)]
pub struct Encoder {
    low: u64,
    range: u32,
    /// The last byte not yet written: a carry may still change it.
    held: u8,
    /// How many bytes are held back in all (all but the first are 0xff); 0 before the first.
    holding: u64,
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
        Self::append_to(Vec::new())
    }

    /// An encoder that appends to `out`.
    #[must_use]
    pub fn append_to(out: Vec<u8>) -> Self {
        Self { low: 0, range: u32::MAX, held: 0, holding: 0, out }
    }

    /// Codes the interval `cum..cum + freq` of `0..1 << total_bits` (`freq` at least 1, `total_bits` at most 16).
    #[inline(always)]
    pub fn encode(&mut self, cum: u32, freq: u32, total_bits: u32) {
        self.narrow(cum, freq, 1 << total_bits, self.range >> total_bits);
    }

    /// Codes the interval `cum..cum + freq` of `0..total` (`total` at most [`MAX_TOTAL`]).
    #[inline(always)]
    pub fn encode_total(&mut self, cum: u32, freq: u32, total: u32) {
        self.narrow(cum, freq, total, self.range / total.max(1));
    }

    #[inline(always)]
    fn narrow(&mut self, cum: u32, freq: u32, total: u32, unit: u32) {
        debug_assert!(freq > 0 && cum + freq <= total && total <= MAX_TOTAL, "{cum}+{freq} of {total}");
        let from = unit.wrapping_mul(cum);
        self.low += u64::from(from);
        self.range =
            if cum + freq == total { self.range.wrapping_sub(from) } else { unit.wrapping_mul(freq) };
        while self.range < LEAST_RANGE {
            self.range <<= 8;
            self.shift_out();
        }
    }

    #[inline]
    fn shift_out(&mut self) {
        let (carry, top) = ((self.low >> 32) as u8, (self.low >> 24) as u8);
        if self.holding == 0 {
            self.held = top;
        } else if carry != 0 || top != 0xff {
            self.out.push(self.held.wrapping_add(carry));
            (1..self.holding).for_each(|_| self.out.push(0xffu8.wrapping_add(carry)));
            self.held = top;
            self.holding = 0;
        }
        self.holding += 1;
        self.low = (self.low & 0x00ff_ffff) << 8;
    }

    /// Writes as few bytes as name the last interval, and gives all of them.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        let end = self.low + u64::from(self.range);
        let mut keep = 4;
        for n in 0..=4u32 {
            let step = 1u64 << (32 - 8 * n);
            let value = self.low.div_ceil(step) * step;
            if value < end {
                (self.low, keep) = (value, n as usize);
                break;
            }
        }
        // The held bytes and the 4 of the low end leave; zeros that are implied are dropped again.
        (0..5).for_each(|_| self.shift_out());
        self.out.truncate(self.out.len() - (4 - keep).min(self.out.len()));
        self.out
    }
}

/// Turns bytes and the same distributions back into intervals.
#[derive(Clone, Debug)]
pub struct Decoder<'a> {
    range: u32,
    code: u32,
    unit: u32,
    total: u32,
    data: &'a [u8],
    next: usize,
}

impl<'a> Decoder<'a> {
    /// A decoder from the first byte of `data`.
    #[must_use]
    pub fn new(data: &'a [u8]) -> Self {
        let mut decoder = Self { range: u32::MAX, code: 0, unit: 1, total: 1, data, next: 0 };
        (0..4).for_each(|_| decoder.shift_in());
        decoder
    }

    #[inline(always)]
    fn shift_in(&mut self) {
        self.code = self.code << 8 | u32::from(self.data.get(self.next).copied().unwrap_or(0));
        self.next += 1;
    }

    /// A number of `0..1 << total_bits` (at most 16 bits) inside the next symbol's interval. Call
    /// [`Decoder::advance`] with that interval before the next.
    #[inline(always)]
    pub fn target(&mut self, total_bits: u32) -> u32 {
        self.total = 1 << total_bits;
        self.unit = self.range >> total_bits;
        (self.code / self.unit.max(1)).min(self.total - 1)
    }

    /// The same with an arbitrary total of at most [`MAX_TOTAL`].
    #[inline(always)]
    pub fn target_total(&mut self, total: u32) -> u32 {
        self.total = total.max(1);
        self.unit = self.range / self.total;
        (self.code / self.unit.max(1)).min(self.total - 1)
    }

    /// Takes the interval `cum..cum + freq` that the last target lies in.
    #[inline(always)]
    pub fn advance(&mut self, cum: u32, freq: u32) {
        let from = self.unit.wrapping_mul(cum);
        self.code = self.code.wrapping_sub(from);
        let last = cum + freq == self.total;
        self.range = if last { self.range.wrapping_sub(from) } else { self.unit.wrapping_mul(freq) };
        // A wrong interval (a caller's mistake) must not make this loop endless.
        self.range = self.range.max(1);
        while self.range < LEAST_RANGE {
            self.range <<= 8;
            self.shift_in();
        }
    }

    /// True once more bytes were needed than any encoder would have left out. Check it at the end.
    #[must_use]
    pub fn overrun(&self) -> bool {
        self.next > self.data.len() + 4
    }

    /// How many bytes of the data were taken in, at most its length.
    #[must_use]
    pub fn consumed(&self) -> usize {
        self.next.min(self.data.len())
    }
}

#[cfg(test)]
mod tests;
