//! Operations, a file for each family: each with its way forward, as a method of [`crate::Tape`], and its way back.

mod attention;
mod binary;
mod choices;
mod conv;
mod dense;
mod gather;
mod gdn;
mod logistic;
mod losses;
mod matmul;
mod moves;
mod norm;
mod pool;
mod random;
mod reduce;
mod softmax;
mod unary;

pub use choices::Choice;
pub use conv::Conv;
pub use logistic::Bins;

use crate::tape::Back;

/// What a node computes, with its numbers; tensors are its inputs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    /// Given from outside.
    Input,
    Unary(unary::Unary),
    Binary(binary::Binary),
    Dense(dense::Dense),
    Matmul(matmul::Matmul),
    Conv(conv::Window),
    Gdn(gdn::Gdn),
    Norm(norm::Norm),
    Softmax(softmax::Softmax),
    CrossEntropy,
    Logistic(logistic::Logistic),
    Loss(losses::Loss),
    Reduce(reduce::Reduce),
    Permute(moves::Permute),
    Concat(moves::Concat),
    Slice(moves::Slice),
    Reshape,
    Gather,
    Choices,
    Pool,
    /// Adds what does not depend on anything.
    Noise,
    /// Multiplies by what was kept.
    Dropout,
}

impl Op {
    pub(crate) fn backward(self, back: Back<'_>) {
        match self {
            Self::Input => {}
            Self::Unary(op) => op.backward(back),
            Self::Binary(op) => op.backward(back),
            Self::Dense(op) => op.backward(back),
            Self::Matmul(op) => op.backward(back),
            Self::Conv(op) => op.backward(back),
            Self::Gdn(op) => op.backward(back),
            Self::Norm(op) => op.backward(back),
            Self::Softmax(op) => op.backward(back),
            Self::CrossEntropy => softmax::cross_entropy_backward(back),
            Self::Logistic(op) => op.backward(back),
            Self::Loss(op) => op.backward(back),
            Self::Reduce(op) => op.backward(back),
            Self::Permute(op) => op.backward(back),
            Self::Concat(op) => op.backward(back),
            Self::Slice(op) => op.backward(back),
            Self::Reshape | Self::Noise => random::pass(back),
            Self::Gather => gather::backward(back),
            Self::Choices => choices::backward(back),
            Self::Pool => pool::backward(back),
            Self::Dropout => random::dropout_backward(back),
        }
    }
}
