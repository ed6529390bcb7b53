//! What is to be reached, in how many steps, and training by it.

use super::goal::Aim;
use super::train::{Cost, Fit, Move, Rounding};
use minlen_core::{Env, Result};

/// What a payload is to reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// The least `mean square error + lambda * bits per pixel`, where the largest sample is 1: 1e-4 is a good picture, 1e-2 a small one.
    Lambda(f32),
    /// At most this mean of the squares of differences of samples as they are stored.
    MeanSquare(f64),
    /// At most so many bytes.
    Bytes(u64),
}

/// How long, and how.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Schedule {
    /// Steps of training in all.
    pub steps: u32,
    /// How far latents move at first, in their steps.
    pub latents_rate: f32,
    /// How far weights move at first.
    pub weights_rate: f32,
    /// The share of steps at the end in which weights alone move.
    pub weights_share: f32,
    /// How far they move then, as a share of their rate.
    pub hard_weights: f32,
    /// Steps in which weights begin to move.
    pub rise: u32,
    /// Softness of rounding at first and at last.
    pub temperature: (f32, f32),
    /// Deviation of noise at first and at last.
    pub noise: (f32, f32),
    /// How much smaller latents begin than what the picture asks for.
    pub threshold: f32,
    /// Hidden units of the synthesis: 8, 16, 24 or 48.
    pub hidden: usize,
    /// The finest level of grids of colour.
    pub chroma: usize,
    /// The finest step in units of the root of lambda.
    pub step: f32,
    /// Each coarser step is smaller by 2^(-slope/16).
    pub slope: u8,
}

impl Schedule {
    /// From 3 (200 steps) to 9 (30,000).
    #[must_use]
    pub fn effort(effort: u8) -> Self {
        let steps = match effort {
            0..=3 => 200,
            4 => 500,
            5 => 1000,
            6 => 1500,
            7 => 4000,
            8 => 10_000,
            _ => 30_000,
        };
        Self {
            steps,
            latents_rate: 0.1,
            weights_rate: 4e-3,
            weights_share: 0.1,
            rise: 40,
            hard_weights: 0.25,
            temperature: (0.35, 0.1),
            noise: (0.22, 0.15),
            threshold: 0.5,
            hidden: 24,
            chroma: 1,
            step: 9.0,
            slope: 8,
        }
    }
}

/// How often lambda is moved towards a goal.
const STEER: u32 = 10;

/// All steps of a schedule.
///
/// # Errors
/// Cancelled.
pub(super) fn train(fit: &mut Fit<'_>, schedule: &Schedule, aim: &mut Aim, env: &Env) -> Result<()> {
    let last = (schedule.steps as f32 * schedule.weights_share) as u32;
    let soft = schedule.steps.saturating_sub(last).max(1);
    for step in 0..schedule.steps {
        env.work(1)?;
        let along = step.min(soft) as f32 / soft as f32;
        let between = |(from, to): (f32, f32)| from + (to - from) * along;
        // A cosine, nearly: 1 - x^2 (3 - 2x) falls as smoothly.
        let fall = 1.0 - along * along * (3.0 - 2.0 * along);
        let rounding =
            Rounding::Soft { temperature: between(schedule.temperature), noise: between(schedule.noise) };
        let moves = Move {
            latents: schedule.latents_rate * fall.max(0.01) * rising(step, 20),
            weights: schedule.weights_rate * fall.max(0.05) * rising(step, schedule.rise),
        };
        let left = 1.0 - step.saturating_sub(soft) as f32 / last.max(1) as f32;
        let weights = schedule.hard_weights * schedule.weights_rate * left.max(0.02);
        let cost = if step < soft {
            fit.step(rounding, moves)?
        } else {
            fit.step(Rounding::Hard, Move { latents: 0.0, weights })?
        };
        if step < soft && step >= schedule.steps / 10 && step % STEER == 0 {
            aim.steer(&mut fit.lambda, cost, 0.25);
        }
        trace(step, fit, cost);
    }
    Ok(())
}

/// A few more steps with a lambda that is corrected by what came out of those before.
///
/// # Errors
/// Cancelled.
pub(super) fn retrain(fit: &mut Fit<'_>, schedule: &Schedule, aim: &Aim, env: &Env) -> Result<()> {
    let steps = (schedule.steps / 10).clamp(20, 300);
    aim.correct(&mut fit.lambda);
    for step in 0..steps {
        env.work(1)?;
        let fall = 1.0 - step as f32 / steps as f32;
        let rounding = Rounding::Soft { temperature: schedule.temperature.1, noise: schedule.noise.1 };
        let moves =
            Move { latents: 0.3 * schedule.latents_rate * fall, weights: 0.1 * schedule.weights_rate * fall };
        fit.step(rounding, moves)?;
    }
    for step in 0..steps / 4 {
        env.work(1)?;
        let left = 1.0 - 4.0 * step as f32 / steps as f32;
        fit.step(
            Rounding::Hard,
            Move { latents: 0.0, weights: 0.1 * schedule.weights_rate * left.max(0.02) },
        )?;
    }
    Ok(())
}

/// Grows from near 0 to 1 in so many steps: Adam's first steps are as long as its later ones, though it knows nothing yet.
fn rising(step: u32, steps: u32) -> f32 {
    ((step + 1) as f32 / (steps + 1) as f32).min(1.0)
}

/// Shows how training goes, for whoever works on it.
fn trace(step: u32, fit: &Fit<'_>, cost: Cost) {
    if cfg!(feature = "lab") && std::env::var_os("OVERFIT_TRACE").is_some() && (step % 100 == 99 || step < 3)
    {
        let psnr = -10.0 * cost.mean_square.log10();
        eprintln!(
            "{step:6} {psnr:.3} dB {:.4} bpp L {:.4}",
            cost.bits,
            1000.0 * cost.total(f64::from(fit.lambda))
        );
    }
}
