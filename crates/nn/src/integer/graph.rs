//! A computation as data.

use super::{Activation, Dyadic, Linear, Shape, Window};

/// What a node does to its input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// All inputs by a matrix: the result is flat.
    Dense(Linear),
    /// A convolution: a row of the matrix for each channel of the output.
    Conv(Window, Linear),
    /// A transposed convolution: input `i` adds tap `k` to output `i * stride + k - before`.
    TransposedConv(Window, Linear),
    /// A convolution of each channel for itself: as many rows as channels, as many columns as places of the kernel.
    Depthwise(Window, Linear),
    /// A function of each integer.
    Activation(Activation),
    /// The sum of the input times one factor and of another node times another, within ±`limit`.
    Add {
        /// The other, counted as [`Node::from`].
        other: usize,
        /// Factors of the input and of the other.
        scales: [Dyadic; 2],
        /// At least 1.
        limit: i16,
    },
    /// The same integers as another shape.
    Reshape(Shape),
}

/// One step of a computation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it takes: 0 is the input of the network, `n` what the n-th node gave (from 1).
    pub from: usize,
    /// What it does.
    pub op: Op,
}

/// A network as data. The last node is the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// The shape of a record.
    pub input: Shape,
    /// Inputs are within plus and minus this; others are refused.
    pub input_limit: i16,
    /// In the order of computation.
    pub nodes: Vec<Node>,
}

impl Graph {
    /// Weights of all layers, without biases.
    #[must_use]
    pub fn weights(&self) -> usize {
        let of = |node: &Node| match &node.op {
            Op::Dense(linear) => linear.weights.len(),
            Op::Conv(_, linear) | Op::TransposedConv(_, linear) | Op::Depthwise(_, linear) => {
                linear.weights.len()
            }
            Op::Activation(_) | Op::Add { .. } | Op::Reshape(_) => 0,
        };
        self.nodes.iter().map(of).sum()
    }

    /// Layers that have weights.
    #[must_use]
    pub fn layers(&self) -> usize {
        let has = |node: &&Node| !matches!(node.op, Op::Activation(_) | Op::Add { .. } | Op::Reshape(_));
        self.nodes.iter().filter(has).count()
    }
}
