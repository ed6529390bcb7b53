//! From parameters to integers and back: uniform steps with rate–distortion optimised rounding, and shared weights.

use super::grid::{Grid, nearest};
use super::net::{Architecture, Params};
use super::train::Trainer;
use minlen_core::{Error, Result};
use minlen_tensor::quantized::rdo::{Goal, round};
use minlen_tensor::quantized::{self, Layer, Levels, Network, step_value};

/// The same network with the units of each hidden layer in the order of their number of weights, the fullest first:
/// their order is free, and in this one each row tells the coder how full the next will be.
#[must_use]
pub fn ordered(architecture: &Architecture, params: &Params) -> (Architecture, Params) {
    let order = |l: usize| {
        let shape = &architecture.layers[l];
        let full = |unit: usize| {
            let row = &params.weights[l][unit * shape.columns..][..shape.columns];
            row.iter().filter(|&&w| w != 0.0).count()
        };
        let mut order: Vec<usize> = (0..shape.rows).collect();
        order.sort_by_key(|&unit| std::cmp::Reverse(full(unit)));
        order
    };
    let orders: Vec<Vec<usize>> = (0..architecture.layers.len() - 1).map(order).collect();
    (architecture.clone(), params.gathered(architecture, &orders))
}

/// The architecture and the parameters that a coded network stands for.
///
/// # Errors
/// Unsupported if it is not one of ours.
pub fn restore(network: &Network) -> Result<(Architecture, Params)> {
    let rows: Vec<usize> = network.layers.iter().map(|layer| layer.rows).collect();
    let architecture = match (&network.label[..], &rows[..]) {
        (b"d", [hidden @ .., _]) => Architecture::dense(hidden),
        (b"c", &[a, b, hidden, _]) => Architecture::conv([a, b], hidden),
        _ => return Err(Error::unsupported("not a network for MNIST")),
    };
    let fits = |(layer, shape): (&Layer, &super::net::Shape)| {
        layer.rows == shape.rows
            && layer.columns == shape.columns
            && [0, shape.rows].contains(&layer.biases.len())
    };
    if !network.layers.iter().zip(&architecture.layers).all(fits) {
        return Err(Error::unsupported("the layers are not those of a network for MNIST"));
    }
    let mut params = Params::zeros(&architecture);
    for (l, layer) in network.layers.iter().enumerate() {
        params.weights[l] = layer.weights()?;
        if !layer.biases.is_empty() {
            params.biases[l] = layer.bias_values();
        }
    }
    Ok((architecture, params))
}

/// Rounds the trainer's weights by its grid with the costs of the coder, and prunes what became 0. A bit is worth
/// `lambda` of loss. Gives the bits of the weights.
///
/// # Errors
/// As [`round`].
pub fn optimise(trainer: &mut Trainer<'_>, lambda: f32) -> Result<f64> {
    let Some(grid) = trainer.grid.clone() else { return Err(Error::usage("no grid to round to")) };
    let mut network = grid.network(&trainer.architecture, &trainer.params);
    // Half the second derivative of the loss: the Fisher information of a picture is about batch times that of a batch.
    let half = 0.5 * trainer.batch as f32;
    let importance: Vec<Vec<f32>> =
        trainer.adam.second.weights.iter().map(|v| v.iter().map(|v| half * v).collect()).collect();
    let goals: Vec<Goal<'_>> = (0..importance.len())
        .map(|l| Goal { weights: &trainer.params.weights[l], importance: &importance[l], lambda })
        .collect();
    let bits = round(&mut network.layers, &goals)?;
    for (l, layer) in network.layers.iter().enumerate() {
        let step = step_value(grid.weights[l]);
        let places = trainer.params.weights[l].iter_mut().zip(&mut trainer.masks.weights[l]);
        for ((w, m), &q) in places.zip(&layer.integers) {
            if q == 0 {
                *m = 0.0;
            } else if q != nearest(*w / step) {
                *w = q as f32 * step;
            }
        }
    }
    super::prune::drop_useless(trainer);
    trainer.apply_masks();
    Ok(bits)
}

