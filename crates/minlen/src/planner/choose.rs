//! Picking the smallest among several offers without coding everything with everything.

use super::sample::{SMALL, has_repeats, sample};
use super::stored;
use crate::block_progress::BlockProgress;
use crate::levels::MAX_LEVEL;
use minlen_core::{Chain, Coded, Env, ErrorKind, Proposal, Registry, Result, ids};

/// Offers whose sample is more than this many thousandths larger than the best one's are not tried in full. The
/// sample underrates codecs that profit from long distances, hence the margin.
const MARGIN_PERMILLE: usize = 60;

/// An offer must save this many thousandths of the sample; else the part is stored as it is.
const WORTH_PERMILLE: usize = 10;

/// `bwt` gains more from more data than `ppm` does: what its sample may be larger by, in thousandths, where it is all of the part, for
/// each time that the part is twice as long, and at most.
const SORTING_GAINS: [usize; 3] = [15, 25, 65];

/// At most this many offers are coded in full, by level: up to 4 the sample decides alone, which halves the time.
fn finalist_count(level: u8) -> usize {
    if level < 5 { 1 } else { 3 }
}

/// From this level on codecs are so slow that nothing is tried out: the strongest offer is taken.
pub(crate) const STRONG: u8 = 6;

/// So much of a part is coded to compare two priors.
const PRIOR_TRIAL: usize = 32 << 10;

/// A coded part and how it was chosen.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub coded: Coded,
    pub chain: String,
    pub why: &'static str,
    pub tried: Vec<(String, usize)>,
    /// Raw bytes that were reported as progress while coding.
    pub reported: u64,
    /// True if a codec gave up for want of memory.
    pub short: bool,
}

impl Outcome {
    /// What the chain that the user named gives.
    pub(super) fn named(chain: &Chain, data: &[u8], registry: &Registry, env: &Env) -> Result<Self> {
        let (progress, env) = BlockProgress::new(env, data.len() as u64, data.len() as u64);
        let coded = chain.encode(data, registry, &env)?;
        let (chain, reported) = (chain.to_string(), progress.reported());
        Ok(Self { coded, chain, why: "asked for", tried: Vec::new(), reported, short: false })
    }

    /// The same, or the raw bytes where coding did not make them fewer.
    pub(super) fn or_stored(self, data: &[u8]) -> Self {
        let smaller = !self.coded.ids.is_empty() && self.coded.payload.len() < data.len();
        if smaller {
            return self;
        }
        let why = if self.tried.is_empty() { "nothing to gain" } else { "no codec made it smaller" };
        Self {
            coded: stored(data),
            chain: "store".into(),
            why,
            tried: self.tried,
            reported: self.reported,
            short: self.short,
        }
    }

    /// Codes with each of these, and keeps the smallest of their results and its own.
    fn try_all(&mut self, offers: &[&Proposal], data: &[u8], registry: &Registry, env: &Env) -> Result<()> {
        let len = data.len() as u64;
        let (progress, env) =
            BlockProgress::new(env, len.saturating_mul(offers.len() as u64), len - self.reported.min(len));
        for offer in offers {
            let Some(coded) = attempt(offer, data, registry, &env, &mut self.short)? else { continue };
            self.tried.push((offer.chain.to_string(), coded.payload.len()));
            if self.coded.ids.is_empty() || coded.payload.len() < self.coded.payload.len() {
                (self.coded, self.chain, self.why) = (coded, offer.chain.to_string(), offer.why);
            }
        }
        self.reported += progress.reported();
        Ok(())
    }

    fn none() -> Self {
        Self {
            coded: Coded::default(),
            chain: String::new(),
            why: "",
            tried: Vec::new(),
            reported: 0,
            short: false,
        }
    }
}

/// The smallest result among `offers`; an empty outcome if there is none. Ties go to the earlier offer.
pub(super) fn best(
    offers: &[Proposal],
    level: u8,
    data: &[u8],
    registry: &Registry,
    env: &Env,
) -> Result<Outcome> {
    // A codec that needs the whole is tried first: no sample says what it gives.
    let needs_whole = |o: &&Proposal| {
        let first = o.chain.stages().first();
        first.is_some_and(|stage| registry.codec(stage.id).is_ok_and(|codec| codec.whole().is_some()))
    };
    let (first, usual): (Vec<_>, Vec<_>) = offers.iter().partition(needs_whole);
    let mut best = Outcome::none();
    best.try_all(&first, data, registry, env)?;
    if (STRONG..MAX_LEVEL).contains(&level) {
        let enough = !best.coded.ids.is_empty() && best.coded.payload.len() < data.len();
        return if enough { Ok(best) } else { strongest(&usual, data, registry, env) };
    }
    let sure = (!best.coded.ids.is_empty()).then_some(best.coded.payload.len());
    best.try_all(&finalists(&usual, level, data, sure, registry, env)?, data, registry, env)?;
    Ok(best)
}

/// The first offer that makes the part smaller: those of codecs for some kinds of data before that for all kinds, and the
/// most expensive one first, since what costs more knows more.
fn strongest(offers: &[&Proposal], data: &[u8], registry: &Registry, env: &Env) -> Result<Outcome> {
    let mut ranked: Vec<&Proposal> = offers.to_vec();
    let general = |offer: &Proposal| offer.chain.stages().first().is_some_and(|stage| stage.id == ids::CM);
    ranked.sort_by_key(|offer| (general(offer), std::cmp::Reverse(offer.encode_ns)));
    better_prior(&mut ranked, data, registry, env)?;
    let (mut tried, mut short) = (Vec::new(), false);
    let len = data.len() as u64;
    let (progress, env) = BlockProgress::new(env, len, len);
    for offer in ranked {
        let Some(coded) = attempt(offer, data, registry, &env, &mut short)? else { continue };
        tried.push((offer.chain.to_string(), coded.payload.len()));
        if coded.payload.len() < data.len() {
            let (chain, reported) = (offer.chain.to_string(), progress.reported());
            return Ok(Outcome { coded, chain, why: offer.why, tried, reported, short });
        }
    }
    Ok(Outcome { tried, reported: progress.reported(), short, ..Outcome::none() })
}

