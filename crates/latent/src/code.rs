//! Payloads: records near those that were given, as near as was asked for, in few bytes.

use crate::abreast::{Restorers, describe_all};
use crate::model::{Body, Model};
use crate::search::{Finder, Search, left};
use crate::stream::{Coded, Part, Record, Stream};
use crate::tables::Tables;
use minlen_core::{Env, Error, Result};
use minlen_entropy::binary::BitCoder;
use minlen_entropy::binary::wide::{Decoder, Encoder};

/// How near each record has to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Promise {
    /// The mean of the squares of the errors, of every record, is at most this.
    MeanSquare(f64),
    /// No number of any record is off by more than this.
    MaxError(f64),
    /// None: as many bits as are worth it with steps of this rate.
    Rate(u8),
    /// None: as many bits as are worth it where each has to save so many squares of errors.
    Price(f64),
}

impl Promise {
    /// True if a record of so many numbers may be off by so much: the sum of the squares of its errors, and the largest error.
    pub(crate) fn is_kept(&self, squares: f64, worst: f64, numbers: usize) -> bool {
        match *self {
            Self::MeanSquare(most) => squares <= most * numbers as f64,
            Self::MaxError(most) => worst <= most,
            Self::Rate(_) | Self::Price(_) => true,
        }
    }

    /// Whether it says how near every record is.
    #[must_use]
    pub fn is_near(&self) -> bool {
        !matches!(self, Self::Rate(_) | Self::Price(_))
    }
}

/// How a promise was kept.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The sum of the squares of all errors, and of the worst record.
    pub squares: f64,
    /// See `squares`.
    pub worst_record: f64,
    /// The largest error of a number.
    pub worst: f64,
    /// Records that are stored as they are, and those with what is left.
    pub raw: u64,
    /// See `raw`.
    pub with_rest: u64,
}

impl Outcome {
    /// Takes in that of the records that follow.
    fn add(&mut self, next: Self) {
        self.squares += next.squares;
        self.worst_record = self.worst_record.max(next.worst_record);
        self.worst = self.worst.max(next.worst);
        self.raw += next.raw;
        self.with_rest += next.with_rest;
    }
}

/// Lets the linear members of `model` learn how their integers are distributed, from whole records, which each member describes at one rate
/// after the other.
///
/// # Errors
/// Cancelled; corrupt for a model whose parts do not fit together.
pub fn learn_tables(model: &mut Model, bytes: &[u8], rounds: usize, env: &Env) -> Result<()> {
    for _ in 0..rounds {
        let mut search = Search::new(model, false, env)?;
        each_record(model, bytes, env, |i, exact, values| {
            for member in 0..model.members.len() {
                if matches!(&search.finders[member], Finder::Network(finder) if !finder.has_residual()) {
                    continue;
                }
                search.look(member, values)?;
                let rate = (i * 7 % usize::from(model.members[member].rates(model))) as u8;
                let record = Record::Coded(search.attempt(member, rate, 1.0, exact)?.record);
                search.stream.code(&mut Nothing, &record);
            }
            Ok(())
        })?;
        let learned = |part: &Part<'_>| match part {
            Part::Linear(_, _, tables) => Some(tables.learned()),
            Part::Network(_, tables) => tables.as_ref().map(Tables::learned),
        };
        let learned: Vec<_> = search.stream.parts().iter().map(learned).collect();
        for (member, learned) in model.members.iter_mut().zip(learned) {
            let start = match &mut member.body {
                Body::Linear { start, .. } => Some(start),
                Body::Network(latents) => latents.residual.as_mut().map(|residual| &mut residual.start),
            };
            if let (Some(start), Some(learned)) = (start, learned) {
                *start = learned;
            }
        }
    }
    Ok(())
}

