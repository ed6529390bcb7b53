//! Residuals in bins: the position of the highest bit and two bits below it through static rANS, the rest raw.
//!
//! The bins of pcodec (Loncaric, "pcodec: better compression for numerical sequences", 2024) with fixed borders, which saves
//! finding and storing borders: two bits below the highest one follow a smooth distribution to within 0.01 bit a value.

use super::word::Word;
use minlen_core::varint::{Reader, put};
use minlen_core::{Error, Result};
use minlen_entropy::rans;

/// Residuals with one table.
const CHUNK: usize = 1 << 16;

/// Raw bits of each bin, and the lowest number in it.
const BINS: ([u8; 256], [u64; 256]) = {
    let mut table = ([0; 256], [0; 256]);
    let mut bin = 0;
    while bin < 252 {
        if bin < 4 {
            table.1[bin] = bin as u64;
        } else {
            let length = bin as u32 / 4 + 2;
            table.0[bin] = (length - 3) as u8;
            table.1[bin] = (4 + (bin as u64 & 3)) << (length - 3);
        }
        bin += 1;
    }
    table
};

/// Appends residuals, a chunk at a time.
pub(super) struct Encoder<W> {
    waiting: Vec<W>,
    bins: Vec<u8>,
    raw: Vec<u8>,
}

impl<W: Word> Encoder<W> {
    pub fn new() -> Self {
        Self {
            waiting: Vec::new(),
            bins: Vec::new(),
            raw: vec![0; CHUNK.min(1 << 12) * W::BITS as usize / 8],
        }
    }

    /// Where residuals are to be added, followed by a call of [`Encoder::flush`].
    pub fn waiting(&mut self) -> &mut Vec<W> {
        &mut self.waiting
    }

    /// Writes whole chunks of what waits.
    pub fn flush(&mut self, out: &mut Vec<u8>) {
        if self.waiting.len() >= CHUNK {
            let waiting = std::mem::take(&mut self.waiting);
            let chunks = waiting.chunks_exact(CHUNK);
            self.waiting = Vec::with_capacity(waiting.capacity());
            self.waiting.extend_from_slice(chunks.remainder());
            chunks.for_each(|chunk| self.chunk(chunk, out));
        }
    }

    /// Writes the rest.
    pub fn finish(mut self, out: &mut Vec<u8>) {
        self.flush(out);
        let waiting = std::mem::take(&mut self.waiting);
        if !waiting.is_empty() {
            self.chunk(&waiting, out);
        }
    }

    fn chunk(&mut self, chunk: &[W], out: &mut Vec<u8>) {
        self.bins.resize(chunk.len(), 0);
        self.raw.resize(self.raw.len().max(chunk.len() * (W::BITS as usize / 8) + 16), 0);
        // Locals, so that they stay in registers.
        let (mut bits, raw) = (Bits { at: 0, pending: 0, filled: 0 }, self.raw.as_mut_slice());
        for (slot, residual) in self.bins.iter_mut().zip(chunk) {
            let folded = residual.fold();
            let length = (64 - folded.leading_zeros()).max(2);
            let width = length.saturating_sub(3);
            *slot = (4 * (length - 2)) as u8 | (folded >> width) as u8 & 3;
            let low = folded & !(u64::MAX << width);
            if W::BITS == 32 {
                bits.put(raw, low, width);
            } else {
                let first = width.min(32);
                bits.put(raw, low & 0xffff_ffff, first);
                bits.put(raw, low >> 32, width - first);
            }
        }
        let mut coded = Vec::new();
        rans::encode_bytes(&self.bins, &mut coded);
        put(out, coded.len() as u64);
        out.extend_from_slice(&coded);
        let raw = &self.raw[..bits.at + usize::from(bits.filled > 0)];
        put(out, raw.len() as u64);
        out.extend_from_slice(raw);
    }
}

