//! Whole buffers of bytes: choice of the form, one table, four streams.

use super::streams::{decode_streams, encode_streams};
use super::{CodeBook, cost_bits, limited_lengths, read_lengths, write_lengths};
use crate::bits::{BitReader, BitWriter};
use crate::histogram;
use minlen_core::{Error, Result, varint};

/// Forms of a payload, by its first byte.
const RAW: u8 = 0;
const ONE_SYMBOL: u8 = 1;
const FOUR_STREAMS: u8 = 2;

/// Code length limits: 11 bits decode fastest; 14 where they save over 1/2048.
const FAST_LIMIT: u32 = 11;
const WIDE_LIMIT: u32 = 14;

/// Appends the payload for `input`: nothing for nothing, else at most one byte more than the input.
///
/// The payload does not say how long the input or it itself is. Form: docs/format/codecs/huffman.md, *block body*.
pub fn encode_bytes(input: &[u8], out: &mut Vec<u8>) {
    let Some(&first) = input.first() else { return };
    let counts = histogram(input);
    if counts[usize::from(first)] as usize == input.len() {
        out.extend([ONE_SYMBOL, first]);
        return;
    }
    let start = out.len();
    // Four streams cost 3 jumps and padding; a look at the counts avoids coding noise in vain.
    let lengths = choose_lengths(&counts);
    if cost_bits(&counts, &lengths) / 8 + 12 < input.len() as u64 {
        encode_coded(input, &lengths, out);
        if out.len() - start <= input.len() {
            return;
        }
        out.truncate(start);
    }
    out.push(RAW);
    out.extend_from_slice(input);
}

fn choose_lengths(counts: &[u32; 256]) -> Vec<u8> {
    let fast = limited_lengths(counts, FAST_LIMIT);
    let wide = limited_lengths(counts, WIDE_LIMIT);
    let (cost, best) = (cost_bits(counts, &fast), cost_bits(counts, &wide));
    if cost - best > cost / 2048 { wide } else { fast }
}

fn encode_coded(input: &[u8], lengths: &[u8], out: &mut Vec<u8>) {
    let book = CodeBook::from_lengths(lengths).unwrap_or_default();
    let mut writer = BitWriter::new();
    write_lengths(&mut writer, lengths);
    out.push(FOUR_STREAMS);
    out.extend(writer.finish());
    let streams = encode_streams(input, &book);
    streams[..3].iter().for_each(|s| varint::put(out, s.len() as u64));
    streams.iter().for_each(|s| out.extend_from_slice(s));
}

/// Appends the `len` bytes that `payload` stands for. All of `payload` must be used.
///
/// # Errors
/// Corrupt or truncated. The caller has checked `len`.
pub fn decode_bytes(payload: &[u8], len: usize, out: &mut Vec<u8>) -> Result<()> {
    match (payload, len) {
        ([], 0) => Ok(()),
        ([], _) | (_, 0) => Err(Error::truncated("Huffman block and its length do not fit together")),
        ([RAW, raw @ ..], _) if raw.len() == len => {
            out.extend_from_slice(raw);
            Ok(())
        }
        ([ONE_SYMBOL, symbol], _) => {
            out.resize(out.len() + len, *symbol);
            Ok(())
        }
        ([FOUR_STREAMS, body @ ..], _) => decode_coded(body, len, out),
        _ => Err(Error::corrupt("unknown or wrongly sized Huffman block")),
    }
}

fn decode_coded(body: &[u8], len: usize, out: &mut Vec<u8>) -> Result<()> {
    let mut bits = BitReader::new(body);
    let lengths = read_lengths(&mut bits, 256)?;
    let mut reader = varint::Reader::new(bits.rest());
    let mut sizes = [0usize; 3];
    for size in &mut sizes {
        *size = reader.varint_max(body.len() as u64, "stream size")? as usize;
    }
    // Every code has at least one bit: a length out of proportion is refused before any memory is taken.
    if len > reader.rest().len().saturating_mul(8) {
        return Err(Error::truncated("fewer bits than symbols"));
    }
    let streams = [reader.bytes(sizes[0])?, reader.bytes(sizes[1])?, reader.bytes(sizes[2])?, reader.rest()];
    let start = out.len();
    out.resize(start + len, 0);
    decode_streams(&lengths, streams, &mut out[start..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(input: &[u8]) -> usize {
        let mut packed = vec![1, 2];
        encode_bytes(input, &mut packed);
        assert!(packed.len() - 2 <= input.len() + usize::from(!input.is_empty()));
        let mut out = vec![3];
        decode_bytes(&packed[2..], input.len(), &mut out).unwrap();
        assert!(out[1..] == *input);
        for cut in 2..packed.len().min(40) {
            assert!(decode_bytes(&packed[2..cut], input.len(), &mut Vec::new()).is_err() || input.is_empty());
        }
        packed.len() - 2
    }

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn everything_comes_back() {
        for case in crate::testdata::cases(200, 5000) {
            round(&case);
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn skewed_megabyte_is_within_a_thousandth_of_the_optimal_code() {
        let input = crate::testdata::skewed(1 << 20, 7);
        let counts = histogram(&input);
        let best = cost_bits(&counts, &limited_lengths(&counts, super::super::MAX_LEN)) / 8;
        let size = round(&input) as u64;
        let table = 150;
        assert!(size <= best + best / 1000 + table, "{size} for {best}");
    }
}
