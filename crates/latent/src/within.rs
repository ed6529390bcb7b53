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
    let size_at = |bytes: &[u8], place: u32, level: u8| -> Result<f64> {
        Ok(encode(model, bytes, price(model, place), level, env)?.0.len() as f64)
    };
    let share = |part: &[u8]| most as f64 * part.len() as f64 / bytes.len().max(1) as f64;
    let few = sample(model, bytes, SAMPLE);
    // The finest of the prices at which those take no more than their share.
    let (finest, coarsest) =
        (u32::from(model.step(model.rates - 1)) * PARTS, u32::from(model.step(0)) * PARTS);
    let (mut low, mut high) = (finest, coarsest);
    while high - low > PARTS / 8 {
        let middle = low.midpoint(high);
        if size_at(&few, middle, PLAIN)? <= share(&few) { high = middle } else { low = middle + 1 }
    }
    let mut place = low.midpoint(high);
    let beside = (place.saturating_sub(PARTS / 2).max(finest), (place + PARTS / 2).min(coarsest));
    let (more, less) = (size_at(&few, beside.0, PLAIN)?, size_at(&few, beside.1, PLAIN)?);
    // How much shorter, as a share, one part makes it.
    let slope = ((more / less.max(1.0) - 1.0) / f64::from((beside.1 - beside.0).max(1))).max(1e-4);
    let moved = |place: u32, size: f64, wanted: f64| {
        let by = ((size / wanted.max(1.0) - 1.0) / slope).clamp(-1e6, 1e6);
        // Away from 0: by less than one part is nothing.
        let by = if by < 0.0 { by.floor() } else { by.ceil() };
        (i64::from(place) + by as i64).clamp(i64::from(finest), i64::from(coarsest)) as u32
    };
    let thorough = level >= 8;
    if thorough {
        let few = sample(model, bytes, REFINED);
        for _ in 0..2 {
            place = moved(place, size_at(&few, place, level)?, share(&few) * NEAR[0]);
        }
    }
    let near = NEAR[usize::from(thorough)];
    let mut best: Option<(Vec<u8>, Outcome)> = None;
    // The coarsest that was too large, and the finest that was not.
    let (mut large, mut small) = (None, None);
    for pass in 0.. {
        let found = encode(model, bytes, price(model, place), level, env)?;
        let size = found.0.len() as f64;
        if size <= most as f64 {
            small = Some(small.map_or(place, |small: u32| small.min(place)));
            let is_better = best.as_ref().is_none_or(|best| found.1.squares < best.1.squares);
            best = if is_better { Some(found) } else { best };
            if size >= near * most as f64 {
                break;
            }
        } else {
            large = Some(large.map_or(place, |large: u32| large.max(place)));
        }
        let mut next = moved(place, size, most as f64 * (1.0 + near) / 2.0);
        if pass + 1 >= PASSES {
            // What is still too large goes far in the other direction.
            if best.is_some() || place == coarsest {
                break;
            }
            next = (place + (coarsest - place).div_ceil(2)).max(next);
        }
        let known = |next: u32| small.is_some_and(|small| next >= small) || large.is_some_and(|l| next <= l);
        if known(next) {
            match (large, small) {
                (Some(large), Some(small)) if small > large + 1 => next = small.midpoint(large),
                _ => break,
            }
        }
        place = next;
    }
    Ok(best)
}
