//! Distributions of integers for the range coder: mixtures of discretised logistics, in integers.
//!
//! A network says where a value lies: up to four [`Component`]s, each a mean in 64ths, a scale in eighths of an octave and a weight.
//! [`Mixture`] turns them into cumulative frequencies of total 2^16 over `-most..=most`, of which every value has at least 1. What lies
//! outside belongs to the two ends, so an end can serve as an escape. Only tables and integer operations are used, so encoder and decoder
//! agree on every machine.
//!
//! ```
//! use minlen_entropy::range::{Decoder, Encoder};
//! use minlen_nn::logistic::{Component, Mixture, TOTAL_BITS};
//! // About 2.5, with a scale of 2 (index 56 is 2^0).
//! let mixture = Mixture::new(&[Component { mean: 160, scale: 64, weight: 1 }], 40)?;
//! let mut encoder = Encoder::new();
//! for q in [3, -1, 40] {
//!     let (start, size) = mixture.interval(q);
//!     encoder.encode(start, size, TOTAL_BITS);
//! }
//! let bytes = encoder.finish();
//! let mut decoder = Decoder::new(&bytes);
//! for q in [3, -1, 40] {
//!     let found = mixture.find(decoder.target(TOTAL_BITS));
//!     let (start, size) = mixture.interval(found);
//!     decoder.advance(start, size);
//!     assert_eq!(found, q);
//! }
//! # Ok::<(), minlen_core::Error>(())
//! ```

use crate::simd::{self, Isa};
use minlen_core::{Error, Result};
use std::sync::OnceLock;

/// Frequencies of a distribution sum to 2 to this.
pub const TOTAL_BITS: u32 = 16;
/// Largest bound of values.
pub const MOST: u16 = 2047;
/// Most components.
pub const COMPONENTS: usize = 4;
/// Largest index of a scale: 2^10. Index `i` is 2^(i/8 - 6).
pub const SCALE_MAX: u8 = 128;

/// One logistic of a mixture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Component {
    /// In 64ths.
    pub mean: i32,
    /// The scale is 2^(scale/8 - 6); over [`SCALE_MAX`] counts as that.
    pub scale: u8,
    /// Its share, compared with the others'. If all are 0, all are equal.
    pub weight: u16,
}

/// 2^30 times 2^(-k/8).
const FRACTIONS: [u64; 8] =
    [1073741824, 984625594, 902905651, 827968132, 759250125, 696235434, 638450708, 585461881];
/// Steps of the table for 1.
const STEPS_BITS: u32 = 5;
/// Bits between two steps.
const BETWEEN_BITS: u32 = 12;
/// The table ends at 16, where the tail is a ten-millionth.
const ENTRIES: usize = (16 << STEPS_BITS) + 1;

/// `2^31 / (1 + e^z)` for z = 0, 1/32, ... 16.
fn tails() -> &'static [u32] {
    static TAILS: OnceLock<Vec<u32>> = OnceLock::new();
    TAILS.get_or_init(|| {
        let unit = -1.0 / (1 << STEPS_BITS) as f32;
        let mut z: Vec<f32> = (0..ENTRIES.next_multiple_of(16)).map(|k| k as f32 * unit).collect();
        simd::sigmoid(Isa::detect(), &mut z);
        z.truncate(ENTRIES);
        // A product by a power of two is exact, and `as` truncates.
        z.into_iter().map(|p| (p * 2_147_483_648.0 + 0.5) as u32).collect()
    })
}

/// A component made ready.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    mean: i64,
    fraction: u64,
    shift: u32,
    /// All weights of a mixture sum to 2^16.
    weight: u64,
}

impl Part {
    /// 2^31 times the chance of a value below `x` 64ths.
    #[inline]
    fn below(&self, x: i64, tails: &[u32]) -> u64 {
        let x = x - self.mean;
        let z = (x.unsigned_abs() * self.fraction) >> self.shift;
        let (step, between) = ((z >> BETWEEN_BITS) as usize, z & ((1 << BETWEEN_BITS) - 1));
        let tail = if step + 1 < ENTRIES {
            let (from, to) = (u64::from(tails[step]), u64::from(tails[step + 1]));
            from - (((from - to) * between) >> BETWEEN_BITS)
        } else {
            u64::from(tails[ENTRIES - 1])
        };
        if x < 0 { tail } else { (1 << 31) - tail }
    }
}

/// A distribution over `-most..=most`.
#[derive(Clone, Copy, Debug)]
pub struct Mixture {
    parts: [Part; COMPONENTS],
    count: usize,
    most: i32,
    /// What is left of the total after 1 for every value.
    spare: u64,
    tails: &'static [u32],
}

