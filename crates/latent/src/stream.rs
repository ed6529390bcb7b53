//! Records into bits and back: what is written of each, in one place for both directions.

use crate::linear::{Linear, Room};
use crate::model::{Body, Member, Model};
use crate::network::{Latents, Ready, Residual};
use crate::steps;
use crate::tables::{Coefficient, INTEGER_MAX, Seen, Tables};
use minlen_core::{Env, Result};
use minlen_entropy::binary::BitCoder;
use minlen_entropy::mixing::AdaptiveProb;

/// What is written of a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// Its bytes.
    Raw(Vec<u8>),
    /// A description by a member.
    Coded(Coded),
}

impl Record {
    fn coded(&self) -> Option<&Coded> {
        match self {
            Self::Raw(_) => None,
            Self::Coded(coded) => Some(coded),
        }
    }
}

/// A description of a record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coded {
    /// The number of the member.
    pub member: u8,
    /// See [`Model::step`].
    pub rate: u8,
    /// The class of the member.
    pub class: u8,
    /// One integer for each coefficient that is coded at this rate.
    pub integers: Vec<i32>,
    /// What is left, in steps of so much, if it is coded.
    pub rest: Option<Rest>,
}

/// What a description leaves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rest {
    /// The step, in numbers of the file.
    pub step: u32,
    /// A whole number of steps for each number of the record.
    pub integers: Vec<i32>,
}

impl Linear {
    /// The values of integers of the class that a description names.
    pub(crate) fn restore_integers(
        &self,
        coded: &Coded,
        integers: &[i32],
        size: i64,
        pull: [i8; 2],
        room: &mut Room,
    ) {
        let mut coefficients = std::mem::take(&mut room.coefficients);
        coefficients.clear();
        coefficients.extend(integers.iter().map(|&q| steps::restored(q, size, pull)));
        self.restore(usize::from(coded.class), &coefficients, room);
        room.coefficients = coefficients;
    }
}

/// A number of few values, bit by bit.
#[derive(Clone, Debug)]
struct Tree(Vec<AdaptiveProb>, u32);

impl Tree {
    fn new(bits: u32) -> Self {
        Self(vec![AdaptiveProb::new(32_768); 1 << bits], bits)
    }

    fn code<C: BitCoder>(&mut self, coder: &mut C, value: u32) -> u32 {
        let mut node = 1usize;
        for i in (0..self.1).rev() {
            let prob = &mut self.0[node];
            let bit = coder.code(value >> i & 1, prob.p16().clamp(64, 65_472));
            prob.update(bit, 250);
            node = node << 1 | bit as usize;
        }
        node as u32 - (1 << self.1)
    }
}

/// A member as the stream uses it.
pub enum Part<'m> {
    /// A transform, what its integers stand for, and how they are distributed.
    Linear(&'m Linear, [i8; 2], Tables),
    /// A network, and how the integers of its residual are distributed.
    Network(Box<Ready<'m>>, Option<Tables>),
}

/// The models of a stream, as they are between two records.
pub struct Stream<'m> {
    model: &'m Model,
    parts: Vec<Part<'m>>,
    member: Vec<Tree>,
    same_rate: AdaptiveProb,
    rate: Tree,
    classes: Vec<Tree>,
    raw: Vec<Tree>,
    has_rest: AdaptiveProb,
    rest: Vec<AdaptiveProb>,
    last: Coded,
    last_step: u32,
}

/// Decisions about what is left: by how large what is beside and above is, and how far the decisions went.
const REST: usize = 6 * 6 * NODES;
/// Decisions about how many bits a number has, then about the second of these bits.
const NODES: usize = 2 * 33;

