//! Networks in integers: weights of 8 or 16 bits, activations of 16, sums of 32, the same result on every machine.
//!
//! A [`Graph`] says what is computed: a list of [`Node`]s, each an [`Op`] on the result of an earlier node. [`Network::new`] checks it
//! (shapes, sizes, and that no sum can overflow, whatever the inputs), and [`Network::run`] computes it for many records at once.
//! Since no sum can overflow, the order of additions does not matter, and every vector instruction gives the same integers.
//!
//! | You want | Use |
//! |---|---|
//! | a decoder, a predictor: records in, records out | [`Graph`], [`Network`] |
//! | the distribution of one latent after the other | [`Autoregressive`] |
//! | integers from trained f32 weights | [`quantize`] |
//! | all of it in a file | [`crate::model_file`] |
//!
//! A tensor is `height * width * channels` integers, channels last. What an integer stands for is for the caller to know: layers have no
//! zero points, and a [`Dyadic`] turns each output's sum into the next scale.
//!
//! ```
//! use minlen_core::Env;
//! use minlen_nn::integer::{Dyadic, Graph, Linear, Network, Node, Op, Shape};
//! // Two outputs of three inputs: the sums are halved and rounded.
//! let linear = Linear {
//!     rows: 2, columns: 3, weights: vec![1, 2, 3, -4, 0, 5], bias: vec![0, 10],
//!     scales: vec![Dyadic { multiplier: 1, shift: 1 }; 2], limit: 1000,
//! };
//! let graph = Graph {
//!     input: Shape::flat(3), input_limit: 100,
//!     nodes: vec![Node { from: 0, op: Op::Dense(linear) }],
//! };
//! let network = Network::new(&graph, &Env::default())?;
//! let mut work = network.workspace(&Env::default())?;
//! let mut out = Vec::new();
//! network.run(&mut work, &[1, 1, 1, 10, -10, 3], &mut out)?;
//! assert_eq!(out, [3, 6, 0, -7]);
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod activation;
mod autoregressive;
mod depthwise;
mod graph;
mod linear;
mod network;
pub mod quantize;
mod shape;
mod windows;

pub use activation::{Activation, Function};
pub use autoregressive::{Autoregressive, Progress};
pub use graph::{Graph, Node, Op};
pub use linear::{Dyadic, Linear};
pub use network::{Network, Workspace};
pub use shape::{Shape, Window};

/// Largest height, width, number of channels, rows or columns.
pub const SIDE_MAX: usize = 1 << 20;
/// Most integers of a tensor.
pub const TENSOR_MAX: usize = 1 << 26;
/// Most weights of a layer.
pub const WEIGHTS_MAX: usize = 1 << 28;
/// Most nodes of a graph.
pub const NODES_MAX: usize = 1024;
/// Most products for one record: a file from a stranger must not ask for hours.
pub const PRODUCTS_MAX: u64 = 1 << 36;

#[cfg(test)]
mod tests;
