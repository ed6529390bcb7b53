//! What is usual: code lengths and errors of records that nothing was learned from.

use minlen_latent::Model;
use serde_json::{Value, json};

/// Shares of a whole at which values are kept: percentiles 0 to 100.
const SHARES: usize = 101;
/// Digits that are kept.
const DIGITS: i32 = 4;

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

    /// Those that were kept.
    fn kept(value: &Value) -> Option<Self> {
        let values: Vec<f64> = value.as_array()?.iter().map(Value::as_f64).collect::<Option<_>>()?;
        (values.len() == SHARES && values.is_sorted()).then_some(Self(values))
    }

    fn kept_as(&self) -> Value {
        let short = |x: &f64| {
            let size = if *x == 0.0 { 0 } else { x.abs().log10().floor() as i32 };
            let factor = 10f64.powi((DIGITS - 1 - size).clamp(-300, 300));
            (x * factor).round() / factor
        };
        json!(self.0.iter().map(short).collect::<Vec<_>>())
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
    /// What the report of a codec file says of records that were held out: the field `scores`, with `rate`, `bits` and `error`, the last two
    /// of 101 numbers.
    #[must_use]
    pub fn of_report(report: &str) -> Option<Self> {
        let report: Value = serde_json::from_str(report).ok()?;
        let scores = report.get("scores")?;
        let rate = u8::try_from(scores.get("rate")?.as_u64()?).ok()?;
        let [bits, error] = ["bits", "error"].map(|name| scores.get(name).and_then(Quantiles::kept));
        Some(Self { rate, bits: bits?, error: error? })
    }

    /// As the report has it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({"rate": self.rate, "bits": self.bits.kept_as(), "error": self.error.kept_as()})
    }

    /// The rate at which records are looked at where nobody names one: that of the report, else the middle one of a network, else the one a third
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
            .map_or(model.rates / 6, |rate| model.coarsest.saturating_sub(rate.step))
            .min(model.rates.saturating_sub(1))
    }
}
