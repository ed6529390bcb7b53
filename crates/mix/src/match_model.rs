//! The match model: where the last bytes occurred before, what followed there is likely to follow here.

use crate::hash_table::{Bytes, copied, zeros};
use minlen_core::Result;
use minlen_entropy::mixing::AdaptiveProb;

/// One search for a repetition of at least `min` bytes.
///
/// For each byte: [`MatchModel::prepare`], [`MatchModel::next_byte`], then eight times [`MatchModel::predict`] and [`MatchModel::update`].
///
/// ```
/// use minlen_entropy::mixing::stretch_table;
/// use minlen_mix::match_model::MatchModel;
/// let text = b"to be or not to be, that is; to be or not to be, th";
/// let mut model = MatchModel::new(4, 12, false)?;
/// for end in 1..=text.len() {
///     let byte = u32::from(text[end - 1]);
///     for bit in 0..8 {
///         let c0 = (1 << bit) | byte >> (8 - bit);
///         model.predict(c0, bit, stretch_table());
///         model.update(byte >> (7 - bit) & 1, bit);
///     }
///     model.prepare(&text[..end]);
///     model.next_byte(&text[..end]);
/// }
/// // The same stood there before, and an 'a' followed.
/// assert!(model.length() >= 4);
/// assert_eq!(model.expected(), 256 | u32::from(b'a'));
/// # Ok::<(), minlen_core::Error>(())
/// ```
#[derive(Debug)]
pub struct MatchModel {
    /// Position after the last occurrence of each hash of `min` bytes.
    heads: Bytes,
    shift: u32,
    /// The place of the last `min` bytes, and of those one byte earlier.
    slot: usize,
    previous: usize,
    min: usize,
    /// Where the copy continues; 0 for none.
    at: usize,
    len: usize,
    /// The byte that the copy says, and whether its bits agree so far.
    expected: u32,
    agree: bool,
    /// Probability that the expected bit comes, by length of the match and expected bit.
    probs: Vec<AdaptiveProb>,
    prob: usize,
    missed: u32,
    /// Whether it goes on behind a byte that differs.
    lenient: bool,
}

const LENGTHS: usize = 32;

/// Lengths in steps that grow.
fn step(len: usize) -> usize {
    match len {
        0..=15 => len,
        16..=31 => 16 + (len - 16) / 4,
        32..=63 => 20 + (len - 32) / 8,
        64..=511 => 24 + (len - 64) / 64,
        _ => 31,
    }
}

/// Remembered places for `len` bytes, as a power of two.
pub(crate) fn head_bits(len: usize) -> u32 {
    (usize::BITS - len.leading_zeros()).clamp(8, 22)
}

/// Bytes of memory of one match model.
pub(crate) fn memory(len: usize) -> u64 {
    4 << head_bits(len)
}

impl MatchModel {
    /// A model for repetitions of `min` bytes or more, with `2^bits` remembered places. A `lenient` one goes on behind a byte
    /// that differs, up to seven times.
    ///
    /// # Errors
    /// Limit if there is no memory.
    pub fn new(min: usize, bits: u32, lenient: bool) -> Result<Self> {
        Ok(Self {
            heads: zeros(4 << bits)?,
            shift: 64 - bits,
            min,
            slot: 0,
            previous: 0,
            at: 0,
            len: 0,
            expected: 0,
            agree: false,
            probs: vec![AdaptiveProb::new(49_152); LENGTHS * 4],
            prob: 0,
            missed: 0,
            lenient,
        })
    }

    /// The same model again.
    ///
    /// # Errors
    /// Limit if there is no memory.
    pub fn try_clone(&self) -> Result<Self> {
        Ok(Self { heads: copied(&self.heads)?, probs: self.probs.clone(), ..*self })
    }

    /// Bytes matched so far, 0 without a match.
    #[inline(always)]
    #[must_use]
    pub fn length(&self) -> usize {
        if self.agree { self.len } else { 0 }
    }

    /// The expected byte, with a leading one, while its bits agree; else 0.
    #[inline(always)]
    #[must_use]
    pub fn expected(&self) -> u32 {
        if self.agree { self.expected | 256 } else { 0 }
    }

