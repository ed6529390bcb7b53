//! Integers from trained f32 weights.
//!
//! A [`FloatGraph`] is the network as it was trained. It is run on records of calibration to see how large its tensors get; then every tensor
//! gets a scale that is a power of two, every row of a matrix a scale of its own, and the result is a [`Graph`] that computes nearly the
//! same. The same floats and records give the same integers on every machine.
//!
//! ```
//! use minlen_nn::integer::quantize::{FloatGraph, FloatLinear, FloatNode, FloatOp, Options, Scale, quantize};
//! use minlen_nn::integer::{Function, Network, Shape};
//! use minlen_core::Env;
//! let first = FloatLinear { rows: 2, columns: 1, weights: vec![1.5, -0.5], bias: vec![0.0, 0.25] };
//! let nodes = vec![
//!     FloatNode { from: 0, op: FloatOp::Dense(first) },
//!     FloatNode { from: 1, op: FloatOp::Activation(Function::Tanh) },
//! ];
//! let graph = FloatGraph { input: Shape::flat(1), nodes };
//! let records: Vec<f32> = (-20..=20).map(|x| 0.1 * x as f32).collect();
//! let quantized = quantize(&graph, &records, &Options::new(Scale { bits: 10, limit: 3000 }))?;
//! // 0.5 goes in; tanh 0.75 and tanh 0 come out.
//! let network = Network::new(&quantized.graph, &Env::default())?;
//! let mut out = Vec::new();
//! network.run(&mut network.workspace(&Env::default())?, &[512], &mut out)?;
//! let values: Vec<f32> = out.iter().map(|&x| quantized.output.value(x)).collect();
//! assert!((values[0] - 0.6351).abs() < 1e-3 && values[1].abs() < 1e-3);
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod floats;

pub use floats::{FloatGraph, FloatLinear, FloatNode, FloatOp};

use super::{Activation, Dyadic, Graph, Linear, Node, Op};
use minlen_core::{Error, Result};

/// What the integers of a tensor stand for: `x / 2^bits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// Fraction bits, at most 15.
    pub bits: u8,
    /// The largest magnitude, at least 1.
    pub limit: i16,
}

impl Scale {
    /// The finest scale on which numbers up to `magnitude` are within `limit`.
    ///
    /// # Errors
    /// Usage if they are not even as whole numbers, or the magnitude is NaN.
    pub fn of(magnitude: f32, limit: i16) -> Result<Self> {
        let fits = |bits: &u8| f64::from(magnitude) * f64::from(1u32 << bits) <= f64::from(limit);
        (0..=15).rev().find(fits).map(|bits| Self { bits, limit }).ok_or_else(|| {
            Error::usage(format!(
                "a tensor of a network has numbers up to {magnitude}, at most {limit} can be kept"
            ))
            .remedy("train with inputs and outputs of about 1")
        })
    }

    /// The number that an integer stands for.
    #[must_use]
    pub fn value(self, x: i16) -> f32 {
        f32::from(x) / (1u32 << self.bits.min(15)) as f32
    }

    /// The nearest integer, within the limit; NaN is 0.
    #[must_use]
    pub fn integer(self, x: f32) -> i16 {
        let limit = f64::from(self.limit);
        (f64::from(x) * f64::from(1u32 << self.bits.min(15))).round().clamp(-limit, limit) as i16
    }
}

/// How a network is quantized.
#[derive(Clone, Debug)]
pub struct Options {
    /// The scale of inputs.
    pub input: Scale,
    /// The scale of outputs, if it is not to be chosen.
    pub output: Option<Scale>,
    /// Largest magnitude of a weight: 127 for 8 bits, 32,767 for 16.
    pub weights: i16,
    /// Largest magnitude in tensors between.
    pub tensors: i16,
    /// How much larger tensors may get than in calibration.
    pub headroom: f32,
}

impl Options {
    /// Weights of 8 bits, tensors of 14, a quarter of headroom.
    #[must_use]
    pub fn new(input: Scale) -> Self {
        Self { input, output: None, weights: 127, tensors: 8191, headroom: 1.25 }
    }
}

/// A quantized network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantized {
    /// What is computed.
    pub graph: Graph,
    /// What its outputs stand for.
    pub output: Scale,
}

