//! Code lengths in few bits: runs are joined, and what results is Huffman-coded itself (the idea of RFC 1951).

use super::{CodeBook, DecodeTable, MAX_LEN, limited_lengths};
use crate::bits::{BitReader, BitWriter};
use minlen_core::{Error, Result};

/// Symbols 0..=20 are lengths; then repeat the last length 3..=6 times, 3..=10 zeros, 11..=138 zeros.
const REPEAT: usize = MAX_LEN as usize + 1;
const ZEROS: usize = REPEAT + 1;
const MANY_ZEROS: usize = REPEAT + 2;
const ALPHABET: usize = REPEAT + 3;
/// Symbols in the order of falling use, so that the tail of the list is mostly absent.
const ORDER: [usize; ALPHABET] =
    [ZEROS, MANY_ZEROS, 8, 9, 7, 10, 6, REPEAT, 0, 11, 5, 12, 4, 3, 2, 1, 13, 14, 15, 16, 17, 18, 19, 20];

struct Token {
    symbol: usize,
    extra: u64,
    bits: u32,
}

fn tokens(lengths: &[u8]) -> Vec<Token> {
    let mut tokens = Vec::new();
    for run in lengths.chunk_by(|a, b| a == b) {
        let (len, mut n) = (usize::from(run[0]), run.len());
        if len > 0 {
            tokens.push(Token { symbol: len, extra: 0, bits: 0 });
            n -= 1;
        }
        while n >= 3 {
            let (symbol, base, most, bits) = match (len, n) {
                (0, 11..) => (MANY_ZEROS, 11, 138, 7),
                (0, _) => (ZEROS, 3, 10, 3),
                _ => (REPEAT, 3, 6, 2),
            };
            let take = n.min(most);
            tokens.push(Token { symbol, extra: (take - base) as u64, bits });
            n -= take;
        }
        tokens.extend((0..n).map(|_| Token { symbol: len, extra: 0, bits: 0 }));
    }
    tokens
}

/// Writes code lengths (each at most [`MAX_LEN`]); their number is not written.
pub fn write_lengths(writer: &mut BitWriter, lengths: &[u8]) {
    let tokens = tokens(lengths);
    let mut freqs = [0u32; ALPHABET];
    tokens.iter().for_each(|t| freqs[t.symbol.min(ALPHABET - 1)] += 1);
    let inner = limited_lengths(&freqs, 7);
    let count = ORDER.iter().rposition(|&s| inner[s] > 0).map_or(0, |last| last + 1);
    writer.put(count as u64, 5);
    ORDER[..count].iter().for_each(|&s| writer.put(u64::from(inner[s]), 3));
    let book = CodeBook::from_lengths(&inner).unwrap_or_default();
    for token in &tokens {
        book.put(writer, token.symbol);
        writer.put(token.extra, token.bits);
    }
}

/// Reads `n` code lengths that [`write_lengths`] wrote. That they form a code is checked where they are used.
///
/// # Errors
/// Corrupt or truncated. `n` must come from the caller, not from the input.
pub fn read_lengths(reader: &mut BitReader<'_>, n: usize) -> Result<Vec<u8>> {
    let count = reader.get(5)? as usize;
    let mut inner = [0u8; ALPHABET];
    let Some(order) = ORDER.get(..count) else {
        return Err(Error::corrupt("too many lengths of code lengths"));
    };
    for &symbol in order {
        inner[symbol] = reader.get(3)? as u8;
    }
    let table = DecodeTable::new(&inner, 7)?;
    let mut lengths = Vec::with_capacity(n);
    while lengths.len() < n {
        let symbol = table.get(reader)?;
        let (value, times) = match symbol {
            MANY_ZEROS => (0, 11 + reader.get(7)? as usize),
            ZEROS => (0, 3 + reader.get(3)? as usize),
            REPEAT => {
                let last = lengths.last().copied().ok_or_else(|| Error::corrupt("nothing to repeat"))?;
                (last, 3 + reader.get(2)? as usize)
            }
            len => (len as u8, 1),
        };
        if times > n - lengths.len() || reader.overrun() {
            return Err(Error::corrupt("a run of code lengths goes past the end"));
        }
        lengths.extend(std::iter::repeat_n(value, times));
    }
    Ok(lengths)
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::testing::Rng;

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn lengths_come_back() {
        let mut rng = Rng(5);
        for case in 0..300 {
            let n = rng.below(600);
            let mut lengths = Vec::new();
            while lengths.len() < n {
                let run = if case % 3 == 0 { 1 } else { 1 + rng.below(200) };
                let len = rng.below(21) as u8 * (rng.below(2) as u8);
                lengths.extend(std::iter::repeat_n(len, run.min(n - lengths.len())));
            }
            let mut writer = BitWriter::new();
            write_lengths(&mut writer, &lengths);
            let bytes = writer.finish();
            assert_eq!(read_lengths(&mut BitReader::new(&bytes), n).unwrap(), lengths);
            if n > 0 {
                assert!(read_lengths(&mut BitReader::new(&bytes[..bytes.len() / 2]), n).is_err());
            }
        }
    }

    #[test]
    fn typical_tables_are_small() {
        let freqs: Vec<u32> =
            (0..256u32).map(|i| if (32..128).contains(&i) { 1 + i * i % 977 } else { 0 }).collect();
        let mut writer = BitWriter::new();
        write_lengths(&mut writer, &limited_lengths(&freqs, 11));
        assert!(writer.bits() < 45 * 8, "{} bits", writer.bits());
    }
}