impl<'m> Stream<'m> {
    /// Before the first record.
    ///
    /// # Errors
    /// Corrupt if the networks do not fit; limit.
    pub fn new(model: &'m Model, env: &Env) -> Result<Self> {
        let part = |member: &'m Member| {
            Ok(match &member.body {
                Body::Linear { linear, start, pull } => Part::Linear(linear, *pull, Tables::new(start)),
                Body::Network(latents) => {
                    let tables = latents.residual.as_ref().map(|residual| Tables::new(&residual.start));
                    Part::Network(Box::new(latents.ready(&model.shape, env)?), tables)
                }
            })
        };
        let bits = |count: usize| usize::BITS - (count.max(1) - 1).leading_zeros();
        let members = &model.members;
        Ok(Self {
            model,
            parts: members.iter().map(part).collect::<Result<_>>()?,
            member: vec![Tree::new(bits(members.len() + 1)); members.len() + 1],
            same_rate: AdaptiveProb::new(60_000),
            rate: Tree::new(6),
            classes: members.iter().map(|member| Tree::new(bits(member.classes()))).collect(),
            raw: vec![Tree::new(8); model.scaling.dtype().unit()],
            has_rest: AdaptiveProb::new(2_000),
            rest: vec![AdaptiveProb::new(16_384); REST],
            last: Coded::default(),
            last_step: 1,
        })
    }

    /// The members.
    #[must_use]
    pub fn parts(&self) -> &[Part<'m>] {
        &self.parts
    }

    /// The network that a member is.
    pub fn network(&mut self, member: usize) -> Option<&mut Ready<'m>> {
        match self.parts.get_mut(member)? {
            Part::Network(ready, _) => Some(ready),
            Part::Linear(..) => None,
        }
    }

    /// The class and the integers of a record of a member at a rate, as `coder` has them.
    pub fn describe<C: BitCoder>(
        &mut self,
        coder: &mut C,
        member: usize,
        rate: u8,
    ) -> Option<(u8, Vec<i32>)> {
        let class = self.classes.get_mut(member)?.code(coder, 0);
        if class as usize >= self.model.members.get(member)?.classes() {
            return None;
        }
        let integers = self.code_integers(coder, member, class as usize, rate, &[])?;
        Some((class as u8, integers))
    }

    /// Codes a record (which is not looked at when decoding) and gives it.
    pub fn code<C: BitCoder>(&mut self, coder: &mut C, record: &Record) -> Option<Record> {
        let (raw, coded) = match record {
            Record::Raw(bytes) => (bytes.as_slice(), None),
            Record::Coded(coded) => (&[][..], Some(coded)),
        };
        let last = usize::from(self.last.member).min(self.member.len() - 1);
        let wanted = coded.map_or(self.model.members.len() as u32, |coded| u32::from(coded.member));
        let member = self.member[last].code(coder, wanted);
        if member as usize == self.model.members.len() {
            return Some(Record::Raw(self.code_raw(coder, raw)));
        }
        let unknown = Coded::default();
        let coded = coded.unwrap_or(&unknown);
        let rate = self.code_rate(coder, coded.rate);
        let described = self.model.members.get(member as usize)?;
        let class = self.classes[member as usize].code(coder, u32::from(coded.class));
        if class as usize >= described.classes() || rate >= described.rates(self.model) {
            return None;
        }
        let integers = self.code_integers(coder, member as usize, class as usize, rate, &coded.integers)?;
        let rest = self.code_rest(coder, coded.rest.as_ref());
        let found = Coded { member: member as u8, rate, class: class as u8, integers, rest };
        (self.last.member, self.last.rate) = (found.member, found.rate);
        Some(Record::Coded(found))
    }

    fn code_raw<C: BitCoder>(&mut self, coder: &mut C, bytes: &[u8]) -> Vec<u8> {
        let unit = self.raw.len();
        let at = |i: usize| u32::from(bytes.get(i).copied().unwrap_or(0));
        (0..self.model.record_bytes()).map(|i| self.raw[i % unit].code(coder, at(i)) as u8).collect()
    }

    fn code_rate<C: BitCoder>(&mut self, coder: &mut C, rate: u8) -> u8 {
        let same = coder.code(u32::from(rate == self.last.rate), self.same_rate.p16().clamp(64, 65_472));
        self.same_rate.update(same, 60);
        if same == 1 { self.last.rate } else { self.rate.code(coder, u32::from(rate)) as u8 }
    }

    fn code_integers<C: BitCoder>(
        &mut self,
        coder: &mut C,
        member: usize,
        class: usize,
        rate: u8,
        integers: &[i32],
    ) -> Option<Vec<i32>> {
        let step = self.model.step(rate);
        match self.parts.get_mut(member)? {
            Part::Linear(linear, _, tables) => {
                let mut found = Vec::new();
                code_coefficients(coder, (linear, tables), class, step, integers, &mut found);
                Some(found)
            }
            Part::Network(ready, tables) => {
                let mut found = ready.code(coder, rate, integers).ok()?;
                if let (Some(tables), Some(residual)) = (tables, &ready.latents.residual) {
                    let (step, linear) = (ready.latents.step(rate), &residual.linear);
                    let integers = integers.get(found.len()..).unwrap_or(&[]);
                    code_coefficients(coder, (linear, tables), class, step, integers, &mut found);
                }
                Some(found)
            }
        }
    }

    fn code_rest<C: BitCoder>(&mut self, coder: &mut C, rest: Option<&Rest>) -> Option<Rest> {
        let has = coder.code(u32::from(rest.is_some()), self.has_rest.p16().clamp(64, 65_472));
        self.has_rest.update(has, 60);
        if has == 0 {
            return None;
        }
        let unknown = Rest::default();
        let rest = rest.unwrap_or(&unknown);
        let same = coder.code(u32::from(rest.step == self.last_step), 60_000);
        if same == 0 {
            self.last_step =
                (0..32).rev().fold(0, |step, i| step << 1 | coder.code(rest.step >> i & 1, 32_768));
        }
        let row = self.model.shape.last().map_or(1, |&side| side as usize);
        let mut found: Vec<i32> = Vec::with_capacity(self.model.numbers());
        for i in 0..self.model.numbers() {
            let at = |back: usize| i.checked_sub(back).map_or(0, |i| found[i].unsigned_abs());
            let (beside, above) = (at(1), if row < self.model.numbers() { at(row) } else { at(2) });
            let size = |x: u32| x.saturating_add(1).ilog2().min(5) as usize;
            let wanted = rest.integers.get(i).copied().unwrap_or(0);
            found.push(self.code_difference(coder, (size(beside) * 6 + size(above)) * NODES, wanted));
        }
        Some(Rest { step: self.last_step, integers: found })
    }

    /// How many bits the magnitude and one have, the bits, the sign.
    fn code_difference<C: BitCoder>(&mut self, coder: &mut C, first: usize, wanted: i32) -> i32 {
        let value = u64::from(wanted.unsigned_abs()) + 1;
        let mut adaptive = |place: usize, bit: u32| {
            let prob = &mut self.rest[first + place];
            let bit = coder.code(bit, prob.p16().clamp(32, 65_504));
            prob.update(bit, 250);
            bit
        };
        let mut bits = 0;
        while bits < 32 && adaptive(bits as usize, u32::from(value.ilog2() > bits)) == 1 {
            bits += 1;
        }
        if bits == 0 {
            return 0;
        }
        let mut found = 2 | u64::from(adaptive(33 + bits as usize, (value >> (bits - 1) & 1) as u32));
        for i in (0..bits - 1).rev() {
            found = found << 1 | u64::from(coder.code((value >> i & 1) as u32, 32_768));
        }
        let is_negative = coder.code(u32::from(wanted < 0), 32_768) == 1;
        let size = i32::try_from(found - 1).unwrap_or(i32::MAX);
        if is_negative { -size } else { size }
    }

    /// The values of what descriptions stand for, before what is left, one record after the other; zeros for those that are stored as they are.
    pub fn restore(&mut self, records: &[Record], room: &mut Room, values: &mut Vec<i32>) -> Result<()> {
        let numbers = self.model.numbers();
        values.clear();
        values.resize(records.len() * numbers, 0);
        for (member, part) in self.parts.iter_mut().enumerate() {
            let own = records.iter().zip(values.chunks_exact_mut(numbers)).filter_map(|(record, values)| {
                let coded = record.coded().filter(|coded| usize::from(coded.member) == member)?;
                Some((coded, values))
            });
            match part {
                Part::Linear(linear, pull, _) => {
                    for (coded, values) in own {
                        let size = steps::size(self.model.step(coded.rate));
                        linear.restore_integers(coded, &coded.integers, size, *pull, room);
                        values.copy_from_slice(&room.values);
                    }
                }
                Part::Network(ready, _) => {
                    let own: Vec<_> = own.collect();
                    let count = ready.latents.count();
                    let latents = |coded: &Coded| coded.integers.len().min(count);
                    let inputs = own.iter().map(|(coded, _)| (coded.rate, &coded.integers[..latents(coded)]));
                    let mut made = Vec::new();
                    ready.restore(inputs, &mut made)?;
                    for ((coded, values), made) in own.into_iter().zip(made.chunks_exact(numbers)) {
                        values.copy_from_slice(made);
                        add_residual(self.model, ready.latents, coded, room, values);
                    }
                }
            }
        }
        Ok(())
    }
}