/// Gives each weight that is alive the number (from 1) of one of `levels` shared weights, found by k-means from evenly
/// spaced starts, and makes it equal to that: Deep Compression (Han, Mao and Dally, arXiv 1510.00149), section 3.
pub fn share(trainer: &mut Trainer<'_>, levels: usize) {
    let mut shared = Vec::new();
    for weights in &mut trainer.params.weights {
        let (means, numbers) = k_means(weights, levels.clamp(1, 4096));
        for (w, &n) in weights.iter_mut().zip(&numbers) {
            *w = if n == 0 { 0.0 } else { means[usize::from(n) - 1] };
        }
        shared.push(numbers);
    }
    trainer.shared = Some(shared);
    trainer.adam = super::adam::Adam::new(&trainer.architecture);
}

/// Means of the values that are not 0, and the number of the nearest one (from 1) of each value.
fn k_means(values: &[f32], levels: usize) -> (Vec<f32>, Vec<u16>) {
    let alive = || values.iter().copied().filter(|&v| v != 0.0);
    let (low, high) = alive().fold((f32::MAX, f32::MIN), |(low, high), v| (low.min(v), high.max(v)));
    let mut means: Vec<f32> =
        (0..levels).map(|i| low + (high - low) * (i as f32 + 0.5) / levels as f32).collect();
    let closest = |means: &[f32], v: f32| {
        // Sorted, so the nearest is beside the first that is not below.
        let above = means.partition_point(|&m| m < v).min(means.len() - 1);
        if above > 0 && v - means[above - 1] < means[above] - v { above - 1 } else { above }
    };
    for _ in 0..50 {
        let mut sums = vec![(0.0f64, 0u32); means.len()];
        for v in alive() {
            let sum = &mut sums[closest(&means, v)];
            *sum = (sum.0 + f64::from(v), sum.1 + 1);
        }
        means = sums.iter().filter(|sum| sum.1 > 0).map(|sum| (sum.0 / f64::from(sum.1)) as f32).collect();
        if means.is_empty() {
            break;
        }
    }
    let numbers = values.iter().map(|&v| if v == 0.0 { 0 } else { closest(&means, v) as u16 + 1 });
    let numbers = numbers.collect();
    (means, numbers)
}

/// The coded form of a network of shared weights, as bf16; biases are rounded by `grid`.
#[must_use]
pub fn shared_network(architecture: &Architecture, params: &Params, grid: &Grid) -> Network {
    let mut network = grid.network(architecture, params);
    for (layer, weights) in network.layers.iter_mut().zip(&params.weights) {
        let mut sides = [Vec::new(), Vec::new()];
        let bits: Vec<u16> = weights.iter().map(|&w| bf16(w)).collect();
        for (&w, &bits) in weights.iter().zip(&bits).filter(|(w, _)| **w != 0.0) {
            sides[usize::from(w < 0.0)].push(bits);
        }
        for side in &mut sides {
            // Bit patterns of one sign are in the order of their magnitudes.
            side.sort_unstable();
            side.dedup();
        }
        layer.integers = weights
            .iter()
            .zip(&bits)
            .map(|(&w, bits)| {
                let side = &sides[usize::from(w < 0.0)];
                let place = side.binary_search(bits).map_or(0, |i| i as i32 + 1);
                if w == 0.0 {
                    0
                } else if w < 0.0 {
                    -place
                } else {
                    place
                }
            })
            .collect();
        let [positive, negative] = sides;
        layer.levels = Levels::Codebook { positive, negative };
    }
    network
}

/// The nearest bf16, ties to even.
fn bf16(v: f32) -> u16 {
    let bits = v.to_bits();
    ((bits + 0x7fff + (bits >> 16 & 1)) >> 16) as u16
}

/// Encodes a network and decodes it again: the bytes, and what they stand for.
///
/// # Errors
/// As [`quantized::encode`]; verify if the bytes do not read back.
pub fn through_file(network: &Network) -> Result<(Vec<u8>, Architecture, Params)> {
    let bytes = quantized::encode(network)?;
    let back = quantized::decode(&bytes, &minlen_core::Env::default())?;
    if back != *network {
        return Err(Error::new(
            minlen_core::ErrorKind::Verify,
            "a coded network did not read back as it was",
        ));
    }
    let (architecture, params) = restore(&back)?;
    Ok((bytes, architecture, params))
}
