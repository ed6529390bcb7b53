//! What a payload says before its latents: sizes of steps, the networks' sizes and their weights.

use super::laplace::{Laplace, tables_power};
use super::latents::{Coder, bound, plain};
use super::layout::LEVELS;
use super::network::Network;
use super::render::STEP_BITS;
use super::table;
use minlen_core::{Error, Result};

/// Hidden units of the synthesis by their code.
pub(super) const HIDDEN: [usize; 4] = [8, 16, 24, 48];
/// Steps of a scale of weights' differences, in those of [`Laplace`].
const SCALE_STEP: i32 = 4;

/// Everything but weights and latents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The synthesis' size: an index to [`HIDDEN`].
    pub hidden: u8,
    /// The finest level of grids of colour.
    pub chroma: u8,
    /// The finest grid's step is 2^(-step/16).
    pub step: u8,
    /// Each coarser grid's step is smaller by 2^(-slope/16).
    pub slope: u8,
    /// The entry of the table that weights are differences from.
    pub entry: u8,
}

impl Header {
    /// Codes the header.
    ///
    /// # Errors
    /// Corrupt if there is no such entry.
    pub(super) fn code(self, coder: &mut impl Coder) -> Result<Self> {
        let mut one = |value: u8, bits| plain(coder, i32::from(value), bits) as u8;
        let header = Self {
            hidden: one(self.hidden, 2),
            chroma: one(self.chroma, 2),
            step: one(self.step, 8),
            slope: one(self.slope, 5),
            entry: one(self.entry, 5),
        };
        if usize::from(header.entry) >= table::entries() {
            return Err(Error::corrupt("a picture's networks begin with an entry that there is not"));
        }
        Ok(header)
    }

    /// Hidden units of the synthesis.
    pub(super) fn units(&self) -> usize {
        HIDDEN[usize::from(self.hidden & 3)]
    }

    /// The step of each level, with [`STEP_BITS`] bits after the point.
    pub(super) fn steps(&self) -> Vec<i32> {
        let step = |level: usize| {
            let index = usize::from(self.step) + level * usize::from(self.slope);
            ((tables_power(16 * (index % 16)) >> (31 - STEP_BITS)) >> (index / 16).min(31)).max(1) as i32
        };
        (0..LEVELS).map(step).collect()
    }
}

/// How the differences of one part are coded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PartCode {
    /// Bits after the point of the differences' step, plus 1; 0: no differences.
    pub bits: u8,
    /// Index of their scale.
    pub scale: u8,
}

/// Codes weights as differences from `base`; a decoder gives them back.
///
/// # Errors
/// Corrupt if they cannot be used.
pub(super) fn code_weights(
    coder: &mut impl Coder,
    network: &Network,
    base: &[i32],
    weights: &[i32],
    codes: &[PartCode],
) -> Result<Vec<i32>> {
    let mut out = base.to_vec();
    for (part, code) in network.parts().iter().zip(codes) {
        let bits = plain(coder, i32::from(code.bits), 4).cast_unsigned();
        if bits == 0 {
            continue;
        }
        if bits > part.bits + 1 {
            return Err(Error::corrupt("a step of weights that is smaller than they are exact"));
        }
        let shift = part.bits + 1 - bits;
        let places = || part.ranges.iter().cloned().flatten();
        let difference = |i: usize| (weights[i] - base[i]) >> shift;
        let most = bound(coder, places().map(|i| difference(i).abs()).max().unwrap_or(0));
        let scale = plain(coder, i32::from(code.scale), 6);
        let laplace = Laplace::new(0, scale * SCALE_STEP, most);
        for i in places() {
            out[i] += coder.code(&laplace, difference(i)) << shift;
        }
    }
    network.check(&out)?;
    Ok(out)
}

/// The scale index that codes these differences best, and the bits that they take with it.
pub(super) fn best_scale(differences: &[i32]) -> (u8, f64) {
    let most = differences.iter().map(|d| d.abs()).max().unwrap_or(0);
    let mut best = (0, f64::INFINITY);
    for scale in 0..57u8 {
        let laplace = Laplace::new(0, i32::from(scale) * SCALE_STEP, most);
        let bits: f64 = differences.iter().map(|&d| super::bits(laplace.interval(d).1)).sum();
        if bits < best.1 {
            best = (scale, bits);
        }
    }
    best
}
