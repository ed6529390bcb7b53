//! Sizes and errors that are asked for: lambda is moved towards them while networks are trained, and what is over is taken back at the end.

use super::payload::Header;
use super::quantise::{quantise, write};
use super::schedule::{Goal, Schedule, retrain};
use super::train::{Cost, Fit};
use super::{Encoded, Shape, layout::PAD};
use crate::Planes;
use minlen_core::{Env, Error, Result};

/// How often fitting begins anew with other steps.
pub(super) const ATTEMPTS: usize = 3;
/// How often lambda is corrected at the end.
const CORRECTIONS: usize = 4;
/// What is below a goal by less than this share is good.
const NEAR: f64 = 0.02;

/// A goal, and how far a picture is from it.
#[derive(Clone, Debug)]
pub(super) struct Aim {
    pub goal: Goal,
    /// Bits per pixel, or the mean square where the largest sample is 1.
    wanted: f64,
    /// For bits: those per pixel that weights take.
    weights: f64,
    /// The last result over the one wanted.
    ratio: f64,
}

impl Aim {
    /// # Errors
    /// Usage for goals that are no numbers.
    pub(super) fn new(goal: Goal, picture: &Planes) -> Result<Self> {
        let pixels = (picture.width() * picture.height()) as f64;
        let peak = f64::from(picture.peak());
        let wanted = match goal {
            Goal::Lambda(lambda) if lambda > 0.0 && lambda < 10.0 => 0.0,
            Goal::MeanSquare(square) if square > 0.0 && square.is_finite() => square / (peak * peak),
            Goal::Bytes(bytes) => 8.0 * bytes as f64 / pixels,
            _ => return Err(Error::usage(format!("{goal:?} is no goal for a picture"))),
        };
        Ok(Self { goal, wanted, weights: 4000.0 / pixels, ratio: 1.0 })
    }

    /// What a cost has over what is wanted: 1 where it is reached.
    fn over(&self, cost: Cost) -> f64 {
        match self.goal {
            Goal::Lambda(_) => 1.0,
            Goal::MeanSquare(_) => cost.mean_square / self.wanted,
            Goal::Bytes(_) => (cost.bits + self.weights.min(0.3 * self.wanted)) / self.wanted,
        }
    }

    /// True if a larger lambda is needed.
    pub(super) fn wants_less(&self, cost: Cost) -> bool {
        match self.goal {
            Goal::MeanSquare(_) => self.over(cost) < 1.0,
            _ => self.over(cost) > 1.0,
        }
    }

    /// True if the last result had too many bytes.
    pub(super) fn too_large(&self) -> bool {
        matches!(self.goal, Goal::Bytes(_))
    }

    /// Moves lambda a little towards the goal.
    pub(super) fn steer(&self, lambda: &mut f32, cost: Cost, pull: f64) {
        if let Goal::Lambda(_) = self.goal {
            return;
        }
        let away = (self.over(cost) - 1.0).clamp(-0.5, 0.5);
        let by = if let Goal::MeanSquare(_) = self.goal { -away } else { away };
        *lambda = (*lambda * (1.0 + pull * by) as f32).clamp(1e-8, 1.0);
    }

    /// Moves lambda to where the goal should be: bits go about with its root, and errors with its power of 2/3.
    pub(super) fn correct(&self, lambda: &mut f32) {
        let over = self.ratio.clamp(0.5, 2.0) / (1.0 - NEAR / 2.0);
        let by = match self.goal {
            Goal::Lambda(_) => 1.0,
            Goal::MeanSquare(_) => 1.0 / (over * over.sqrt()),
            Goal::Bytes(_) => over * over,
        };
        *lambda = (*lambda * by as f32).clamp(1e-8, 1.0);
    }

    /// Notes what came out in the end: true if it will do.
    fn reached(&mut self, made: &Encoded, picture: &Planes) -> bool {
        self.ratio = match self.goal {
            Goal::Lambda(_) => return true,
            Goal::MeanSquare(most) => picture.mean_square(&made.picture) / most,
            Goal::Bytes(most) => made.bytes.len() as f64 / most.max(1) as f64,
        };
        self.ratio <= 1.0
    }
}

/// The payload, once training is over: `None` if the goal cannot be reached from here.
///
/// # Errors
/// Limit, cancelled.
pub(super) fn finish(
    fit: &mut Fit<'_>,
    aim: &mut Aim,
    header: &Header,
    base: &[i32],
    picture: &Planes,
    schedule: &Schedule,
    env: &Env,
) -> Result<Option<Encoded>> {
    let shape = Shape::of(picture);
    let mut best: Option<Encoded> = None;
    for correction in 0..=CORRECTIONS {
        let trained = fit.weights.clone();
        let (weights, codes) = quantise(fit, base, f64::from(fit.lambda), env)?;
        let made = write(fit, header, base, &weights, &codes, &shape, env)?;
        let good = aim.reached(&made, picture);
        if good && best.as_ref().is_none_or(|best| better(&made, best, picture, aim)) {
            best = Some(made);
        }
        if good && aim.ratio > 1.0 - NEAR || matches!(aim.goal, Goal::Lambda(_)) {
            return Ok(best);
        }
        if correction < CORRECTIONS {
            fit.weights.copy_from_slice(&trained);
            retrain(fit, schedule, aim, env)?;
        }
    }
    match best {
        None if aim.too_large() => Ok(shrink(fit, aim, header, base, picture, env)?),
        best => Ok(best),
    }
}

/// Whether one result that is within the goal uses it more fully.
fn better(one: &Encoded, other: &Encoded, picture: &Planes, aim: &Aim) -> bool {
    match aim.goal {
        Goal::MeanSquare(_) => one.bytes.len() < other.bytes.len(),
        _ => picture.squares(&one.picture) < picture.squares(&other.picture),
    }
}

/// Latents of the finest grids drawn to 0, more and more, until a payload is small enough.
fn shrink(
    fit: &mut Fit<'_>,
    aim: &Aim,
    header: &Header,
    base: &[i32],
    picture: &Planes,
    env: &Env,
) -> Result<Option<Encoded>> {
    let Goal::Bytes(most) = aim.goal else { return Ok(None) };
    let kept = fit.latents.clone();
    for draw in 1..=24 {
        let threshold = draw as f32 * 0.25 + if draw > 12 { (draw - 12) as f32 * 4.0 } else { 0.0 };
        for grid in &fit.layout.grids {
            let drawn = threshold / (1 << grid.level) as f32;
            for y in 0..grid.height {
                let row = grid.row(y) + PAD..grid.row(y) + PAD + grid.width;
                for (to, x) in fit.latents[row.clone()].iter_mut().zip(&kept[row]) {
                    *to = if x.abs() > drawn + 0.5 { *x } else { 0.0 };
                }
            }
        }
        let (weights, codes) = quantise(fit, base, f64::from(fit.lambda), env)?;
        let made = write(fit, header, base, &weights, &codes, &Shape::of(picture), env)?;
        if made.bytes.len() as u64 <= most {
            return Ok(Some(made));
        }
    }
    Ok(None)
}
