//! Fits a picture and writes it.

use super::goal::{self, Aim};
use super::layout::Layout;
use super::network::Network;
use super::schedule::{Goal, Schedule, train};
use super::train::Fit;
use super::{Encoded, Shape, start, table};
use crate::Planes;
use minlen_core::{Env, Error, Result};

/// Fits networks and latents to a picture.
///
/// # Errors
/// Limit where memory does not allow it; cancelled; usage for a goal that cannot be reached.
pub fn encode(picture: &Planes, goal: Goal, schedule: &Schedule, env: &Env) -> Result<Encoded> {
    let shape = Shape::of(picture);
    let layout = Layout::new(&shape, schedule.chroma)?;
    let _held = env.budget.reserve(Fit::memory(&layout))?;
    let network = Network::new(&layout, schedule.hidden);
    let target = samples(picture);
    let mut fit = Fit::new(&layout, &network, &target, env)?;
    let mut aim = Aim::new(goal, picture)?;
    let mut header = start::find(&mut fit, &mut aim, &target, schedule)?;
    for _ in 0..goal::ATTEMPTS {
        start::begin(&mut fit, &header, &target, schedule);
        train(&mut fit, schedule, &mut aim, env)?;
        let base = table::weights(header.entry, &network);
        let found = goal::finish(&mut fit, &mut aim, &header, &base, picture, schedule, env)?;
        if let Some(found) = found {
            return Ok(found);
        }
        // Finer steps, or coarser ones.
        fit.lambda *= if aim.too_large() { 3.0 } else { 0.3 };
        header = start::header(schedule, fit.lambda);
    }
    Err(Error::usage("networks cannot be fitted to a picture so closely, or in so few bytes"))
}

/// Samples of which the largest is 1.
fn samples(picture: &Planes) -> Vec<Vec<f32>> {
    let unit = 1.0 / f32::from(picture.peak());
    picture.planes().iter().map(|plane| plane.iter().map(|&x| f32::from(x) * unit).collect()).collect()
}

/// The weights that networks of a picture end with after so many steps from `weights` (from entry 0 of the table if there are none), but
/// for the axes of colour, and what the picture costs then: what tables are made by.
///
/// # Errors
/// As [`encode`].
#[cfg(feature = "lab")]
pub fn adapt(
    picture: &Planes,
    lambda: f32,
    schedule: &Schedule,
    weights: &mut Vec<f32>,
    env: &Env,
) -> Result<f64> {
    let layout = Layout::new(&Shape::of(picture), schedule.chroma)?;
    let network = Network::new(&layout, schedule.hidden);
    if weights.is_empty() {
        *weights = network.floats(&network.plain());
    }
    let target = samples(picture);
    let linear = network.synthesis + network.points.linear..network.convolutions[0];
    let kept = weights[linear.clone()].to_vec();
    let mut fit = Fit::new(&layout, &network, &target, env)?;
    let mut aim = Aim::new(Goal::Lambda(lambda), picture)?;
    fit.lambda = lambda;
    start::begin_with(&mut fit, &start::header(schedule, lambda), weights, &target, schedule);
    train(&mut fit, schedule, &mut aim, env)?;
    let last = fit.measure()?.total(f64::from(lambda));
    weights.copy_from_slice(&fit.weights);
    weights[linear].copy_from_slice(&kept);
    Ok(last)
}
