//! Places that look alike wherever the same bytes are: what copies are found by.

pub(crate) use super::pattern::Anchors;
use super::pattern::{NARROW, WIDE};
use super::simd::{self, Isa, Task};

/// Units that are looked at together.
const BATCH: usize = 64;

impl Anchors<'_> {
    /// Appends the offsets of the anchors, in order.
    pub(crate) fn find(&self, isa: Isa, found: &mut Vec<u32>) {
        let done = simd::anchors(isa, self, found);
        simd::with(isa, Rest { anchors: *self, done, found });
    }

    #[inline(always)]
    fn is_16(&self, values: [u16; 2]) -> bool {
        let sum = values[0].wrapping_mul(NARROW[0]).wrapping_add(values[1].wrapping_mul(NARROW[1]));
        sum >> (16 - self.bits) == self.pattern_16()
    }

    #[inline(always)]
    fn is_32(&self, values: [u32; 2]) -> bool {
        let sum = values[0].wrapping_mul(WIDE[0]).wrapping_add(values[1].wrapping_mul(WIDE[1]));
        sum >> (32 - self.bits) == self.pattern_32()
    }

    /// Which of the first units of `units` are anchors.
    #[inline(always)]
    fn batch<const UNIT: usize>(&self, units: &[[u8; UNIT]]) -> [u8; BATCH] {
        let mut hits = [0; BATCH];
        if UNIT == 4 {
            let mut values = [0u32; BATCH + 1];
            for (value, unit) in values.iter_mut().zip(units) {
                *value = unit.iter().rev().fold(0, |all, byte| all << 8 | u32::from(*byte));
            }
            for i in 0..BATCH {
                hits[i] = u8::from(self.is_32([values[i], values[i + 1]]));
            }
        } else {
            // Of units of one byte a value takes in the next one too.
            let mut values = [0u16; BATCH + 2];
            for i in 0..BATCH + 2 {
                let next = if UNIT == 1 { units[i + 1][0] } else { units[i][UNIT - 1] };
                values[i] = u16::from_le_bytes([units[i][0], next]);
            }
            for i in 0..BATCH {
                hits[i] = u8::from(self.is_16([values[i], values[i + 2 / UNIT]]));
            }
        }
        hits
    }

    fn is(&self, window: &[u8; 8]) -> bool {
        let word = u64::from_le_bytes(*window);
        if self.unit < 4 {
            self.is_16([word as u16, (word >> 16) as u16])
        } else {
            self.is_32([word as u32, (word >> 32) as u32])
        }
    }
}

/// The units from `done` on.
struct Rest<'a> {
    anchors: Anchors<'a>,
    done: usize,
    found: &'a mut Vec<u32>,
}

impl Task for Rest<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        match self.anchors.unit {
            1 => self.search::<1>(),
            2 => self.search::<2>(),
            4 => self.search::<4>(),
            _ => self.one_by_one(),
        }
    }
}

impl Rest<'_> {
    #[inline(always)]
    fn search<const UNIT: usize>(mut self) {
        let units = self.anchors.bytes.as_chunks::<UNIT>().0;
        let beyond = if UNIT == 4 { 1 } else { 3 };
        while self.done + BATCH <= self.anchors.units && self.done + BATCH + beyond <= units.len() {
            let hits = self.anchors.batch::<UNIT>(&units[self.done..self.done + BATCH + beyond]);
            for (word, eight) in hits.as_chunks::<8>().0.iter().enumerate() {
                let mut eight = u64::from_le_bytes(*eight);
                while eight != 0 {
                    let unit = self.done + 8 * word + eight.trailing_zeros() as usize / 8;
                    self.found.push((unit * UNIT) as u32);
                    eight &= eight - 1;
                }
            }
            self.done += BATCH;
        }
        self.one_by_one();
    }

    #[inline(always)]
    fn one_by_one(self) {
        let Anchors { bytes, units, unit, .. } = self.anchors;
        for number in self.done..units {
            let Some(window) = bytes.get(number * unit..).and_then(|b| b.first_chunk::<8>()) else {
                break;
            };
            if self.anchors.is(window) {
                self.found.push((number * unit) as u32);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::testing::Rng;

    #[test]
    fn all_versions_find_the_same() {
        let mut rng = Rng(3);
        let bytes: Vec<u8> = (0..10_000).map(|_| rng.next_u64() as u8).collect();
        for unit in [1, 2, 4, 8, 18] {
            for (len, bits) in [(0, 1), (7, 2), (8, 1), (700, 3), (9999, 5), (10_000, 9)] {
                let anchors = Anchors { bytes: &bytes[..len], units: 4096, unit, bits };
                let mut all = Vec::new();
                for isa in
                    [Isa::Scalar, Isa::Avx2, Isa::Avx512].into_iter().filter(|isa| *isa <= simd::best())
                {
                    let mut found = Vec::new();
                    anchors.find(isa, &mut found);
                    all.push(found);
                }
                let windows = (0..len.min(4096 * unit)).step_by(unit).filter(|at| at + 8 <= len);
                let right: Vec<u32> = windows
                    .filter(|at| anchors.is(bytes[*at..].first_chunk::<8>().unwrap()))
                    .map(|at| at as u32)
                    .collect();
                assert!(all.iter().all(|found| *found == right), "{unit} {len}");
            }
        }
    }
}