/// Bits on their way into bytes: stores that no load waits for.
struct Bits {
    at: usize,
    pending: u64,
    filled: u32,
}

impl Bits {
    /// Adds the low `width` (at most 32) bits of `bits`, the others being 0.
    #[inline(always)]
    fn put(&mut self, raw: &mut [u8], bits: u64, width: u32) {
        self.pending |= bits << self.filled;
        self.filled += width;
        if let Some(slot) = raw.get_mut(self.at..).and_then(<[u8]>::first_chunk_mut::<8>) {
            *slot = self.pending.to_le_bytes();
        }
        self.at += (self.filled >> 3) as usize;
        self.pending >>= self.filled & !7;
        self.filled &= 7;
    }
}

/// The `count` residuals that [`Encoder`] wrote. The caller has `count` words in its budget.
///
/// # Errors
/// Truncated or corrupt.
pub(super) fn decode<W: Word>(reader: &mut Reader<'_>, count: usize) -> Result<Vec<W>> {
    let mut residuals = vec![W::default(); count];
    let mut padded = Vec::new();
    let mut bins = Vec::new();
    for chunk in residuals.chunks_mut(CHUNK) {
        bins.clear();
        rans::decode_bytes(part(reader)?, chunk.len(), &mut bins)?;
        let raw = part(reader)?;
        padded.clear();
        padded.extend_from_slice(raw);
        padded.extend([0; 16]);
        let (padded, mut at) = (padded.as_slice(), 0usize);
        for (residual, &bin) in chunk.iter_mut().zip(&bins) {
            let width = u32::from(BINS.0[usize::from(bin)]);
            let low = get_bits::<W>(padded, at) & !(u64::MAX << width);
            at += width as usize;
            *residual = W::unfold(BINS.1[usize::from(bin)] | low);
        }
        if at.div_ceil(8) != raw.len() {
            return Err(Error::corrupt("raw bits of residuals are missing or left over"));
        }
    }
    Ok(residuals)
}

fn part<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8]> {
    let n = reader.varint_max(u64::from(u32::MAX), "length of a part")?;
    reader.bytes(n as usize)
}

#[inline(always)]
fn get_bits<W: Word>(padded: &[u8], at: usize) -> u64 {
    if W::BITS == 32 {
        let bytes = padded.get(at >> 3..).and_then(<[u8]>::first_chunk::<8>);
        bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes) >> (at & 7))
    } else {
        let bytes = padded.get(at >> 3..).and_then(<[u8]>::first_chunk::<16>);
        bytes.map_or(0, |bytes| (u128::from_le_bytes(*bytes) >> (at & 7)) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_follow_each_other_without_gaps() {
        for bin in 0..251 {
            assert_eq!(BINS.1[bin] + (1 << BINS.0[bin]), BINS.1[bin + 1], "{bin}");
        }
        assert_eq!(BINS.1[251] + ((1 << BINS.0[251]) - 1), u64::MAX);
    }

    #[test]
    fn round_trips() {
        let mut rng = minlen_core::testing::Rng(5);
        let residuals: Vec<u64> = (0..300_000).map(|i| rng.next_u64() >> (i % 64)).collect();
        let narrow: Vec<u32> = residuals.iter().map(|&r| (r >> 32) as u32).collect();
        let mut out = Vec::new();
        let mut encoder = Encoder::new();
        residuals.chunks(70_000).for_each(|part| {
            encoder.waiting().extend_from_slice(part);
            encoder.flush(&mut out);
        });
        encoder.finish(&mut out);
        let mut encoder = Encoder::new();
        encoder.waiting().extend_from_slice(&narrow);
        encoder.finish(&mut out);
        let mut reader = Reader::new(&out);
        assert!(decode::<u64>(&mut reader, residuals.len()).unwrap() == residuals);
        assert!(decode::<u32>(&mut reader, narrow.len()).unwrap() == narrow);
        assert!(reader.is_empty());
    }
}
