//! Which steps of transforms a network's rates stand for: where two rates are worth the same, and not what they were trained for.

use minlen_core::{Env, Result};
use minlen_latent::{Body, Model, rate_points, steps};

/// Records that rates are measured on, at most.
const RECORDS: usize = 1_000;

/// Sets the steps of the rates of every network of `model` by what records take.
///
/// # Errors
/// Those of the codec file; cancelled.
pub(super) fn calibrate(model: &mut Model, bytes: &[u8], env: &Env) -> Result<()> {
    let count = (bytes.len() / model.record_bytes().max(1)).min(RECORDS);
    for member in 0..model.members.len() {
        let Body::Network(latents) = &model.members[member].body else { continue };
        // Those of the residual are steps of a transform already.
        let own = latents.rates.len() as u8;
        let points = rate_points(model, member, own, &bytes[..count * model.record_bytes()], env)?;
        let scale = model.scaling.scale();
        let Some(Body::Network(latents)) = model.members.get_mut(member).map(|member| &mut member.body)
        else {
            continue;
        };
        let found = steps_of(&points, scale);
        // The residual's own rates stay finer.
        let residual = latents.residual.as_ref().and_then(|residual| residual.steps.first());
        let least = residual.map_or(0, |&first| first + 1);
        for (rate, step) in latents.rates.iter_mut().zip(found) {
            rate.step = step.max(least);
        }
    }
    Ok(())
}

/// The steps for which bits are worth as much as at each rate, the coarsest first, from bits and squares of errors at each; none for fewer than three.
fn steps_of(points: &[[f64; 2]], scale: f64) -> Vec<u8> {
    // The squares that a bit saves between two rates are its price where both cost the same.
    let ties = points.windows(2).map(|pair| {
        let [bits, squares] = [0, 1].map(|k| (pair[1][k] - pair[0][k]).abs());
        let price = squares / bits.max(1e-9);
        f64::from(steps::nearest(16.0 / scale * (price / steps::PRICE).sqrt()))
    });
    let ties: Vec<f64> = ties.collect();
    if ties.len() < 2 {
        return Vec::new();
    }
    // A line through them: single ones are noise.
    let count = ties.len() as f64;
    let middle = (count - 1.0) / 2.0;
    let mean = ties.iter().sum::<f64>() / count;
    let places = || (0..ties.len()).map(|place| place as f64 - middle);
    let along: f64 = places().zip(&ties).map(|(x, y)| x * (y - mean)).sum();
    let slope = (along / places().map(|x| x * x).sum::<f64>()).min(0.0);
    let at = |rate: usize| mean + slope * (rate as f64 - 0.5 - middle);
    (0..points.len()).map(|rate| at(rate).round().clamp(0.0, f64::from(steps::QUARTERS_MAX)) as u8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_follow_what_bits_save() {
        // A quarter of the squares for each bit more: the price at a rate is what the next bit saves.
        let curve = |rate: usize| [rate as f64, 3.0e6 / 4f64.powi(rate as i32)];
        let points: Vec<_> = (0..8).map(curve).collect();
        let found = steps_of(&points, 1.0);
        assert_eq!(found.len(), 8);
        for (rate, pair) in found.windows(2).enumerate() {
            // Half the step, thus four quarters of an octave.
            assert_eq!(pair[0] - pair[1], 4, "{rate}");
        }
        let tie = |step: f64| steps::PRICE * step * step;
        let (first, second) = (steps::size(found[0]) as f64 / 16.0, steps::size(found[1]) as f64 / 16.0);
        assert!((tie(second)..tie(first)).contains(&(points[0][1] - points[1][1])));
        assert!(steps_of(&points[..2], 1.0).is_empty());
    }
}
