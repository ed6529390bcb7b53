//! A trained network as a member of a codec file: everything in integers.

use super::network::{Network, PARTS};
use super::squares::{halved, over_squares, to_squares};
use minlen_core::{Error, Result};
use minlen_latent::network::{CONTEXT, GAIN_BITS, Latents, Rate, patches};
use minlen_latent::steps;
use minlen_learn::layers::{Convolution, Dense};
use minlen_learn::{Arena, Context, Parameters, Records, Tape};
use minlen_nn::integer::quantize::{
    FloatGraph, FloatLinear, FloatNode, FloatOp, Options, Quantized, Scale, quantize,
};
use minlen_nn::integer::{Function, Shape, Window};

/// How a network is taken out of training.
#[derive(Clone, Debug)]
pub struct Export<'a> {
    /// Records to see how large numbers get, as the network saw them.
    pub records: &'a Records,
    /// So many of them are looked at.
    pub count: u32,
    /// Rates.
    pub rates: u8,
    /// Rounded latents are within plus and minus this.
    pub most: u16,
    /// What 1 of the network's numbers stands for, in values.
    pub unit: f64,
    /// Largest magnitude of a weight: 127 for 8 bits.
    pub weights: i16,
}

/// A graph as it is put together.
pub(crate) struct Builder(pub(crate) Vec<FloatNode>);

impl Builder {
    pub(crate) fn then(&mut self, op: FloatOp) -> usize {
        let from = self.0.len();
        self.0.push(FloatNode { from, op });
        self.0.len()
    }

    pub(crate) fn silu(&mut self) {
        self.then(FloatOp::Activation(Function::Silu));
    }

    fn blocks(&mut self, params: &Parameters, blocks: &[[Convolution; 2]]) {
        for [first, second] in blocks {
            let before = self.0.len();
            self.silu();
            self.then(convolution(params, first));
            self.silu();
            self.then(convolution(params, second));
            self.then(FloatOp::Add(before));
        }
    }
}

fn dense(params: &Parameters, layer: &Dense) -> FloatLinear {
    let [rows, columns] = [0, 1].map(|i| params.shape(layer.weights).sizes()[i]);
    let (weights, bias) = (params.values(layer.weights).to_vec(), params.values(layer.bias).to_vec());
    FloatLinear { rows, columns, weights, bias }
}

/// The same with these columns, in this order.
fn with_columns(linear: &FloatLinear, columns: &[usize]) -> FloatLinear {
    let rows = linear.weights.chunks_exact(linear.columns);
    let weights = rows.flat_map(|row| columns.iter().map(|&c| row[c])).collect();
    FloatLinear { columns: columns.len(), weights, bias: linear.bias.clone(), rows: linear.rows }
}

pub(crate) fn convolution(params: &Parameters, layer: &Convolution) -> FloatOp {
    let shape = params.shape(layer.weights);
    let [first, height, width, last] = [0, 1, 2, 3].map(|i| shape.sizes()[i]);
    let window = Window {
        kernel: [height, width],
        stride: layer.conv.strides(),
        before: layer.conv.zeros(),
        after: layer.conv.zeros(),
    };
    let (values, bias) = (params.values(layer.weights), params.values(layer.bias).to_vec());
    if !layer.is_transposed() {
        let columns = height * width * last;
        return FloatOp::Conv(window, FloatLinear { rows: first, columns, weights: values.to_vec(), bias });
    }
    // Channels of the input come first there, and last here.
    let taps = height * width;
    let mut weights = Vec::with_capacity(values.len());
    for row in 0..last {
        for tap in 0..taps {
            weights.extend((0..first).map(|channel| values[(channel * taps + tap) * last + row]));
        }
    }
    FloatOp::TransposedConv(window, FloatLinear { rows: last, columns: taps * first, weights, bias })
}

/// With the finest weights for which no sum can overflow: distributions are worth more than the few bits.
fn finest(graph: &FloatGraph, records: &[f32], options: &Options) -> Result<Quantized> {
    let with = |weights| quantize(graph, records, &Options { weights, ..options.clone() });
    with(1023).or_else(|_| with(511)).or_else(|_| with(255)).or_else(|_| with(127))
}

impl Network {
    /// The side of the patches that the integer networks see: convolutions at stride 2 have squares of 2 by 2.
    fn patch(&self) -> u8 {
        if self.down.is_empty() { 1 } else { 2 }
    }

    fn picture(&self) -> Shape {
        let [height, width, channels] =
            if self.down.is_empty() { self.design.shape } else { halved(self.design.shape) };
        Shape { height, width, channels }
    }

