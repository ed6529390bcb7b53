//! The encoder's side: canonical codes from lengths.

use super::MAX_LEN;
use crate::bits::BitWriter;
use minlen_core::{Error, Result};

/// The code of each symbol, ready to be written.
#[derive(Clone, Debug, Default)]
pub struct CodeBook {
    /// Code bits in writing order in the low 24 bits, length above.
    codes: Vec<u32>,
}

impl CodeBook {
    /// Assigns canonical codes: shorter first, then by symbol number.
    ///
    /// # Errors
    /// Corrupt if a length is over [`MAX_LEN`], or if the lengths do not make a complete prefix code. Two
    /// incomplete ones are allowed: no symbol at all, and one single symbol of length 1.
    pub fn from_lengths(lengths: &[u8]) -> Result<Self> {
        let mut next = first_codes(&check_lengths(lengths)?);
        let codes = lengths.iter().map(|&len| {
            if len == 0 {
                return 0;
            }
            let code = next[usize::from(len)];
            next[usize::from(len)] += 1;
            reversed(code, len) | u32::from(len) << 24
        });
        Ok(Self { codes: codes.collect() })
    }

    /// Writes `symbol`; nothing if the symbol has no code or is out of range.
    #[inline(always)]
    pub fn put(&self, writer: &mut BitWriter, symbol: usize) {
        let (code, len) = self.code(symbol);
        writer.put(code, len);
    }

    /// The bits of `symbol`, first bit lowest, and their number.
    #[inline(always)]
    #[must_use]
    pub fn code(&self, symbol: usize) -> (u64, u32) {
        let packed = self.codes.get(symbol).copied().unwrap_or(0);
        (u64::from(packed & 0xff_ffff), packed >> 24)
    }

    /// The code length of `symbol` in bits, 0 where it has none.
    #[must_use]
    pub fn len_of(&self, symbol: usize) -> u32 {
        self.code(symbol).1
    }
}

/// How many codes there are of each length.
pub(super) type Counts = [u32; MAX_LEN as usize + 1];

/// Counts the lengths and checks that they form a code.
pub(super) fn check_lengths(lengths: &[u8]) -> Result<Counts> {
    let mut counts: Counts = [0; MAX_LEN as usize + 1];
    for &len in lengths {
        let Some(count) = counts.get_mut(usize::from(len)) else {
            return Err(Error::corrupt(format!("a code of {len} bits, at most {MAX_LEN} are allowed")));
        };
        *count += 1;
    }
    counts[0] = 0;
    let kraft: u64 = (0u32..).zip(&counts).map(|(len, &n)| u64::from(n) << (MAX_LEN - len)).sum();
    let used: u32 = counts.iter().sum();
    let fine = kraft == 1 << MAX_LEN || used == 0 || (used == 1 && counts[1] == 1);
    if fine { Ok(counts) } else { Err(Error::corrupt("code lengths that are not a complete prefix code")) }
}

/// The first canonical code of each length.
pub(super) fn first_codes(counts: &Counts) -> Counts {
    let mut first: Counts = [0; MAX_LEN as usize + 1];
    for len in 1..first.len() {
        first[len] = (first[len - 1] + counts[len - 1]) << 1;
    }
    first
}

/// The low `len` bits of `code` in opposite order: codes are read from their first bit on.
pub(super) fn reversed(code: u32, len: u8) -> u32 {
    if len == 0 { 0 } else { code.reverse_bits() >> (32 - u32::from(len)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_rfc_1951_section_3_2_2() {
        let book = CodeBook::from_lengths(&[3, 3, 3, 3, 3, 2, 4, 4]).unwrap();
        let codes: Vec<u32> = (0..8).map(|s| reversed(book.code(s).0 as u32, book.code(s).1 as u8)).collect();
        assert_eq!(codes, [0b010, 0b011, 0b100, 0b101, 0b110, 0b00, 0b1110, 0b1111]);
    }

    #[test]
    fn refuses_what_is_not_a_code() {
        for bad in [&[1, 1, 1][..], &[2, 2, 2], &[2], &[21, 1], &[1, 2]] {
            assert!(CodeBook::from_lengths(bad).is_err(), "{bad:?}");
        }
        assert!(CodeBook::from_lengths(&[0, 1, 0]).is_ok());
        assert_eq!(CodeBook::from_lengths(&[0, 0]).unwrap().len_of(1), 0);
    }
}
