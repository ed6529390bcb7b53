//! The bypass for long repetitions: where a match model has been right for long, its prediction alone codes a byte, and no
//! context is looked up or taught.
//!
//! Whether it can be trusted so far is learned for each expected byte and length of the repetition, as data with a structure
//! (tables, logs) is full of long repetitions that end where a context would have known. A byte costs a fifth of the time
//! then.

use crate::match_model::MatchModel;
use minlen_entropy::mixing::AdaptiveProb;

/// Shorter repetitions are never trusted.
const SHORTEST: usize = 12;

/// A byte is trusted if it is wrong less often than this, of 65536.
const TRUST: u16 = 192;

/// How often an expected byte does not come, before anything is known.
const FIRST: u16 = 2048;

/// What is known of the repetition at hand.
#[derive(Clone, Debug)]
pub struct MatchBypass {
    /// How often the expected byte did not come, of 65536, by length, last and expected byte; exclusive-ored with [`FIRST`], so that
    /// a new table is zeros, whose pages cost nothing before they are used.
    wrong: Vec<u16>,
    /// The place of this byte, if there is a repetition.
    at: Option<usize>,
    expected: u8,
    /// Probability that an expected bit comes, by how much the byte is trusted and the bit's place.
    probs: [[AdaptiveProb; 8]; LEVELS],
    level: usize,
    active: bool,
}

const LEVELS: usize = 4;

impl MatchBypass {
    /// One that trusts nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            wrong: vec![0; 4 << 16],
            at: None,
            expected: 0,
            probs: [[AdaptiveProb::new(65_500); 8]; LEVELS],
            level: 0,
            active: false,
        }
    }

    /// Whether this byte goes the short way.
    #[inline(always)]
    #[must_use]
    pub fn active(&self) -> bool {
        self.active
    }

    /// At the start of a byte: whether it goes the short way by what `m` expects.
    #[inline(always)]
    pub fn enter(&mut self, m: &MatchModel, last: u8) -> bool {
        self.active = false;
        self.at = None;
        let len = m.length();
        if len >= SHORTEST {
            self.expected = m.expected() as u8;
            // Up to 63, 255, 1023, more.
            let size = (len.ilog2() as usize).clamp(4, 11) / 2 - 2;
            let at = size << 16 | usize::from(last) << 8 | usize::from(self.expected);
            let wrong = self.wrong[at] ^ FIRST;
            self.at = Some(at);
            self.active = wrong < TRUST;
            self.level = (wrong / (TRUST / LEVELS as u16)).min(LEVELS as u16 - 1).into();
        }
        self.active
    }

    /// At the end of a byte, whichever way it went.
    #[inline(always)]
    pub fn leave(&mut self, byte: u8) {
        if let Some(wrong) = self.at.and_then(|at| self.wrong.get_mut(at)) {
            let share = *wrong ^ FIRST;
            let moved =
                if byte == self.expected { share - (share >> 4) } else { share + ((65_535 - share) >> 4) };
            *wrong = moved ^ FIRST;
        }
    }

    /// The expected bit at place `bit` of the byte.
    #[inline(always)]
    #[must_use]
    pub fn expects(&self, bit: u32) -> u32 {
        u32::from(self.expected >> (7 - bit & 7)) & 1
    }

    /// The probability of a one, of 65536.
    #[inline(always)]
    #[must_use]
    pub fn p(&self, bit: u32) -> u32 {
        let p = self.probs[self.level][bit as usize & 7].p16().clamp(1, 65_535);
        if self.expects(bit) == 1 { p } else { 65_536 - p }
    }

    /// Learns the bit that came.
    #[inline(always)]
    pub fn update(&mut self, bit: u32, value: u32) {
        let as_expected = self.expects(bit) == value;
        self.probs[self.level][bit as usize & 7].update(u32::from(as_expected), 1000);
        self.active &= as_expected;
    }
}
