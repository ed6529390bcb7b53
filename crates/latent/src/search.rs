//! How a record is described in the fewest bits.

use crate::code::{Outcome, Promise};
use crate::finder::NetworkFinder;
use crate::linear::{Analysis, Projection, Room};
use crate::model::{Body, Member, Model};
use crate::steps::{self, QUARTERS_MAX};
use crate::stream::{Coded, Record, Rest, Stream, numbers};
use crate::tables::Costs;
use crate::values::FRACTION;
use minlen_core::{Env, Result};
use minlen_entropy::log2::bit_cost_q16;
use std::ops::RangeInclusive;

/// What finding descriptions takes, member by member.
pub(crate) enum Finder<'m> {
    Linear(Analysis<'m>, Costs, [i8; 2]),
    Network(NetworkFinder<'m>),
}

/// Rates of a network that are tried on both sides of the one that suits a price, without and with refinement of latents.
const AROUND: [u8; 2] = [2, 4];

pub(crate) struct Search<'m> {
    model: &'m Model,
    /// Whether latents are refined.
    thorough: bool,
    pub(crate) finders: Vec<Finder<'m>>,
    pub(crate) stream: Stream<'m>,
    seen: Projection,
    room: Room,
    /// The values of the description that was made last, and its numbers.
    restored: Vec<i32>,
    made: Vec<f64>,
    /// The values of the record at hand.
    values: Vec<f32>,
    /// Its place among those that networks looked at together.
    place: Option<usize>,
    /// Whether bits of networks are counted: not where nothing depends on them.
    counts: bool,
}

/// What stands for a record, how far off that is, and about how many bits it takes.
pub(crate) struct Try {
    pub(crate) record: Coded,
    pub(crate) squares: f64,
    worst: f64,
    pub(crate) bits: f32,
}

impl Try {
    /// Nothing at all: never what is wanted.
    fn none(record: Coded) -> Self {
        Self { record, squares: f64::INFINITY, worst: f64::INFINITY, bits: f32::INFINITY }
    }

    /// Squares, and `price` squares for each bit.
    fn cost(&self, price: f64) -> f64 {
        self.squares + price * f64::from(self.bits)
    }
}

