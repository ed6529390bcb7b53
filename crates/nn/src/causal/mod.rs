//! A trained predictor of bytes in records: from the values around the next one to the probability of each of its bits.
//!
//! [`Geometry`] says how records lie and what is looked at; [`Sight`] looks, value after value, and gives integers; [`Causal`] is the network
//! on them, two layers of ReLU and a row of weights for each *node*: whether the value is another than the ground, and the nodes of the tree
//! of its bits, the highest first. What it gives is in the logistic domain of [`minlen_entropy::mixing`], to be mixed with what adaptive
//! contexts say.
//!
//! Most of what is looked at is 0 where records have a ground, and costs nothing then; and of the last layer only the nodes on the way to
//! the value are computed. Everything is in integers that cannot overflow, so it is the same on every machine.
//!
//! ```
//! use minlen_core::Env;
//! use minlen_nn::causal::{Causal, Geometry, NODES};
//! use minlen_nn::integer::{Activation, Dyadic, Function, Graph, Linear, Node, Op, Shape};
//! let geometry = Geometry { left: 1, ..Geometry::new(&[4]).unwrap() };
//! let layer = |rows, columns, bias| Linear {
//!     rows, columns, weights: vec![0; rows * columns], bias: vec![bias; rows], scales: vec![Dyadic::ONE; rows], limit: 2047,
//! };
//! let relu = || Op::Activation(Activation { function: Function::Relu, input_bits: 0, output_bits: 0 });
//! let ops = [
//!     Op::Dense(layer(16, geometry.inputs(), 0)), relu(), Op::Dense(layer(16, 16, 0)), relu(), Op::Dense(layer(NODES, 16, 128)),
//! ];
//! let nodes = ops.into_iter().enumerate().map(|(from, op)| Node { from, op }).collect();
//! let graph = Graph { input: Shape::flat(geometry.inputs()), input_limit: 256, nodes };
//! let causal = Causal::new(geometry, &graph, &Env::default())?;
//! let mut look = causal.start();
//! causal.look(&mut look);
//! // Whatever it sees, each bit is a one with two to one.
//! assert_eq!(causal.stretch(&look, 0), 128);
//! look.push(7);
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod file;
mod geometry;
mod network;
mod sight;

pub use file::{Predictor, TAG};
pub use geometry::Geometry;
pub use network::{Causal, Look};
pub use sight::{FULL, Input, Sight};

/// Decisions that there are: whether a value is not the ground (node 0), and the nodes of the tree of its bits (1 to 255).
pub const NODES: usize = 256;

#[cfg(test)]
mod tests;