/// The graph in integers.
///
/// # Errors
/// Usage if the graph's parts do not fit together, a number is infinite or NaN, there are no records, a tensor is too large for integers,
/// or the outputs are wanted on a finer scale than the sums before them have.
pub fn quantize(graph: &FloatGraph, records: &[f32], options: &Options) -> Result<Quantized> {
    let sizes = graph.magnitudes(records)?;
    let mut scales = vec![options.input];
    let mut nodes = Vec::new();
    for (k, node) in graph.nodes.iter().enumerate() {
        let input = scales[node.from];
        let given = options.output.filter(|_| k + 1 == graph.nodes.len());
        let size = (sizes[k + 1] * options.headroom).max(f32::MIN_POSITIVE);
        let wanted = given.map_or_else(|| Scale::of(size, options.tensors), Ok);
        let (op, scale) = match &node.op {
            FloatOp::Dense(linear) => {
                let (linear, scale) = matrix(linear, input, wanted?, given, options)?;
                (Op::Dense(linear), scale)
            }
            FloatOp::Conv(window, linear) => {
                let (linear, scale) = matrix(linear, input, wanted?, given, options)?;
                (Op::Conv(*window, linear), scale)
            }
            FloatOp::TransposedConv(window, linear) => {
                let (linear, scale) = matrix(linear, input, wanted?, given, options)?;
                (Op::TransposedConv(*window, linear), scale)
            }
            FloatOp::Depthwise(window, linear) => {
                let (linear, scale) = matrix(linear, input, wanted?, given, options)?;
                (Op::Depthwise(*window, linear), scale)
            }
            FloatOp::Activation(function) => {
                let scale = wanted?;
                let activation =
                    Activation { function: *function, input_bits: input.bits, output_bits: scale.bits };
                (Op::Activation(activation), Scale { limit: most(&activation, input.limit)?, ..scale })
            }
            FloatOp::Add(other) => sum(*other, [input, scales[*other]], wanted?, given)?,
            FloatOp::Reshape(shape) => (Op::Reshape(*shape), input),
        };
        nodes.push(Node { from: node.from, op });
        scales.push(scale);
    }
    let output = scales[graph.nodes.len()];
    if options.output.is_some_and(|wanted| wanted.bits != output.bits) {
        return Err(Error::usage("the wanted scale of outputs is not that of the reshaped tensor"));
    }
    Ok(Quantized { graph: Graph { input: graph.input, input_limit: options.input.limit, nodes }, output })
}

/// The largest magnitude that a function gives for inputs up to `limit`: what was seen in calibration may be far below it, and sums of the next layer
/// must have room for it.
fn most(activation: &Activation, limit: i16) -> Result<i16> {
    let table = activation.table()?;
    let (middle, limit) = (Activation::ENTRIES / 2, usize::from(limit.unsigned_abs()));
    let within = table.get(middle - limit..=middle + limit).unwrap_or_default();
    Ok(within.iter().map(|x| x.saturating_abs()).max().unwrap_or(1).max(1))
}

fn too_fine() -> Error {
    Error::usage("the outputs of a network are wanted on a finer scale than the sums before them have")
        .remedy("ask for fewer fraction bits of outputs, or for 16 bits of weights")
}

fn sum(other: usize, inputs: [Scale; 2], wanted: Scale, given: Option<Scale>) -> Result<(Op, Scale)> {
    let bits = wanted.bits.min(inputs[0].bits).min(inputs[1].bits);
    if given.is_some() && bits < wanted.bits {
        return Err(too_fine());
    }
    let scale = Scale { bits, ..wanted };
    let scales = inputs.map(|input| Dyadic { multiplier: 1, shift: input.bits - bits });
    Ok((Op::Add { other, scales, limit: wanted.limit }, scale))
}

/// A matrix in integers, and the scale of its outputs: as wanted, or coarser.
fn matrix(
    linear: &FloatLinear,
    input: Scale,
    wanted: Scale,
    given: Option<Scale>,
    options: &Options,
) -> Result<(Linear, Scale)> {
    let steps: Vec<f64> =
        linear.rows().map(|row| step(row, input, options.weights)).collect::<Result<_>>()?;
    // A unit of a sum may not be larger than one of the output.
    let coarsest = steps.iter().copied().fold(0.0, f64::max);
    let factor = |bits: u8| 2f64.powi(i32::from(bits) - i32::from(input.bits));
    let bits = (0..=wanted.bits).rev().find(|&bits| coarsest * factor(bits) <= 1.0).ok_or_else(too_fine)?;
    if given.is_some() && bits < wanted.bits {
        return Err(too_fine());
    }
    let mut weights = Vec::with_capacity(linear.weights.len());
    let (mut bias, mut scales) = (Vec::new(), Vec::new());
    for ((row, b), &step) in linear.rows().zip(&steps) {
        weights
            .extend(row.iter().map(|&w| if step > 0.0 { (f64::from(w) / step).round() as i16 } else { 0 }));
        let unit = step / f64::from(1u32 << input.bits);
        bias.push(if unit > 0.0 { (f64::from(b) / unit).round() as i32 } else { 0 });
        scales.push(Dyadic::nearest(step * factor(bits)));
    }
    let FloatLinear { rows, columns, .. } = *linear;
    let made = Linear { rows, columns, weights, bias, scales, limit: wanted.limit };
    Ok((made, Scale { bits, ..wanted }))
}

/// What a weight of 1 stands for in a row: as fine as the weights' bits and the sums' 32 bits allow; 0 for a row of zeros.
fn step((row, bias): (&[f32], f32), input: Scale, most: i16) -> Result<f64> {
    let largest = row.iter().fold(0.0, |a, w| f64::max(a, f64::from(w.abs())));
    let limit = f64::from(input.limit);
    let total = row.iter().map(|w| f64::from(w.abs())).sum::<f64>() * limit
        + f64::from(bias.abs()) * f64::from(1u32 << input.bits);
    // Rounding adds up to half a unit for each input and the bias.
    let room = f64::from(i32::MAX) - 1.0 - 0.5 * limit * row.len() as f64;
    if room < f64::from(1 << 16) {
        return Err(Error::usage(format!("{} inputs up to {limit} leave no room in 32 bits", row.len())));
    }
    // A row with a bias alone needs no more than 24 bits.
    Ok(if largest > 0.0 {
        (largest / f64::from(most.max(1))).max(total / room)
    } else {
        total / f64::from(1 << 24)
    })
}

#[cfg(test)]
mod tests;
