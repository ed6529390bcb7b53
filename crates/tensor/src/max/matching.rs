//! Rows and whole arrays that come again: found by the last few values, coded as "the same goes on".

use super::coder::Bits;
use minlen_entropy::binary::Counter;

/// Slots of the table of places.
const BITS: u32 = 16;

/// The bytes of the run so far, and where to look for what comes next.
pub struct Matcher {
    /// Everything coded.
    pub history: Vec<u8>,
    table: Vec<u32>,
    /// Start of the value expected to come again, and for how many values that has held.
    found: Option<usize>,
    length: u32,
    unit: usize,
    start: usize,
    hits: [Counter; 64],
}

/// Values that must agree before anything is expected.
const fn needed(unit: usize) -> usize {
    match unit {
        1 => 16,
        2 => 6,
        4 => 2,
        _ => 1,
    }
}

impl Matcher {
    /// Bytes that a matcher takes beside its history.
    pub const MEMORY: u64 = 4 << BITS;

    /// One with no history.
    pub fn new() -> Self {
        let counters = [Counter::default(); 64];
        Self {
            history: Vec::new(),
            table: vec![0; 1 << BITS],
            found: None,
            length: 0,
            unit: 1,
            start: 0,
            hits: counters,
        }
    }

    /// An array with values of `unit` (1 to 8) bytes begins.
    pub fn begin(&mut self, unit: usize) {
        (self.unit, self.start) = (unit.clamp(1, 8), self.history.len());
        (self.found, self.length) = (None, 0);
    }

    fn value(&self, at: usize) -> Option<u64> {
        let mut bytes = [0; 8];
        bytes[..self.unit].copy_from_slice(self.history.get(at..at.checked_add(self.unit)?)?);
        Some(u64::from_le_bytes(bytes))
    }

    /// Asks whether the value that comes is the expected one, if one is, and gives it then.
    #[inline]
    pub fn code<C: Bits>(&mut self, coder: &mut C, raw: u64) -> Option<u64> {
        let expected = self.value(self.found?)?;
        let counter = self.hits.get_mut(self.length.min(31) as usize + 32 * usize::from(self.unit == 1))?;
        let hit = coder.bit(u32::from(raw == expected), counter.p());
        counter.update(hit, 250);
        if hit == 0 {
            (self.found, self.length) = (None, 0);
            return None;
        }
        Some(expected)
    }

    /// Takes the value in that came.
    #[inline]
    pub fn push(&mut self, raw: u64) {
        self.history.extend_from_slice(&raw.to_le_bytes()[..self.unit]);
        let end = self.history.len();
        let span = needed(self.unit) * self.unit;
        if let Some(found) = self.found {
            (self.found, self.length) = (Some(found + self.unit), self.length + 1);
        }
        if end - self.start < span {
            return;
        }
        let Some(last) = self.history.get(end - span..end) else { return };
        let sum = last.chunks(8).fold(span as u64, |sum, chunk| {
            let mut bytes = [0; 8];
            bytes[..chunk.len()].copy_from_slice(chunk);
            (sum ^ u64::from_le_bytes(bytes)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
        });
        let slot = (sum.wrapping_mul(0xd6e8_feb8_6659_fd93) >> (64 - BITS)) as usize;
        let place = self.table[slot] as usize;
        self.table[slot] = end as u32;
        // Constants are better predicted than matched.
        let constant = last.iter().zip(&last[self.unit..]).all(|(a, b)| a == b);
        if self.found.is_some() || constant && last.len() > self.unit {
            return;
        }
        if place >= span && self.history.get(place - span..place) == Some(last) {
            self.found = Some(place);
        }
    }
}