impl<'m> Search<'m> {
    /// For a checked model; `thorough` is whether latents are refined.
    pub(crate) fn new(model: &'m Model, thorough: bool, env: &Env) -> Result<Self> {
        let finder = |member: &'m Member| match &member.body {
            Body::Linear { linear, start, pull } => {
                Finder::Linear(Analysis::new(linear), Costs::new(start), *pull)
            }
            Body::Network(latents) => Finder::Network(NetworkFinder::new(latents)),
        };
        Ok(Self {
            model,
            thorough,
            finders: model.members.iter().map(finder).collect(),
            stream: Stream::new(model, env)?,
            seen: Projection::default(),
            room: Room::default(),
            restored: Vec::new(),
            made: Vec::new(),
            values: Vec::new(),
            place: None,
            counts: true,
        })
    }

    /// Has a member look at a record.
    pub(crate) fn look(&mut self, member: usize, values: &[f32]) -> Result<()> {
        self.values.clear();
        self.values.extend_from_slice(values);
        match &mut self.finders[member] {
            Finder::Linear(analysis, _, _) => analysis.look(values, &mut self.seen),
            Finder::Network(finder) => {
                if let Some(ready) = self.stream.network(member) {
                    finder.look(ready, values, self.place)?;
                }
            }
        }
        Ok(())
    }

    /// The best description by one member at a rate; `thrift` is how dear bits are against what is usual.
    pub(crate) fn attempt(&mut self, member: usize, rate: u8, thrift: f32, exact: &[f64]) -> Result<Try> {
        let mut record = Coded { member: member as u8, rate, ..Coded::default() };
        let bits = match &mut self.finders[member] {
            Finder::Linear(analysis, costs, pull) => {
                let step = self.model.step(rate);
                let choice = analysis.choose(&self.seen, step, *pull, price(step, thrift), costs);
                (record.class, record.integers) = (choice.class as u8, choice.integers);
                if let Body::Linear { linear, .. } = &self.model.members[member].body {
                    let size = steps::size(step);
                    linear.restore_integers(&record, &record.integers, size, *pull, &mut self.room);
                }
                std::mem::swap(&mut self.restored, &mut self.room.values);
                choice.bits
            }
            Finder::Network(finder) => {
                let Some(ready) = self.stream.network(member) else { return Ok(Try::none(record)) };
                if finder.rate() != Some(rate) {
                    let worth = self.model.worth(ready.latents.step(rate));
                    let price = worth * f64::from(thrift);
                    let price = Some(price).filter(|_| self.thorough && thrift > 0.0);
                    let record = (exact, &self.values[..], self.place);
                    finder.describe(self.model, ready, rate, record, price, self.counts)?;
                }
                let bits = finder.choose(&mut record, price(ready.latents.step(rate), thrift));
                finder.restore(self.model, &record, &mut self.room, &mut self.restored);
                bits
            }
        };
        numbers(self.model, &self.restored, None, &mut self.made);
        let (squares, worst) = distance(exact, &self.made);
        Ok(Try { record, squares, worst, bits })
    }

    /// The cheapest description that keeps the promise, over all members.
    fn best(&mut self, exact: &[f64], values: &[f32], promise: Promise) -> Result<Option<Try>> {
        let mut best: Option<Try> = None;
        for member in 0..self.model.members.len() {
            self.look(member, values)?;
            let found = match promise {
                Promise::Rate(rate) => {
                    Some(self.attempt(member, self.model.rate_of(member, rate), 1.0, exact)?)
                }
                Promise::Price(price) => Some(self.at_price(member, exact, price)?),
                _ => self.cheapest(member, exact, promise)?,
            };
            let cost = |found: &Try| match promise {
                Promise::Rate(rate) => found.cost(self.model.worth(self.model.step(rate))),
                Promise::Price(price) => found.cost(price),
                _ => f64::from(found.bits),
            };
            best = match (best, found) {
                (Some(old), Some(new)) => Some(if cost(&new) < cost(&old) { new } else { old }),
                (old, new) => old.or(new),
            };
        }
        Ok(best)
    }

    /// The description by one member with the least squares and bits together, where a bit is worth so many squares of numbers.
    fn at_price(&mut self, member: usize, exact: &[f64], price: f64) -> Result<Try> {
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
        // Where the last in a direction is the best, the next may be better.
        let is_linear = matches!(self.finders[member], Finder::Linear(..));
        while !is_linear {
            let next = match best.record.rate {
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
    fn forget(&mut self, member: usize) {
        if let Finder::Network(finder) = &mut self.finders[member] {
            finder.forget();
        }
    }

    /// The shortest description by one member that keeps the promise.
    fn cheapest(&mut self, member: usize, exact: &[f64], promise: Promise) -> Result<Option<Try>> {
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
    fn with_rest(&mut self, exact: &[f64], values: &[f32], promise: Promise) -> Result<Option<Try>> {
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

    /// What is written of whole records, whose networks are computed together.
    pub(crate) fn records(
        &mut self,
        bytes: &[u8],
        promise: Promise,
        outcome: &mut Outcome,
    ) -> Result<Vec<Record>> {
        let (mut exact, mut values, mut all) = (Vec::new(), Vec::new(), Vec::new());
        for bytes in bytes.chunks_exact(self.model.record_bytes()) {
            self.model.scaling.numbers(bytes, &mut exact);
            self.model.scaling.values(&exact, &mut values);
            all.extend_from_slice(&values);
        }
        self.counts = self.model.members.len() > 1 || !matches!(promise, Promise::Rate(_));
        for (member, finder) in self.finders.iter_mut().enumerate() {
            let rates = match promise {
                Promise::Rate(rate) if !self.thorough => {
                    let rate = self.model.rate_of(member, rate);
                    Some(rate..=rate)
                }
                Promise::Price(price) => Some(rates_around(self.model, member, price, self.thorough)),
                _ => None,
            };
            if let (Finder::Network(finder), Some(ready)) = (finder, self.stream.network(member)) {
                finder.look_ahead(ready, &all, rates.into_iter().flatten())?;
            }
        }
        let mut records = Vec::with_capacity(bytes.len() / self.model.record_bytes());
        for (place, bytes) in bytes.chunks_exact(self.model.record_bytes()).enumerate() {
            self.place = Some(place);
            records.push(self.record(bytes, promise, outcome)?);
        }
        (self.place, self.counts) = (None, true);
        Ok(records)
    }

    /// What is written of a record.
    pub(crate) fn record(&mut self, bytes: &[u8], promise: Promise, outcome: &mut Outcome) -> Result<Record> {
        let (mut exact, mut values) = (Vec::new(), Vec::new());
        self.model.scaling.numbers(bytes, &mut exact);
        let mut found = None;
        if self.model.scaling.values(&exact, &mut values) {
            found = self.best(&exact, &values, promise)?;
            if found.is_none() {
                found = self.with_rest(&exact, &values, promise)?;
            }
        }
        // Whatever is longer than the record itself is no description, unless bytes were what was asked for.
        let is_short = |found: &Try| !promise.is_near() || found.bits < 8.0 * bytes.len() as f32;
        let Some(Try { record, squares, worst, .. }) = found.filter(is_short) else {
            outcome.raw += 1;
            return Ok(Record::Raw(bytes.to_vec()));
        };
        outcome.with_rest += u64::from(record.rest.is_some());
        outcome.squares += squares;
        outcome.worst_record = outcome.worst_record.max(squares);
        outcome.worst = outcome.worst.max(worst);
        Ok(Record::Coded(record))
    }
}

/// The one with fewer bits, the first of equals.
fn shorter(a: Option<Try>, b: Option<Try>) -> Option<Try> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.bits < a.bits { b } else { a }),
        (a, b) => a.or(b),
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
fn rates_around(model: &Model, member: usize, price: f64, thorough: bool) -> RangeInclusive<u8> {
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

/// Squares of values that a bit is worth to linear members with steps of `step`.
fn price(step: u8, thrift: f32) -> f32 {
    let size = steps::size(step) as f32 / 16.0;
    steps::PRICE as f32 * size * size * thrift
}

/// Appends what `made` leaves of `values`, once it is held to what numbers can stand for.
pub(crate) fn left(model: &Model, values: &[f32], made: &mut [i32], out: &mut Vec<f32>) {
    model.scaling.hold(made);
    let off = |(x, made): (&f32, &i32)| x - *made as f32 / (1 << FRACTION) as f32;
    out.extend(values.iter().zip(made.iter()).map(off));
}

/// The sum of the squares of the errors, and the largest error.
pub(crate) fn distance(exact: &[f64], made: &[f64]) -> (f64, f64) {
    exact.iter().zip(made).fold((0.0, 0.0), |(squares, worst), (x, y)| {
        let off = (x - y).abs();
        (squares + off * off, if off > worst { off } else { worst })
    })
}