/// Codes the coefficients of a class (which are not looked at when decoding) and appends them.
fn code_coefficients<C: BitCoder>(
    coder: &mut C,
    (linear, tables): (&Linear, &mut Tables),
    class: usize,
    step: u8,
    integers: &[i32],
    found: &mut Vec<i32>,
) {
    let (coded, first) = (linear.coded(class, step), linear.first(class));
    let mut seen = Seen::default();
    for rank in 0..coded {
        let deviation = linear.classes[class].deviations[rank];
        let of = Coefficient::new(first + rank, rank, deviation, step);
        let wanted = integers.get(rank).copied().unwrap_or(0);
        let q = tables.code(coder, of, &seen, wanted).clamp(-INTEGER_MAX, INTEGER_MAX);
        seen.note(q, of.coarse);
        found.push(q);
    }
}

/// Adds the residual that the integers after the latents stand for to the `values` of a network.
pub(crate) fn add_residual(
    model: &Model,
    latents: &Latents,
    coded: &Coded,
    room: &mut Room,
    values: &mut [i32],
) {
    let Some(residual) = &latents.residual else { return };
    let Residual { linear, pull, .. } = &**residual;
    model.scaling.hold(values);
    let left = coded.integers.get(latents.count()..).unwrap_or(&[]);
    if left.iter().all(|&q| q == 0) {
        return;
    }
    linear.restore_integers(coded, left, steps::size(latents.step(coded.rate)), *pull, room);
    values.iter_mut().zip(&room.values).for_each(|(value, more)| *value = value.wrapping_add(*more));
}

/// The numbers of a record from the values of its description and what that leaves.
pub fn numbers(model: &Model, values: &[i32], rest: Option<&Rest>, out: &mut Vec<f64>) {
    model.scaling.numbers_of(values, out);
    if let Some(rest) = rest {
        let (least, most) = model.scaling.range();
        for (number, &steps) in out.iter_mut().zip(&rest.integers) {
            *number = (*number + f64::from(steps) * f64::from(rest.step)).clamp(least, most);
        }
    }
}