    fn encoder_graph(&self, params: &Parameters) -> FloatGraph {
        let mut graph = Builder(Vec::new());
        for layer in &self.encoder {
            graph.then(FloatOp::Dense(dense(params, layer)));
            graph.silu();
        }
        for (i, layer) in self.down.iter().enumerate() {
            if i > 0 {
                graph.silu();
                graph.then(convolution(params, layer));
            } else {
                graph.then(over_squares(convolution(params, layer), self.design.shape[2]));
            }
        }
        if !self.down.is_empty() {
            graph.blocks(params, &self.inner[0]);
            graph.silu();
        }
        let last = dense(params, &self.latents);
        let columns: Vec<usize> = (0..last.columns - CONTEXT).collect();
        graph.then(FloatOp::Dense(with_columns(&last, &columns)));
        FloatGraph { input: self.picture(), nodes: graph.0 }
    }

    fn decoder_graph(&self, params: &Parameters) -> FloatGraph {
        let mut graph = Builder(Vec::new());
        let wide = dense(params, &self.wide);
        let [rows, columns] = self.design.small().map(|side| side.max(1));
        let deep = wide.rows / rows / columns;
        graph.then(FloatOp::Dense(wide));
        for layer in &self.decoder {
            graph.silu();
            graph.then(FloatOp::Dense(dense(params, layer)));
        }
        if let Some(output) = &self.output {
            graph.silu();
            graph.then(FloatOp::Dense(dense(params, output)));
        } else {
            graph.then(FloatOp::Reshape(Shape { height: rows, width: columns, channels: deep }));
            graph.blocks(params, &self.inner[1]);
            for (i, layer) in self.up.iter().enumerate() {
                graph.silu();
                let op = convolution(params, layer);
                graph.then(if i + 1 == self.up.len() { to_squares(op) } else { op });
            }
        }
        FloatGraph { input: Shape::flat(self.design.latents), nodes: graph.0 }
    }

    /// The prior, with the context first and the numbers of each latent together, in the units of [`Latents`].
    fn prior_graph(&self, params: &Parameters) -> FloatGraph {
        let latents = self.design.latents;
        let masked = |i: usize| {
            let mut linear = dense(params, &self.prior[i].dense);
            let mask = params.values(self.prior[i].mask);
            linear.weights.iter_mut().zip(mask).for_each(|(w, m)| *w *= m);
            linear
        };
        let columns: Vec<usize> = (latents..latents + CONTEXT).chain(0..latents).collect();
        let first = with_columns(&masked(0), &columns);
        let last = masked(1);
        let mut sorted = FloatLinear { weights: Vec::new(), bias: Vec::new(), ..last };
        for k in 0..latents {
            for kind in 0..3 {
                // Octaves for weights and scales; means as they are.
                let factor = if kind == 1 { 1.0 } else { std::f32::consts::LOG2_E };
                for part in 0..PARTS {
                    let row = (kind * PARTS + part) * latents + k;
                    let weights = &last.weights[row * last.columns..(row + 1) * last.columns];
                    sorted.weights.extend(weights.iter().map(|w| w * factor));
                    sorted.bias.push(last.bias[row] * factor);
                }
            }
        }
        let mut graph = Builder(Vec::new());
        graph.then(FloatOp::Dense(first));
        graph.silu();
        graph.then(FloatOp::Dense(sorted));
        FloatGraph { input: Shape::flat(latents + CONTEXT), nodes: graph.0 }
    }

    /// The gains of latents at a price, and what the price adds to them before.
    fn at_price(&self, params: &Parameters, price: f32) -> (Vec<f64>, Vec<f64>) {
        let inputs = self.price_inputs(price);
        let (gain, last) = (dense(params, &self.gain), dense(params, &self.latents));
        let sum = |weights: &[f32]| weights.iter().zip(inputs).map(|(w, x)| f64::from(w * x)).sum::<f64>();
        let gains: Vec<f64> = (0..gain.rows)
            .map(|k| (sum(&gain.weights[k * 2..k * 2 + 2]) + f64::from(gain.bias[k])).exp())
            .collect();
        let offsets = gains.iter().enumerate().map(|(k, gain)| {
            let end = (k + 1) * last.columns;
            gain * sum(&last.weights[end - CONTEXT..end])
        });
        let offsets = offsets.collect();
        (gains, offsets)
    }