    /// Names the place for the byte just added to `data` and asks for its memory.
    ///
    /// What stands there is looked at one byte later, when the memory has come: a repetition is found a byte late.
    #[inline(always)]
    pub fn prepare(&mut self, data: &[u8]) {
        self.previous = self.slot;
        self.slot = data.len().checked_sub(self.min).map_or(0, |start| self.hash(&data[start..]));
        minlen_entropy::mixing::simd::prefetch(&self.heads, self.slot * 4);
    }

    /// Asks for what the next [`MatchModel::next_byte`] may compare: half a byte after [`MatchModel::prepare`].
    #[inline(always)]
    pub fn fetch(&self, data: &[u8]) {
        if !self.agree {
            minlen_entropy::mixing::simd::prefetch(data, self.head(self.slot));
        }
    }

    #[inline(always)]
    fn head(&self, slot: usize) -> usize {
        self.heads.as_chunks().0.get(slot).map_or(0, |&head| u32::from_le_bytes(head) as usize)
    }

    /// After [`MatchModel::prepare`]: takes in the byte just added to `data`, and finds what may follow.
    #[inline(always)]
    pub fn next_byte(&mut self, data: &[u8]) {
        let n = data.len();
        if self.len > 0 && self.agree && self.at < n {
            self.at += 1;
            self.len += usize::from(self.len < 65_535);
            if !self.lenient || self.len > 16 {
                self.missed = 0;
            }
        } else {
            self.miss(n);
        }
        if n <= self.min {
            return;
        }
        let candidate = self.head(self.previous);
        if let Some(head) = self.heads.as_chunks_mut().0.get_mut(self.previous) {
            *head = (n as u32 - 1).to_le_bytes();
        }
        if self.len < self.min.min(6) && candidate > 0 {
            // One further, as the place is that of a byte ago.
            self.find(data, candidate + 1);
        }
        self.agree = self.len > 0;
        if self.agree {
            self.expected = data.get(self.at).copied().map_or(0, u32::from);
            self.agree = self.at < n;
        }
    }

    /// Follows what came after `candidate`, if what came before it is what came last.
    #[inline(always)]
    fn find(&mut self, data: &[u8], candidate: usize) {
        // Counted backwards, so that a collision of the hash is no match.
        let before = data.get(..candidate).unwrap_or_default();
        let same = before.iter().rev().zip(data.iter().rev()).take(400).take_while(|(a, b)| a == b);
        let same = same.count();
        if same >= self.min.min(6) {
            self.len = same;
            self.at = candidate;
        }
    }

    /// After a byte that differs from the expected one, or none expected.
    #[inline(always)]
    fn miss(&mut self, n: usize) {
        if self.len == 0 {
            return;
        }
        self.missed = (self.missed + 1).min(8);
        let go_on = self.lenient && self.missed < 8 && self.at < n;
        self.at += usize::from(go_on);
        self.len = usize::from(go_on);
    }

    fn hash(&self, tail: &[u8]) -> usize {
        let word = tail.iter().fold(0u64, |h, &b| (h + u64::from(b) + 1).wrapping_mul(0x9E6D_62D0_6F6A_9A9B));
        ((word ^ word >> 29).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> self.shift) as usize
    }

    /// Two inputs for the next bit after `c0` (the bits of this byte behind a leading one).
    #[inline(always)]
    pub fn predict(&mut self, c0: u32, bit: u32, stretch: &[i16; 4096]) -> [i16; 2] {
        if !self.agree || (self.expected | 256) >> (8 - bit) != c0 {
            self.agree = false;
            return [0; 2];
        }
        let next = self.expected >> (7 - bit) & 1;
        self.prob = (step(self.len) * 2 + usize::from(self.missed > 0)) * 2 + usize::from(bit == 0);
        let p = self.probs[self.prob].p12();
        let x = stretch[p];
        let y = ((p as i32 - 2048) >> 1) as i16;
        if next == 1 { [x, y] } else { [-x, -y] }
    }

    /// Learns the bit that came.
    #[inline(always)]
    pub fn update(&mut self, bit_value: u32, bit: u32) {
        if self.agree {
            let next = self.expected >> (7 - bit) & 1;
            self.probs[self.prob].update(u32::from(next == bit_value), 1000);
            self.agree = next == bit_value;
        }
    }
}
