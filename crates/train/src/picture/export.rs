//! The trained autoencoder in integers.

use super::network::Network;
use crate::autoencoder::export::{Builder, convolution};
use crate::autoencoder::squares::{over_squares, to_squares};
use minlen_core::{Env, Result};
use minlen_image::vae::{
    CHANNELS, Decoding, Encoding, FOUND_BITS, HYPER_BITS, INPUT, MEAN_BITS, Model, NEAR_LIMIT,
};
use minlen_learn::layers::Convolution;
use minlen_learn::{Arena, Context, Parameters, Records, Tape};
use minlen_nn::integer::Shape;
use minlen_nn::integer::quantize::{FloatGraph, FloatNode, FloatOp, Options, Quantized, Scale, quantize};

/// Records that show how large numbers get.
const COUNT: u32 = 96;

/// Layers one after the other, with the function between them.
fn chain(params: &Parameters, layers: &[Convolution], first: bool) -> Vec<FloatNode> {
    let mut graph = Builder(Vec::new());
    for (i, layer) in layers.iter().enumerate() {
        if first || i > 0 {
            graph.silu();
        }
        graph.then(convolution(params, layer));
    }
    graph.0
}

/// Pictures as squares of 2 by 2 pixels, the pixels of a square together.
fn squares(picture: &[f32], side: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(picture.len());
    for y in (0..side).step_by(2) {
        for x in (0..side).step_by(2) {
            for (dy, dx) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                let at = ((y + dy) * side + x + dx) * CHANNELS;
                out.extend_from_slice(&picture[at..at + CHANNELS]);
            }
        }
    }
    out
}

/// With weights of 9 bits, or of 8 where a sum could overflow otherwise.
fn finest(graph: &FloatGraph, records: &[f32], options: &Options) -> Result<Quantized> {
    let with = |weights| quantize(graph, records, &Options { weights, ..options.clone() });
    with(255).or_else(|_| with(127))
}

fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |most, x| most.max(x.abs()))
}

impl Network {
    /// The model that a trained network is.
    ///
    /// # Errors
    /// Usage for networks whose numbers are too large for integers.
    pub fn export(&self, params: &Parameters, records: &Records, env: &Env) -> Result<Model> {
        let side = records.shape().sizes()[0];
        let count = COUNT.min(records.len() as u32);
        let (mut inputs, mut latents, mut hyper) = (Vec::new(), Vec::new(), Vec::new());
        let mut arena = Arena::default();
        let mut record = vec![0.0; records.shape().len()];
        for number in 0..count {
            env.check()?;
            records.read(number, &mut record);
            inputs.extend(squares(&record, side));
            let mut tape = Tape::new(params, &mut arena, Context::plain());
            let x = records.input(&mut tape, &[number]);
            let y = self.analyse(&mut tape, x);
            let z = self.analyse_hyper(&mut tape, y);
            latents.extend_from_slice(tape.value(y));
            hyper.extend(tape.value(z).iter().map(|z| z.round()));
        }
        let shape =
            |down: usize, channels: usize| Shape { height: side / down, width: side / down, channels };
        let options = Options::new;

        let mut nodes = chain(params, &self.down, false);
        let first = nodes[0].op.clone();
        nodes[0].op = over_squares(first, CHANNELS);
        let graph = FloatGraph { input: shape(2, 4 * CHANNELS), nodes };
        let found = Scale { bits: FOUND_BITS, limit: 32_767 };
        let analysis = finest(&graph, &inputs, &Options { output: Some(found), ..options(INPUT) })?;

        let graph = FloatGraph {
            input: shape(8, minlen_image::vae::LATENTS),
            nodes: chain(params, &self.hyper_down, false),
        };
        let hyper_scale = Scale { bits: HYPER_BITS, limit: 32_767 };
        let hyper_analysis =
            finest(&graph, &latents, &Options { output: Some(hyper_scale), ..options(found) })?;

        let mut nodes = chain(params, &self.hyper_up, false);
        if let Some(FloatNode { op: FloatOp::TransposedConv(_, linear), .. }) = nodes.last_mut() {
            // Logarithms of scales in octaves.
            let half = linear.rows / 2;
            linear.weights[half * linear.columns..].iter_mut().for_each(|w| *w *= std::f32::consts::LOG2_E);
            linear.bias[half..].iter_mut().for_each(|b| *b *= std::f32::consts::LOG2_E);
        }
        let graph = FloatGraph { input: shape(32, minlen_image::vae::HYPER), nodes };
        let means = Scale { bits: MEAN_BITS, limit: 32_767 };
        let hyper_synthesis =
            finest(&graph, &hyper, &Options { output: Some(means), ..options(hyper_scale) })?;

        let mut nodes = chain(params, &self.up, true);
        if let Some(last) = nodes.last_mut() {
            last.op = to_squares(last.op.clone());
        }
        let graph = FloatGraph { input: shape(8, minlen_image::vae::LATENTS), nodes };
        let near = Scale::of(largest(&latents) * 1.5, NEAR_LIMIT)?;
        let synthesis = finest(&graph, &latents, &options(near))?;
        Ok(Model {
            encoding: Encoding { analysis: analysis.graph, hyper_analysis: hyper_analysis.graph },
            decoding: Decoding {
                hyper_synthesis: hyper_synthesis.graph,
                synthesis: synthesis.graph,
                near_bits: near.bits,
                output_bits: synthesis.output.bits,
            },
        })
    }
}
