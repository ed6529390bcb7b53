//! Adaptive models of the integers of coefficients: what they know before the first record, and how they go on.

use crate::linear::Linear;
use crate::steps::{COARSENESS, coarseness};
use minlen_entropy::binary::BitCoder;
use minlen_entropy::log2::bit_cost_q16;
use minlen_entropy::mixing::{AdaptiveProb, Mixer, squash, stretch};

/// Contexts of the coefficients just before.
const NEAR: usize = 9;
/// How the energy so far compares with what was expected.
const ENERGIES: usize = 6;
/// Decisions about a magnitude that have contexts of their own.
const LARGE: usize = 12;
/// Largest magnitude.
pub const INTEGER_MAX: i32 = 4095;
/// Beyond this, magnitudes are written as Exp-Golomb codes.
const UNARY: i32 = 18;

const ZEROS: usize = COARSENESS * NEAR;
const SUMS: usize = COARSENESS * ENERGIES * 3;
const LARGES: usize = COARSENESS * LARGE * 3;
const RANKS: usize = 64 * LARGE;
/// Probabilities that all members share.
pub const SHARED: usize = ZEROS + SUMS + LARGES + RANKS;
/// Observations after which a probability moves at its slowest.
const LIMIT: u32 = 400;

/// Probabilities, as a codec file has them: those by contexts, then one for each coefficient of each class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// `8 * log2(p / (1 - p))`, `p` being the probability of a nonzero integer, or of a larger one.
    pub logits: Vec<i8>,
    /// How many observations each is worth.
    pub counts: Vec<u8>,
}

/// Observations that the probabilities of a codec file are worth at most.
pub const WORTH: u8 = 60;

impl Start {
    /// Without knowledge, for so many coefficients in all classes: what is small against its steps is mostly zero.
    #[must_use]
    pub fn flat(coefficients: usize) -> Self {
        let len = SHARED + coefficients;
        let mut start = Self { logits: vec![0; len], counts: vec![0; len] };
        for coarse in 0..COARSENESS {
            // Halved with every quarter of an octave below a deviation of 1.4 steps.
            let p = (40_000u32 >> (18usize.saturating_sub(coarse)).min(9)).max(600);
            start.logits[coarse * NEAR..(coarse + 1) * NEAR].fill(logit(p));
            let sums = ZEROS + coarse * ENERGIES * 3;
            start.logits[sums..sums + ENERGIES * 3].fill(logit(p));
        }
        start
    }

    /// True if it is for the coefficients of this transform.
    pub(crate) fn fits(&self, linear: &Linear) -> bool {
        let len = SHARED + linear.coefficients();
        self.logits.len() == len && self.counts.len() == len && self.counts.iter().all(|&n| n <= WORTH)
    }

    fn p16(&self, place: usize) -> u32 {
        self.logits.get(place).map_or(32_768, |&logit| squash(16 * i32::from(logit))).clamp(32, 65_503)
    }
}

fn logit(p16: u32) -> i8 {
    ((stretch(p16) + 8) >> 4).clamp(-127, 127) as i8
}

/// The models as they are between two records.
#[derive(Clone, Debug)]
pub struct Tables {
    probs: Vec<AdaptiveProb>,
    mixer: Mixer<3>,
}

/// What the record has shown so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    before: [u32; 3],
    energy: u64,
    expected: u64,
}

impl Seen {
    /// Notes an integer at this coarseness.
    pub fn note(&mut self, q: i32, coarse: usize) {
        let size = q.unsigned_abs();
        self.before = [size, self.before[0], self.before[1]];
        self.energy = self.energy.saturating_add(256 * u64::from(size).pow(2));
        // The square of the deviation in steps, of which a twelfth is noise of rounding.
        self.expected = self.expected.saturating_add((1u64 << (coarse / 2)) + 8);
    }

    fn near(&self) -> usize {
        let [a, b, c] = self.before;
        (a.min(2) * 3 + (b + c).min(2)) as usize
    }

    fn level(&self) -> usize {
        if self.expected == 0 {
            return 0;
        }
        let ratio = 4 * self.energy / self.expected;
        1 + match ratio {
            0 => 0,
            1 => 1,
            2..4 => 2,
            4..8 => 3,
            _ => 4,
        }
    }
}

/// Where in the tables an integer is looked up.
#[derive(Clone, Copy)]
struct Place {
    zero: [usize; 3],
    large: [usize; 3],
    set: usize,
}

/// Which coefficient an integer is of.
#[derive(Clone, Copy, Debug)]
pub struct Coefficient {
    /// Its number among all of all classes.
    pub number: usize,
    /// Its number within its class.
    pub rank: usize,
    /// See [`coarseness`].
    pub coarse: usize,
}

impl Coefficient {
    /// The coefficient of this number and rank, that deviates so much, in such steps.
    #[must_use]
    pub fn new(number: usize, rank: usize, deviation: u8, step: u8) -> Self {
        Self { number, rank, coarse: coarseness(deviation, step) }
    }

    fn place(&self, seen: &Seen) -> Place {
        let (near, level) = (seen.near(), seen.level());
        let last = seen.before[0].min(2) as usize;
        let sums = ZEROS + (self.coarse * ENERGIES + level) * 3 + last;
        let larges = ZEROS + SUMS + (self.coarse * 3 + last) * LARGE;
        let ranks = ZEROS + SUMS + LARGES + self.rank.min(63) * LARGE;
        Place {
            zero: [self.coarse * NEAR + near, sums, SHARED + self.number],
            large: [larges, ranks, larges],
            set: self.coarse / 4,
        }
    }
}

