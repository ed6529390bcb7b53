//! Huffman tables as the file states them (T.81, annex C).

use super::bits::{Reader, Writer};
use minlen_core::{Error, Result};

/// One table, for both directions.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// Codes of each length, and how many symbols come before them.
    counts: [u16; 17],
    before: [u16; 17],
    symbols: Vec<u8>,
    /// Length and code of each symbol; length 0 for those without.
    codes: [(u8, u16); 256],
}

impl Default for Table {
    fn default() -> Self {
        Self { counts: [0; 17], before: [0; 17], symbols: Vec::new(), codes: [(0, 0); 256] }
    }
}

impl Table {
    /// The table with `counts` codes of the lengths 1 to 16.
    pub(super) fn new(counts: &[u8; 16], symbols: &[u8]) -> Result<Self> {
        let mut table = Self { symbols: symbols.to_vec(), ..Self::default() };
        let (mut code, mut used) = (0u32, 0usize);
        for (len, &count) in (1u8..).zip(counts) {
            let at = usize::from(len);
            table.counts[at] = u16::from(count);
            table.before[at] = used as u16;
            for _ in 0..count {
                let wrong = || Error::corrupt("jpeg: a Huffman table that cannot be");
                let symbol = *symbols.get(used).ok_or_else(wrong)?;
                if code >> len != 0 {
                    return Err(wrong());
                }
                table.codes[usize::from(symbol)] = (len, code as u16);
                used += 1;
                code += 1;
            }
            code <<= 1;
        }
        Ok(table)
    }

    /// The next symbol.
    #[inline(always)]
    pub(super) fn read(&self, bits: &mut Reader<'_>) -> Result<u8> {
        let (mut code, mut first) = (0u32, 0u32);
        for len in 1..=16 {
            code |= bits.bit()?;
            let count = u32::from(self.counts[len]);
            if let Some(nth) = code.checked_sub(first).filter(|&nth| nth < count) {
                let at = u32::from(self.before[len]) + nth;
                return self.symbols.get(at as usize).copied().ok_or_else(no_code);
            }
            first = (first + count) << 1;
            code <<= 1;
        }
        Err(no_code())
    }

    /// Writes `symbol`.
    #[inline(always)]
    pub(super) fn write(&self, symbol: u8, bits: &mut Writer<'_>) -> Result<()> {
        let (len, code) = self.codes[usize::from(symbol)];
        if len == 0 {
            return Err(no_code());
        }
        bits.put(u32::from(code), u32::from(len));
        Ok(())
    }
}

fn no_code() -> Error {
    Error::corrupt("jpeg: no such Huffman code")
}
