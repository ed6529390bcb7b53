//! Do bytes look like floats of some width, and at which offset do they start?
//!
//! Floats of one array are of similar size: nearly all exponents lie in a narrow window near that of 1. No other kind of data has
//! that property in its upper bits together with near-uniform bits below; for two-byte floats, where the window is a weak
//! sign, the two signs must moreover agree in their exponents, and neighbours must not (as samples of sound and pictures do).

use super::stats::{entropy, histogram, is_text};
use minlen_core::layout::Dtype;
use minlen_entropy::log2::log2_q16;

/// A type and what its exponents must be like.
pub struct Kind {
    /// The type.
    pub dtype: Dtype,
    /// Bytes.
    pub width: usize,
    exponent_bits: u32,
    mantissa_bits: u32,
    /// Exponents that are believed.
    range: (usize, usize),
    /// Exponents between the smallest and the largest one in use.
    window: usize,
}

/// Narrow before wide: a wide float made of two narrow ones passes too.
pub const KINDS: [Kind; 4] = [
    Kind { dtype: Dtype::F16, width: 2, exponent_bits: 5, mantissa_bits: 10, range: (0, 25), window: 20 },
    Kind { dtype: Dtype::Bf16, width: 2, exponent_bits: 8, mantissa_bits: 7, range: (67, 187), window: 45 },
    Kind { dtype: Dtype::F32, width: 4, exponent_bits: 8, mantissa_bits: 23, range: (67, 187), window: 60 },
    Kind {
        dtype: Dtype::F64,
        width: 8,
        exponent_bits: 11,
        mantissa_bits: 52,
        range: (903, 1123),
        window: 90,
    },
];

/// Bytes of plausible floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fit {
    /// Their type.
    pub dtype: Dtype,
    /// Bytes before the first of them.
    pub phase: usize,
    /// Smallest and largest exponent in general use.
    pub window: (usize, usize),
    /// A value that stands in for missing ones, or zero.
    pub fill: u64,
}

/// What the units of one kind and phase are like.
struct Tally {
    signed: Vec<[u32; 2]>,
    special: usize,
    tiny: usize,
    units: usize,
    /// Units that are not zero at even and odd places.
    used: [usize; 2],
}

