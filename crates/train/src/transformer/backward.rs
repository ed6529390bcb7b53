//! Gradients of a loss with respect to every parameter, from those with respect to the logits.

use super::Transformer;
use super::forward::{Cache, LayerCache, Normed, sigmoid};
use super::product::{View, add_tn, nn, nt, place, tn};

/// Takes what the gradients are made of, tensor by tensor. Rows are bytes of the input.
pub trait Sink {
    /// A matrix: its inputs and the gradients of its outputs; the gradient of the matrix is `grads^T inputs`.
    fn matrix(&mut self, slot: usize, inputs: &[f32], grads: &[f32]);
    /// An embedding: which row each byte took, and the gradients of those.
    fn rows(&mut self, slot: usize, taken: &[usize], grads: &[f32]);
    /// A vector: its gradients by row of the input; that of the vector is their sum.
    fn vector(&mut self, slot: usize, grads: &[f32]);
}

/// Adds up the gradient of all parameters.
struct Sum<'a> {
    model: &'a Transformer,
    grad: Vec<f32>,
}

impl Sink for Sum<'_> {
    fn matrix(&mut self, slot: usize, inputs: &[f32], grads: &[f32]) {
        let slot = &self.model.slots[slot];
        let (grads, inputs) = (View::new(grads, slot.rows), View::new(inputs, slot.cols));
        add_tn(&grads, &inputs, &mut self.grad[slot.range()]);
    }

    fn rows(&mut self, slot: usize, taken: &[usize], grads: &[f32]) {
        let slot = &self.model.slots[slot];
        for (row, grad) in taken.iter().zip(grads.chunks(slot.cols)) {
            add(&mut self.grad[slot.start + row * slot.cols..][..slot.cols], grad);
        }
    }

    fn vector(&mut self, slot: usize, grads: &[f32]) {
        let slot = &self.model.slots[slot];
        grads.chunks(slot.cols).for_each(|grad| add(&mut self.grad[slot.range()], grad));
    }
}

fn add(to: &mut [f32], what: &[f32]) {
    to.iter_mut().zip(what).for_each(|(a, b)| *a += b);
}

impl Transformer {
    /// The gradient of all parameters, given that of the logits.
    #[must_use]
    pub fn gradient(&self, cache: &Cache, logits: &[f32]) -> Vec<f32> {
        let mut sum = Sum { model: self, grad: vec![0.0; self.params.len()] };
        self.backward(cache, logits, &mut sum);
        sum.grad
    }

    /// Walks back through the model, given the gradient of the logits, and shows each tensor's part to `sink`.
    pub fn backward(&self, cache: &Cache, logits: &[f32], sink: &mut dyn Sink) {
        let head = self.last() + 1;
        sink.matrix(head, &cache.norm.out, logits);
        let grad = self.linear_back(head, logits);
        let mut grad = self.norm_back(head - 1, &cache.output, &cache.norm, &grad, sink);
        for (layer, kept) in cache.layers.iter().enumerate().rev() {
            grad = self.layer_back(layer, kept, grad, sink);
        }
        let symbols: Vec<usize> = cache.bytes.iter().map(|&byte| usize::from(byte)).collect();
        let places: Vec<usize> = (0..cache.bytes.len()).map(|i| i % self.config.positions).collect();
        sink.rows(0, &symbols, &grad);
        sink.rows(1, &places, &grad);
    }

    /// The gradient of a matrix's inputs.
    fn linear_back(&self, slot: usize, grads: &[f32]) -> Vec<f32> {
        let (rows, cols) = (self.slots[slot].rows, self.slots[slot].cols);
        nn(&View::new(grads, rows), &View::new(self.slot(slot), cols))
    }

    fn layer_back(&self, layer: usize, kept: &LayerCache, grad: Vec<f32>, sink: &mut dyn Sink) -> Vec<f32> {
        let first = Self::layer(layer);
        sink.matrix(first + 6, &kept.gated, &grad);
        let gated = self.linear_back(first + 6, &grad);
        let (mut gates, mut ups) = (gated.clone(), gated);
        for (i, (gate, up)) in kept.gate.iter().zip(&kept.up).enumerate() {
            let s = sigmoid(*gate);
            gates[i] *= up * s * (1.0 + gate * (1.0 - s));
            ups[i] *= gate * s;
        }
        sink.matrix(first + 4, &kept.n2.out, &gates);
        sink.matrix(first + 5, &kept.n2.out, &ups);
        let mut normed = self.linear_back(first + 4, &gates);
        add(&mut normed, &self.linear_back(first + 5, &ups));
        let mut middle = self.norm_back(first + 3, &kept.middle, &kept.n2, &normed, sink);
        add(&mut middle, &grad);

        sink.matrix(first + 2, &kept.mixed, &middle);
        let mixed = self.linear_back(first + 2, &middle);
        let qkv = self.attend_back(kept, &mixed);
        sink.matrix(first + 1, &kept.n1.out, &qkv);
        let normed = self.linear_back(first + 1, &qkv);
        let mut input = self.norm_back(first, &kept.input, &kept.n1, &normed, sink);
        add(&mut input, &middle);
        input
    }