/// What a network leaves of each record at a rate, in values: what its residual has to describe. Records that are no numbers are left out.
///
/// # Errors
/// Usage if the member is no network, or has no encoder; cancelled.
pub fn residuals(model: &Model, member: usize, rate: u8, bytes: &[u8], env: &Env) -> Result<Vec<f32>> {
    let mut stream = Stream::new(model, env)?;
    let Some(ready) = stream.network(member) else {
        return Err(Error::usage("this member of the codec file is no network"));
    };
    let (mut found, mut made, mut out) = (Vec::new(), Vec::new(), Vec::new());
    each_record(model, bytes, env, |_, _, values| {
        ready.look(values, &mut found)?;
        let integers = ready.rounded(&found, rate);
        ready.restore([(rate, &integers[..])], &mut made)?;
        left(model, values, &mut made, &mut out);
        Ok(())
    })?;
    Ok(out)
}

/// What records take with each of the first `rates` rates of a member: bits and the sum of the squares of errors, over all of them. Latents are not refined, and records that
/// are no numbers are left out.
///
/// # Errors
/// Cancelled; corrupt for a model whose parts do not fit together.
pub fn rate_points(
    model: &Model,
    member: usize,
    rates: u8,
    bytes: &[u8],
    env: &Env,
) -> Result<Vec<[f64; 2]>> {
    let rates = model.members.get(member).map_or(0, |member| member.rates(model).min(rates));
    let mut search = Search::new(model, false, env)?;
    let mut points = vec![[0.0; 2]; usize::from(rates)];
    each_record(model, bytes, env, |_, exact, values| {
        search.look(member, values)?;
        for (rate, [bits, squares]) in (0..rates).zip(&mut points) {
            let found = search.attempt(member, rate, 1.0, exact)?;
            *bits += f64::from(found.bits);
            *squares += found.squares;
        }
        Ok(())
    })?;
    Ok(points)
}

/// The numbers and the values of each record that is one, with its place.
fn each_record(
    model: &Model,
    bytes: &[u8],
    env: &Env,
    mut one: impl FnMut(usize, &[f64], &[f32]) -> Result<()>,
) -> Result<()> {
    let (mut exact, mut values) = (Vec::new(), Vec::new());
    for (place, bytes) in bytes.chunks_exact(model.record_bytes()).enumerate() {
        env.check()?;
        model.scaling.numbers(bytes, &mut exact);
        if model.scaling.values(&exact, &mut values) {
            one(place, &exact, &values)?;
        }
    }
    Ok(())
}

/// Writes nothing.
struct Nothing;

impl BitCoder for Nothing {
    fn code(&mut self, bit: u32, _: u32) -> u32 {
        bit
    }
}

/// Codes whole records; gives the payload, and how the promise was kept. From `level` 8 on, the latents of networks are refined one by one, which
/// takes some ten times as long.
///
/// # Errors
/// Usage for bytes that are no whole records; cancelled.
pub fn encode(
    model: &Model,
    bytes: &[u8],
    promise: Promise,
    level: u8,
    env: &Env,
) -> Result<(Vec<u8>, Outcome)> {
    let (mut coder, mut outcome) = (Encoder::new(), Outcome::default());
    describe_all(model, bytes, promise, level >= 8, env, |stream, records, bytes, found| {
        for record in &records {
            stream.code(&mut coder, record);
        }
        outcome.add(found);
        env.work(bytes.len() as u64)
    })?;
    Ok((coder.finish(), outcome))
}

/// Appends the records of a payload: `len` bytes.
///
/// # Errors
/// Corrupt for what nobody wrote; cancelled.
pub fn decode(model: &Model, payload: &[u8], len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
    let size = model.record_bytes();
    let bad = || Error::corrupt("records: not what an encoder writes");
    if !len.is_multiple_of(size) {
        return Err(bad());
    }
    let mut coder = Decoder::new(payload);
    let mut restorers = Restorers::new(model, len / size, env)?;
    let (mut left, mut records) = (len / size, Vec::new());
    while left > 0 {
        records.clear();
        for _ in 0..left.min(restorers.most()) {
            records.push(read(restorers.stream(), &mut coder).ok_or_else(bad)?);
        }
        left -= records.len();
        restorers.restore(&records, out)?;
        env.work((records.len() * size) as u64)?;
    }
    if coder.is_used_up() { Ok(()) } else { Err(bad()) }
}

fn read<C: BitCoder>(stream: &mut Stream<'_>, coder: &mut C) -> Option<Record> {
    stream.code(coder, &Record::Coded(Coded::default()))
}
