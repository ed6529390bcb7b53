//! Networks in floats, computed as plainly as can be: for calibration, and to compare integers with.

use crate::integer::{Function, NODES_MAX, Shape, Window};
use crate::simd::Isa;
use minlen_core::{Error, Result};

/// A matrix with biases, as [`crate::integer::Linear`] has it.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatLinear {
    /// Outputs.
    pub rows: usize,
    /// Inputs of an output; of a convolution `(y * kernel width + x) * channels + channel`.
    pub columns: usize,
    /// Row by row.
    pub weights: Vec<f32>,
    /// One for each row.
    pub bias: Vec<f32>,
}

impl FloatLinear {
    /// Every row with its bias.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&[f32], f32)> {
        self.weights.chunks_exact(self.columns).zip(self.bias.iter().copied())
    }

    fn check(&self, rows: Option<usize>, columns: usize) -> Result<()> {
        let sizes = self.columns == columns && columns > 0 && rows.is_none_or(|rows| rows == self.rows);
        let whole =
            self.rows.checked_mul(columns) == Some(self.weights.len()) && self.bias.len() == self.rows;
        if !sizes || !whole {
            return Err(Error::usage(format!(
                "a matrix of {} by {} does not fit its inputs",
                self.rows, self.columns
            )));
        }
        if !self.weights.iter().chain(&self.bias).all(|w| w.is_finite()) {
            return Err(Error::usage("a weight of a network is infinite or NaN"));
        }
        Ok(())
    }
}

/// What a node does, as [`crate::integer::Op`].
#[derive(Clone, Debug, PartialEq)]
pub enum FloatOp {
    /// All inputs by a matrix.
    Dense(FloatLinear),
    /// A convolution.
    Conv(Window, FloatLinear),
    /// A transposed convolution.
    TransposedConv(Window, FloatLinear),
    /// A convolution of each channel for itself.
    Depthwise(Window, FloatLinear),
    /// A function of each number.
    Activation(Function),
    /// The sum with another node's result.
    Add(usize),
    /// The same numbers as another shape.
    Reshape(Shape),
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatNode {
    /// 0 is the input of the network, `n` what the n-th node gave (from 1).
    pub from: usize,
    /// What it does.
    pub op: FloatOp,
}

/// A network in floats. The last node is the output.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatGraph {
    /// The shape of a record.
    pub input: Shape,
    /// In the order of computation.
    pub nodes: Vec<FloatNode>,
}

impl FloatGraph {
    /// The shape of every tensor, the input's first.
    fn shapes(&self) -> Result<Vec<Shape>> {
        self.input.count()?;
        if self.nodes.is_empty() || self.nodes.len() > NODES_MAX {
            return Err(Error::usage(format!("a network of {} nodes", self.nodes.len())));
        }
        let mut shapes = vec![self.input];
        for node in &self.nodes {
            let late = || Error::usage("a node takes one that comes later");
            let input = *shapes.get(node.from).ok_or_else(late)?;
            let wide = |[height, width]: [usize; 2], channels| Shape { height, width, channels };
            let shape = match &node.op {
                FloatOp::Dense(linear) => {
                    linear.check(None, input.count()?)?;
                    Shape::flat(linear.rows)
                }
                FloatOp::Conv(window, linear) => {
                    linear.check(None, window.taps().saturating_mul(input.channels))?;
                    wide(window.outputs(input)?, linear.rows)
                }
                FloatOp::TransposedConv(window, linear) => {
                    linear.check(None, window.taps().saturating_mul(input.channels))?;
                    wide(window.transposed_outputs(input)?, linear.rows)
                }
                FloatOp::Depthwise(window, linear) => {
                    linear.check(Some(input.channels), window.taps())?;
                    wide(window.outputs(input)?, linear.rows)
                }
                FloatOp::Activation(_) => input,
                FloatOp::Add(other) if shapes.get(*other).ok_or_else(late)? == &input => input,
                FloatOp::Reshape(shape) if shape.count()? == input.count()? => *shape,
                FloatOp::Add(_) | FloatOp::Reshape(_) => return Err(Error::usage("shapes that differ")),
            };
            shape.count()?;
            shapes.push(shape);
        }
        Ok(shapes)
    }

    /// The outputs of all records.
    ///
    /// # Errors
    /// Usage if parts do not fit together, or the numbers are not whole records.
    pub fn run(&self, records: &[f32]) -> Result<Vec<f32>> {
        let mut out = Vec::new();
        self.each(records, |tensors| out.extend_from_slice(&tensors[tensors.len() - 1]))?;
        Ok(out)
    }