impl Tables {
    /// As a codec file has them; at most as many as there are for so many coefficients.
    #[must_use]
    pub fn new(start: &Start) -> Self {
        let prob = |place| AdaptiveProb(start.p16(place) << 16 | u32::from(start.counts[place]));
        let probs = (0..start.counts.len()).map(prob).collect();
        Self { probs, mixer: Mixer::new(16, 2) }
    }

    /// What they have learned.
    #[must_use]
    pub fn learned(&self) -> Start {
        let logits = self.probs.iter().map(|p| logit(p.p16().clamp(32, 65_503))).collect();
        let counts = self.probs.iter().map(|p| p.observations().min(u32::from(WORTH)) as u8).collect();
        Start { logits, counts }
    }

    fn bit<C: BitCoder>(&mut self, coder: &mut C, places: [usize; 3], set: usize, bit: u32) -> u32 {
        let at = |place: usize| self.probs.get(place).map_or(32_768, |p| p.p16().clamp(16, 65_519));
        let p1 = self.mixer.mix(places.map(|place| stretch(at(place))), set).clamp(16, 65_519);
        let bit = coder.code(bit, p1);
        self.mixer.update(bit, p1);
        for (i, place) in places.into_iter().enumerate() {
            if let Some(prob) = self.probs.get_mut(place).filter(|_| !places[..i].contains(&place)) {
                prob.update(bit, LIMIT);
            }
        }
        bit
    }

    /// Codes an integer (which is not looked at when decoding) and gives it.
    pub fn code<C: BitCoder>(&mut self, coder: &mut C, of: Coefficient, seen: &Seen, q: i32) -> i32 {
        let Place { zero, large, set } = of.place(seen);
        if self.bit(coder, zero, set, u32::from(q != 0)) == 0 {
            return 0;
        }
        let is_negative = coder.code(u32::from(q < 0), 32_768) == 1;
        let wanted = q.unsigned_abs() as i32;
        let mut size = 1;
        while size < UNARY {
            let node = (size as usize - 1).min(LARGE - 1);
            let more = u32::from(wanted > size);
            if self.bit(coder, large.map(|place| place + node), 8 + set, more) == 0 {
                break;
            }
            size += 1;
        }
        if size == UNARY {
            size += golomb(coder, (wanted - UNARY).max(0) as u32) as i32;
        }
        if is_negative { -size } else { size }
    }
}

/// An Exp-Golomb code of 0 to 8190, each bit as likely as not (Teuhola 1978).
fn golomb<C: BitCoder>(coder: &mut C, value: u32) -> u32 {
    let wanted = (value + 1).ilog2();
    let mut bits = 0;
    while bits < 12 && coder.code(u32::from(bits < wanted), 32_768) == 1 {
        bits += 1;
    }
    let mut found = 1;
    for i in (0..bits).rev() {
        found = found << 1 | coder.code((value + 1) >> i & 1, 32_768);
    }
    found - 1
}

/// What integers cost by the tables of a codec file, in 1/65536 of a bit: near enough to choose by.
#[derive(Clone, Debug)]
pub struct Costs {
    /// Of 0 and of 1 (with its sign), by coarseness, the two before, and energy.
    small: Vec<[u32; 2]>,
    /// Of every magnitude up to 17 beyond that of 1.
    more: Vec<[u32; UNARY as usize + 1]>,
}

impl Costs {
    /// From what a codec file knows.
    #[must_use]
    pub fn new(start: &Start) -> Self {
        let at = |place: usize| start.p16(place);
        let cost = |p, bit| bit_cost_q16(p, bit).min(1 << 24) as u32;
        let mut small = Vec::with_capacity(ZEROS * ENERGIES);
        let mut more = Vec::with_capacity(COARSENESS * 3);
        for coarse in 0..COARSENESS {
            for near in 0..NEAR {
                for level in 0..ENERGIES {
                    let sums = ZEROS + (coarse * ENERGIES + level) * 3 + near / 3;
                    let p = squash((stretch(at(coarse * NEAR + near)) + stretch(at(sums))) / 2);
                    small.push([cost(p, false), cost(p, true) + (1 << 16)]);
                }
            }
            for last in 0..3 {
                let larges = ZEROS + SUMS + (coarse * 3 + last) * LARGE;
                let mut row = [0; UNARY as usize + 1];
                let mut sum = 0;
                for (node, place) in row[1..UNARY as usize].iter_mut().enumerate() {
                    let p = at(larges + node.min(LARGE - 1));
                    *place = sum + cost(p, false);
                    sum += cost(p, true);
                }
                row[UNARY as usize] = sum;
                more.push(row);
            }
        }
        Self { small, more }
    }

    /// Of an integer.
    #[must_use]
    pub fn of(&self, q: i32, coarse: usize, seen: &Seen) -> u32 {
        let place = (coarse * NEAR + seen.near()) * ENERGIES + seen.level();
        let Some(small) = self.small.get(place) else { return 0 };
        if q == 0 {
            return small[0];
        }
        let row = &self.more[(coarse * 3 + seen.before[0].min(2) as usize).min(self.more.len() - 1)];
        let size = q.unsigned_abs().min(UNARY as u32) as usize;
        let golomb = (q.unsigned_abs().saturating_sub(UNARY as u32) + 1).ilog2() * 2 + 1;
        small[1] + row[size] + if size == UNARY as usize { golomb << 16 } else { 0 }
    }
}
