//! Networks in integers, and the payload that they make with latents.

use super::payload::{self, Header, PartCode};
use super::render::Renderer;
use super::train::Fit;
use super::{Encoded, Shape, laplace, latents};
use minlen_core::{Env, Result};
use minlen_entropy::range::Encoder;
use minlen_nn::Isa;

/// Weights as integers, part by part: of all steps the one that costs the least, with what its differences take.
///
/// # Errors
/// Cancelled.
pub(super) fn quantise(
    fit: &mut Fit<'_>,
    base: &[i32],
    lambda: f64,
    env: &Env,
) -> Result<(Vec<i32>, Vec<PartCode>)> {
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
                fit.weights[i] =
                    (base[i] + if bits == 0 { 0 } else { differences[k] << shift }) as f32 * unit;
            }
            let total = fit.measure()?.total(lambda) + lambda * (cost + 10.0) / pixels;
            if total < best.0 {
                let values = places
                    .iter()
                    .enumerate()
                    .map(|(k, &i)| base[i] + if bits == 0 { 0 } else { differences[k] << shift });
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
///
/// # Errors
/// Limit, cancelled.
pub(super) fn write(
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
    all.iter_mut().for_each(|x| *x = (*x).clamp(-laplace::MOST, laplace::MOST));
    latents::code(&mut encoder, layout, network, weights, &mut all, 0, env)?;
    let renderer = Renderer { layout, network, weights, steps: &header.steps(), isa: Isa::detect() };
    let picture = renderer.render(&all, 0, shape, env)?;
    Ok(Encoded { bytes: encoder.finish(), picture })
}