/// Of two first offers that differ in nothing but what is reported to the codec, leaves the one that does better on a small
/// sample.
fn better_prior(ranked: &mut Vec<&Proposal>, data: &[u8], registry: &Registry, env: &Env) -> Result<()> {
    let [one, two, ..] = ranked.as_slice() else { return Ok(()) };
    let ids = |offer: &Proposal| offer.chain.stages().iter().map(|stage| stage.id).collect::<Vec<_>>();
    if ids(one) != ids(two) {
        return Ok(());
    }
    let sample = &data[..data.len().min(PRIOR_TRIAL)];
    let size = |offer| {
        Ok(attempt(offer, sample, registry, env, &mut false)?.map_or(usize::MAX, |coded| coded.payload.len()))
    };
    let (one, two): (Result<usize>, Result<usize>) = (size(one), size(two));
    ranked.remove(usize::from(one? <= two?));
    Ok(())
}

/// The offers worth coding in full: all of them for a small part, else those that do well on a sample. None where the sample
/// does not come near what is reached for sure.
fn finalists<'o>(
    offers: &[&'o Proposal],
    level: u8,
    data: &[u8],
    sure: Option<usize>,
    registry: &Registry,
    env: &Env,
) -> Result<Vec<&'o Proposal>> {
    if offers.len() < 2 || data.len() <= SMALL || level == MAX_LEVEL {
        return Ok(offers.to_vec());
    }
    let sample = sample(data);
    let mut ranked = Vec::new();
    for &offer in offers {
        if let Some(coded) = attempt(offer, &sample, registry, env, &mut false)? {
            ranked.push((coded.payload.len(), offer));
        }
    }
    ranked.sort_by_key(|(size, _)| *size);
    let hopeless =
        |(size, _): &(usize, _)| sample.len().saturating_sub(*size) * 1000 < sample.len() * WORTH_PERMILLE;
    if ranked.first().is_none_or(hopeless) && !has_repeats(data) {
        return Ok(Vec::new());
    }
    let hoped = ranked.first().map_or(0, |(size, _)| size * 1000 / sample.len().max(1) * (data.len() / 1000));
    if sure.is_some_and(|sure| sure < hoped / 10 * 9) {
        return Ok(Vec::new());
    }
    settle_contexts(&mut ranked, data.len() / sample.len().max(1));
    let bound = ranked.first().map_or(0, |(size, _)| size + size * MARGIN_PERMILLE / 1000);
    Ok(ranked
        .into_iter()
        .filter(|(size, _)| *size <= bound)
        .take(finalist_count(level))
        .map(|(_, offer)| offer)
        .collect())
}

/// Leaves one of `bwt` and `ppm`. Both look at the same contexts and cost as much as all the rest, so which of them is better, the sample has
/// to tell, of which the part is `times` as long.
fn settle_contexts(ranked: &mut Vec<(usize, &Proposal)>, times: usize) {
    let place = |id| {
        let is = |(_, offer): &(usize, &Proposal)| matches!(offer.chain.stages(), [stage] if stage.id == id);
        ranked.iter().position(is)
    };
    let (Some(sorting), Some(matching)) = (place(ids::BWT), place(ids::PPM)) else { return };
    let [base, doubling, most] = SORTING_GAINS;
    let gain = (base + doubling * times.max(1).ilog2() as usize).min(most);
    let sorts = ranked[sorting].0 * 1000 <= ranked[matching].0 * (1000 + gain);
    ranked.remove(if sorts { matching } else { sorting });
}

/// One offer on some data; `None` where the codec cannot take it, with a note if that is for want of memory. Only a request to stop
/// ends the whole.
fn attempt(
    offer: &Proposal,
    data: &[u8],
    registry: &Registry,
    env: &Env,
    short: &mut bool,
) -> Result<Option<Coded>> {
    match offer.chain.encode(data, registry, env) {
        Ok(coded) => Ok(Some(coded)),
        Err(error) if error.kind() == ErrorKind::Cancelled => Err(error),
        Err(error) => {
            *short |= error.kind() == ErrorKind::Limit && env.budget.limit() < u64::MAX;
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_that_look_at_contexts_one_is_left() {
        let registry = crate::registry();
        let offer = |name| Proposal { chain: Chain::parse(name, &registry).unwrap(), encode_ns: 1, why: "" };
        let (bwt, ppm, lzma) = (offer("bwt"), offer("ppm"), offer("lzma"));
        let cases = [(1015, 1), (1040, 3), (1065, 4), (1065, 99)];
        let cases = cases.iter().flat_map(|&(most, times)| [(most, times, "bwt"), (most + 1, times, "ppm")]);
        for (bwt_size, times, expected) in cases {
            let mut ranked = vec![(900, &lzma), (1000, &ppm), (bwt_size, &bwt)];
            settle_contexts(&mut ranked, times);
            let left: Vec<_> = ranked.iter().map(|(_, offer)| offer.chain.to_string()).collect();
            assert!(left.len() == 2 && left[1].starts_with(expected), "{bwt_size} at {times}: {left:?}");
        }
        let mut ranked = vec![(900, &lzma), (1000, &ppm)];
        settle_contexts(&mut ranked, 1);
        assert_eq!(ranked.len(), 2);
    }
}
