//! How odd records are: how many bits they take and how far off they are, each against what is usual.
//!
//! The two see different things: a picture that is turned takes more bits, and noise that no member describes is left as error. So a record
//! counts by the larger of its percentiles. Records that are simpler than usual score low in both, which is why the low end is shown, too.

use super::{Held, Neighbours, Quantiles, auc, check, each, embed, rate};
use crate::records::Records;
use minlen_core::{Env, Error, Result};
use minlen_latent::Model;

/// How to score.
#[derive(Clone, Debug, Default)]
pub struct Settings<'a> {
    /// The rate; the usual one if there is none.
    pub rate: Option<u8>,
    /// The member that describes records; the best one of each if there is none.
    pub member: Option<usize>,
    /// How many of the nearest usual records count, and these records.
    pub neighbours: Option<(usize, &'a Records)>,
    /// Threads.
    pub threads: usize,
}

/// What is said of a record.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// Bits that it takes.
    pub bits: f64,
    /// The mean of the squares of its errors.
    pub error: f64,
    /// The member that describes it; none where it is stored as it is.
    pub member: Option<u8>,
    /// The mean distance from the nearest usual records.
    pub distance: Option<f64>,
    /// Percentiles of the three.
    pub percentiles: [f64; 3],
    /// The largest of them, going on above 100 for what is beyond all that is usual.
    pub rank: f64,
}

impl Score {
    /// The largest percentile.
    #[must_use]
    pub fn percentile(&self) -> f64 {
        self.rank.clamp(0.0, 100.0)
    }
}

/// Scores of records, and what they are against.
#[derive(Clone, Debug, Default)]
pub struct Scores {
    /// One for each record.
    pub each: Vec<Score>,
    /// The rate.
    pub rate: u8,
    /// Whether what is usual was taken from records that were held out in training; else from the records themselves.
    pub by_held_out: bool,
}

/// How well each view tells odd records from usual ones.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Areas {
    /// By bits.
    pub bits: f64,
    /// By error.
    pub error: f64,
    /// By distance from the nearest usual records.
    pub distance: Option<f64>,
    /// By the largest percentile.
    pub rank: f64,
}

/// Scores records of the model's kind.
///
/// # Errors
/// Usage for records of another kind, and for a rate or neighbours that there are not; cancelled; limit.
pub fn all(model: &Model, records: &Records, settings: &Settings<'_>, env: &Env) -> Result<Scores> {
    check(model, records)?;
    let rate = rate(model, settings.rate)?;
    let alone = settings.member.and_then(|member| model.only(member));
    let (numbers, threads) = (model.numbers().max(1) as f64, settings.threads);
    let found = each(alone.as_ref().unwrap_or(model), &records.bytes, rate, threads, env, |found| {
        let error = found.member.map_or(f64::NAN, |_| found.squares / numbers);
        let member = found.member.and(settings.member.map(|member| member as u8)).or(found.member);
        Score { bits: found.bits, error, member, ..Score::default() }
    })?;
    let held = Held::of_report(&model.report).filter(|held| held.rate == rate && alone.is_none());
    let by_held_out = held.is_some();
    let held = held.unwrap_or_else(|| Held {
        rate,
        bits: Quantiles::of(&found.iter().map(|score| score.bits).collect::<Vec<_>>()),
        error: Quantiles::of(&found.iter().map(|score| score.error).collect::<Vec<_>>()),
    });
    let mut scores = Scores { each: found, rate, by_held_out };
    let distances = distances(model, records, settings, rate, env)?;
    for (number, score) in scores.each.iter_mut().enumerate() {
        let mut ranks = [held.bits.rank(score.bits), held.error.rank(score.error), 0.0];
        score.percentiles = [held.bits.percentile(score.bits), held.error.percentile(score.error), 0.0];
        if let Some((usual, distances)) = &distances {
            score.distance = Some(distances[number]);
            ranks[2] = usual.rank(distances[number]);
            score.percentiles[2] = usual.percentile(distances[number]);
        }
        score.rank = ranks.into_iter().fold(0.0, f64::max);
    }
    Ok(scores)
}

type Distances = Option<(Quantiles, Vec<f64>)>;

fn distances(
    model: &Model,
    records: &Records,
    settings: &Settings<'_>,
    rate: u8,
    env: &Env,
) -> Result<Distances> {
    let Some((count, reference)) = settings.neighbours else { return Ok(None) };
    let member = match settings.member {
        Some(member) => member,
        None => embed::usual_member(model)?,
    };
    let threads = settings.threads;
    let mut known = embed::places(model, member, rate, reference, threads, env)?;
    known.retain(|place| place.iter().all(|x| x.is_finite()));
    if known.len() <= count {
        return Err(Error::usage(format!("{} records have no {count} neighbours", known.len()))
            .remedy("give more records of reference, or fewer --neighbours"));
    }
    let known = Neighbours::new(known, count);
    let usual = Quantiles::of(&known.usual(threads)?);
    let places = embed::places(model, member, rate, records, threads, env)?;
    Ok(Some((usual, known.distances(&places, threads)?)))
}

impl Scores {
    /// Numbers of records, the most suspicious first.
    #[must_use]
    pub fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.each.len()).collect();
        order.sort_by(|&a, &b| self.each[b].rank.total_cmp(&self.each[a].rank).then(a.cmp(&b)));
        order
    }

    /// How well each view finds the records that are odd; none unless there are both kinds.
    #[must_use]
    pub fn areas(&self, is_odd: &[bool]) -> Option<Areas> {
        let of =
            |score: &dyn Fn(&Score) -> f64| auc(&self.each.iter().map(score).collect::<Vec<_>>(), is_odd);
        let has_distance = self.each.iter().all(|score| score.distance.is_some());
        Some(Areas {
            bits: of(&|score| score.bits)?,
            error: of(&|score| score.error)?,
            distance: if has_distance { of(&|score| score.distance.unwrap_or(0.0)) } else { None },
            rank: of(&|score| score.rank)?,
        })
    }
}
