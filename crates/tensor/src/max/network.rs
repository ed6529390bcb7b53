//! Decisions predicted by many contexts, mixed.
//!
//! Logistic mixing (Mahoney 2005) of what is left over a first guess: input 0 is the stretched prediction of the base context,
//! the other inputs are how far their contexts differ from it. A context that was never seen takes the base's prediction over
//! and starts to differ only with what it sees, so many sparse contexts cost next to nothing on small arrays.

use super::coder::Bits;
use minlen_entropy::binary::RECIPROCALS;
use minlen_entropy::mixing::{Apm, STRETCH_MAX, squash, stretch};
use std::sync::LazyLock;

/// Bits seen that the base's prediction counts for in a new context.
const INHERITED: u32 = 6;
/// Limit of the counts in the base's slots, and in the others.
const BASE_LIMIT: u32 = 1000;
const LIMIT: u32 = 500;
/// Weights stay within ±4: they have 28 fraction bits, of which sums take the upper 12.
const WEIGHT_MAX: i32 = 1 << 30;

/// [`stretch`] with 8 KiB: exact up to 1/32, else of every 16th probability.
static STRETCHED: LazyLock<[i16; 4096]> = LazyLock::new(|| {
    std::array::from_fn(|i| match i as u32 {
        0 => -(STRETCH_MAX as i16),
        p @ 1..2048 => stretch(p) as i16,
        p => stretch((p - 2048) * 16 + 8) as i16,
    })
});

#[inline(always)]
fn quick_stretch(table: &[i16; 4096], p: u32) -> i16 {
    let less = p.min(65_536 - p);
    let place = if less < 2048 { less } else { 2048 + (less >> 4).min(2047) };
    let value = table[place as usize & 4095];
    if p > 32_768 { -value } else { value }
}

/// A probability with 22 bits and a count with 10; 0 if never seen.
#[derive(Clone, Copy, Default)]
struct Slot(u32);

impl Slot {
    #[inline(always)]
    fn p(self) -> u32 {
        (self.0 >> 16) | 1
    }

    /// Moves towards `bit` by 1/(n + 1.5), with n at most `limit`.
    #[inline(always)]
    fn update(&mut self, bit: u32, limit: u32) {
        let n = self.0 & 1023;
        let p = i64::from(self.0 >> 10);
        let target = if bit != 0 { (1 << 22) - 1 } else { 0 };
        let step = ((target - p) * i64::from(RECIPROCALS[n as usize])) >> 16;
        self.0 = ((p + step) as u32) << 10 | if n < limit { n + 1 } else { n };
    }
}

/// How a network is set up.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Logarithm of the number of slots for each context.
    pub bits: u32,
    /// Slots of the base context.
    pub base: usize,
    /// Sets of weights of the two mixers.
    pub sets: [usize; 2],
    /// First weight of the contexts, in 1/65536.
    pub weight: i32,
    /// Learning rate of the weights, at most 7.
    pub rate: i32,
}

/// Predicts decisions from a base context and `N` others.
pub struct Network<const N: usize> {
    setup: Setup,
    base: Vec<Slot>,
    slots: Vec<Slot>,
    weights: [Vec<[i32; N]>; 2],
    refined: Apm,
}

/// What a decision is predicted from.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a, const N: usize> {
    /// The base context, below [`Setup::base`].
    pub base: usize,
    /// The other contexts, mixed well in their upper bits.
    pub hashes: &'a [u32; N],
    /// Which decision about the number it is.
    pub step: u32,
    /// The sets of weights.
    pub sets: [usize; 2],
}

/// A hash of two numbers, good in its upper bits.
#[inline(always)]
pub const fn hash(a: u32, b: u32) -> u32 {
    let x = a.wrapping_mul(0x9e37_79b1) ^ b.wrapping_mul(0x85eb_ca6b);
    (x ^ x >> 15).wrapping_mul(0xc2b2_ae35)
}

impl<const N: usize> Network<N> {
    /// A network that knows nothing.
    pub fn new(setup: Setup) -> Self {
        let first = [setup.weight << 12; N];
        Self {
            setup,
            base: vec![Slot(1 << 31); setup.base],
            slots: vec![Slot::default(); N << setup.bits],
            weights: setup.sets.map(|n| vec![first; n]),
            refined: Apm::new(setup.base),
        }
    }

    /// Bytes that a network takes.
    pub const fn memory(setup: &Setup) -> u64 {
        (4 * (N << setup.bits) + 70 * setup.base + 4 * N * (setup.sets[0] + setup.sets[1])) as u64
    }

    /// Codes one decision and learns from it.
    #[inline]
    pub fn code<C: Bits>(&mut self, coder: &mut C, bit: u32, site: &Site<'_, N>) -> u32 {
        let Some(base) = self.base.get_mut(site.base) else { return 0 };
        let table = &*STRETCHED;
        let step = site.step.wrapping_mul(0x9e37_79b1);
        let shift = 32 - self.setup.bits;
        let first = quick_stretch(table, base.p());
        let mut x = [0i16; N];
        let mut places = [0usize; N];
        for (i, slots) in self.slots.chunks_exact(1 << self.setup.bits).enumerate().take(N) {
            let hash = (site.hashes[i] ^ step).wrapping_mul(0x2c1b_3c6d);
            places[i] = (hash >> shift) as usize;
            let slot = slots[places[i]];
            x[i] = if slot.0 == 0 { 0 } else { quick_stretch(table, slot.p()) - first };
        }
        let sets = [0, 1].map(|m| site.sets[m].min(self.setup.sets[m] - 1));
        let [a, b] = [0, 1].map(|m| mix(&x, &self.weights[m][sets[m]], first));
        let mixed = (a + b) >> 1;
        let refined = self.refined.refine(mixed, site.base);
        let p = ((squash(mixed) * 3 + refined) >> 2).clamp(1, 65_535);
        let bit = coder.bit(bit, p);
        self.refined.update(bit, 7);
        for (m, answer) in [a, b].into_iter().enumerate() {
            let error = ((bit << 16) as i32 - squash(answer) as i32) >> 4;
            train(&x, &mut self.weights[m][sets[m]], (error * self.setup.rate) as i16);
        }
        let inherited = Slot(base.0 & !1023 | INHERITED);
        base.update(bit, BASE_LIMIT);
        for (slots, place) in self.slots.chunks_exact_mut(1 << self.setup.bits).zip(places) {
            let slot = &mut slots[place];
            if slot.0 == 0 {
                *slot = inherited;
            }
            slot.update(bit, LIMIT);
        }
        bit
    }
}

/// The first guess and the weighted sum of the differences from it.
#[inline(always)]
fn mix<const N: usize>(x: &[i16; N], weights: &[i32; N], first: i16) -> i32 {
    // 16 products of 13 and 15 bits (and signs) stay within 32.
    let sum: i32 = x.iter().zip(weights).map(|(&x, &w)| i32::from(x) * i32::from((w >> 16) as i16)).sum();
    (i32::from(first) + (sum >> 12)).clamp(-STRETCH_MAX, STRETCH_MAX)
}

/// Moves the weights by `x * error`, the error having 12 bits times the rate.
#[inline(always)]
fn train<const N: usize>(x: &[i16; N], weights: &mut [i32; N], error: i16) {
    for (w, &x) in weights.iter_mut().zip(x) {
        // In units of 2^-16, x * error / 2^14 (see [`Setup::rate`]); here, in 2^-28.
        let change = (i32::from(x) * i32::from(error)) >> 2;
        *w = (*w + change).clamp(-WEIGHT_MAX, WEIGHT_MAX);
    }
}