impl Mixture {
    /// The distribution of one to four components.
    ///
    /// # Errors
    /// Usage if there are none or more, or `most` is over [`MOST`].
    pub fn new(components: &[Component], most: u16) -> Result<Self> {
        if components.is_empty() || components.len() > COMPONENTS || most > MOST {
            return Err(Error::usage(format!("a mixture of {} logistics up to {most}", components.len())));
        }
        let mut parts = [Part::default(); COMPONENTS];
        let shares = shares(components);
        for ((part, component), weight) in parts.iter_mut().zip(components).zip(shares) {
            let scale = u32::from(component.scale.min(SCALE_MAX));
            *part = Part {
                mean: i64::from(component.mean.clamp(-(1 << 24), 1 << 24)),
                fraction: FRACTIONS[scale as usize % 8],
                shift: 30 + scale / 8 - STEPS_BITS - BETWEEN_BITS,
                weight,
            };
        }
        let values = 2 * u64::from(most) + 1;
        let spare = (1 << TOTAL_BITS) - values;
        Ok(Self { parts, count: components.len(), most: i32::from(most), spare, tails: tails() })
    }

    /// The frequencies of all values below `q`, for `q` in `-most..=most + 1`.
    #[inline]
    fn cumulative(&self, q: i32) -> u32 {
        let index = (q + self.most) as u64;
        if q <= -self.most {
            return 0;
        }
        if q > self.most {
            return 1 << TOTAL_BITS;
        }
        let x = i64::from(q) * 64 - 32;
        let below: u64 =
            self.parts[..self.count].iter().map(|part| part.weight * part.below(x, self.tails)).sum();
        // At most 2^47 * 2^16.
        (index + ((below * self.spare) >> (31 + 16))) as u32
    }

    /// Start and size of the interval of `q` (which counts as the nearest value of the range).
    #[must_use]
    pub fn interval(&self, q: i32) -> (u32, u32) {
        let q = q.clamp(-self.most, self.most);
        let start = self.cumulative(q);
        (start, self.cumulative(q + 1) - start)
    }

    /// The value whose interval `target` (below 2^16) lies in.
    #[must_use]
    pub fn find(&self, target: u32) -> i32 {
        // `cumulative(low) <= target < cumulative(high)` all the way. Most values are near the mean: the search begins there, in steps that grow.
        let (mut low, mut high) = (-self.most, self.most + 1);
        let (mut middle, mut step) = (self.mean().clamp(low, high - 1), 1);
        let mut sides = 0;
        while high - low > 1 {
            if self.cumulative(middle) <= target {
                (low, sides) = (middle, sides | 1);
            } else {
                (high, sides) = (middle, sides | 2);
            }
            middle = match sides {
                1 => low.saturating_add(step),
                2 => high.saturating_sub(step),
                _ => low + (high - low) / 2,
            };
            middle = middle.clamp(low + 1, (high - 1).max(low + 1));
            step *= 2;
        }
        low
    }

    /// About the mean of all components.
    fn mean(&self) -> i32 {
        let sum: i64 =
            self.parts[..self.count].iter().map(|part| part.mean * part.weight.cast_signed()).sum();
        (((sum >> 16) + 32) >> 6) as i32
    }
}

/// Weights that sum to 2^16: rounded down, and what is left goes to the first of the largest.
fn shares(components: &[Component]) -> [u64; COMPONENTS] {
    let sum: u64 = components.iter().map(|c| u64::from(c.weight)).sum();
    let mut shares = [0; COMPONENTS];
    for (share, c) in shares.iter_mut().zip(components) {
        let equal = (1 << 16) / components.len() as u64;
        *share = (u64::from(c.weight) << 16).checked_div(sum).unwrap_or(equal);
    }
    let most = (0..components.len()).rev().max_by_key(|&k| shares[k]).unwrap_or(0);
    shares[most] += (1 << 16) - shares.iter().sum::<u64>();
    shares
}

/// Weights of components from what a network gives: numbers in 256ths of an octave, of which only the differences count. The largest
/// becomes 65,535, and each is at least 1.
///
/// ```
/// use minlen_nn::logistic::weights;
/// assert_eq!(weights(&[0, 256, -32_768]), [32_768, 65_535, 1, 0]);
/// ```
#[must_use]
pub fn weights(logits: &[i16]) -> [u16; COMPONENTS] {
    let powers = powers();
    let most = logits.iter().take(COMPONENTS).copied().max().unwrap_or(0);
    let mut out = [0; COMPONENTS];
    for (out, &logit) in out.iter_mut().zip(logits) {
        let less = (i32::from(most) - i32::from(logit)) as usize;
        let octaves = (less >> 8).min(31);
        *out = (((powers[less & 255] >> octaves) + (1 << 14)) >> 15).clamp(1, 65_535) as u16;
    }
    out
}

/// 2^31 times 2^(-k/256).
fn powers() -> &'static [u32] {
    static POWERS: OnceLock<Vec<u32>> = OnceLock::new();
    POWERS.get_or_init(|| {
        let unit = -std::f32::consts::LN_2 / 256.0;
        let mut x: Vec<f32> = (0..256).map(|k| k as f32 * unit).collect();
        simd::exp(Isa::detect(), &mut x);
        x.into_iter().map(|p| (p * 2_147_483_648.0) as u32).collect()
    })
}

#[cfg(test)]
mod tests;
