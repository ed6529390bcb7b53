//! How a network describes a record: its latents, and the residual that is left.

use crate::linear::{Analysis, Projection, Room};
use crate::model::Model;
use crate::network::{Latents, Ready, Residual};
use crate::refine;
use crate::search::left;
use crate::stream::{Coded, add_residual};
use crate::tables::Costs;
use minlen_core::Result;

/// What a network found in the record at hand, and what it takes for its residual.
pub(crate) struct NetworkFinder<'m> {
    latents: &'m Latents,
    residual: Option<(Analysis<'m>, Costs, [i8; 2])>,
    /// The latents before rounding.
    found: Vec<i16>,
    known: Option<Known>,
    seen: Projection,
    ahead: Ahead,
}

/// The latents at a rate, and what they give: the same for every thrift.
struct Known {
    rate: u8,
    integers: Vec<i32>,
    bits: f32,
    values: Vec<i32>,
}

/// Records that were looked at together.
#[derive(Default)]
struct Ahead {
    found: Vec<i16>,
    /// The values of all of them at some rates.
    at: Vec<(u8, Vec<i32>)>,
}

impl<'m> NetworkFinder<'m> {
    pub(crate) fn new(latents: &'m Latents) -> Self {
        let of = |r: &'m Residual| (Analysis::new(&r.linear), Costs::new(&r.start), r.pull);
        Self {
            latents,
            residual: latents.residual.as_deref().map(of),
            found: Vec::new(),
            known: None,
            seen: Projection::default(),
            ahead: Ahead::default(),
        }
    }

    pub(crate) fn has_residual(&self) -> bool {
        self.residual.is_some()
    }

    /// Whether the residual has anything to say at a rate, or classes to choose among.
    fn has_coefficients(&self, rate: u8) -> bool {
        self.latents.residual.as_ref().is_some_and(|residual| {
            let Residual { linear, .. } = &**residual;
            linear.classes.len() > 1 || linear.coded(0, self.latents.step(rate)) > 0
        })
    }

    /// How many latents come before the coefficients of the residual, if it has one.
    pub(crate) fn latents_before_residual(&self) -> Option<usize> {
        self.residual.as_ref().map(|_| self.latents.count())
    }

    /// The rate that [`Self::describe`] was called for.
    pub(crate) fn rate(&self) -> Option<u8> {
        self.known.as_ref().map(|known| known.rate)
    }

    /// Lets [`Self::describe`] find the latents of the record again.
    pub(crate) fn forget(&mut self) {
        self.known = None;
    }

    /// Looks at many records, and decodes them at these rates.
    pub(crate) fn look_ahead(
        &mut self,
        ready: &mut Ready<'_>,
        values: &[f32],
        rates: impl Iterator<Item = u8>,
    ) -> Result<()> {
        ready.look(values, &mut self.ahead.found)?;
        self.ahead.at.clear();
        for rate in rates {
            let records = self.ahead.found.chunks_exact(self.latents.count());
            let integers: Vec<Vec<i32>> = records.map(|found| ready.rounded(found, rate)).collect();
            let mut values = Vec::new();
            ready.restore(integers.iter().map(|integers| (rate, &integers[..])), &mut values)?;
            self.ahead.at.push((rate, values));
        }
        Ok(())
    }

    /// Looks at a record, which may be one of those before.
    pub(crate) fn look(&mut self, ready: &mut Ready<'_>, values: &[f32], place: Option<usize>) -> Result<()> {
        self.known = None;
        let count = self.latents.count();
        match place.and_then(|place| self.ahead.found.get(place * count..(place + 1) * count)) {
            Some(found) => {
                self.found.clear();
                self.found.extend_from_slice(found);
                Ok(())
            }
            None => ready.look(values, &mut self.found),
        }
    }

    /// Finds the latents at a rate, refined where a bit has a price (in squares of numbers of the file).
    pub(crate) fn describe(
        &mut self,
        model: &Model,
        ready: &mut Ready<'_>,
        rate: u8,
        (exact, values, place): (&[f64], &[f32], Option<usize>),
        price: Option<f64>,
        counts: bool,
    ) -> Result<()> {
        let mut integers = ready.rounded(&self.found, rate);
        if let Some(price) = price {
            integers = refine::latents(model, ready, rate, integers, exact, price)?;
        }
        let bits = if counts { ready.bits(rate, &integers)? } else { 0.0 };
        let ahead = place.filter(|_| price.is_none());
        let ahead = ahead.and_then(|place| {
            let (_, all) = self.ahead.at.iter().find(|(at, _)| *at == rate)?;
            all.get(place * values.len()..)?.get(..values.len())
        });
        let mut made = ahead.map(<[i32]>::to_vec).unwrap_or_default();
        if ahead.is_none() {
            ready.restore([(rate, &integers[..])], &mut made)?;
        }
        let has_coefficients = self.has_coefficients(rate);
        if let Some((analysis, ..)) = self.residual.as_ref().filter(|_| has_coefficients) {
            let mut rest = Vec::with_capacity(values.len());
            left(model, values, &mut made, &mut rest);
            analysis.look(&rest, &mut self.seen);
        }
        self.known = Some(Known { rate, integers, bits, values: made });
        Ok(())
    }

    /// Fills in the integers and the class that were found last, with those of the residual at a price (in squares of values); gives the bits.
    pub(crate) fn choose(&self, record: &mut Coded, price: f32) -> f32 {
        let Some(known) = &self.known else { return f32::INFINITY };
        record.integers.clone_from(&known.integers);
        let residual = self.residual.as_ref().filter(|_| self.has_coefficients(known.rate));
        let Some((analysis, costs, pull)) = residual else { return known.bits };
        let choice = analysis.choose(&self.seen, self.latents.step(known.rate), *pull, price, costs);
        record.class = choice.class as u8;
        record.integers.extend(choice.integers);
        known.bits + choice.bits
    }

    /// The values of that.
    pub(crate) fn restore(&self, model: &Model, record: &Coded, room: &mut Room, values: &mut Vec<i32>) {
        values.clear();
        values.extend(self.known.iter().flat_map(|known| &known.values));
        add_residual(model, self.latents, record, room, values);
    }
}
