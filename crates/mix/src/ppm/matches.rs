//! Contexts longer than those of the tables: where the last bytes stood before.

use minlen_entropy::mixing::simd;

/// Longest context that is measured when a place is found.
const LONGEST: usize = 64;
/// From this length on a match is sure.
const SURE: usize = 20;
/// Bytes that may differ before a place is given up.
const PATIENCE: u32 = 8;
/// Number of states of a match: none, and 64 lengths by four degrees of trust.
pub(super) const STATES: usize = 1 + 4 * 64;

/// The newest place where the last `min` bytes stood, and how it went since.
///
/// Neither the table of places nor the text at a place is waited for: both are asked for with one byte and used with the next.
#[derive(Clone, Debug)]
pub(super) struct Matches {
    heads: Vec<u32>,
    shift: u32,
    min: usize,
    /// Where the copy goes on; 0 for nowhere.
    at: usize,
    len: usize,
    missed: u32,
    /// The head to look at and to set with the next byte; 0 for none.
    pending: usize,
    /// The place to look at with the next byte; 0 for none.
    near: usize,
}

/// A match as a candidate sees it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct View {
    /// The byte that stood there.
    pub expected: u8,
    /// Bytes that agreed, 0 if there is no match.
    pub len: usize,
    /// Length and trust as a number below [`STATES`], 0 if there is no match.
    pub state: usize,
}

impl View {
    #[inline(always)]
    pub(super) fn agrees(self, candidate: u8) -> bool {
        (self.state > 0) & (self.expected == candidate)
    }
}

impl Matches {
    /// Matches of at least `min` bytes, with `2^bits` remembered places.
    pub(super) fn new(min: usize, bits: u32) -> Self {
        Self {
            heads: vec![0; 1 << bits],
            shift: 64 - bits,
            min,
            at: 0,
            len: 0,
            missed: 0,
            pending: 0,
            near: 0,
        }
    }

    /// What the match says of the byte after `text`.
    #[inline(always)]
    pub(super) fn view(&self, text: &[u8]) -> View {
        if self.at == 0 {
            return View::default();
        }
        let log = (usize::BITS - (self.len | 1).leading_zeros()) as usize;
        // Eight steps from one power of two to the next.
        let step =
            if self.len < 16 { self.len } else { ((log - 3) * 8 + (self.len >> (log - 4) & 7)).min(63) };
        let state = 1 + step + 64 * (self.missed.min(3) as usize);
        View { expected: text.get(self.at).copied().unwrap_or(0), len: self.len, state }
    }

    /// True if a byte that differs would be a surprise.
    #[inline(always)]
    pub(super) fn is_sure(&self) -> bool {
        (self.at > 0) & (self.missed == 0) & (self.len >= SURE)
    }

    /// Takes in the last byte of `text`; `hash` makes a number of its last `min` bytes, which are there.
    #[inline(always)]
    pub(super) fn seen(&mut self, text: &[u8], hash: impl Fn(&[u8], usize) -> u64) {
        self.follow(text);
        let sure = self.is_sure();
        if self.near > 0 {
            if self.len < self.min && self.near + 1 != self.at {
                let len = common(text, self.near + 1);
                if len > self.min {
                    (self.at, self.len, self.missed) = (self.near + 1, len, 0);
                }
            }
            self.near = 0;
        }
        if self.pending > 0 {
            let head = &mut self.heads[self.pending];
            if self.len < self.min && *head > 0 {
                self.near = *head as usize + 1;
                simd::prefetch(text, self.near);
            }
            *head = text.len() as u32 - 1;
            self.pending = 0;
        }
        // Within a long match the places of every fourth byte are enough.
        if text.len() >= self.min && !(sure && self.len & 3 != 0) {
            self.pending = (hash(text, self.min) >> self.shift) as usize;
            simd::prefetch(&self.heads, self.pending);
        }
    }

    /// Goes on with the copy, also behind a byte that differs.
    #[inline(always)]
    fn follow(&mut self, text: &[u8]) {
        if self.at == 0 {
            return;
        }
        if text.get(self.at) == text.last() {
            self.len += 1;
            self.missed -= u32::from(self.missed > 0 && self.len & 15 == 0);
            self.at += 1;
        } else {
            self.len = 0;
            self.missed += 1;
            self.at = if self.missed < PATIENCE { self.at + 1 } else { 0 };
        }
    }
}

/// How many bytes before `at` and before the end of `text` are the same, up to [`LONGEST`]; of the first seven of the text none
/// counts.
#[inline(always)]
fn common(text: &[u8], at: usize) -> usize {
    let (mut a, mut b) = (text.get(..at).unwrap_or_default(), text);
    let mut len = 0;
    while len < LONGEST {
        let (Some((rest, x)), Some((end, y))) = (a.split_last_chunk::<8>(), b.split_last_chunk::<8>()) else {
            break;
        };
        let differ = u64::from_le_bytes(*x) ^ u64::from_le_bytes(*y);
        if differ != 0 {
            return len + differ.leading_zeros() as usize / 8;
        }
        (a, b, len) = (rest, end, len + 8);
    }
    len
}
