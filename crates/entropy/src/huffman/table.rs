//! The decoder's side: one look-up for short codes, a canonical search for long ones.

use super::MAX_LEN;
use super::book::{Counts, check_lengths, first_codes, reversed};
use crate::bits::BitReader;
use minlen_core::{Error, Result};

/// Decodes one symbol per look-up.
#[derive(Clone, Debug)]
pub struct DecodeTable {
    /// Symbol and length (low 8 bits) by the next bits; length 0: the code is longer than the table is wide.
    entries: Vec<u32>,
    bits: u32,
    max_len: u32,
    counts: Counts,
    /// Symbols in the order of their codes, for codes longer than `bits`.
    sorted: Vec<u32>,
}

impl DecodeTable {
    /// A table over the canonical code of `lengths`, `table_bits` (clamped to 1..=16) wide; longer codes are
    /// decoded too, more slowly.
    ///
    /// # Errors
    /// As [`super::CodeBook::from_lengths`].
    pub fn new(lengths: &[u8], table_bits: u32) -> Result<Self> {
        let counts = check_lengths(lengths)?;
        let max_len = (1..=MAX_LEN).rev().find(|&len| counts[len as usize] > 0).unwrap_or(0);
        let bits = table_bits.clamp(1, 16).min(max_len.max(1));
        let mut table = Self { entries: vec![0; 1 << bits], bits, max_len, counts, sorted: Vec::new() };
        table.sorted = vec![0; lengths.iter().filter(|&&l| l > 0).count()];
        table.fill(lengths);
        Ok(table)
    }

    fn fill(&mut self, lengths: &[u8]) {
        let first = first_codes(&self.counts);
        let mut next = first;
        let mut start = [0u32; MAX_LEN as usize + 2];
        for len in 1..=MAX_LEN as usize {
            start[len + 1] = start[len] + self.counts[len];
        }
        for (symbol, &len) in (0u32..).zip(lengths).filter(|&(_, &len)| len > 0) {
            let l = usize::from(len);
            let code = next[l];
            next[l] += 1;
            self.sorted[(start[l] + code - first[l]) as usize] = symbol;
            if u32::from(len) <= self.bits {
                let low = reversed(code, len) as usize;
                let entry = symbol << 8 | u32::from(len);
                self.entries[low..].iter_mut().step_by(1 << len).for_each(|e| *e = entry);
            }
        }
    }

    /// The longest code in bits.
    #[must_use]
    pub fn max_len(&self) -> u32 {
        self.max_len
    }

    /// The next symbol.
    ///
    /// # Errors
    /// Corrupt for bits that no symbol has (only codes of fewer than two symbols have such). Reading past the end
    /// is *not* an error here: ask [`BitReader::overrun`] at the end.
    #[inline(always)]
    pub fn get(&self, reader: &mut BitReader<'_>) -> Result<usize> {
        let window = reader.peek(MAX_LEN);
        let entry = self.entries.get(window as usize & (self.entries.len() - 1)).copied().unwrap_or(0);
        if entry == 0 {
            return self.get_long(reader, window);
        }
        reader.consume(entry & 0xff);
        Ok((entry >> 8) as usize)
    }

    #[cold]
    fn get_long(&self, reader: &mut BitReader<'_>, window: u64) -> Result<usize> {
        let (mut code, mut first, mut index) = (0u32, 0u32, 0u32);
        for len in 1..=self.max_len {
            code |= (window >> (len - 1)) as u32 & 1;
            let count = self.counts[len as usize];
            if code < first + count {
                reader.consume(len);
                return Ok(self.sorted[(index + code - first) as usize] as usize);
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        Err(Error::corrupt("bits that are no code"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CodeBook, limited_lengths};
    use super::*;
    use crate::bits::BitWriter;

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn long_and_short_codes_come_back() {
        // Fibonacci weights make the deepest tree.
        let mut freqs = vec![1u32, 1];
        while freqs.len() < 30 {
            freqs.push(freqs[freqs.len() - 1] + freqs[freqs.len() - 2]);
        }
        let lengths = limited_lengths(&freqs, MAX_LEN);
        let book = CodeBook::from_lengths(&lengths).unwrap();
        let mut writer = BitWriter::new();
        (0..300).for_each(|i| book.put(&mut writer, i % 30));
        let bytes = writer.finish();
        for bits in [1, 4, 9, 12, 16] {
            let table = DecodeTable::new(&lengths, bits).unwrap();
            assert_eq!(table.max_len(), 20);
            let mut reader = BitReader::new(&bytes);
            (0..300).for_each(|i| assert_eq!(table.get(&mut reader).unwrap(), i % 30));
            assert!(!reader.overrun());
        }
    }

    #[test]
    fn codes_of_no_or_one_symbol() {
        let empty = DecodeTable::new(&[0, 0], 9).unwrap();
        assert!(empty.get(&mut BitReader::new(&[0])).is_err());
        let one = DecodeTable::new(&[0, 1], 9).unwrap();
        assert_eq!(one.get(&mut BitReader::new(&[0])).unwrap(), 1);
        assert!(one.get(&mut BitReader::new(&[1])).is_err());
    }
}