    /// The largest magnitude in every tensor, the input's first.
    pub(super) fn magnitudes(&self, records: &[f32]) -> Result<Vec<f32>> {
        let mut most = vec![0.0f32; self.nodes.len() + 1];
        let mut finite = !records.is_empty();
        self.each(records, |tensors| {
            for (most, tensor) in most.iter_mut().zip(tensors) {
                finite &= tensor.iter().all(|x| x.is_finite());
                *most = tensor.iter().fold(*most, |a, x| if x.abs() > a { x.abs() } else { a });
            }
        })?;
        if finite {
            Ok(most)
        } else {
            Err(Error::usage("no records for calibration, or they lead to infinities or NaN"))
        }
    }

    /// All tensors of every record.
    fn each(&self, records: &[f32], mut seen: impl FnMut(&[Vec<f32>])) -> Result<()> {
        let shapes = self.shapes()?;
        let len = self.input.count()?;
        if !records.len().is_multiple_of(len) {
            return Err(Error::usage(format!("{} numbers are no records of {len}", records.len())));
        }
        for record in records.chunks_exact(len) {
            let mut tensors = vec![record.to_vec()];
            for (k, node) in self.nodes.iter().enumerate() {
                tensors.push(compute(
                    &node.op,
                    &tensors[node.from],
                    &tensors,
                    shapes[node.from],
                    shapes[k + 1],
                ));
            }
            seen(&tensors);
        }
        Ok(())
    }
}

fn compute(op: &FloatOp, x: &[f32], before: &[Vec<f32>], input: Shape, output: Shape) -> Vec<f32> {
    match op {
        FloatOp::Dense(linear) => {
            linear.rows().map(|(row, bias)| dot(row, x, f64::from(bias)) as f32).collect()
        }
        FloatOp::Conv(window, linear) => {
            gather(x, input, output, (window, linear), |y, i, k| tap(window, k, y, i))
        }
        FloatOp::TransposedConv(window, linear) => {
            // The same with inputs and outputs exchanged.
            gather(x, input, output, (window, linear), |y, i, k| tap(window, k, i, y))
        }
        FloatOp::Depthwise(window, linear) => depthwise(x, input, output, window, linear),
        FloatOp::Activation(function) => {
            let isa = Isa::detect();
            let mut out = Vec::with_capacity(x.len().next_multiple_of(16));
            for x in x.chunks(16) {
                let mut all = [0.0; 16];
                all[..x.len()].copy_from_slice(x);
                out.extend(function.values(isa, &all));
            }
            out.truncate(x.len());
            out
        }
        FloatOp::Add(other) => x.iter().zip(&before[*other]).map(|(a, b)| a + b).collect(),
        FloatOp::Reshape(_) => x.to_vec(),
    }
}

fn dot(row: &[f32], x: &[f32], bias: f64) -> f64 {
    row.iter().zip(x).fold(bias, |sum, (&w, &x)| sum + f64::from(w) * f64::from(x))
}

/// The tap on axis `k` with which the window at `at` sees `i`.
fn tap(window: &Window, k: usize, at: usize, i: usize) -> Option<usize> {
    (i + window.before[k]).checked_sub(at * window.stride[k]).filter(|&tap| tap < window.kernel[k])
}

/// For each place of the output all inputs that a tap connects with it.
fn gather(
    x: &[f32],
    input: Shape,
    output: Shape,
    (window, linear): (&Window, &FloatLinear),
    tap: impl Fn(usize, usize, usize) -> Option<usize>,
) -> Vec<f32> {
    let mut out = Vec::new();
    for place in 0..output.height * output.width {
        let axis = |n: usize, at: usize, k: usize| -> Vec<(usize, usize)> {
            (0..n).filter_map(|i| tap(at, i, k).map(|tap| (i, tap))).collect()
        };
        let rows = axis(input.height, place / output.width, 0);
        let columns = axis(input.width, place % output.width, 1);
        for (weights, bias) in linear.rows() {
            let mut sum = f64::from(bias);
            for &(iy, ky) in &rows {
                for &(ix, kx) in &columns {
                    let weights = &weights[(ky * window.kernel[1] + kx) * input.channels..][..input.channels];
                    sum = dot(weights, &x[(iy * input.width + ix) * input.channels..], sum);
                }
            }
            out.push(sum as f32);
        }
    }
    out
}

fn depthwise(x: &[f32], input: Shape, output: Shape, window: &Window, linear: &FloatLinear) -> Vec<f32> {
    let mut out = Vec::new();
    for place in 0..output.height * output.width {
        let (oy, ox) = (place / output.width, place % output.width);
        for (c, (weights, bias)) in linear.rows().enumerate() {
            let mut sum = f64::from(bias);
            for (t, &w) in weights.iter().enumerate() {
                let y = (oy * window.stride[0] + t / window.kernel[1]).checked_sub(window.before[0]);
                let x0 = (ox * window.stride[1] + t % window.kernel[1]).checked_sub(window.before[1]);
                if let Some((y, x0)) = y.zip(x0).filter(|&(y, x0)| y < input.height && x0 < input.width) {
                    sum += f64::from(w) * f64::from(x[(y * input.width + x0) * input.channels + c]);
                }
            }
            out.push(sum as f32);
        }
    }
    out
}
