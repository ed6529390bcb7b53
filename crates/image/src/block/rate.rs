//! What decisions cost, for the search: counts of what was coded, and bits made of them.

use super::levels::{Nearby, ZONES};
use minlen_entropy::log2::bit_cost_q16;

/// A sum of magnitudes in ten steps.
#[inline(always)]
pub(super) fn quantized(sum: usize) -> usize {
    const STEPS: [u8; 22] = [0, 1, 2, 3, 4, 5, 5, 6, 6, 7, 7, 7, 7, 8, 8, 8, 8, 8, 8, 8, 8, 9];
    usize::from(STEPS[sum.min(21)])
}

/// Contexts of levels: luma or not, zone, sum of the magnitudes near.
pub(super) const LEVEL_CONTEXTS: usize = 2 * 7 * 10;
/// Decisions of a level in each.
const STEPS: usize = 9;
/// Magnitudes whose cost is in the table.
pub(super) const TABLED: usize = 16;

/// Flags that are counted, each in a few contexts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flag {
    /// Whether a block is split; by its shape.
    Split = 0,
    /// Whether into four.
    Quad = 1,
    /// Whether side by side.
    Upright = 2,
    /// Ranks of modes.
    Rank = 3,
    /// Kinds of transforms.
    Kinds = 4,
    /// Modes of the second and third plane.
    Chroma = 5,
    /// Whether a plane has levels; plane and area.
    Coded = 6,
    /// Bits of the number of the last level; luma or not, area.
    End = 7,
}
const FLAGS: usize = 8;
const FLAG_CONTEXTS: usize = 512;

/// Counts of zeros and ones.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    levels: Vec<[[u32; 2]; STEPS]>,
    flags: Vec<[u32; 2]>,
}

impl Default for Tally {
    fn default() -> Self {
        Self { levels: vec![[[0; 2]; STEPS]; LEVEL_CONTEXTS], flags: vec![[0; 2]; FLAGS * FLAG_CONTEXTS] }
    }
}

/// The context of a level.
#[inline(always)]
pub(super) fn level_context(plane: usize, antidiagonal: usize, sum: usize) -> usize {
    (usize::from(plane > 0) * 7 + usize::from(ZONES[antidiagonal])) * 10 + quantized(sum)
}

impl Tally {
    #[inline(always)]
    pub fn level(
        &mut self,
        plane: usize,
        antidiagonal: usize,
        near: Nearby,
        magnitude: u32,
        state: usize,
        bit: u32,
    ) {
        let step = if magnitude == 0 && state > 1 { 8 } else { magnitude.min(7) as usize };
        self.levels[level_context(plane, antidiagonal, near.sum())][step][bit as usize & 1] += 1;
    }

    pub fn flag(&mut self, flag: Flag, context: usize, bit: u32) {
        self.flags[flag as usize * FLAG_CONTEXTS + context][bit as usize & 1] += 1;
    }

    /// Adds another's counts, as so many 16ths.
    pub fn add(&mut self, other: &Self, share: u32) {
        let add = |to: &mut [u32; 2], from: &[u32; 2]| {
            (0..2).for_each(|i| {
                to[i] = to[i].saturating_add((u64::from(from[i]) * u64::from(share) / 16) as u32);
            });
        };
        self.flags.iter_mut().zip(&other.flags).for_each(|(to, from)| add(to, from));
        let pairs = self.levels.iter_mut().flatten().zip(other.levels.iter().flatten());
        pairs.for_each(|(to, from)| add(to, from));
    }

    /// All counts, one after the other.
    pub fn counts_mut(&mut self) -> impl Iterator<Item = &mut [u32; 2]> {
        self.levels.iter_mut().flatten().chain(&mut self.flags)
    }
}

/// Costs in bits.
#[derive(Clone, Debug)]
pub(super) struct Rate {
    /// By context and quantizer; without the sign.
    levels: Vec<[[f32; TABLED]; 2]>,
    /// What the decision costs that a level is not 0.
    beyond_zero: Vec<f32>,
    flags: Vec<[f32; 2]>,
}

/// Bits of a zero and a one that were counted so often, with a prior.
fn bits(counts: &[u32; 2], prior: [f32; 2]) -> [f32; 2] {
    let (zeros, ones) = (counts[0] as f32 + prior[0], counts[1] as f32 + prior[1]);
    let p = ((ones / (zeros + ones)) * 65_536.0) as u32;
    let p = p.clamp(32, 65_536 - 32);
    [false, true].map(|bit| bit_cost_q16(p, bit) as f32 / 65_536.0)
}

impl Rate {
    pub fn new(tally: &Tally) -> Self {
        let prior = |context: usize| {
            let sum = [0.0, 1.0, 2.0, 3.0, 4.0, 5.5, 7.5, 10.0, 16.0, 30.0][context % 10];
            let up = (sum + 0.4) / (sum + 3.5);
            [2.0 * (1.0 - up), 2.0 * up]
        };
        let level = |(context, counts): (usize, &[[u32; 2]; STEPS])| {
            [0, 8].map(|first| {
                let mut costs = [0.0; TABLED];
                let mut so_far = 0.0;
                for (magnitude, cost) in costs.iter_mut().enumerate() {
                    let step = if magnitude == 0 { first } else { magnitude.min(7) };
                    let b = bits(&counts[step], prior(context));
                    *cost = if magnitude + 1 < TABLED { so_far + b[0] } else { so_far };
                    so_far += b[1];
                }
                costs
            })
        };
        Self {
            levels: tally.levels.iter().enumerate().map(level).collect(),
            beyond_zero: tally.levels.iter().enumerate().map(|(i, c)| bits(&c[0], prior(i))[1]).collect(),
            flags: tally.flags.iter().map(|counts| bits(counts, [0.5, 0.5])).collect(),
        }
    }

    /// Bits of a magnitude, with its sign.
    #[inline(always)]
    pub fn level(&self, context: usize, second: usize, magnitude: u32) -> f32 {
        let costs = &self.levels[context][second];
        let sign = if magnitude > 0 { 1.0 } else { 0.0 };
        sign + match costs.get(magnitude as usize) {
            Some(&cost) if magnitude < TABLED as u32 - 1 => cost,
            _ => {
                let rest = magnitude - (TABLED as u32 - 1);
                costs[TABLED - 1] + (2 * (rest + 1).ilog2() + 1) as f32
            }
        }
    }

    /// Bits of a magnitude that is not 0, where that is known.
    #[inline(always)]
    pub fn level_beyond_zero(&self, context: usize, magnitude: u32) -> f32 {
        self.level(context, 0, magnitude) - self.beyond_zero[context]
    }

    #[inline(always)]
    pub fn flag(&self, flag: Flag, context: usize, bit: bool) -> f32 {
        self.flags[flag as usize * FLAG_CONTEXTS + context][usize::from(bit)]
    }
}
