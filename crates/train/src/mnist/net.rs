//! Networks as lists of layers: shapes, parameters, forward and backward.

use super::conv::Conv;
use super::data::{CLASSES, PIXELS, SIDE};
use crate::matrix::{View, multiply_into};
use minlen_core::testing::Rng;
use minlen_core::{Error, Result};

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

impl Shape {
    /// Values that come out for one picture.
    #[must_use]
    pub fn outputs(&self) -> usize {
        match self.kind {
            Kind::Dense => self.rows,
            Kind::Conv(conv) => conv.outputs(self.rows),
        }
    }

    /// Values that go in for one picture.
    #[must_use]
    pub fn inputs(&self) -> usize {
        match self.kind {
            Kind::Dense => self.columns,
            Kind::Conv(conv) => conv.inputs(),
        }
    }
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
            columns: conv.columns(),
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

    /// Writes the network's answers (before the softmax) for a batch of `batch` pictures into the last of `space`'s outputs.
    pub fn forward(&self, params: &Params, space: &mut Space, batch: usize) {
        for (l, shape) in self.layers.iter().enumerate() {
            let (before, after) = space.values.split_at_mut(l + 1);
            let (x, y) = (&before[l][..], &mut after[0]);
            y.resize(batch * shape.outputs(), 0.0);
            let (w, b) = (&params.weights[l], &params.biases[l]);
            match shape.kind {
                Kind::Dense => {
                    y.chunks_exact_mut(shape.rows).for_each(|row| row.copy_from_slice(b));
                    let (x, w) =
                        (View::new(x, batch, shape.columns), View::new(w, shape.rows, shape.columns));
                    multiply_into(x, w.t(), 1.0, y);
                }
                Kind::Conv(conv) => conv.forward(x, w, b, &mut space.conv[l], y),
            }
            if l + 1 < self.layers.len() {
                y.iter_mut().for_each(|v| *v = v.max(0.0));
            }
        }
    }

    /// Turns the gradient of the answers in `space.gradient` into the gradient of all parameters, after a `forward`.
    pub fn backward(&self, params: &Params, space: &mut Space, batch: usize, gradient: &mut Params) {
        for (l, shape) in self.layers.iter().enumerate().rev() {
            let dy = std::mem::take(&mut space.gradient);
            let x = &space.values[l];
            let (w, dw, db) = (&params.weights[l], &mut gradient.weights[l], &mut gradient.biases[l]);
            let mut dx = std::mem::take(&mut space.spare);
            dx.resize(if l > 0 { x.len() } else { 0 }, 0.0);
            match shape.kind {
                Kind::Dense => {
                    db.fill(0.0);
                    for row in dy.chunks_exact(shape.rows) {
                        db.iter_mut().zip(row).for_each(|(sum, v)| *sum += v);
                    }
                    let (dy, x) = (View::new(&dy, batch, shape.rows), View::new(x, batch, shape.columns));
                    multiply_into(dy.t(), x, 0.0, dw);
                    if l > 0 {
                        multiply_into(dy, View::new(w, shape.rows, shape.columns), 0.0, &mut dx);
                    }
                }
                Kind::Conv(conv) => conv.backward(&dy, w, &mut space.conv[l], dw, db, &mut dx),
            }
            // The ReLU before this layer passes what was over 0.
            dx.iter_mut().zip(x).for_each(|(d, &v)| *d = if v > 0.0 { *d } else { 0.0 });
            space.gradient = dx;
            space.spare = dy;
        }
    }
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

/// Memory that forward and backward work in.
#[derive(Clone, Debug, Default)]
pub struct Space {
    /// The input, then every layer's output.
    pub values: Vec<Vec<f32>>,
    /// Gradient of the answers, to be set before `backward`.
    pub gradient: Vec<f32>,
    spare: Vec<f32>,
    conv: Vec<super::conv::Space>,
}

impl Space {
    /// Memory for this network.
    #[must_use]
    pub fn new(architecture: &Architecture) -> Self {
        let n = architecture.layers.len();
        Self {
            values: vec![Vec::new(); n + 1],
            conv: vec![super::conv::Space::default(); n],
            ..Self::default()
        }
    }

    /// The answers of the last `forward`, ten a picture.
    #[must_use]
    pub fn answers(&self) -> &[f32] {
        self.values.last().map_or(&[], |v| &v[..])
    }
}
