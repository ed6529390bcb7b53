//! A transform of what a network leaves: the directions in which its errors vary most.

use super::linear::{Settings, learn};
use minlen_core::{Env, Error, Result};
use minlen_latent::network::Residual;
use minlen_latent::tables::Start;
use minlen_latent::{Body, Model, RATES_MAX, residuals, steps};
use ndarray::Array2;

/// Records from which a transform is learned, at most.
const RECORDS: usize = 20_000;
/// Seed of classes.
const SEED: u64 = 5;

/// Gives the network that is the first member a transform of its residuals with so many coordinates, learned from records at its finest rate.
/// Nothing happens where that member is no network.
///
/// # Errors
/// Usage for too few records; cancelled.
pub(super) fn learn_residual(model: &mut Model, coordinates: usize, bytes: &[u8], env: &Env) -> Result<()> {
    let Some(Body::Network(latents)) = model.members.first().map(|member| &member.body) else {
        return Ok(());
    };
    let (last, finest) = (latents.rates.len().saturating_sub(1) as u8, latents.step(u8::MAX));
    let count = (bytes.len() / model.record_bytes().max(1)).min(RECORDS);
    let left = residuals(model, 0, last, &bytes[..count * model.record_bytes()], env)?;
    let numbers = model.numbers();
    let left = Array2::from_shape_vec((left.len() / numbers, numbers), left)
        .map_err(|_| Error::usage("residuals that are no whole records"))?;
    let settings =
        Settings { classes: 1, coordinates, coefficients: coordinates, distortion: 100.0, rounds: 4 };
    let linear = learn(&left.view(), &settings, SEED, env)?;
    let start = Start::flat(linear.coefficients());
    let most = usize::from(RATES_MAX) - usize::from(last) - 1;
    let steps = (steps::nearest(4.0)..finest).rev().take(most).collect();
    if let Some(Body::Network(latents)) = model.members.first_mut().map(|member| &mut member.body) {
        latents.residual = Some(Box::new(Residual { linear, start, pull: [0, 0], steps }));
    }
    Ok(())
}
