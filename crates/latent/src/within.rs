//! Records in no more bytes than they may take, as near as that allows.

use crate::code::{Outcome, Promise, encode};
use crate::model::Model;
use crate::steps;
use minlen_core::{Env, Result};

/// Prices in a quarter of an octave of the step.
const PARTS: u32 = 64;
/// Records that are tried at many prices.
const SAMPLE: usize = 384;
/// The same where latents are refined.
const REFINED: usize = 96;
/// Level without refinement.
const PLAIN: u8 = 5;
/// Times that all records are coded at most, but for budgets that are hard to meet.
const PASSES: usize = 4;
/// So much of the bytes is near enough, without and with refinement.
const NEAR: [f64; 2] = [0.99, 0.985];

/// What a bit is worth, in squares of numbers, at so many parts of a quarter of an octave.
fn price(model: &Model, place: u32) -> Promise {
    let (quarter, part) = ((place / PARTS) as u8, f64::from(place % PARTS) / f64::from(PARTS));
    let (low, high) = (model.worth(quarter), model.worth(quarter.saturating_add(1).min(steps::QUARTERS_MAX)));
    Promise::Price(low + (high - low) * part)
}

/// Some of the records, from everywhere among them.
fn sample(model: &Model, bytes: &[u8], most: usize) -> Vec<u8> {
    let size = model.record_bytes().max(1);
    let apart = (bytes.len() / size).div_ceil(most).max(1);
    bytes.chunks_exact(size).step_by(apart).flatten().copied().collect()
}

/// Codes whole records as [`encode`], as near as a payload of at most `most` bytes allows: `None` if the coarsest is larger.
///
/// # Errors
/// As [`encode`].
pub fn encode_within(
    model: &Model,
    bytes: &[u8],
    most: u64,
    level: u8,
    env: &Env,
) -> Result<Option<(Vec<u8>, Outcome)>> {
    let mut budget = Budget {
        model,
        bytes,
        most: most as f64,
        level,
        env,
        finest: u32::from(model.step(model.rates.saturating_sub(1))) * PARTS,
        coarsest: u32::from(model.step(0)) * PARTS,
        slope: 0.0,
    };
    let place = budget.guess()?;
    budget.search(place)
}

/// What may be spent on which records. Prices are numbered in parts of a quarter of an octave of the step.
struct Budget<'a> {
    model: &'a Model,
    bytes: &'a [u8],
    most: f64,
    level: u8,
    env: &'a Env,
    finest: u32,
    coarsest: u32,
    /// How much shorter, as a share, one part more makes the payload.
    slope: f64,
}

impl Budget<'_> {
    fn encode(&self, bytes: &[u8], place: u32, level: u8) -> Result<(Vec<u8>, Outcome)> {
        encode(self.model, bytes, price(self.model, place), level, self.env)
    }

    fn size(&self, bytes: &[u8], place: u32, level: u8) -> Result<f64> {
        Ok(self.encode(bytes, place, level)?.0.len() as f64)
    }

    /// What some of the records may take.
    fn share(&self, some: &[u8]) -> f64 {
        self.most * some.len() as f64 / self.bytes.len().max(1) as f64
    }

    fn is_thorough(&self) -> bool {
        self.level >= 8
    }

    fn near(&self) -> f64 {
        NEAR[usize::from(self.is_thorough())]
    }

    /// The place at which a payload of `size` at `place` should have the size that is wanted.
    fn moved(&self, place: u32, size: f64, wanted: f64) -> u32 {
        let by = ((size / wanted.max(1.0) - 1.0) / self.slope).clamp(-1e6, 1e6);
        // Away from 0: by less than one part is nothing.
        let by = if by < 0.0 { by.floor() } else { by.ceil() };
        (i64::from(place) + by as i64).clamp(i64::from(self.finest), i64::from(self.coarsest)) as u32
    }

    /// About the finest place that is within the budget, by some of the records.
    fn guess(&mut self) -> Result<u32> {
        let few = sample(self.model, self.bytes, SAMPLE);
        let (mut low, mut high) = (self.finest, self.coarsest);
        while high - low > PARTS / 8 {
            let middle = low.midpoint(high);
            if self.size(&few, middle, PLAIN)? <= self.share(&few) { high = middle } else { low = middle + 1 }
        }
        let mut place = low.midpoint(high);
        let finer = place.saturating_sub(PARTS / 2).max(self.finest);
        let coarser = (place + PARTS / 2).min(self.coarsest);
        let (more, less) = (self.size(&few, finer, PLAIN)?, self.size(&few, coarser, PLAIN)?);
        self.slope = ((more / less.max(1.0) - 1.0) / f64::from((coarser - finer).max(1))).max(1e-4);
        if self.is_thorough() {
            let few = sample(self.model, self.bytes, REFINED);
            for _ in 0..2 {
                place = self.moved(place, self.size(&few, place, self.level)?, self.share(&few) * NEAR[0]);
            }
        }
        Ok(place)
    }

    /// The best of a few payloads that are within the budget, if there is one.
    fn search(&self, mut place: u32) -> Result<Option<(Vec<u8>, Outcome)>> {
        let mut best: Option<(Vec<u8>, Outcome)> = None;
        // The coarsest place that was too large, and the finest that was not.
        let (mut large, mut small) = (None, None);
        for pass in 1.. {
            let found = self.encode(self.bytes, place, self.level)?;
            let size = found.0.len() as f64;
            if size <= self.most {
                small = Some(small.map_or(place, |small: u32| small.min(place)));
                let is_better = best.as_ref().is_none_or(|best| found.1.squares < best.1.squares);
                best = if is_better { Some(found) } else { best };
                if size >= self.near() * self.most {
                    break;
                }
            } else {
                large = Some(large.map_or(place, |large: u32| large.max(place)));
            }
            // What is still too large after that goes far in the other direction.
            if pass >= PASSES && (best.is_some() || place == self.coarsest) {
                break;
            }
            let mut next = self.moved(place, size, self.most * (1.0 + self.near()) / 2.0);
            if pass >= PASSES {
                next = next.max(place + (self.coarsest - place).div_ceil(2));
            }
            match between(next, large, small) {
                Some(next) => place = next,
                None => break,
            }
        }
        Ok(best)
    }
}

/// The place to try next: `next`, if nothing is known of it, else one in the middle of what is unknown, if there is any.
fn between(next: u32, large: Option<u32>, small: Option<u32>) -> Option<u32> {
    let is_known = small.is_some_and(|small| next >= small) || large.is_some_and(|large| next <= large);
    match (large, small) {
        _ if !is_known => Some(next),
        (Some(large), Some(small)) if small > large + 1 => Some(small.midpoint(large)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_place_is_one_of_which_nothing_is_known() {
        assert_eq!(between(7, None, None), Some(7));
        assert_eq!(between(7, Some(5), Some(9)), Some(7));
        assert_eq!(between(4, Some(5), Some(9)), Some(7));
        assert_eq!(between(9, Some(5), Some(9)), Some(7));
        assert_eq!((between(9, Some(8), Some(9)), between(3, Some(5), None)), (None, None));
    }
}
