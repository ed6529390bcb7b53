//! Descriptions where each bit has a price.

use super::{Finder, Search, Try};
use crate::model::{Body, Model};
use crate::steps::QUARTERS_MAX;
use crate::stream::Coded;
use minlen_core::Result;
use std::ops::RangeInclusive;

/// Rates of a network that are tried on both sides of the one that suits a price, without and with refinement of latents.
const AROUND: [u8; 2] = [2, 4];

impl Search<'_> {
    /// The description by one member with the least squares and bits together, where a bit is worth so many squares of numbers.
    pub(super) fn at_price(&mut self, member: usize, exact: &[f64], price: f64) -> Result<Try> {
        let best = self.best_rate(member, exact, price)?;
        if !self.thorough || matches!(self.finders[member], Finder::Linear(..)) {
            return Ok(best);
        }
        self.forget(member);
        let thrift = self.thrift(member, best.record.rate, price);
        self.attempt(member, best.record.rate, thrift, exact)
    }

    /// How dear bits are at a rate, against what is usual, where each has to save so many squares of numbers.
    fn thrift(&self, member: usize, rate: u8, price: f64) -> f32 {
        (price / self.model.worth(step(self.model, member, rate))) as f32
    }

    /// The same at the best rate, without refinement, which takes long and hardly changes which one that is.
    fn best_rate(&mut self, member: usize, exact: &[f64], price: f64) -> Result<Try> {
        let thorough = std::mem::take(&mut self.thorough);
        let count = self.model.members[member].rates(self.model);
        let mut best = Try::none(Coded::default());
        let rates = rates_around(self.model, member, price, thorough);
        let (mut least, mut most) = (*rates.start(), *rates.end());
        for rate in rates {
            let found = self.attempt(member, rate, self.thrift(member, rate, price), exact)?;
            best = if found.cost(price) < best.cost(price) { found } else { best };
        }
        // Where the last in a direction is the best, the next may be better; transforms have one for each price.
        loop {
            let next = match best.record.rate {
                _ if matches!(self.finders[member], Finder::Linear(..)) => break,
                rate if rate == most && most + 1 < count => most + 1,
                rate if rate == least && least > 0 => least - 1,
                _ => break,
            };
            let found = self.attempt(member, next, self.thrift(member, next, price), exact)?;
            (least, most) = (least.min(next), most.max(next));
            best = if found.cost(price) < best.cost(price) { found } else { best };
        }
        self.thorough = thorough;
        Ok(best)
    }

    /// Has a network find the latents of the record at hand again.
    pub(super) fn forget(&mut self, member: usize) {
        if let Finder::Network(finder) = &mut self.finders[member] {
            finder.forget();
        }
    }
}

/// The step of a member at a rate.
fn step(model: &Model, member: usize, rate: u8) -> u8 {
    match &model.members[member].body {
        Body::Linear { .. } => model.step(rate),
        Body::Network(latents) => latents.step(rate),
    }
}

/// The rates of a member at which a bit is worth about so many squares of numbers: of a network some on both sides, since each record has its own best; of
/// transforms one, which serves prices around it as well.
pub(super) fn rates_around(model: &Model, member: usize, price: f64, thorough: bool) -> RangeInclusive<u8> {
    let last = model.members[member].rates(model).saturating_sub(1);
    // The step that is worth as much, in quarters of an octave.
    let below = (0..QUARTERS_MAX).rfind(|&step| model.worth(step) <= price).unwrap_or(0);
    let (low, high) = (model.worth(below), model.worth(below + 1));
    let step = f64::from(below) + ((price - low) / (high - low)).clamp(0.0, 1.0);
    let latents = match &model.members[member].body {
        Body::Linear { .. } => {
            let rate = (f64::from(model.step(0)) - step).clamp(0.0, f64::from(last)).round() as u8;
            return rate..=rate;
        }
        Body::Network(latents) => latents,
    };
    // Rates of the network lie evenly between its first step and its last, those of its residual a quarter apart.
    let own = latents.rates.len().saturating_sub(1) as u8;
    let (first, finest) = (f64::from(latents.step(0)), f64::from(latents.step(own)));
    let place = if step > finest {
        (first - step) * f64::from(own) / (first - finest).max(1e-9)
    } else {
        f64::from(own) + finest - step
    };
    let rate = place.clamp(0.0, f64::from(last)).round() as u8;
    let around = AROUND[usize::from(thorough)];
    rate.saturating_sub(around)..=(rate + around).min(last)
}