impl Kind {
    /// The kind of a float type.
    pub fn of(dtype: Dtype) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.dtype == dtype)
    }

    /// The units from `phase` on.
    pub fn units<'a>(&self, bytes: &'a [u8], phase: usize) -> impl Iterator<Item = u64> + use<'a> {
        let chunks = bytes.get(phase..).unwrap_or_default().chunks_exact(self.width);
        chunks.map(|unit| unit.iter().rev().fold(0, |all, byte| all << 8 | u64::from(*byte)))
    }

    /// The exponent field.
    pub fn exponent(&self, unit: u64) -> usize {
        (unit >> self.mantissa_bits) as usize & ((1 << self.exponent_bits) - 1)
    }

    fn mantissa(&self, unit: u64) -> u64 {
        unit & ((1 << self.mantissa_bits) - 1)
    }

    fn sign(&self, unit: u64) -> usize {
        (unit >> (self.width * 8 - 1)) as usize & 1
    }

    fn tally(&self, bytes: &[u8], phase: usize, fill: u64) -> Tally {
        let top = (1 << self.exponent_bits) - 1;
        let signed = vec![[0; 2]; top + 1];
        let mut tally = Tally { signed, special: 0, tiny: 0, units: 0, used: [0; 2] };
        for unit in self.units(bytes, phase) {
            tally.used[tally.units & 1] += usize::from(unit != 0);
            tally.units += 1;
            if unit == fill {
                continue;
            }
            let (exponent, mantissa) = (self.exponent(unit), self.mantissa(unit));
            match exponent {
                0 if mantissa == 0 => {}
                0 => tally.tiny += 1,
                // The usual quiet NaN stands for missing values.
                _ if exponent == top && mantissa == 1 << (self.mantissa_bits - 1) => {}
                _ if exponent == top => tally.special += 1,
                _ => tally.signed[exponent][self.sign(unit)] += 1,
            }
        }
        tally
    }

    /// The value that more than one in ten of some units have, as fields have for places without a measurement; else zero.
    fn fill(&self, bytes: &[u8], phase: usize) -> u64 {
        let count = bytes.len() / self.width;
        let mut some: Vec<u64> = self.units(bytes, phase).step_by((count / 128).max(1)).take(128).collect();
        some.sort_unstable();
        let runs = some.chunk_by(|a, b| a == b).filter(|run| run.len() * 10 > some.len());
        runs.max_by_key(|run| run.len()).map_or(0, |run| run[0])
    }

    /// The window of exponents if the units at this phase are plausible.
    fn window(&self, bytes: &[u8], phase: usize, fill: u64) -> Option<(usize, usize)> {
        // Most phases of most data fail within the first units.
        let believed = |unit: &u64| {
            let exponent = self.exponent(*unit);
            (self.range.0..=self.range.1).contains(&exponent) || *unit == 0 || *unit == fill
        };
        let head = self.units(bytes, phase).take(64);
        if head.filter(believed).count() < 40 {
            return None;
        }
        let tally = self.tally(bytes, phase, fill);
        let normal: u32 = tally.signed.iter().flatten().sum();
        let normal = normal as usize;
        let tiny = if self.dtype == Dtype::F16 { tally.tiny / 8 } else { tally.tiny };
        let odd = tally.special + tiny;
        // Narrow numbers that are zero at every other place are halves of wide ones.
        if self.width < 8 && tally.used[0].min(tally.used[1]) * 4 < tally.used[0].max(tally.used[1]) {
            return None;
        }
        if normal < 64 || normal * 20 < tally.units || odd * 100 > tally.units {
            return None;
        }
        // All but the last half percent at either end.
        let quantile = |from_top: bool| {
            let mut left = normal / 200;
            let walk = |exponent: &usize| {
                let count = tally.signed[*exponent].iter().sum::<u32>() as usize;
                let found = count > left;
                left = left.saturating_sub(count);
                found
            };
            match from_top {
                true => (0..tally.signed.len()).rev().find(walk),
                false => (0..tally.signed.len()).find(walk),
            }
        };
        let (low, high) = (quantile(false)?, quantile(true)?);
        let sound = low >= self.range.0 && high <= self.range.1 && high - low <= self.window;
        let two = self.width > 2 || (tally.believable(high - low) && self.two_bytes(bytes, phase));
        (sound && two).then_some((low, high))
    }

    /// Further tests for floats of two bytes.
    fn two_bytes(&self, bytes: &[u8], phase: usize) -> bool {
        let mut low = [0; 256];
        let mut below = vec![[0u32; 8]; 32];
        let (mut near, mut far) = (0u64, 0u64);
        let mut before = [0u64; 61];
        for (i, unit) in self.units(bytes, phase).enumerate() {
            if unit << 1 & 0xffff != 0 {
                low[unit as usize & 255] += 1;
                below[(unit >> 10) as usize & 31][(unit >> 7) as usize & 7] += 1;
            }
            near += before[(i + 60) % 61].abs_diff(unit);
            far += before[i % 61].abs_diff(unit);
            before[i % 61] = unit;
        }
        // The three bits below the fifth exponent bit: mantissa of a binary16, exponent of the other type.
        let total: u64 = below.iter().flatten().map(|count| u64::from(*count)).sum();
        let spent: u64 =
            below.iter().map(|counts| entropy(counts) * u64::from(counts.iter().sum::<u32>())).sum();
        let even = spent / total.max(1) > 2850;
        near * 2 > far && entropy(&low) > 6800 && even == (self.dtype == Dtype::F16)
    }

    /// Thousandths of a bit that a byte takes if exponent and planes are coded by themselves.
    fn cost(&self, bytes: &[u8], phase: usize) -> u64 {
        let low_bytes = (self.mantissa_bits / 8) as usize;
        let upper = self.mantissa_bits % 8;
        let mut top = vec![0u32; 2 << self.exponent_bits];
        let mut head = [0u32; 256];
        let mut planes = vec![[0u32; 256]; low_bytes];
        for unit in self.units(bytes, phase) {
            top[(unit >> self.mantissa_bits) as usize] += 1;
            head[(unit >> (8 * low_bytes)) as usize & ((1 << upper) - 1)] += 1;
            for (i, plane) in planes.iter_mut().enumerate() {
                plane[(unit >> (8 * i)) as usize & 255] += 1;
            }
        }
        let low: u64 = planes.iter().map(|plane| entropy(plane)).sum();
        (entropy(&top) + entropy(&head) + low) / self.width as u64
    }
}

impl Tally {
    /// True if negative and positive numbers have the same exponents, or all have one sign and exponents are not alike in number
    /// (as they are for uniform integers).
    fn believable(&self, window: usize) -> bool {
        let sum = |sign: usize| self.signed.iter().map(|counts| u64::from(counts[sign])).sum::<u64>();
        let (plus, minus) = (sum(0), sum(1));
        if plus.min(minus) * 50 < plus.max(minus) {
            let exponents: Vec<u32> = self.signed.iter().map(|counts| counts[0] + counts[1]).collect();
            let uniform = (u64::from(log2_q16(window as u32 + 1)) * 1000) >> 16;
            return entropy(&exponents) * 10 < uniform * 9;
        }
        let apart: u64 = self
            .signed
            .iter()
            .map(|counts| (u64::from(counts[0]) * minus).abs_diff(u64::from(counts[1]) * plus))
            .sum();
        // The distance of the two distributions, 0 to 2.
        apart * 5 < plus * minus * 4
    }
}

/// The type and phase of floats that the bytes are made of, or `None`.
pub fn fit(bytes: &[u8]) -> Option<Fit> {
    let counts = histogram(bytes);
    if bytes.len() < 1024 || is_text(&counts) {
        return None;
    }
    let mut best: Option<(u64, Fit)> = None;
    // It has to beat plain bytes by three in a hundred, and a narrower type by ten.
    let plain = entropy(&counts) * 97 / 100;
    for kind in &KINDS {
        for phase in 0..kind.width {
            let fill = kind.fill(bytes, phase);
            let Some(window) = kind.window(bytes, phase, fill) else { continue };
            let cost = kind.cost(bytes, phase);
            let limit = best.map_or(plain, |(best, _)| best * 9 / 10);
            if cost < limit {
                best = Some((cost, Fit { dtype: kind.dtype, phase, window, fill }));
            }
        }
    }
    best.map(|(_, fit)| fit)
}
