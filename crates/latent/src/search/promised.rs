//! The shortest descriptions that keep a promise.

use super::{Finder, Search, Try, distance};
use crate::code::Promise;
use crate::stream::{Coded, Rest, numbers};
use minlen_core::Result;
use minlen_entropy::log2::bit_cost_q16;

impl Search<'_> {
    /// The shortest description by one member that keeps the promise.
    pub(super) fn cheapest(&mut self, member: usize, exact: &[f64], promise: Promise) -> Result<Option<Try>> {
        let thorough = std::mem::take(&mut self.thorough);
        let found = self.coarsest(member, exact, promise);
        self.thorough = thorough;
        let found = found?;
        if !thorough || matches!(self.finders[member], Finder::Linear(..)) {
            return Ok(found);
        }
        let last = self.model.members[member].rates(self.model) - 1;
        let first = found.as_ref().map_or(last, |found| found.record.rate);
        let mut best = found;
        // Refined latents mostly keep it at the next coarser rate, or the one after.
        let mut any = false;
        for rate in (0..first).rev() {
            let found = self.refined(member, rate, exact, promise)?;
            any |= found.is_some();
            let Some(found) = found else { break };
            best = shorter(best, Some(found));
        }
        if !any {
            best = shorter(best, self.refined(member, first, exact, promise)?);
        }
        Ok(best)
    }

    /// The shortest description at a rate with refined latents that keeps the promise.
    fn refined(&mut self, member: usize, rate: u8, exact: &[f64], promise: Promise) -> Result<Option<Try>> {
        self.forget(member);
        let found = self.attempt(member, rate, 1.0, exact)?;
        let found = Some(found).filter(|found| promise.is_kept(found.squares, found.worst, exact.len()));
        Ok(shorter(found, self.thriftiest(member, rate, exact, promise)?))
    }

    /// The coarsest steps that are good enough, then the greatest thrift that is.
    fn coarsest(&mut self, member: usize, exact: &[f64], promise: Promise) -> Result<Option<Try>> {
        let enough = |found: &Try| promise.is_kept(found.squares, found.worst, exact.len());
        let count = self.model.members[member].rates(self.model);
        let (mut low, mut high) = (0u8, count - 1);
        let mut best = self.attempt(member, high, 1.0, exact)?;
        if !enough(&best) {
            if self.latents(member).is_some() {
                best = self.attempt(member, high, 0.0, exact)?;
            }
            return Ok(enough(&best).then_some(best));
        }
        while low < high {
            let middle = u8::midpoint(low, high);
            let found = self.attempt(member, middle, 1.0, exact)?;
            if enough(&found) {
                (high, best) = (middle, found);
            } else {
                low = middle + 1;
            }
        }
        // Thrift changes nothing but coefficients.
        if self.latents(member).is_none_or(|latents| best.record.integers.len() <= latents) {
            return Ok(Some(best));
        }
        let rate = best.record.rate;
        let mut best = Some(best);
        for rate in (rate.saturating_sub(1)..=rate + 2).filter(|&rate| rate < count) {
            best = shorter(best, self.thriftiest(member, rate, exact, promise)?);
        }
        Ok(best)
    }

    /// Latents before the coefficients of a transform, if a member has those.
    fn latents(&self, member: usize) -> Option<usize> {
        match &self.finders[member] {
            Finder::Linear(..) => Some(0),
            Finder::Network(finder) => finder.latents_before_residual(),
        }
    }

    /// The greatest thrift with coefficients that keeps the promise at a rate.
    fn thriftiest(
        &mut self,
        member: usize,
        rate: u8,
        exact: &[f64],
        promise: Promise,
    ) -> Result<Option<Try>> {
        let mut best: Option<Try> = None;
        if self.latents(member).is_none() {
            return Ok(best);
        }
        let (mut thrift, mut step) = (1.0f32, 0.5f32);
        for _ in 0..5 {
            let found = self.attempt(member, rate, thrift, exact)?;
            if promise.is_kept(found.squares, found.worst, exact.len()) {
                best = shorter(best, Some(found));
                thrift *= 1.0 + step;
            } else {
                thrift *= 1.0 - step;
            }
            step *= 0.6;
        }
        Ok(best)
    }

    /// What is left of a record in steps that keep the promise, over the description for which both together are about shortest.
    pub(super) fn with_rest(
        &mut self,
        exact: &[f64],
        values: &[f32],
        promise: Promise,
    ) -> Result<Option<Try>> {
        if !self.model.scaling.is_whole() {
            return Ok(None);
        }
        let step = match promise {
            Promise::Rate(_) | Promise::Price(_) => return Ok(None),
            Promise::MaxError(most) => 2.0 * most.floor() + 1.0,
            // A twelfth of the square of the step.
            Promise::MeanSquare(most) => (12.0 * most).sqrt().floor().max(1.0),
        };
        let step = step.clamp(1.0, f64::from(1u32 << 20)) as u32;
        let mut best: Option<Try> = None;
        for member in 0..self.model.members.len() {
            self.look(member, values)?;
            let last = self.model.members[member].rates(self.model) - 1;
            for eighths in [0, 2, 3, 4, 5, 6] {
                let rate = (u32::from(last) * eighths / 8) as u8;
                let found = self.attempt(member, rate, 1.0, exact)?;
                let found = [step, step / 2 + 1, 1]
                    .into_iter()
                    .find_map(|step| self.completed(&found, step, exact, promise));
                let is_better = |found: &Try| best.as_ref().is_none_or(|best| found.bits < best.bits);
                best = found.filter(is_better).or(best);
            }
        }
        Ok(best)
    }

    /// A description with what it leaves in steps of so much, if that keeps the promise. What it stands for has just been made.
    fn completed(&mut self, found: &Try, step: u32, exact: &[f64], promise: Promise) -> Option<Try> {
        numbers(self.model, &self.restored, None, &mut self.made);
        let rest = exact.iter().zip(&self.made).map(|(x, y)| ((x - y) / f64::from(step)).round() as i32);
        let rest = Rest { step, integers: rest.collect() };
        numbers(self.model, &self.restored, Some(&rest), &mut self.made);
        let (squares, worst) = distance(exact, &self.made);
        // About the entropy of differences of two sides with this mean.
        let sum: f64 = rest.integers.iter().map(|q| f64::from(q.unsigned_abs())).sum();
        let count = rest.integers.len().max(1) as f64;
        let chance = (65_536.0 / (1.0 + 2.7 * sum / count)).clamp(1.0, 65_535.0) as u32;
        let bits = found.bits + (count * bit_cost_q16(chance, true) as f64 / 65_536.0) as f32;
        let record = Coded { rest: Some(rest), ..found.record.clone() };
        promise.is_kept(squares, worst, exact.len()).then_some(Try { record, squares, worst, bits })
    }
}

/// The one with fewer bits, the first of equals.
fn shorter(a: Option<Try>, b: Option<Try>) -> Option<Try> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.bits < a.bits { b } else { a }),
        (a, b) => a.or(b),
    }
}
