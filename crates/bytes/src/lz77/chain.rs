//! Hash chains (RFC 1951, section 4): the last place of every 5-byte string, and from each place the one before. Of
//! 4- and 3-byte strings only the last place is known: chains of those are long and lead mostly to short matches.

use super::spec::common;

/// A match: length and offset.
pub type Found = (u32, u32);

const HASH4_BITS: u32 = 16;
const HASH3_BITS: u32 = 14;
/// A 4- or 3-byte match from farther away costs more than its literals.
const FAR_FOR: [usize; 5] = [0, 0, 0, 1 << 13, 1 << 20];
/// A match this long is taken without a search for a longer one.
const LONG_ENOUGH: usize = 256;

/// Finds matches, nearest first. Places are stored plus one, 0 is none.
pub struct Chains {
    head5: Vec<u32>,
    head4: Vec<u32>,
    head3: Vec<u32>,
    previous: Vec<u32>,
    shift5: u32,
    window: usize,
    next: usize,
}

fn hash5_bits(len: usize) -> u32 {
    len.max(1).ilog2().clamp(12, 17)
}

/// Bytes of memory for a window and an input of these sizes.
pub fn memory(window: usize, len: usize) -> u64 {
    let heads = (1 << hash5_bits(len)) + (1 << HASH4_BITS) + (1 << HASH3_BITS);
    4 * (heads + ring_size(window, len) as u64)
}

/// Places that a ring needs for all offsets up to `window` (less one, if that is the size of the ring).
pub fn ring_size(window: usize, len: usize) -> usize {
    window.min(len).next_power_of_two().max(2)
}

/// Four bytes at a place that has them.
#[inline]
pub fn four(data: &[u8], at: usize) -> u32 {
    data.get(at..).and_then(|d| d.first_chunk::<4>()).map_or(0, |b| u32::from_le_bytes(*b))
}

#[inline]
fn eight(data: &[u8], at: usize) -> u64 {
    data.get(at..).and_then(|d| d.first_chunk::<8>()).map_or(0, |b| u64::from_le_bytes(*b))
}

#[inline]
fn hash4(word: u32) -> usize {
    (word.wrapping_mul(0x9e37_79b1) >> (32 - HASH4_BITS)) as usize
}

#[inline]
fn hash3(word: u32) -> usize {
    ((word << 8).wrapping_mul(0x9e37_79b1) >> (32 - HASH3_BITS)) as usize
}

impl Chains {
    /// Empty chains.
    pub fn new(window: usize, len: usize) -> Self {
        let ring = ring_size(window, len);
        Self {
            head5: vec![0; 1 << hash5_bits(len)],
            head4: vec![0; 1 << HASH4_BITS],
            head3: vec![0; 1 << HASH3_BITS],
            previous: vec![0; ring],
            shift5: 64 - hash5_bits(len),
            window: window.min(ring - 1),
            next: 0,
        }
    }

    #[inline]
    fn hash5(&self, word: u64) -> usize {
        ((word << 24).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift5) as usize
    }

    /// Enters all places before `to`, but for the last few of the data.
    #[inline]
    pub fn enter(&mut self, data: &[u8], to: usize) {
        let to = to.min(data.len().saturating_sub(7));
        let mask = self.previous.len() - 1;
        for at in self.next..to {
            let word = eight(data, at);
            let slot = self.hash5(word);
            let place = at as u32 + 1;
            self.previous[at & mask] = std::mem::replace(&mut self.head5[slot], place);
            self.head4[hash4(word as u32)] = place;
            self.head3[hash3(word as u32)] = place;
        }
        self.next = self.next.max(to);
    }

    /// The longest match at `at` (all places before it being entered) of at most `limit` bytes and at least 3,
    /// `depth` places of the chain being tried; 3 and 4 bytes only if `short`.
    #[inline]
    pub fn find(&self, data: &[u8], at: usize, limit: usize, depth: u32, short: bool) -> Option<Found> {
        if limit < 5 || at + 8 > data.len() {
            return None;
        }
        let word = eight(data, at);
        let mask = self.previous.len() - 1;
        let (mut best, mut offset) = (4, 0);
        let mut place = self.head5[self.hash5(word)] as usize;
        for _ in 0..depth {
            if place == 0 || at + 1 - place > self.window {
                break;
            }
            let candidate = place - 1;
            // One look at the bytes that would make it longer spares most comparisons.
            if four(data, candidate + best - 3) == four(data, at + best - 3) {
                let len = common(data, candidate, at, limit);
                if len > best {
                    (best, offset) = (len, at - candidate);
                    if len >= limit || len >= LONG_ENOUGH {
                        break;
                    }
                }
            }
            place = self.previous[candidate & mask] as usize;
        }
        if offset == 0 && short {
            return self.find_short(data, at, limit, word as u32);
        }
        (offset > 0).then_some((best as u32, offset as u32))
    }

    #[inline]
    fn find_short(&self, data: &[u8], at: usize, limit: usize, word: u32) -> Option<Found> {
        for place in [self.head4[hash4(word)] as usize, self.head3[hash3(word)] as usize] {
            if place > 0 && at + 1 - place <= self.window {
                let len = common(data, place - 1, at, limit);
                if len >= 3 && at + 1 - place <= FAR_FOR[len.min(4)] {
                    return Some((len as u32, (at + 1 - place) as u32));
                }
            }
        }
        None
    }
}
