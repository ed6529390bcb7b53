//! Product quantization: short vectors of neighbouring weights stand in a codebook (Jégou et al. 2011; for weights Gong et
//! al. 2014).

use super::codebook::bf16;
use super::factor::Factor;
use super::outliers::{counted, energy};
use super::plan::Part;
use super::random::Random;
use super::scales::balanced;
use minlen_core::{Env, Result};
use minlen_tensor::packed::scales::Scales;
use minlen_tensor::packed::{Content, Entry};

/// Weights in a vector.
const LENGTH: usize = 2;
/// Vectors in a codebook at most, so that an index is a byte.
const MOST: usize = 256;
/// Vectors that k-means learns from.
const SAMPLE: usize = 8192;
/// Rounds of k-means.
const ROUNDS: usize = 8;

/// The smallest codebook whose error is that of steps at `scale`, or the largest one; and the bits it takes, about.
pub(super) fn quantize(part: &Part, scale: f64, env: &Env) -> Result<(Entry, f64)> {
    let scales = by_energy(part);
    let vectors = vectors(part, &scales);
    // Half of scale^2 / 12 for each weight.
    let most = scale * scale / 24.0 * part.weights.len() as f64;
    let mut size = 2;
    loop {
        env.check()?;
        let book = learn(&vectors, size);
        let indices: Vec<u8> = vectors.iter().map(|(vector, _)| nearest(&book, vector).0 as u8).collect();
        let error: f64 =
            vectors.iter().map(|(vector, weight)| weight * f64::from(nearest(&book, vector).1)).sum();
        if error <= most || size == MOST {
            let book: Vec<u16> = book.iter().flatten().map(|value| (value.to_bits() >> 16) as u16).collect();
            let bits = minlen_entropy::models::encode_bytes(&indices, 0).len() * 8 + book.len() * 16;
            let content = Content::Product { length: LENGTH, book, indices };
            return Ok((Entry { start: part.tensor.start, scales, content }, bits as f64));
        }
        size *= 2;
    }
}

/// Factors by row alone, so that all rows are of about the same energy.
fn by_energy(part: &Part) -> Scales {
    let square = |row: &[f32]| energy(row, counted(row)) / row.len() as f64;
    let rows = part.weights.chunks(part.columns);
    let all = (rows.map(square).sum::<f64>() / part.rows.max(1) as f64).max(1e-30);
    let weights = part.weights.chunks(part.columns).map(|row| all / square(row).max(all * 1e-4)).collect();
    let factor = |weights: Vec<f64>| Factor { weights, upper: Vec::new() };
    let (rows, columns) = (factor(weights), factor(vec![1.0; part.columns]));
    Scales { base: 0, ..balanced(1.0, (&rows, &columns), part.tensor.dtype) }
}

/// The vectors of all rows, divided by the factors (zeros where a row ends too early), each with how much its errors count.
fn vectors(part: &Part, scales: &Scales) -> Vec<([f32; LENGTH], f64)> {
    let mut vectors = Vec::new();
    let (by_row, by_column) = (&part.factors.0.weights, &part.factors.1.weights);
    for (row, weights) in part.weights.chunks(part.columns).enumerate() {
        for (i, chunk) in weights.chunks(LENGTH).enumerate() {
            let mut vector = [0.0; LENGTH];
            let factor = scales.factor(row, i * LENGTH);
            vector.iter_mut().zip(chunk).for_each(|(value, weight)| *value = weight / factor);
            let columns = &by_column[i * LENGTH..i * LENGTH + chunk.len()];
            let mean = columns.iter().sum::<f64>() / chunk.len() as f64;
            let unit = f64::from(factor) * f64::from(factor);
            vectors.push((vector, 0.5 * by_row[row] * mean * unit));
        }
    }
    vectors
}

/// Weighted k-means on an even sample, from vectors of the sample.
fn learn(vectors: &[([f32; LENGTH], f64)], size: usize) -> Vec<[f32; LENGTH]> {
    let count = vectors.len().min(SAMPLE);
    let sample: Vec<_> = (0..count).map(|i| vectors[i * vectors.len() / count]).collect();
    let mut random = Random::new(size as u64);
    let mut book: Vec<[f32; LENGTH]> =
        (0..size).map(|_| sample[random.bits() as usize % count].0.map(bf16)).collect();
    for _ in 0..ROUNDS {
        let mut sums = vec![([0f64; LENGTH], 0f64); size];
        for (vector, weight) in &sample {
            let (sum, all) = &mut sums[nearest(&book, vector).0];
            sum.iter_mut().zip(vector).for_each(|(sum, value)| *sum += weight * f64::from(*value));
            *all += weight;
        }
        for (entry, (sum, all)) in book.iter_mut().zip(sums) {
            *entry = if all > 0.0 {
                sum.map(|sum| bf16((sum / all) as f32))
            } else {
                // Nobody's nearest: begin again elsewhere.
                sample[random.bits() as usize % count].0.map(bf16)
            };
        }
    }
    book
}

/// The place of the nearest vector, and its squared distance.
fn nearest(book: &[[f32; LENGTH]], vector: &[f32; LENGTH]) -> (usize, f32) {
    let mut best = (0, f32::INFINITY);
    for (i, entry) in book.iter().enumerate() {
        let distance: f32 = entry.iter().zip(vector).map(|(a, b)| (a - b) * (a - b)).sum();
        if distance < best.1 {
            best = (i, distance);
        }
    }
    best
}