    /// Rounded latents of the first records at a price.
    fn rounded(&self, params: &Parameters, export: &Export<'_>, price: f32) -> Vec<f32> {
        let mut arena = Arena::default();
        let mut out = Vec::new();
        let count = export.count.min(export.records.len() as u32);
        let records: Vec<u32> = (0..count).collect();
        for records in records.chunks(64) {
            let mut tape = Tape::new(params, &mut arena, Context::plain());
            let x = export.records.input(&mut tape, records);
            let shape: Vec<usize> = std::iter::once(records.len()).chain(self.design.shape).collect();
            let x = tape.reshape(x, &shape[..]);
            let inputs = self.price_inputs(price).repeat(records.len());
            let given = tape.input([records.len(), 2], &inputs);
            let z = self.encode(&mut tape, x, given);
            out.extend(tape.value(z).iter().map(|z| z.round()));
        }
        out
    }

    /// The member that a trained network is.
    ///
    /// # Errors
    /// Usage for networks whose numbers are too large for integers.
    pub fn export(&self, params: &Parameters, export: &Export<'_>) -> Result<Latents> {
        let (least, most) = self.design.prices;
        let latents = self.design.latents;
        let share = |rate: u8| f32::from(rate) / f32::from(export.rates.max(2) - 1);
        let prices: Vec<f32> =
            (0..export.rates).map(|rate| least * (most / least).powf(share(rate))).collect();

        let count = (export.count as usize).min(export.records.len());
        let mut records = vec![0.0; count * export.records.shape().len()];
        let shape = self.design.shape.map(|side| side as u32);
        let order = patches(&shape, usize::from(self.patch()))
            .ok_or_else(|| Error::usage("records that no squares of 2 by 2 fit into"))?;
        let mut record = vec![0.0; order.len()];
        for (i, place) in records.chunks_exact_mut(order.len()).enumerate() {
            export.records.read(i as u32, &mut record);
            place.iter_mut().zip(&order).for_each(|(x, &from)| *x = record[from as usize]);
        }
        let largest = records.iter().fold(0f32, |most, x| most.max(x.abs()));
        let options = |input: Scale| Options { weights: export.weights, ..Options::new(input) };
        let input = Scale::of(largest * 1.25, 16_383)?;
        let encoder = quantize(&self.encoder_graph(params), &records, &options(input))?;

        // What the prior and the decoder see, at the ends and in the middle.
        let context = Scale { bits: 6, limit: 16_383 };
        let (mut told, mut given) = (Vec::new(), Vec::new());
        for price in [prices[0], prices[prices.len() / 2], prices[prices.len() - 1]] {
            let (gains, _) = self.at_price(params, price);
            for z in self.rounded(params, export, price).chunks_exact(latents) {
                told.extend(self.price_inputs(price));
                told.extend(z);
                given.extend(z.iter().zip(&gains).map(|(z, gain)| (f64::from(*z) / gain) as f32));
            }
        }
        let prior_options = Options { output: Some(Scale { bits: 8, limit: 32_767 }), ..options(context) };
        let prior = finest(&self.prior_graph(params), &told, &prior_options)?;
        let largest = given.iter().fold(0f32, |most, x| most.max(x.abs()));
        let decoded = Scale::of(largest * 1.25, 8191)?;
        let decoder = quantize(&self.decoder_graph(params), &given, &options(decoded))?;

        let fixed = |x: f64| (x * f64::from(1u32 << GAIN_BITS)).round();
        let rates = prices.iter().map(|&price| {
            let (gains, offsets) = self.at_price(params, price);
            // One more square costs `price` bits, in units of the network's numbers.
            let square = export.unit * export.unit / f64::from(price);
            Rate {
                step: steps::nearest((square / steps::PRICE).sqrt() * 16.0),
                context: self.price_inputs(price).map(|x| context.integer(x)),
                steps: gains.iter().map(|g| fixed(f64::from(1u32 << decoded.bits) / g) as u32).collect(),
                gains: gains.iter().map(|g| fixed(*g) as u32).collect(),
                offsets: offsets.iter().map(|x| fixed(*x) as i32).collect(),
            }
        });
        let unit = (export.unit * 256.0).round();
        if !(1.0..=f64::from(1u32 << 30)).contains(&unit) {
            return Err(Error::usage("values too small or too large for a network"));
        }
        Ok(Latents {
            rates: rates.collect(),
            found_bits: encoder.output.bits,
            output_bits: decoder.output.bits,
            encoder: Some(encoder.graph),
            prior: prior.graph,
            decoder: decoder.graph,
            input,
            unit: unit as u32,
            most: export.most,
            context_bits: context.bits,
            patch: self.patch(),
            residual: None,
        })
    }
}
