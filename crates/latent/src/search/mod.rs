//! How a record is described in the fewest bits.

use crate::code::{Outcome, Promise};
use crate::finder::NetworkFinder;
use crate::linear::{Analysis, Projection, Room};
use crate::model::{Body, Member, Model};
use crate::steps;
use crate::stream::{Coded, Record, Stream, numbers};
use crate::tables::Costs;
use crate::values::FRACTION;
use minlen_core::{Env, Result};

mod priced;
mod promised;

use priced::rates_around;

/// What finding descriptions takes, member by member.
pub(crate) enum Finder<'m> {
    Linear(Analysis<'m>, Costs, [i8; 2]),
    Network(NetworkFinder<'m>),
}

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
    const LANES: usize = 8;
    let (mut squares, mut worst) = ([0.0f64; LANES], [0.0f64; LANES]);
    let mut add = |exact: &[f64], made: &[f64]| {
        for (((x, y), squares), worst) in exact.iter().zip(made).zip(&mut squares).zip(&mut worst) {
            let off = (x - y).abs();
            *squares += off * off;
            *worst = if off > *worst { off } else { *worst };
        }
    };
    // Sums of lanes do not wait for each other.
    let (exact, exact_rest) = exact.as_chunks::<LANES>();
    let (made, made_rest) = made.as_chunks::<LANES>();
    exact.iter().zip(made).for_each(|(exact, made)| add(exact, made));
    add(exact_rest, made_rest);
    (squares.iter().sum(), worst.iter().fold(0.0, |most, &off| if off > most { off } else { most }))
}
