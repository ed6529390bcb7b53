//! Where fitting begins.

use super::goal::Aim;
use super::network::STAGES;
use super::payload::{HIDDEN, Header};
use super::render::STEP_BITS;
use super::schedule::{Goal, Schedule};
use super::train::{Cost, Fit};
use super::{pyramid, table};
use minlen_core::Result;

/// The header for a lambda.
pub(super) fn header(schedule: &Schedule, lambda: f32) -> Header {
    let wanted = schedule.step * lambda.sqrt();
    // The index of the step that is next below: 2^(-1/16) again and again.
    let mut index = 0;
    let mut step = 1.0;
    while step > wanted && index < 200 {
        step *= 0.957_603_3;
        index += 1;
    }
    let hidden = HIDDEN.iter().position(|&h| h >= schedule.hidden).unwrap_or(HIDDEN.len() - 1);
    Header {
        hidden: hidden as u8,
        chroma: schedule.chroma.min(3) as u8,
        step: index,
        slope: schedule.slope.min(31),
        entry: table::nearest(lambda),
    }
}

/// Weights of the header's entry, axes of colour and latents to begin with.
pub(super) fn begin(fit: &mut Fit<'_>, header: &Header, target: &[Vec<f32>], schedule: &Schedule) {
    let weights = fit.network.floats(&table::weights(header.entry, fit.network));
    begin_with(fit, header, &weights, target, schedule);
}

/// The same with these weights.
pub(super) fn begin_with(
    fit: &mut Fit<'_>,
    header: &Header,
    weights: &[f32],
    target: &[Vec<f32>],
    schedule: &Schedule,
) {
    let network = fit.network;
    fit.weights.copy_from_slice(weights);
    fit.steps = header.steps().iter().map(|&s| s as f32 / (1 << STEP_BITS) as f32).collect();
    fit.forget();
    let mut axes = [[0.0; 3]; 3];
    if network.colours == 3 {
        axes = pyramid::axes(target);
        let linear = network.synthesis + network.points.linear;
        let rows = fit.weights[linear..].chunks_exact_mut(network.channels);
        for (colour, row) in rows.enumerate().take(3) {
            for (channel, weight) in row.iter_mut().enumerate() {
                *weight = axes[channel.saturating_sub(3)][colour];
            }
        }
    }
    let taps: Vec<[f32; 4]> =
        (0..STAGES).map(|s| std::array::from_fn(|k| fit.weights[network.taps + 4 * s + k])).collect();
    fit.latents = pyramid::latents(fit.layout, target, &axes, &taps, &fit.steps, schedule.threshold);
}

/// The header for a goal: for one of bytes or of an error, lambda is sought with which untrained networks come near it.
///
/// # Errors
/// Whatever threads report.
pub(super) fn find(
    fit: &mut Fit<'_>,
    aim: &mut Aim,
    target: &[Vec<f32>],
    schedule: &Schedule,
) -> Result<Header> {
    if let Goal::Lambda(lambda) = aim.goal {
        fit.lambda = lambda;
        return Ok(header(schedule, lambda));
    }
    let (mut low, mut high) = (1e-7f32, 0.3f32);
    for _ in 0..8 {
        let middle = (low * high).sqrt();
        let header = header(schedule, middle);
        fit.lambda = middle;
        begin(fit, &header, target, schedule);
        let cost = fit.measure()?;
        // Training takes about a quarter of the bits away.
        if aim.wants_less(Cost { bits: 0.75 * cost.bits, ..cost }) {
            low = middle;
        } else {
            high = middle;
        }
    }
    fit.lambda = (low * high).sqrt();
    Ok(header(schedule, fit.lambda))
}
