//! What is usual: code lengths and errors of records that nothing was learned from.

use crate::autoencoder::report::Usual;
use minlen_latent::Model;

/// Shares of a whole at which values are kept: percentiles 0 to 100.
const SHARES: usize = 101;

/// Values by the share of records that have less.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quantiles(Vec<f64>);

impl Quantiles {
    /// Of values in any order; those that are no numbers do not count.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|x| x.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let Some(last) = sorted.len().checked_sub(1) else { return Self::default() };
        let at = |share: usize| {
            let place = last as f64 * share as f64 / (SHARES - 1) as f64;
            let (low, high) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
            low + (high - low) * place.fract()
        };
        Self((0..SHARES).map(at).collect())
    }

    /// The share of records below `x`, in hundredths: 0 to 100.
    #[must_use]
    pub fn percentile(&self, x: f64) -> f64 {
        let (Some(&least), Some(&most)) = (self.0.first(), self.0.last()) else { return 50.0 };
        if x.is_nan() || x > most {
            return 100.0;
        }
        if x < least {
            return 0.0;
        }
        // Of equal values the middle counts.
        let (below, upto) = (self.0.partition_point(|&q| q < x), self.0.partition_point(|&q| q <= x));
        if upto > below {
            return (below + upto - 1) as f64 / 2.0;
        }
        let (low, high) = (self.0[below - 1], self.0[below]);
        below as f64 - 1.0 + (x - low) / (high - low)
    }

    /// The percentile, going on above 100 by how far `x` is beyond all values: what tells records apart that are all beyond. A unit is as far as
    /// the upper half of them reaches.
    #[must_use]
    pub fn rank(&self, x: f64) -> f64 {
        let (Some(&most), Some(&middle)) = (self.0.last(), self.0.get(SHARES / 2)) else { return 50.0 };
        if x.is_nan() {
            return f64::INFINITY;
        }
        self.percentile(x) + ((x - most) / (most - middle).max(1e-12)).max(0.0)
    }
}

/// What is usual at a rate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Held {
    /// The rate of the codec file.
    pub rate: u8,
    /// Bits of a record.
    pub bits: Quantiles,
    /// Means of the squares of its errors.
    pub error: Quantiles,
}

impl Held {
    /// What the report of a codec file says of records that were held out.
    #[must_use]
    pub fn of_report(report: &str) -> Option<Self> {
        let Usual { rate, bits, squares } = Usual::read(report).ok()?;
        Some(Self { rate, bits: Quantiles(bits), error: Quantiles(squares) })
    }

    /// The rate at which records are looked at where nobody names one: that of the report, else the middle one of a network, else the one a fifth
    /// of the way from the coarsest, where what is usual takes few bits.
    #[must_use]
    pub fn usual_rate(model: &Model) -> u8 {
        if let Some(held) = Self::of_report(&model.report).filter(|held| held.rate < model.rates) {
            return held.rate;
        }
        let network = model.members.iter().find_map(|member| match &member.body {
            minlen_latent::Body::Network(latents) => latents.rates.get(latents.rates.len() / 2),
            minlen_latent::Body::Linear { .. } => None,
        });
        network
            .map_or(model.rates / 5, |rate| model.coarsest.saturating_sub(rate.step))
            .min(model.rates.saturating_sub(1))
    }
}
