//! Guesses of the next byte from what followed the same bytes before.

use crate::hint::Hint;

/// Bytes that must agree before there is a guess.
const SHORT: usize = 4;
/// With this many bytes behind it a match is kept for as long as it goes on.
const LONG: usize = 8;
/// Longest match that is told apart.
const LENGTH_MAX: usize = 48;
const TABLE_BITS: u32 = 18;

/// Follows the last occurrence of the bytes just read. Integers only; 2 MiB.
///
/// Training ahead and coding must use the same source of hints: this one, unless you bring your own to both.
///
/// ```
/// use minlen_nn::Matcher;
/// let text = b"what was seen, what was ";
/// let mut matcher = Matcher::new();
/// let mut guess = None;
/// for end in 1..=text.len() {
///     guess = matcher.guess(&text[..end]);
/// }
/// // "what was " stood there before, and 's' followed it.
/// assert_eq!(guess.map(|hint| hint.byte), Some(b's'));
/// ```
#[derive(Clone, Debug)]
pub struct Matcher {
    /// Positions after the last occurrence, by the hash of [`SHORT`] and of [`LONG`] bytes; 0: none.
    short: Vec<u32>,
    long: Vec<u32>,
    pointer: usize,
    length: usize,
}

impl Default for Matcher {
    fn default() -> Self {
        Self::new()
    }
}

impl Matcher {
    /// A matcher that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        let table = vec![0; 1 << TABLE_BITS];
        Self { short: table.clone(), long: table, pointer: 0, length: 0 }
    }

    /// The guess for the byte after `text`. To be called once for each byte, with `text` one byte longer each time.
    /// Texts over 4 GiB get no guesses beyond that.
    pub fn guess(&mut self, text: &[u8]) -> Option<Hint> {
        let end = text.len();
        let (Some(last), Ok(position)) = (text.last(), u32::try_from(end)) else { return None };
        if self.length > 0 && text.get(self.pointer) == Some(last) {
            (self.pointer, self.length) = (self.pointer + 1, (self.length + 1).min(LENGTH_MAX));
        } else {
            self.length = 0;
        }
        let short = swap::<SHORT>(&mut self.short, text, position);
        let long = swap::<LONG>(&mut self.long, text, position);
        for candidate in [long, short] {
            if self.length < LONG && candidate > 0 {
                let length = common(text, candidate);
                if length >= SHORT && length > self.length {
                    (self.pointer, self.length) = (candidate, length);
                }
            }
        }
        let trust = if self.length < 14 { self.length - self.length.min(SHORT) } else { 8 + self.length / 7 };
        let byte = text.get(self.pointer).filter(|_| self.length >= SHORT)?;
        Some(Hint { byte: *byte, trust: trust as u8 })
    }
}

/// Enters `position` for the last `N` bytes; returns what was there.
fn swap<const N: usize>(table: &mut [u32], text: &[u8], position: u32) -> usize {
    let Some(tail) = text.last_chunk::<N>() else { return 0 };
    let key = tail.iter().fold(0u64, |key, &byte| key << 8 | u64::from(byte));
    let slot = key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - TABLE_BITS);
    table.get_mut(slot as usize).map_or(0, |entry| std::mem::replace(entry, position) as usize)
}

/// How many bytes before `at` equal those at the end of `text`.
fn common(text: &[u8], at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default().iter().rev();
    before.zip(text.iter().rev()).take(LENGTH_MAX).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guesses(text: &[u8]) -> Vec<Option<u8>> {
        let mut matcher = Matcher::new();
        (1..=text.len()).map(|end| matcher.guess(&text[..end]).map(|hint| hint.byte)).collect()
    }

    #[test]
    fn follows_the_last_occurrence() {
        let all = guesses(b"abcdeX__abcdeY__abcde");
        assert_eq!(all[..11], [None; 11]);
        assert_eq!(all[11..13], [Some(b'e'), Some(b'X')]);
        assert_eq!(all[13], None);
        assert_eq!(all[20], Some(b'Y'));
    }

    #[test]
    fn trust_grows_with_the_match_and_stays_in_range() {
        let text = [7u8; 200];
        let mut matcher = Matcher::new();
        let trusts: Vec<_> =
            (1..=200).filter_map(|end| matcher.guess(&text[..end])).map(|h| h.trust).collect();
        assert!(trusts.is_sorted() && trusts.last() < Some(&16));
        assert!(matcher.guess(&[]).is_none());
    }
}
