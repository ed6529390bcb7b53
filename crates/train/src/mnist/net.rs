//! Networks as lists of layers: shapes, parameters, forward and backward.

use super::data::{CLASSES, PIXELS, SIDE};
use super::loss::Lesson;
use minlen_core::testing::Rng;
use minlen_core::{Error, Result};
use minlen_learn::{Arena, Context, Parameters, Tape, Var};

/// A convolution without border, and what it reads: planes by rows by columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv {
    /// Planes in.
    pub planes: usize,
    /// Height in.
    pub height: usize,
    /// Width in.
    pub width: usize,
    /// Side of the filters.
    pub kernel: usize,
}

/// What a layer computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A product with a matrix.
    Dense,
    /// A convolution, and the maximum of each square of 2 by 2.
    Conv(Conv),
}

/// The shape of a layer. All layers but the last end in a ReLU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// What it computes.
    pub kind: Kind,
    /// Units or filters.
    pub rows: usize,
    /// Weights of each.
    pub columns: usize,
    /// Picture that each plane of the weights of a unit forms.
    pub picture: (usize, usize),
}

/// The layers of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Architecture {
    /// Shapes in order.
    pub layers: Vec<Shape>,
}

impl Architecture {
    /// Dense layers of these many hidden units.
    #[must_use]
    pub fn dense(hidden: &[usize]) -> Self {
        let mut columns = PIXELS;
        let layers = hidden.iter().chain([&CLASSES]).enumerate().map(|(i, &rows)| {
            let picture = if i == 0 { (SIDE, SIDE) } else { (1, 1) };
            let shape = Shape { kind: Kind::Dense, rows, columns, picture };
            columns = rows;
            shape
        });
        Self { layers: layers.collect() }
    }

    /// Two convolutions of 5 by 5, each with pooling, one hidden layer: LeNet-5 as in Caffe is `conv([20, 50], 500)`.
    #[must_use]
    pub fn conv(filters: [usize; 2], hidden: usize) -> Self {
        let first = Conv { planes: 1, height: SIDE, width: SIDE, kernel: 5 };
        let second = Conv { planes: filters[0], height: 12, width: 12, kernel: 5 };
        let conv = |conv: Conv, rows| Shape {
            kind: Kind::Conv(conv),
            rows,
            columns: conv.planes * conv.kernel * conv.kernel,
            picture: (conv.kernel, conv.kernel),
        };
        let dense = |rows, columns, picture| Shape { kind: Kind::Dense, rows, columns, picture };
        let layers = vec![
            conv(first, filters[0]),
            conv(second, filters[1]),
            dense(hidden, 16 * filters[1], (4, 4)),
            dense(CLASSES, hidden, (1, 1)),
        ];
        Self { layers }
    }

    /// By name: `lenet-300-100`, `lenet-5`, or hidden units such as `100-50`, or `conv-8-16-100`.
    ///
    /// # Errors
    /// Usage for other names.
    pub fn named(name: &str) -> Result<Self> {
        let unknown = || {
            Error::usage(format!("no network is called {name:?}"))
                .remedy("use lenet-300-100, lenet-5, hidden units as in 100-50, or conv-F1-F2-HIDDEN")
        };
        let sizes = |list: &str| -> Result<Vec<usize>> {
            let size = |s: &str| s.parse().ok().filter(|n| (1..=4096).contains(n)).ok_or_else(unknown);
            list.split('-').map(size).collect()
        };
        match name.strip_prefix("conv-") {
            None if name == "lenet-5" => Ok(Self::conv([20, 50], 500)),
            None => Ok(Self::dense(&sizes(name.strip_prefix("lenet-").unwrap_or(name))?)),
            Some(list) => match sizes(list)?[..] {
                [a, b, hidden] => Ok(Self::conv([a, b], hidden)),
                _ => Err(unknown()),
            },
        }
    }

    /// The same with these many units in the hidden layers.
    #[must_use]
    pub fn resized(&self, units: &[usize]) -> Self {
        match (self.layers.first().map(|shape| shape.kind), units) {
            (Some(Kind::Conv(_)), &[a, b, hidden]) => Self::conv([a, b], hidden),
            _ => Self::dense(units),
        }
    }

    /// Units of the hidden layers.
    #[must_use]
    pub fn units(&self) -> Vec<usize> {
        self.layers[..self.layers.len() - 1].iter().map(|shape| shape.rows).collect()
    }

