//! Levels of a transform block: the order they are coded in, and the contexts of their decisions.

use super::canvas::Node;
use super::mix::{Decision, Mix};
use super::quantizer::{LEVEL_MAX, Quantizer};
use super::rate::{Tally, quantized};
use super::transform::KEPT;
use minlen_core::{Error, Result};
use minlen_entropy::binary::BitCoder;
use minlen_entropy::mixing::simd::Vector;
use std::sync::LazyLock;

/// Decisions of one level that have contexts of their own: zero, over 1, over 2, ..., and zero in the second quantizer.
const STEPS: usize = 9;
/// Decisions after which the rest of a level follows in Golomb's code.
const UNARY: usize = 15;
/// From one row of magnitudes to the next.
pub(super) const STRIDE: usize = KEPT + 4;

/// Contexts of a decision.
const CONTEXTS: usize = 15;
/// The model of levels.
pub(super) type LevelMix = Mix<CONTEXTS, 32>;

/// Contexts of each kind, without the step.
const COUNTS: [usize; CONTEXTS] = [
    2 * 25 * 25,
    3 * 70,
    2 * 192,
    3 * 100,
    3 * 12 * 7,
    3 * 60,
    2 * 250 + 17 * 16,
    2 * 250 + 64,
    3 * 90,
    2 * 175,
    2 * 120,
    2 * 256,
    3 * 16 * 12,
    3 * 144 * 3,
    3 * 160,
];

const STARTS: [u32; CONTEXTS] = {
    let mut starts = [0; CONTEXTS];
    let mut i = 1;
    while i < CONTEXTS {
        starts[i] = starts[i - 1] + (COUNTS[i - 1] * STEPS) as u32;
        i += 1;
    }
    starts
};

/// Probabilities of all levels.
const PROBS: usize = STARTS[CONTEXTS - 1] as usize + COUNTS[CONTEXTS - 1] * STEPS;

/// Contexts of the signs of the second and third plane, after those of magnitudes.
const SIGNS: usize = 2 * 4 * 9 * 4;

/// The model of levels.
pub(super) fn model() -> LevelMix {
    Mix::new(PROBS + SIGNS, [STEPS * 3, 90, 9 * 7 * 2], STEPS * 3)
}

/// Positions of the coefficients of a block, from the lowest frequency on, along antidiagonals.
pub(super) fn scan(width: usize, height: usize) -> &'static [(u8, u8)] {
    static SCANS: LazyLock<Vec<Vec<(u8, u8)>>> = LazyLock::new(|| {
        let order = |w: usize, h: usize| {
            let line = |d: usize| {
                (0..=d).filter(move |&y| y < h && d - y < w).map(move |y| ((d - y) as u8, y as u8))
            };
            (0..w + h - 1).flat_map(line).collect()
        };
        (0..16).map(|i| order(4 << (i & 3), 4 << (i >> 2))).collect()
    });
    let log = |n: usize| (n.min(KEPT).trailing_zeros() as usize).saturating_sub(2);
    &SCANS[log(width) + 4 * log(height)]
}

/// The zone of frequencies that a position belongs to, 0 to 6.
pub(super) const ZONES: [u8; 2 * KEPT] = {
    let mut zones = [6; 2 * KEPT];
    let mut i = 0;
    while i < 20 {
        zones[i] = [0, 1, 2, 3, 3, 4, 4, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5][i];
        i += 1;
    }
    zones
};

/// What the contexts of a block's levels depend on besides the levels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site<'a> {
    pub plane: usize,
    pub node: Node,
    pub mode: u8,
    pub kinds: u8,
    /// Energies of the blocks on the left and above, 0 to 11.
    pub energies: (usize, usize),
    /// Magnitudes of the planes before, which are of the same shape.
    pub before: [&'a [u8]; 2],
    /// Their levels, nothing where all are 0.
    pub earlier: [&'a [i32]; 2],
    /// How the second and third plane are predicted.
    pub chroma: u8,
}

/// Magnitudes around a position, those of higher frequencies only.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nearby {
    pub right: usize,
    pub below: usize,
    pub diagonal: usize,
    pub two: usize,
    pub far: usize,
}

