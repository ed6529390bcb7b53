//! From bytes to the distribution of the next byte.

use super::Transformer;
use super::product::{View, nn, nt, place};

/// The epsilon of the norms: PyTorch's default, the machine epsilon of f32.
const EPSILON: f32 = f32::EPSILON;

/// What the backward pass needs of a norm: its outputs and the factor of each row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Normed {
    pub(crate) out: Vec<f32>,
    pub(crate) factor: Vec<f32>,
}

/// What the backward pass needs of a layer.
#[derive(Clone, Debug, Default)]
pub(crate) struct LayerCache {
    pub(crate) input: Vec<f32>,
    pub(crate) n1: Normed,
    pub(crate) qkv: Vec<f32>,
    /// Attention weights: window, head, query, key.
    pub(crate) attention: Vec<f32>,
    pub(crate) mixed: Vec<f32>,
    pub(crate) middle: Vec<f32>,
    pub(crate) n2: Normed,
    pub(crate) gate: Vec<f32>,
    pub(crate) up: Vec<f32>,
    pub(crate) gated: Vec<f32>,
}

/// The activations of a forward pass over whole windows.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    /// The bytes that went in, window after window.
    pub(crate) bytes: Vec<u8>,
    pub(crate) layers: Vec<LayerCache>,
    pub(crate) output: Vec<f32>,
    pub(crate) norm: Normed,
    /// For each input byte 256 logits of the next.
    pub logits: Vec<f32>,
}

impl Transformer {
    /// Runs the model over windows of [`super::Config::positions`] bytes (the last may be shorter).
    #[must_use]
    pub fn forward(&self, bytes: &[u8]) -> Cache {
        let width = self.config.width;
        let mut x = Vec::with_capacity(bytes.len() * width);
        for (i, &byte) in bytes.iter().enumerate() {
            let (symbol, place) = (usize::from(byte), i % self.config.positions);
            let symbol = &self.slot(0)[symbol * width..][..width];
            let place = &self.slot(1)[place * width..][..width];
            x.extend(symbol.iter().zip(place).map(|(a, b)| a + b));
        }
        let mut cache = Cache { bytes: bytes.to_vec(), ..Cache::default() };
        for layer in 0..self.config.layers {
            let (kept, out) = self.forward_layer(layer, x);
            cache.layers.push(kept);
            x = out;
        }
        cache.norm = normed(&x, self.slot(self.last()));
        cache.output = x;
        cache.logits = self.linear(self.last() + 1, &cache.norm.out);
        cache
    }

    /// `x w^T` for the matrix in a slot.
    fn linear(&self, slot: usize, x: &[f32]) -> Vec<f32> {
        let cols = self.slots[slot].cols;
        nt(&View::new(x, cols), &View::new(self.slot(slot), cols))
    }

    fn forward_layer(&self, layer: usize, input: Vec<f32>) -> (LayerCache, Vec<f32>) {
        let first = Self::layer(layer);
        let n1 = normed(&input, self.slot(first));
        let qkv = self.linear(first + 1, &n1.out);
        let (attention, mixed) = self.attend(&qkv);
        let mut middle = self.linear(first + 2, &mixed);
        middle.iter_mut().zip(&input).for_each(|(a, b)| *a += b);
        let n2 = normed(&middle, self.slot(first + 3));
        let gate = self.linear(first + 4, &n2.out);
        let up = self.linear(first + 5, &n2.out);
        let gated: Vec<f32> = gate.iter().zip(&up).map(|(g, u)| g * sigmoid(*g) * u).collect();
        let mut out = self.linear(first + 6, &gated);
        out.iter_mut().zip(&middle).for_each(|(a, b)| *a += b);
        (LayerCache { input, n1, qkv, attention, mixed, middle, n2, gate, up, gated }, out)
    }

    /// Causal attention of each window: the weights, and the values they mix.
    fn attend(&self, qkv: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let (width, heads, positions) = (self.config.width, self.config.heads, self.config.positions);
        let (size, stride) = (width / heads, 3 * width);
        let scale = 1.0 / (size as f32).sqrt();
        let mut mixed = vec![0.0; qkv.len() / 3];
        let mut attention = Vec::new();
        for (window, out) in qkv.chunks(positions * stride).zip(mixed.chunks_mut(positions * width)) {
            let len = window.len() / stride;
            for head in 0..heads {
                let part = |which: usize| View::columns(window, stride, which * width + head * size, size);
                let mut weights = nt(&part(0), &part(1));
                for (query, row) in weights.chunks_mut(len).enumerate() {
                    row[..=query].iter_mut().for_each(|score| *score *= scale);
                    row[query + 1..].fill(0.0);
                    softmax(&mut row[..=query]);
                }
                let values = nn(&View::new(&weights, len), &part(2));
                place(&values, size, 1.0, out, width, head * size);
                attention.extend(weights);
            }
        }
        (attention, mixed)
    }
}

/// `x / sqrt(mean(x^2) + epsilon) * weight` of each row.
fn normed(x: &[f32], weight: &[f32]) -> Normed {
    let mut normed = Normed { out: Vec::with_capacity(x.len()), factor: Vec::new() };
    for row in x.chunks(weight.len()) {
        let mean = row.iter().map(|v| v * v).sum::<f32>() / row.len() as f32;
        let factor = 1.0 / (mean + EPSILON).sqrt();
        normed.factor.push(factor);
        normed.out.extend(row.iter().zip(weight).map(|(v, w)| v * factor * w));
    }
    normed
}

pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// Turns logits into probabilities.
pub(crate) fn softmax(row: &mut [f32]) {
    let max = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for value in &mut *row {
        *value = (*value - max).exp();
        sum += *value;
    }
    row.iter_mut().for_each(|value| *value /= sum);
}
