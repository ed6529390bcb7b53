//! Uniform steps for the parameters of a network.

use super::net::{Architecture, Kind, Params};
use minlen_tensor::quantized::{Layer, Levels, Network, nearest_step, step_value};

/// Uniform steps: codes for the weights and the biases of each layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Codes of the weights' steps.
    pub weights: Vec<i32>,
    /// Codes of the biases' steps.
    pub biases: Vec<i32>,
}

impl Grid {
    /// Steps of `factor` times the root mean square of the weights that are not 0, in each layer; those of biases are
    /// `bias_factor` times that.
    #[must_use]
    pub fn relative(params: &Params, factor: f32, bias_factor: f32) -> Self {
        let steps: Vec<f32> = params.weights.iter().map(|weights| rms(weights) * factor).collect();
        Self {
            weights: steps.iter().map(|&step| nearest_step(step)).collect(),
            biases: steps.iter().map(|&step| nearest_step(step * bias_factor)).collect(),
        }
    }

    /// The parameters, each rounded to the nearest multiple of its step.
    #[must_use]
    pub fn rounded(&self, params: &Params) -> Params {
        let part = |(values, &code): (&Vec<f32>, &i32)| {
            let step = step_value(code);
            let inverse = 1.0 / step;
            values.iter().map(|v| nearest(v * inverse) as f32 * step).collect()
        };
        Params {
            weights: params.weights.iter().zip(&self.weights).map(part).collect(),
            biases: params.biases.iter().zip(&self.biases).map(part).collect(),
        }
    }

    /// The coded form of parameters rounded by this grid.
    #[must_use]
    pub fn network(&self, architecture: &Architecture, params: &Params) -> Network {
        let integers = |values: &[f32], code: i32| -> Vec<i32> {
            let inverse = 1.0 / step_value(code);
            values.iter().map(|v| nearest(v * inverse)).collect()
        };
        let mut network = empty(architecture);
        for (l, layer) in network.layers.iter_mut().enumerate() {
            layer.integers = integers(&params.weights[l], self.weights[l]);
            layer.levels = Levels::Uniform(vec![self.weights[l]]);
            layer.biases = integers(&params.biases[l], self.biases[l]);
            layer.bias_step = self.biases[l];
        }
        network
    }
}

/// The nearest integer, halves away from 0.
pub(super) fn nearest(v: f32) -> i32 {
    (v + 0.5f32.copysign(v)) as i32
}

fn rms(weights: &[f32]) -> f32 {
    let alive = weights.iter().filter(|&&w| w != 0.0);
    let (sum, count) = alive.fold((0.0, 0.0), |(sum, count), w| (sum + w * w, count + 1.0f32));
    (sum / count.max(1.0)).sqrt().max(1e-6)
}

/// Layers without integers.
fn empty(architecture: &Architecture) -> Network {
    let conv = architecture.layers.iter().any(|shape| shape.kind != Kind::Dense);
    let layers = architecture.layers.iter().map(|shape| {
        let mut layer = Layer::new(shape.rows, shape.columns, Vec::new());
        (layer.height, layer.width) = shape.picture;
        if layer.height == 1 {
            layer.width = layer.columns;
        }
        layer
    });
    Network { label: if conv { b"c".to_vec() } else { b"d".to_vec() }, layers: layers.collect() }
}
