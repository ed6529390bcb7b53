//! Fits a picture and writes it.

use super::layout::Layout;
use super::network::Network;
use super::payload::{self, HIDDEN, Header, PartCode};
use super::render::{Renderer, STEP_BITS};
use super::train::{Cost, Fit, Move, Rounding};
use super::{Shape, latents, pyramid, table};
use crate::Planes;
use minlen_core::{Env, Result};
use minlen_entropy::range::Encoder;
use minlen_nn::{Isa, fit};

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
    /// How far latents move in those, as a share of their rate.
    pub hard_latents: f32,
    /// The same of weights.
    pub hard_weights: f32,
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
            latents_rate: 0.05,
            weights_rate: 4e-3,
            weights_share: 0.1,
            hard_latents: 0.0,
            hard_weights: 0.25,
            temperature: (0.35, 0.1),
            noise: (0.22, 0.15),
            threshold: 0.3,
            hidden: 24,
            chroma: 1,
            step: 5.0,
            slope: 14,
        }
    }
}

/// A payload, and what it decodes to.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// The payload.
    pub bytes: Vec<u8>,
    /// Exactly what decoding it gives.
    pub picture: Planes,
}

/// Fits networks and latents to a picture.
///
/// # Errors
/// Limit where memory does not allow it; cancelled; usage for a schedule without networks.
pub fn encode(picture: &Planes, goal: Goal, schedule: &Schedule, env: &Env) -> Result<Encoded> {
    let lambda = match goal {
        Goal::Lambda(lambda) => lambda,
        Goal::MeanSquare(_) | Goal::Bytes(_) => 1e-3,
    };
    let shape = Shape::of(picture);
    let layout = Layout::new(&shape, schedule.chroma)?;
    let _held = env.budget.reserve(Fit::memory(&layout))?;
    let network = Network::new(&layout, schedule.hidden);
    let header = header(schedule, lambda);
    let base = table::weights(header.entry, &network);
    let unit = 1.0 / f32::from(picture.peak());
    let target: Vec<Vec<f32>> =
        picture.planes().iter().map(|plane| plane.iter().map(|&x| f32::from(x) * unit).collect()).collect();
    let steps: Vec<f32> = header.steps().iter().map(|&s| s as f32 / (1 << STEP_BITS) as f32).collect();
    let mut fit = Fit::new(&layout, &network, network.floats(&base), steps.clone(), &target, env)?;
    fit.lambda = lambda;
    begin(&mut fit, &target, schedule, &steps);
    train(&mut fit, schedule, env)?;
    let (weights, codes) = quantise(&mut fit, &base, f64::from(lambda), env)?;
    write(&fit, &header, &base, &weights, &codes, &shape, env)
}

fn header(schedule: &Schedule, lambda: f32) -> Header {
    let wanted = schedule.step * lambda.sqrt();
    // The index of the step that is next below: 2^(-1/16) again and again.
    let mut index = 0;
    let mut step = 1.0;
    while step > wanted && index < 200 {
        step *= 0.957_603_3;
        index += 1;
    }
    let hidden = HIDDEN.iter().position(|&h| h >= schedule.hidden).unwrap_or(HIDDEN.len() - 1);
    Header { hidden: hidden as u8, chroma: schedule.chroma.min(3) as u8, step: index, slope: schedule.slope.min(31), entry: 0 }
}

/// Axes of colour and latents to begin with.
fn begin(fit: &mut Fit<'_>, target: &[Vec<f32>], schedule: &Schedule, steps: &[f32]) {
    let network = fit.network;
    let mut axes = [[0.0; 3]; 3];
    if network.colours == 3 {
        axes = pyramid::axes(target);
        let linear = network.synthesis + network.points.linear;
        for colour in 0..3 {
            for channel in 0..network.channels {
                fit.weights[linear + colour * network.channels + channel] = axes[channel.saturating_sub(3)][colour];
            }
        }
    }
    let taps: Vec<[f32; 4]> =
        (0..super::network::STAGES).map(|s| std::array::from_fn(|k| fit.weights[network.taps + 4 * s + k])).collect();
    fit.latents = pyramid::latents(fit.layout, target, &axes, &taps, steps, schedule.threshold);
}

