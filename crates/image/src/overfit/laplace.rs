//! Laplace distributions of integers in integers, for the range coder.
//!
//! Frequencies of all values of `-most..=most` add up to 2^16, each at least 1; what lies outside belongs to the two ends.

use minlen_entropy::range::{Decoder, Encoder};
use std::sync::OnceLock;

/// Frequencies add up to 2 to this.
pub(super) const TOTAL_BITS: u32 = 16;
/// The largest value of a latent.
pub(super) const MOST: i32 = 2047;
/// Steps of a mean for 1.
pub(super) const MEAN_BITS: u32 = 6;
/// Steps of the binary logarithm of a scale for 1.
pub(super) const SCALE_BITS: u32 = 4;
/// The logarithm of the scale of index 0.
pub(super) const SCALE_LEAST: i32 = -4;
/// The largest index: 2^10.
pub(super) const SCALE_MAX: i32 = 14 << SCALE_BITS;

/// The tables: see [`tables`].
#[derive(Debug)]
struct Tables {
    /// 2^31 times 2^(-k/256) for k = 0 to 256.
    powers: Vec<u32>,
    /// For each index of a scale, 2^32 times what a 64th is in halvings of the tail.
    halvings: Vec<u64>,
}

/// log2(e) times 2^48.
const LOG2_E: u128 = 406_082_553_034_801;

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| {
        // 2^(-1/256) with 63 bits after the point: eight square roots of a half.
        let root = (0..8).fold(1u128 << 62, |x, _| (x << 63).isqrt());
        let mut power = 1u128 << 63;
        let powers: Vec<u32> = (0..=256)
            .map(|_| {
                let entry = (power >> 32) as u32;
                power = (power * root) >> 63;
                entry
            })
            .collect();
        let halvings = (0..=SCALE_MAX as usize)
            .map(|index| {
                let (octaves, part) = (index >> SCALE_BITS, index & ((1 << SCALE_BITS) - 1));
                // 2^-scale is 2^(4 - octaves) times the part, and a mean has 64ths: 2^32 / 2^48 / 2^31 * 2^4 / 2^6 in all.
                let power = u128::from(powers[part << (8 - SCALE_BITS)]);
                ((LOG2_E * power) >> (49 + octaves)) as u64
            })
            .collect();
        Tables { powers, halvings }
    })
}

/// 2^31 times 2^(-k/256), for k up to 256.
pub(super) fn tables_power(k: usize) -> u32 {
    tables().powers[k.min(256)]
}

/// A distribution over `-most..=most`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Laplace {
    mean: i64,
    halvings: u64,
    most: i32,
    spare: u64,
    tables: &'static Tables,
}

impl Laplace {
    /// The distribution with a mean in 64ths and a scale by its index; `most` is at most [`MOST`].
    pub(super) fn new(mean: i32, scale: i32, most: i32) -> Self {
        let tables = tables();
        let spare = (1u64 << TOTAL_BITS) - (2 * most.clamp(0, MOST) as u64 + 1);
        let halvings = tables.halvings[scale.clamp(0, SCALE_MAX) as usize];
        Self { mean: i64::from(mean.clamp(-(1 << 18), 1 << 18)), halvings, most, spare, tables }
    }

    /// 2^31 times the chance of a value below `x` 64ths.
    #[inline]
    fn below(&self, x: i64) -> u64 {
        let x = x - self.mean;
        let z = (x.unsigned_abs() * self.halvings) >> 16;
        let (whole, step, between) = ((z >> 16).min(31), (z >> 8) as usize & 255, z & 255);
        let (from, to) = (u64::from(self.tables.powers[step]), u64::from(self.tables.powers[step + 1]));
        let tail = (from - (((from - to) * between) >> 8)) >> (whole + 1);
        if x < 0 { tail } else { (1 << 31) - tail }
    }

    /// The frequencies of all values below `q`.
    #[inline]
    fn cumulative(&self, q: i32) -> u32 {
        if q <= -self.most {
            return 0;
        }
        if q > self.most {
            return 1 << TOTAL_BITS;
        }
        let below = self.below((i64::from(q) << MEAN_BITS) - (1 << (MEAN_BITS - 1)));
        (q + self.most) as u32 + ((below * self.spare) >> 31) as u32
    }

    /// Start and size of the interval of `q`.
    #[inline]
    pub(super) fn interval(&self, q: i32) -> (u32, u32) {
        let q = q.clamp(-self.most, self.most);
        let start = self.cumulative(q);
        (start, self.cumulative(q + 1) - start)
    }

    pub(super) fn encode(&self, encoder: &mut Encoder, q: i32) {
        let (start, size) = self.interval(q);
        encoder.encode(start, size, TOTAL_BITS);
    }

    pub(super) fn decode(&self, decoder: &mut Decoder<'_>) -> i32 {
        let target = decoder.target(TOTAL_BITS);
        let (q, start, end) = self.find(target);
        decoder.advance(start, end - start);
        q
    }

    /// The value whose interval a target lies in, and that interval: from the mean on in steps that grow, then by halving.
    #[inline]
    fn find(&self, target: u32) -> (i32, u32, u32) {
        let middle = ((self.mean + (1 << (MEAN_BITS - 1))) >> MEAN_BITS) as i32;
        let middle = middle.clamp(-self.most, self.most);
        let (mut low, mut high) = (middle, middle + 1);
        let (mut start, mut end) = (self.cumulative(low), self.cumulative(high));
        let mut step = 1;
        while target < start {
            (high, end) = (low, start);
            low = (low - step).max(-self.most);
            start = self.cumulative(low);
            step *= 2;
        }
        step = 1;
        while target >= end && high <= self.most {
            (low, start) = (high, end);
            high = (high + step).min(self.most + 1);
            end = self.cumulative(high);
            step *= 2;
        }
        while high - low > 1 {
            let half = low + (high - low) / 2;
            let at = self.cumulative(half);
            if at <= target {
                (low, start) = (half, at);
            } else {
                (high, end) = (half, at);
            }
        }
        (low, start, end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequencies_add_up_and_values_come_back() {
        for (mean, scale, most) in
            [(0, 0, 1), (37, 64, 20), (-4000, 90, 100), (9000, 224, 2047), (0, 40, 0), (-63, 3, 7)]
        {
            let laplace = Laplace::new(mean, scale, most);
            let mut next = 0;
            for q in -most..=most {
                let (start, size) = laplace.interval(q);
                assert_eq!(start, next);
                assert!(size >= 1);
                next = start + size;
                for target in [start, start + size / 2, start + size - 1] {
                    assert_eq!(laplace.find(target), (q, start, next));
                }
            }
            assert_eq!(next, 1 << TOTAL_BITS);
        }
    }

    #[test]
    fn chances_are_those_of_laplace() {
        for (mean, scale) in [(10, 64), (0, 32), (-100, 100), (31, 16)] {
            let laplace = Laplace::new(mean, scale, 200);
            let (mean, b) = (f64::from(mean) / 64.0, (f64::from(scale) / 16.0 - 4.0).exp2());
            let below = |x: f64| {
                if x < mean { 0.5 * ((x - mean) / b).exp() } else { 1.0 - 0.5 * ((mean - x) / b).exp() }
            };
            for q in -20..=20 {
                let right = below(f64::from(q) + 0.5) - below(f64::from(q) - 0.5);
                let got = f64::from(laplace.interval(q).1) / 65536.0;
                assert!((got - right).abs() < 0.01 * right + 5e-5, "{q}: {got} for {right}");
            }
        }
    }
}
