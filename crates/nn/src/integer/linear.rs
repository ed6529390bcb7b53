//! A matrix of weights with what becomes of its sums.

use super::{SIDE_MAX, WEIGHTS_MAX};
use crate::simd::integer::{Channels, Line, PANEL, Packed};
use minlen_core::{Error, Result};

/// A factor of at most 1: `multiplier / 2^shift`, rounded to the nearest, halves up.
///
/// ```
/// use minlen_nn::integer::Dyadic;
/// let half = Dyadic { multiplier: 1, shift: 1 };
/// assert_eq!([half.apply(4), half.apply(5), half.apply(-5)], [2, 3, -2]);
/// assert_eq!(Dyadic::nearest(0.3).apply(1000), 300);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dyadic {
    /// 0 to `2^shift`, below 2^31.
    pub multiplier: i32,
    /// 0 to 62.
    pub shift: u8,
}

impl Dyadic {
    /// The factor 1.
    pub const ONE: Self = Self { multiplier: 1, shift: 0 };

    /// The nearest with a multiplier of 16 bits; factors over 1 count as 1, and NaN as 0.
    #[must_use]
    pub fn nearest(factor: f64) -> Self {
        if factor >= 1.0 {
            return Self::ONE;
        }
        let mut shift = 16u8;
        while shift < 62 && factor * ((1u64 << shift) as f64) < 32_768.0 {
            shift += 1;
        }
        Self { multiplier: (factor.max(0.0) * ((1u64 << shift) as f64) + 0.5) as i32, shift }
    }

    /// `x` times the factor.
    #[must_use]
    #[inline(always)]
    pub fn apply(self, x: i32) -> i32 {
        let shift = self.shift & 63;
        let product = i64::from(x) * i64::from(self.multiplier);
        ((product + ((1i64 << shift) >> 1)) >> shift) as i32
    }

    pub(super) fn fits(self) -> bool {
        self.shift <= 62 && self.multiplier >= 0 && i64::from(self.multiplier) <= 1i64 << self.shift
    }
}

/// `rows` outputs, each a sum of `columns` products and a bias, scaled by a factor of its own and kept within ±`limit`.
/// A mask is zero weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linear {
    /// Outputs (channels of outputs).
    pub rows: usize,
    /// Inputs of an output; of a convolution `(y * kernel width + x) * channels + channel`.
    pub columns: usize,
    /// Row by row.
    pub weights: Vec<i16>,
    /// One for each row.
    pub bias: Vec<i32>,
    /// One for each row.
    pub scales: Vec<Dyadic>,
    /// At least 1.
    pub limit: i16,
}

impl Linear {
    /// Refuses what does not fit together, is too large, or could overflow with inputs of magnitudes up to `bound`; else the largest
    /// magnitude of an output.
    pub(crate) fn check(&self, bound: i16) -> Result<i16> {
        let Self { rows, columns, .. } = *self;
        let sides = (1..=SIDE_MAX).contains(&rows) && (1..=SIDE_MAX).contains(&columns);
        let count = rows.checked_mul(columns).filter(|&n| sides && n <= WEIGHTS_MAX);
        if count != Some(self.weights.len()) || self.bias.len() != rows || self.scales.len() != rows {
            return Err(Error::usage(format!(
                "a layer of {rows} by {columns} has parts of other sizes, or is too large"
            )));
        }
        if self.limit < 1 {
            return Err(Error::usage("a layer's limit is below 1"));
        }
        let mut most = 0;
        for ((row, &bias), scale) in self.weights.chunks_exact(columns).zip(&self.bias).zip(&self.scales) {
            if !scale.fits() {
                return Err(Error::usage("a layer's scale is negative or over 1"));
            }
            let sum: u64 = row.iter().map(|w| u64::from(w.unsigned_abs())).sum();
            let sum = sum * u64::from(bound.unsigned_abs()) + u64::from(bias.unsigned_abs());
            let Some(sum) = i32::try_from(sum).ok() else {
                return Err(Error::usage("the sums of a layer could overflow 32 bits"));
            };
            most = most.max(scale.apply(sum));
        }
        Ok(i16::try_from(most).map_or(self.limit, |most| most.min(self.limit)))
    }

    /// Some of the columns, in the order wanted, or zeros, as the kernels read them.
    pub(crate) fn pack(&self, columns: &[Option<usize>]) -> Packed {
        let pairs = columns.len().div_ceil(2).max(1);
        let mut lines = vec![Line([[0; 2]; PANEL]); self.rows.div_ceil(PANEL) * pairs];
        for (o, row) in self.weights.chunks_exact(self.columns).enumerate() {
            let panel = &mut lines[o / PANEL * pairs..];
            for (k, &c) in columns.iter().enumerate() {
                panel[k / 2].0[o % PANEL][k % 2] = c.map_or(0, |c| row[c]);
            }
        }
        Packed { lines, channels: self.channels(), pairs, rows: self.rows, limit: self.limit }
    }

    /// Biases and scales by sixteens.
    pub(super) fn channels(&self) -> Vec<Channels> {
        let one = |(biases, scales): (&[i32], &[Dyadic])| {
            let mut made = Channels { bias: [0; PANEL], multiplier: [0; PANEL], shift: [0; PANEL] };
            made.bias[..biases.len()].copy_from_slice(biases);
            for (k, scale) in scales.iter().enumerate() {
                (made.multiplier[k], made.shift[k]) = (scale.multiplier, i32::from(scale.shift));
            }
            made
        };
        self.bias.chunks(PANEL).zip(self.scales.chunks(PANEL)).map(one).collect()
    }

    /// Bytes that [`Linear::pack`] of all columns takes.
    pub(crate) fn memory(&self) -> u64 {
        Self::memory_of(self.rows, self.columns)
    }

    /// The same for a part of it.
    pub(super) fn memory_of(rows: usize, columns: usize) -> u64 {
        let panels = rows.div_ceil(PANEL) as u64;
        panels * (columns.div_ceil(2) as u64 * size_of::<Line>() as u64 + size_of::<Channels>() as u64)
    }
}