impl Nearby {
    #[inline(always)]
    pub fn new(magnitudes: &[u8], at: usize) -> Self {
        let m = |i: usize| usize::from(magnitudes[at + i]);
        Self {
            right: m(1),
            below: m(STRIDE),
            diagonal: m(STRIDE + 1),
            two: m(2) + m(2 * STRIDE),
            far: m(3) + m(3 * STRIDE) + m(STRIDE + 2) + m(2 * STRIDE + 1),
        }
    }

    pub fn sum(self) -> usize {
        self.right + self.below + self.diagonal + self.two
    }
}

/// Room for magnitudes of one block, with a border of zeros.
pub(super) type Magnitudes = [u8; STRIDE * STRIDE];

/// Codes the levels of a block (`levels` packed by rows, at most [`KEPT`] each way) whose last one in [`scan`]'s order is number `end` - 1.
pub(super) struct Coding<'a, C> {
    pub mix: &'a mut LevelMix,
    pub coder: &'a mut C,
    pub site: Site<'a>,
    pub quantizer: Quantizer,
    pub end: usize,
    pub levels: &'a mut [i32],
    pub magnitudes: &'a mut Magnitudes,
    pub tally: Option<&'a mut Tally>,
}

impl<C: BitCoder> Coding<'_, C> {
    /// # Errors
    /// If what was read is no level.
    #[inline(always)]
    pub fn run<V: Vector>(mut self, v: V) -> Result<()> {
        let (w, h) = (self.site.node.w.min(KEPT), self.site.node.h.min(KEPT));
        let scan = scan(w, h);
        let (mut state, mut sum, mut recent) = (0, 0, [0usize; 2]);
        for number in (0..self.end).rev() {
            let (x, y) = scan[number];
            let (x, y) = (usize::from(x), usize::from(y));
            let at = y * STRIDE + x;
            let known = self.end - 1 - number;
            let decision = self.decision((x, y), at, (known, sum), recent, state);
            let wanted = self.levels[y * w + x];
            let magnitude = self.magnitude(v, &decision, (x, y), wanted, state, known == 0)?;
            let mut level = magnitude as i32;
            if magnitude > 0 && self.sign(y * w + x, ZONES[x + y], wanted < 0) {
                level = -level;
            }
            self.levels[y * w + x] = level;
            self.magnitudes[at] = magnitude.min(255) as u8;
            sum += magnitude.min(64) as usize;
            recent = [magnitude.min(4) as usize, recent[0]];
            state = self.quantizer.next(state, level);
        }
        Ok(())
    }

    /// Whether the level is negative. Those of the second and third plane often have to do with those of the planes before.
    #[inline(always)]
    fn sign(&mut self, index: usize, zone: u8, negative: bool) -> bool {
        let site = &self.site;
        if site.plane == 0 {
            return self.coder.code(u32::from(negative), 32_768) == 1;
        }
        let sign = |i: usize| site.earlier[i].get(index).map_or(1, |level| (level.signum() + 1) as usize);
        let kind = (site.plane - 1) * 4 + usize::from(site.chroma & 3);
        let context = ((kind * 3 + sign(0)) * 3 + sign(1)) * 4 + usize::from(zone.min(3));
        let Some(prob) = self.mix.probs.get_mut(PROBS + context) else { return false };
        let bit = self.coder.code(u32::from(negative), prob.p16().clamp(64, 65_472));
        prob.update(bit, 255);
        bit == 1
    }

    /// The magnitude, decision by decision.
    #[inline(always)]
    fn magnitude<V: Vector>(
        &mut self,
        v: V,
        decision: &Decision<CONTEXTS>,
        (x, y): (usize, usize),
        wanted: i32,
        state: usize,
        last: bool,
    ) -> Result<u32> {
        let wanted = wanted.unsigned_abs();
        let near = Nearby::new(self.magnitudes, y * STRIDE + x);
        let mut magnitude = u32::from(last);
        while magnitude < UNARY as u32 {
            let step = match magnitude {
                0 if state > 1 => 8,
                m => m.min(7),
            };
            let mut d = *decision;
            d.at.iter_mut().for_each(|at| *at += step);
            d.sets[0] += step;
            d.sets[1] += 30 * magnitude.min(2);
            d.sets[2] += 63 * magnitude.min(1);
            d.last += step;
            let (bit, _) = self.mix.code(v, self.coder, u32::from(wanted > magnitude), &d);
            if let Some(tally) = &mut self.tally {
                tally.level(self.site.plane, x + y, near, magnitude, state, bit);
            }
            if bit == 0 {
                return Ok(magnitude);
            }
            magnitude += 1;
        }
        Ok(magnitude + golomb(self.coder, wanted.saturating_sub(UNARY as u32))?)
    }

    #[inline(always)]
    fn decision(
        &self,
        (x, y): (usize, usize),
        at: usize,
        (known, sum): (usize, usize),
        recent: [usize; 2],
        state: usize,
    ) -> Decision<CONTEXTS> {
        let site = &self.site;
        let near = Nearby::new(self.magnitudes, at);
        let t1 = near.right + near.below;
        let total = near.sum();
        let q = quantized(total);
        let wide = quantized(total + near.far);
        let zone = usize::from(ZONES[x + y]);
        let (lw, lh) = site.node.logs();
        let plane = site.plane;
        let chroma = usize::from(plane > 0);
        let (el, ea) = site.energies;
        let mean_energy = (el + ea).div_ceil(2);
        let fine = (3 * t1 + 2 * near.diagonal + near.two).min(63);
        let fine = if fine < 8 { fine } else { (8 + (fine - 8) / 4).min(15) };
        let density = if known == 0 { 0 } else { quantized((4 * sum).div_ceil(known)) };
        let age = [0, 1, 2, 3, 3, 4, 4, 4, 4, 5][(known / 2).min(9)];
        let position = 4 * y.min(3) + x.min(3);
        let before = |i: usize| {
            let m = site.before[i];
            let sum = |i: usize| usize::from(m[at + i]);
            let around = sum(1) + sum(STRIDE) + sum(STRIDE + 1);
            usize::from(m[at]).min(4) * 50 + quantized(around) * 5 + total.min(4)
        };
        let values = [
            ((chroma * 5 + lw) * 5 + lh) * 25 + 5 * y.min(4) + x.min(4),
            (plane * 10 + q) * 7 + zone,
            (((chroma * 4 + near.right.min(3)) * 4 + near.below.min(3)) * 3 + near.diagonal.min(2)) * 4
                + near.two.min(3),
            (plane * 10 + quantized(t1)) * 10 + quantized(near.diagonal + near.two),
            (plane * 12 + mean_energy) * 7 + zone,
            (plane * 6 + age) * 10 + density,
            if plane > 0 {
                (plane - 1) * 250 + before(0)
            } else {
                500 + usize::from(site.mode / 4) * 16 + position
            },
            if plane > 1 { before(1) } else { 500 + usize::from(site.kinds) * 16 + position },
            (plane * 10 + wide) * 9 + lw + lh,
            ((chroma * 5 + recent[0]) * 5 + recent[1]) * 7 + zone,
            (chroma * 12 + self.quantizer.octave) * 10 + q,
            chroma * 256 + 16 * y.min(15) + x.min(15),
            (plane * 16 + fine) * 12 + mean_energy,
            ((plane * 12 + el) * 12 + ea) * 3 + zone.min(2),
            (plane * 4 + state) * 40 + 4 * q + zone.min(3),
        ];
        let mut decision = Decision {
            at: STARTS,
            sets: [(plane * STEPS) as u32, (plane * 10 + q) as u32, (7 * (lw + lh) + zone) as u32],
            last: (plane * STEPS) as u32,
        };
        for (at, value) in decision.at.iter_mut().zip(values) {
            *at += (value * STEPS) as u32;
        }
        decision
    }
}

/// A number without contexts in Elias' gamma code.
fn golomb<C: BitCoder>(coder: &mut C, value: u32) -> Result<u32> {
    let value = value + 1;
    let length = 31 - value.leading_zeros();
    let mut n = 0;
    while coder.code(u32::from(n < length), 32_768) == 1 {
        n += 1;
        if 1 << n > LEVEL_MAX {
            return Err(Error::corrupt("a coefficient that no picture has"));
        }
    }
    let mut read = 1;
    for shift in (0..n).rev() {
        read = read << 1 | coder.code(value >> shift & 1, 32_768);
    }
    Ok(read - 1)
}