    fn norm_back(
        &self,
        slot: usize,
        x: &[f32],
        kept: &Normed,
        grads: &[f32],
        sink: &mut dyn Sink,
    ) -> Vec<f32> {
        let (weight, width) = (self.slot(slot), self.slots[slot].cols);
        let mut own = Vec::with_capacity(x.len());
        let mut out = Vec::with_capacity(x.len());
        for ((x, grad), &factor) in x.chunks(width).zip(grads.chunks(width)).zip(&kept.factor) {
            own.extend(x.iter().zip(grad).map(|(x, g)| x * factor * g));
            let dot: f32 = x.iter().zip(grad).zip(weight).map(|((x, g), w)| x * g * w).sum();
            let back = dot * factor * factor / width as f32;
            out.extend(x.iter().zip(grad).zip(weight).map(|((x, g), w)| factor * (g * w - x * back)));
        }
        sink.vector(slot, &own);
        out
    }

    fn attend_back(&self, kept: &LayerCache, grads: &[f32]) -> Vec<f32> {
        let (width, heads, positions) = (self.config.width, self.config.heads, self.config.positions);
        let (size, stride) = (width / heads, 3 * width);
        let scale = 1.0 / (size as f32).sqrt();
        let mut out = vec![0.0; kept.qkv.len()];
        let mut attention = &kept.attention[..];
        let windows = kept.qkv.chunks(positions * stride).zip(grads.chunks(positions * width));
        for ((qkv, grads), out) in windows.zip(out.chunks_mut(positions * stride)) {
            let len = qkv.len() / stride;
            for head in 0..heads {
                let (weights, rest) = attention.split_at(len * len);
                attention = rest;
                let at = |which: usize| which * width + head * size;
                let part = |which: usize| View::columns(qkv, stride, at(which), size);
                let grad = View::columns(grads, width, head * size, size);
                place(&tn(&View::new(weights, len), &grad), size, 1.0, out, stride, at(2));
                let mut scores = nt(&grad, &part(2));
                for (query, (row, weights)) in scores.chunks_mut(len).zip(weights.chunks(len)).enumerate() {
                    let dot: f32 = row[..=query].iter().zip(weights).map(|(g, w)| g * w).sum();
                    row.iter_mut().zip(weights).for_each(|(g, w)| *g = (*g - dot) * w);
                }
                let scores = View::new(&scores, len);
                place(&nn(&scores, &part(1)), size, scale, out, stride, at(0));
                place(&tn(&scores, &part(0)), size, scale, out, stride, at(1));
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::tiny;
    use super::*;

    fn loss(model: &Transformer, bytes: &[u8], weights: &[f32]) -> f64 {
        let logits = model.forward(bytes).logits;
        logits.iter().zip(weights).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        let mut model = tiny(3);
        let bytes: Vec<u8> = (0..30u8).map(|i| i * 5 % 7).collect();
        let mut random = crate::quantize::Random::new(9);
        let weights: Vec<f32> = (0..bytes.len() * 256).map(|_| random.normal()).collect();
        let grad = model.gradient(&model.forward(&bytes), &weights);
        for slot in model.slots.clone() {
            let mut places: Vec<usize> = slot.range().collect();
            places.sort_by(|a, b| grad[*b].abs().total_cmp(&grad[*a].abs()));
            // The largest gradient of each tensor and two others.
            for place in [places[0], places[places.len() / 7], places[places.len() / 3]] {
                let (kept, h) = (model.params[place], 2e-3);
                model.params[place] = kept + h;
                let above = loss(&model, &bytes, &weights);
                model.params[place] = kept - h;
                let below = loss(&model, &bytes, &weights);
                model.params[place] = kept;
                let (want, got) = ((above - below) / (2.0 * f64::from(h)), f64::from(grad[place]));
                assert!((want - got).abs() < 0.02 * want.abs() + 0.1, "{}: {want} {got}", slot.name);
            }
        }
    }
}
