//! Loops: where the last samples occurred before, exactly, the sample that followed is likely to come again.

/// The samples of a channel so far, and where the last ones were seen before.
#[derive(Clone, Debug)]
pub struct SampleMatchModel {
    /// A ring of samples.
    data: Vec<i32>,
    /// Samples so far.
    count: usize,
    heads: Vec<u32>,
    /// Distance to the samples that match, 0 for none.
    lag: usize,
    len: u32,
    misses: u32,
    /// Mean absolute errors of the repeated sample by length of the match.
    errors: [u32; 32],
}

const RING: usize = 1 << 20;
const HEADS: u32 = 17;
const MIN: usize = 6;

impl SampleMatchModel {
    /// An empty past.
    #[must_use]
    pub fn new() -> Self {
        Self {
            data: Vec::new(),
            count: 0,
            heads: vec![0; 1 << HEADS],
            lag: 0,
            len: 0,
            misses: 0,
            errors: [1 << 12; 32],
        }
    }

    /// The sample `back` before the next one (1 is the last), or 0.
    #[inline(always)]
    #[must_use]
    pub fn back(&self, back: usize) -> i32 {
        if back == 0 || back > self.count.min(RING) {
            return 0;
        }
        self.data.get((self.count - back) % RING).copied().unwrap_or(0)
    }

    /// The distance of the last good match, 0 without one.
    #[must_use]
    pub fn lag(&self) -> usize {
        self.lag
    }

    /// The sample that followed the match (the last sample without one) and its usual error with `shift` fraction bits.
    #[must_use]
    pub fn expected(&self, shift: u32) -> (i32, u32) {
        let value = if self.lag > 0 { self.back(self.lag) } else { self.back(1) };
        (value, self.errors[self.level()] >> (8 - shift.min(8)))
    }

    /// What is known of the match in 32 steps: its length, or how often it failed lately.
    #[must_use]
    pub fn level(&self) -> usize {
        if self.lag == 0 {
            return 0;
        }
        let len = match self.len {
            n @ 0..=7 => n,
            n @ 8..=31 => 6 + n / 4,
            n @ 32..=511 => 13 + n / 256,
            _ => 15,
        };
        1 + len as usize + if self.misses > 4 { 15 } else { 0 }
    }

    /// Adds a sample.
    pub fn push(&mut self, value: i32) {
        if self.count > 0 {
            let (expected, _) = self.expected(0);
            let level = self.level();
            let e = i64::from(value.abs_diff(expected).min(1 << 20) << 8);
            let m = &mut self.errors[level];
            *m = (i64::from(*m) + ((e - i64::from(*m)) >> 5)) as u32;
            if value == expected && self.lag > 0 {
                self.len = (self.len + 1).min(65_535);
                if self.len.is_multiple_of(16) {
                    self.misses /= 2;
                }
            } else {
                self.len = 0;
                self.misses = (self.misses + 1).min(255);
            }
        }
        if self.data.len() < RING {
            self.data.push(value);
        } else if let Some(slot) = self.data.get_mut(self.count % RING) {
            *slot = value;
        }
        self.count += 1;
        self.search();
    }

    fn search(&mut self) {
        if self.count < MIN + 2 {
            return;
        }
        let flat = (2..=MIN).all(|i| self.back(i) == self.back(1));
        if flat {
            return;
        }
        let hash =
            (1..=MIN).fold(0u32, |h, i| (h ^ self.back(i) as u32).wrapping_mul(0x9E37_79B1).rotate_left(11));
        let Some(head) = self.heads.get_mut((hash.wrapping_mul(0x85EB_CA6B) >> (32 - HEADS)) as usize) else {
            return;
        };
        let before = *head as usize;
        *head = self.count as u32;
        let lag = self.count.saturating_sub(before);
        if self.len >= MIN as u32 || before == 0 || lag + 32 > RING || lag == self.lag {
            return;
        }
        let same = (1..=32).take_while(|&i| self.back(i) == self.back(i + lag)).count();
        if same >= MIN {
            self.lag = lag;
            self.len = same as u32;
            self.misses = 0;
        }
    }
}
