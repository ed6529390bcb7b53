//! Residuals in bins: the position of the highest bit and two bits below it through static rANS, the rest raw.
//!
//! The bins of pcodec (Loncaric, "pcodec: better compression for numerical sequences", 2024) with fixed borders, which saves
//! finding and storing borders: two bits below the highest one follow a smooth distribution to within 0.01 bit a value.

use super::word::Word;
use minlen_core::varint::{Reader, put};
use minlen_core::{Error, Result};
use minlen_entropy::rans;

/// Residuals with one table.
const CHUNK: usize = 1 << 17;

/// The bin of a folded residual.
#[inline(always)]
fn bin(folded: u64) -> u8 {
    // 0, 1, 2, 3 stand for themselves.
    let length = (64 - folded.leading_zeros()).max(2);
    (4 * (length - 2)) as u8 | (folded >> length.saturating_sub(3)) as u8 & 3
}

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

/// Appends residuals.
pub(super) fn encode<W: Word>(residuals: &[W], out: &mut Vec<u8>) {
    for chunk in residuals.chunks(CHUNK) {
        let mut bins = Vec::with_capacity(chunk.len());
        let mut raw = vec![0u8; chunk.len() * (W::BITS as usize / 8) + 16];
        let mut at = 0usize;
        for residual in chunk {
            let folded = residual.fold();
            let bin = bin(folded);
            bins.push(bin);
            let width = u32::from(BINS.0[usize::from(bin)]);
            put_bits::<W>(&mut raw, at, folded & !(u64::MAX << width));
            at += width as usize;
        }
        raw.truncate(at.div_ceil(8));
        let mut coded = Vec::new();
        rans::encode_bytes(&bins, &mut coded);
        put(out, coded.len() as u64);
        out.extend_from_slice(&coded);
        put(out, raw.len() as u64);
        out.extend_from_slice(&raw);
    }
}

/// Adds bits to zeros at bit `at`.
#[inline(always)]
fn put_bits<W: Word>(raw: &mut [u8], at: usize, bits: u64) {
    if W::BITS == 32 {
        if let Some(slot) = raw.get_mut(at >> 3..).and_then(<[u8]>::first_chunk_mut::<8>) {
            *slot = (u64::from_le_bytes(*slot) | bits << (at & 7)).to_le_bytes();
        }
    } else if let Some(slot) = raw.get_mut(at >> 3..).and_then(<[u8]>::first_chunk_mut::<16>) {
        *slot = (u128::from_le_bytes(*slot) | u128::from(bits) << (at & 7)).to_le_bytes();
    }
}

/// The `count` residuals that [`encode`] wrote. The caller has `count` words in its budget.
///
/// # Errors
/// Truncated or corrupt.
pub(super) fn decode<W: Word>(reader: &mut Reader<'_>, count: usize) -> Result<Vec<W>> {
    let mut residuals = Vec::with_capacity(count);
    let mut padded = Vec::new();
    let mut bins = Vec::new();
    while residuals.len() < count {
        let n = (count - residuals.len()).min(CHUNK);
        bins.clear();
        let coded = part(reader)?;
        rans::decode_bytes(coded, n, &mut bins)?;
        let raw = part(reader)?;
        padded.clear();
        padded.extend_from_slice(raw);
        padded.extend([0; 16]);
        let mut at = 0usize;
        residuals.extend(bins.iter().map(|&bin| {
            let width = u32::from(BINS.0[usize::from(bin)]);
            let low = get_bits::<W>(&padded, at) & !(u64::MAX << width);
            at += width as usize;
            W::unfold(BINS.1[usize::from(bin)] | low)
        }));
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
    fn bins_cover_everything_once() {
        for shift in 0..64 {
            for folded in [1u64 << shift, (1 << shift) - 1, u64::MAX >> shift, 0b101 << shift, 0b11 << shift]
            {
                let bin = usize::from(bin(folded));
                let width = BINS.0[bin];
                assert_eq!(BINS.1[bin] | (folded & !(u64::MAX << width)), folded);
                assert!(width < 62 && (folded >> width) <= 7);
            }
        }
    }

    #[test]
    fn round_trips() {
        let mut rng = minlen_core::testing::Rng(5);
        let residuals: Vec<u64> = (0..300_000).map(|i| rng.next_u64() >> (i % 64)).collect();
        let narrow: Vec<u32> = residuals.iter().map(|&r| (r >> 32) as u32).collect();
        let mut out = Vec::new();
        encode(&residuals, &mut out);
        encode(&narrow, &mut out);
        let mut reader = Reader::new(&out);
        assert!(decode::<u64>(&mut reader, residuals.len()).unwrap() == residuals);
        assert!(decode::<u32>(&mut reader, narrow.len()).unwrap() == narrow);
        assert!(reader.is_empty());
    }
}
