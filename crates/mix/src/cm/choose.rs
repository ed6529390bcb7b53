//! Which models, which prior and which learning rate suit a piece of data.

use super::run;
use super::spec::{Header, depth, guess};
use crate::likely::{self, UNLIKE};
use crate::model_type::{Depth, Type};
use crate::pretrained::Pretrained;
use crate::prior::{self, Named, Prior};
use minlen_core::{Env, Kind, NoProgress, Params, Result};
use std::sync::Arc;

/// So much of the data is coded with every candidate, after so much of its window.
fn trial(level: u8) -> (usize, usize) {
    match level {
        // All of the window with mixing, as it is shorter than what warms the fast model up.
        0..=7 => (8 << 10, 24 << 10),
        8 => (12 << 10, 96 << 10),
        _ => (48 << 10, 320 << 10),
    }
}

/// So much data or less is little.
const LITTLE: usize = 32 << 10;

/// The number of the prior that makes the beginning of `data` smallest, of those for `kind` and of the type `of`; 0 for
/// none. Text goes by similarity where there is much of it, and the three likeliest are tried where there is little.
pub(super) fn prior_for(kind: Kind, of: Type, data: &[u8], level: u8, models: &Pretrained) -> u8 {
    // What a prior saves is at most some kilobytes: of so much binary data it is not worth the time at the fastest level.
    if level == 6 && data.len() > 1 << 20 && of != Type::Text {
        return 0;
    }
    let mut priors = likely::fitting(kind, of);
    if priors.is_empty() || data.is_empty() {
        return 0;
    }
    let (size, window) = trial(level);
    let sample = sample(data, size, of);
    if of == Type::Text || level < 7 {
        let mut likely =
            likely::by_likeness(priors, &sample, |prior| prior.window_for(Depth::Fast, data.len()));
        if data.len() > LITTLE {
            return likely
                .first()
                .filter(|best| of == Type::Text || best.share >= UNLIKE)
                .map_or(0, |best| best.number);
        }
        likely.truncate(3);
        priors = likely.into_iter().map(|likely| (likely.number, likely.prior)).collect();
    }
    let mut trials: Vec<_> =
        priors.iter().map(|(number, prior)| (*number, Some(shortened(prior, window)))).collect();
    trials.push((0, None));
    trials.iter().min_by_key(|trial| cost(trial, of, &sample, models)).map_or(0, |(number, _)| *number)
}

/// Bytes of `sample` coded by the fast model after this prior.
fn cost((number, prior): &(u8, Option<Arc<Prior>>), of: Type, sample: &[u8], models: &Pretrained) -> usize {
    let header = Header {
        depth: Depth::Fast,
        kind: of,
        number: *number,
        id: prior::Id::default(),
        prior: Option::clone(prior),
        rate: 0,
    };
    let mut out = Vec::new();
    // A trial is not the work that the waiting wait for: nobody hears of it.
    run::encode(&header, sample, models, &Env::default(), &mut out).map_or(usize::MAX, |()| out.len())
}

/// The most typical part of a prior: enough to tell it from the others.
fn shortened(prior: &Prior, most: usize) -> Arc<Prior> {
    let window = prior.window[prior.window.len().saturating_sub(most)..].to_vec();
    Arc::new(Prior { name: prior.name.clone(), kind: prior.kind, window })
}

/// From a quarter of the way in, where headers are over.
fn sample(data: &[u8], size: usize, of: Type) -> Vec<u8> {
    let start = if data.len() > 4 * size { data.len() / 4 } else { 0 };
    let mut sample = data[start..data.len().min(start + size)].to_vec();
    if of == Type::X86 {
        crate::bcj::absolute(&mut sample);
    }
    sample
}

/// What is tried for [`Header::rate`].
const RATES: [u8; 3] = [3, 1, 6];

/// So much of the data is coded with each.
const RATE_TRIAL: usize = 192 << 10;

/// What the user or the planner asked for, as the payload begins with it.
///
/// # Errors
/// Usage for a prior that is not there.
pub(super) fn header(params: &Params, input: &[u8], models: &Pretrained, env: &Env) -> Result<Header> {
    let kind = match params.get("type") {
        1 => Type::Text,
        2 => Type::Binary,
        3 => Type::X86,
        _ => guess(input),
    };
    let Named { number, id, prior } = Named::by_params("cm", params, &env.resources)?;
    let kind = prior.as_ref().map_or(kind, |prior| prior.kind);
    let mut header = Header { depth: depth(params), kind, number, id, prior, rate: 0 };
    if header.depth == Depth::Max {
        header.rate = match params.get("rate") as u8 {
            0 => best_rate(&header, input, models, env)?,
            rate => rate,
        };
    }
    Ok(header)
}

/// The first of two passes: the rate with which the deep model codes the data best.
fn best_rate(header: &Header, input: &[u8], models: &Pretrained, env: &Env) -> Result<u8> {
    let quiet = env.clone().with_progress(Arc::new(NoProgress));
    let mut best = (usize::MAX, RATES[0]);
    for rate in RATES {
        let trial = Header { depth: Depth::Deep, rate, ..header.clone() };
        let mut out = Vec::new();
        run::encode(&trial, &input[..input.len().min(RATE_TRIAL)], models, &quiet, &mut out)?;
        best = best.min((out.len(), rate));
    }
    Ok(best.1)
}