    /// Weights and biases in all.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.layers.iter().map(|shape| shape.rows * (shape.columns + 1)).sum()
    }

    /// The network's answers (before the softmax) for some pictures, ten each.
    #[must_use]
    pub fn answers(&self, params: &Params, pixels: &[f32], arena: &mut Arena) -> Vec<f32> {
        let nothing = Parameters::default();
        let mut tape = Tape::new(&nothing, arena, Context::plain());
        let (answers, _) = self.write(params, pixels, &mut tape);
        tape.value(answers).to_vec()
    }

    /// The mean loss of a lesson, and its gradient by all parameters.
    pub fn learn(
        &self,
        params: &Params,
        pixels: &[f32],
        lesson: &Lesson<'_>,
        arena: &mut Arena,
        gradient: &mut Params,
    ) -> f32 {
        let nothing = Parameters::default();
        let mut tape = Tape::new(&nothing, arena, Context::plain());
        let (answers, variables) = self.write(params, pixels, &mut tape);
        let loss = lesson.losses(&mut tape, answers);
        let scale = 1.0 / lesson.labels.len() as f32;
        let mean = tape.value(loss).iter().sum::<f32>() * scale;
        tape.backward(loss, scale);
        for (place, variable) in gradient.parts_mut().zip(variables) {
            if let Some(gradient) = tape.gradient(variable) {
                place.copy_from_slice(gradient);
            }
        }
        mean
    }

    /// Writes the network on a tape: its answers, and the variables of all weights, then of all biases.
    fn write(&self, params: &Params, pixels: &[f32], tape: &mut Tape<'_>) -> (Var, Vec<Var>) {
        let mut x = tape.input([pixels.len() / PIXELS, SIDE, SIDE, 1], pixels);
        let (mut weights, mut biases) = (Vec::new(), Vec::new());
        for (l, shape) in self.layers.iter().enumerate() {
            let w = tape.variable([shape.rows, shape.columns], &params.weights[l]);
            let b = tape.variable([shape.rows], &params.biases[l]);
            x = match shape.kind {
                Kind::Dense => {
                    let x = flat(tape, x);
                    tape.dense(x, w, Some(b))
                }
                Kind::Conv(Conv { planes, kernel, .. }) => {
                    // On a tape the planes of a pixel lie together.
                    let filters = tape.reshape(w, [shape.rows, planes, kernel, kernel]);
                    let filters = tape.permute(filters, &[0, 2, 3, 1]);
                    let y = tape.conv2d(x, filters, Some(b), minlen_learn::Conv::square(kernel));
                    tape.max_pool(y, 2)
                }
            };
            if l + 1 < self.layers.len() {
                x = tape.relu(x);
            }
            weights.push(w);
            biases.push(b);
        }
        weights.append(&mut biases);
        (x, weights)
    }
}

/// Pictures as plane after plane in one row each.
fn flat(tape: &mut Tape<'_>, x: Var) -> Var {
    if tape.shape(x).rank() < 4 {
        return x;
    }
    let planes = if tape.shape(x).last() == 1 { x } else { tape.permute(x, &[0, 3, 1, 2]) };
    tape.flatten(planes)
}

/// Weights and biases of every layer; also their gradients and the like.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// Matrices, row by row.
    pub weights: Vec<Vec<f32>>,
    /// One value a row.
    pub biases: Vec<Vec<f32>>,
}

impl Params {
    /// Zeros.
    #[must_use]
    pub fn zeros(architecture: &Architecture) -> Self {
        let layers = &architecture.layers;
        Self {
            weights: layers.iter().map(|shape| vec![0.0; shape.rows * shape.columns]).collect(),
            biases: layers.iter().map(|shape| vec![0.0; shape.rows]).collect(),
        }
    }

    /// Random weights of the variance 2 / inputs (He et al. 2015), uniform; biases 0.
    #[must_use]
    pub fn random(architecture: &Architecture, rng: &mut Rng) -> Self {
        let mut params = Self::zeros(architecture);
        for (weights, shape) in params.weights.iter_mut().zip(&architecture.layers) {
            let bound = (6.0 / shape.columns as f32).sqrt();
            weights.iter_mut().for_each(|w| *w = (2.0 * unit(rng) - 1.0) * bound);
        }
        params
    }

    /// Only what belongs to the units in `kept` (their numbers, for each hidden layer).
    #[must_use]
    pub fn gathered(&self, architecture: &Architecture, kept: &[Vec<usize>]) -> Self {
        let mut out = Self { weights: Vec::new(), biases: Vec::new() };
        let all: Vec<usize> = (0..CLASSES).collect();
        for (l, shape) in architecture.layers.iter().enumerate() {
            let rows = kept.get(l).unwrap_or(&all);
            let columns: Vec<usize> = match l.checked_sub(1).map(|before| &kept[before]) {
                None => (0..shape.columns).collect(),
                Some(units) => {
                    let block = shape.columns / architecture.layers[l - 1].rows;
                    units.iter().flat_map(|&unit| unit * block..(unit + 1) * block).collect()
                }
            };
            let row = |&r: &usize| columns.iter().map(move |&c| self.weights[l][r * shape.columns + c]);
            out.weights.push(rows.iter().flat_map(row).collect());
            out.biases.push(rows.iter().map(|&r| self.biases[l][r]).collect());
        }
        out
    }

    /// Weights then biases, layer after layer.
    pub fn parts_mut(&mut self) -> impl Iterator<Item = &mut Vec<f32>> {
        self.weights.iter_mut().chain(&mut self.biases)
    }
}

/// A number in 0..1.
pub(super) fn unit(rng: &mut Rng) -> f32 {
    (rng.next_u64() >> 40) as f32 * (1.0 / (1u64 << 24) as f32)
}