fn train(fit: &mut Fit<'_>, schedule: &Schedule, env: &Env) -> Result<()> {
    let last = (schedule.steps as f32 * schedule.weights_share) as u32;
    let soft = schedule.steps.saturating_sub(last).max(1);
    for step in 0..schedule.steps {
        env.check()?;
        let along = step.min(soft) as f32 / soft as f32;
        let between = |(from, to): (f32, f32)| from + (to - from) * along;
        // A cosine, nearly: 1 - x^2 (3 - 2x) falls as smoothly.
        let fall = 1.0 - along * along * (3.0 - 2.0 * along);
        let (rounding, moves) = if step < soft {
            let rounding = Rounding::Soft { temperature: between(schedule.temperature), noise: between(schedule.noise) };
            let moves = Move {
                latents: schedule.latents_rate * fall.max(0.01),
                weights: schedule.weights_rate * fall.max(0.05),
            };
            (rounding, moves)
        } else {
            let left = 1.0 - (step - soft) as f32 / last.max(1) as f32;
            let weights = schedule.hard_weights * schedule.weights_rate * left.max(0.02);
            (Rounding::Hard, Move { latents: schedule.hard_latents * schedule.latents_rate * left, weights })
        };
        let cost = fit.step(rounding, moves)?;
        trace(step, fit, cost);
    }
    Ok(())
}

/// Shows how training goes, for whoever works on it.
fn trace(step: u32, fit: &Fit<'_>, cost: Cost) {
    if cfg!(feature = "lab") && std::env::var_os("OVERFIT_TRACE").is_some() && (step % 100 == 99 || step < 3) {
        let psnr = -10.0 * cost.mean_square.log10();
        eprintln!("{step:6} {psnr:.3} dB {:.4} bpp L {:.4}", cost.bits, 1000.0 * cost.total(f64::from(fit.lambda)));
    }
}

/// Weights as integers, part by part: of all steps the one that costs the least, with what its differences take.
fn quantise(fit: &mut Fit<'_>, base: &[i32], lambda: f64, env: &Env) -> Result<(Vec<i32>, Vec<PartCode>)> {
    let network = fit.network;
    let pixels = (fit.layout.sizes[0].0 * fit.layout.sizes[0].1) as f64;
    let (mut weights, mut codes) = (base.to_vec(), Vec::new());
    for part in network.parts() {
        let places: Vec<usize> = part.ranges.iter().cloned().flatten().collect();
        let wanted: Vec<f32> = places.iter().map(|&i| fit.weights[i]).collect();
        let unit = 1.0 / (1u32 << part.bits) as f32;
        let mut best = (f64::INFINITY, PartCode::default(), Vec::new());
        for bits in 0..=(part.bits + 1).min(12) {
            env.check()?;
            if (1..4).contains(&bits) {
                continue;
            }
            let shift = part.bits + 1 - bits;
            let difference = |k: usize| -> i32 {
                if bits == 0 {
                    return 0;
                }
                let exact = wanted[k] / unit - base[places[k]] as f32;
                // Rounded to the nearest step, and back where integers end.
                let d = (exact / (1u32 << shift) as f32 + if exact < 0.0 { -0.5 } else { 0.5 }) as i32;
                let most = (32_767 - base[places[k]].abs()) >> shift;
                d.clamp(-most.min(2047), most.min(2047))
            };
            let differences: Vec<i32> = (0..places.len()).map(difference).collect();
            let (scale, cost) = if bits == 0 { (0, 0.0) } else { payload::best_scale(&differences) };
            for (k, &i) in places.iter().enumerate() {
                fit.weights[i] = (base[i] + if bits == 0 { 0 } else { differences[k] << shift }) as f32 * unit;
            }
            let total = fit.measure()?.total(lambda) + lambda * (cost + 10.0) / pixels;
            if total < best.0 {
                let values = places.iter().enumerate().map(|(k, &i)| base[i] + if bits == 0 { 0 } else { differences[k] << shift });
                best = (total, PartCode { bits: bits as u8, scale }, values.collect());
            }
        }
        for (&i, &value) in places.iter().zip(&best.2) {
            weights[i] = value;
            fit.weights[i] = value as f32 * unit;
        }
        codes.push(best.1);
    }
    network.check(&weights)?;
    Ok((weights, codes))
}

/// The payload and its picture.
fn write(
    fit: &Fit<'_>,
    header: &Header,
    base: &[i32],
    weights: &[i32],
    codes: &[PartCode],
    shape: &Shape,
    env: &Env,
) -> Result<Encoded> {
    let (layout, network) = (fit.layout, fit.network);
    let mut encoder = Encoder::new();
    header.code(&mut encoder)?;
    payload::code_weights(&mut encoder, network, base, weights, codes)?;
    let mut all = fit.integers();
    all.iter_mut().for_each(|x| *x = (*x).clamp(-super::laplace::MOST, super::laplace::MOST));
    latents::code(&mut encoder, layout, network, weights, &mut all, 0, env)?;
    let renderer = Renderer { layout, network, weights, steps: &header.steps(), isa: Isa::detect() };
    let picture = renderer.render(&all, 0, shape, env)?;
    debug_assert!(fit::WEIGHT_BITS < fit::ARM_BITS);
    Ok(Encoded { bytes: encoder.finish(), picture })
}
