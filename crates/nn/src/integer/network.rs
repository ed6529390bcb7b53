//! A graph that was checked, and its computation.

use super::activation::Activation;
use super::depthwise::Depthwise;
use super::windows::Windows;
use super::{Dyadic, Graph, Linear, NODES_MAX, Node, Op, PRODUCTS_MAX, Shape};
use crate::simd::Isa;
use crate::simd::integer::{Path, add, look_up};
use minlen_core::{Env, Error, Reservation, Result};
use std::sync::Arc;

/// A node as it is computed.
#[derive(Clone, Debug)]
enum Step {
    Windows(Windows),
    Depthwise(Depthwise),
    Table(Arc<[i16]>),
    Add { other: usize, scales: [Dyadic; 2], limit: i32 },
    Copy,
}

/// What is known of a tensor: its shape, its length, and the largest magnitude in it.
#[derive(Clone, Copy, Debug)]
struct Tensor {
    shape: Shape,
    len: usize,
    bound: i16,
}

/// A graph that was checked and made ready. It can be shared by threads; each needs a [`Workspace`] of its own.
#[derive(Debug)]
pub struct Network {
    steps: Vec<(usize, Step)>,
    tensors: Vec<Tensor>,
    /// How many records are computed at once.
    batch: usize,
    products: u64,
    scratch: u64,
    path: Path,
    _held: Reservation,
}

/// The memory of one thread's computation.
#[derive(Debug)]
pub struct Workspace {
    tensors: Vec<Vec<i16>>,
    scratch: Vec<i16>,
    /// For depthwise convolutions: taps within the picture.
    seen: Vec<(usize, usize)>,
    _held: Reservation,
}

/// Records are computed together as long as their tensors stay below so many integers.
const BATCH_INTEGERS: usize = 1 << 21;
/// Bytes of the list of a depthwise convolution's taps, of which there are at most 255 by 255.
const SEEN: u64 = 16 << 17;
/// Most records computed together.
const BATCH: usize = 256;

impl Network {
    /// Checks and prepares a graph, on the best instruction set of this machine.
    ///
    /// # Errors
    /// Usage where shapes or sizes do not fit or a sum could overflow; limit where memory does not allow it.
    pub fn new(graph: &Graph, env: &Env) -> Result<Self> {
        Self::with_isa(graph, env, Isa::detect())
    }

    /// The same on a given instruction set: the results are the same.
    ///
    /// # Errors
    /// As [`Network::new`].
    pub fn with_isa(graph: &Graph, env: &Env, isa: Isa) -> Result<Self> {
        Self::with_path(graph, env, Path::of(isa))
    }

    pub(super) fn with_path(graph: &Graph, env: &Env, path: Path) -> Result<Self> {
        if graph.input_limit < 1 || graph.nodes.is_empty() || graph.nodes.len() > NODES_MAX {
            return Err(Error::usage(format!(
                "a network of {} nodes with inputs up to {}",
                graph.nodes.len(),
                graph.input_limit
            )));
        }
        let first = Tensor { shape: graph.input, len: graph.input.count()?, bound: graph.input_limit };
        let mut net = Self {
            steps: Vec::new(),
            tensors: vec![first],
            batch: 1,
            products: 0,
            scratch: 0,
            path,
            _held: env.budget.reserve(0)?,
        };
        let mut tables: Vec<(Activation, Arc<[i16]>)> = Vec::new();
        for (k, node) in graph.nodes.iter().enumerate() {
            let place =
                |e: Error| Error::new(e.kind(), format!("node {} of a network: {}", k + 1, e.message()));
            net.push(node, &mut tables).map_err(place)?;
            env.check()?;
        }
        let all: usize = net.tensors.iter().map(|tensor| tensor.len).sum();
        net.batch = (BATCH_INTEGERS / all).clamp(1, BATCH);
        Ok(net)
    }

    fn tensor(&self, index: usize) -> Result<Tensor> {
        self.tensors
            .get(index)
            .copied()
            .ok_or_else(|| Error::usage(format!("takes node {index}, which comes later")))
    }

    fn push(&mut self, node: &Node, tables: &mut Vec<(Activation, Arc<[i16]>)>) -> Result<()> {
        let input = self.tensor(node.from)?;
        let (step, shape, bound) = match &node.op {
            Op::Activation(activation) => {
                let (table, bound) = self.table(activation, input.bound, tables)?;
                (Step::Table(table), input.shape, bound)
            }
            Op::Add { other, scales, limit } => {
                let right = self.tensor(*other)?;
                if right.shape != input.shape || *limit < 1 || !scales.iter().all(|scale| scale.fits()) {
                    return Err(Error::usage(
                        "a sum of unequal shapes, or with a limit or scale out of range",
                    ));
                }
                let step = Step::Add { other: *other, scales: *scales, limit: i32::from(*limit) };
                (step, input.shape, *limit)
            }
            Op::Reshape(shape) => {
                if shape.count()? != input.len {
                    return Err(Error::usage("another shape of another length"));
                }
                (Step::Copy, *shape, input.bound)
            }
            Op::Dense(_) | Op::Conv(..) | Op::TransposedConv(..) | Op::Depthwise(..) => {
                self.matrix(&node.op, input)?
            }
        };
        self.steps.push((node.from, step));
        self.tensors.push(Tensor { shape, len: shape.count()?, bound });
        Ok(())
    }

    /// A step with a matrix, the shape of its outputs, and their bound. Memory is taken before any is used.
    fn matrix(&mut self, op: &Op, input: Tensor) -> Result<(Step, Shape, i16)> {
        let Shape { channels, .. } = input.shape;
        let places = |shape: Shape| shape.height * shape.width;
        Ok(match op {
            Op::Conv(window, linear) => {
                let shape = outputs(window.outputs(input.shape)?, linear.rows)?;
                fits(linear.columns == window.taps().saturating_mul(channels), linear, input.shape)?;
                let bound = self.weigh(linear, channels, input.bound, places(shape))?;
                (self.windows(Windows::convolution(linear, window, input.shape, shape)), shape, bound)
            }
            Op::TransposedConv(window, linear) => {
                let shape = outputs(window.transposed_outputs(input.shape)?, linear.rows)?;
                fits(linear.columns == window.taps().saturating_mul(channels), linear, input.shape)?;
                let parts = (window.stride[0] * window.stride[1]) as u64;
                self._held.grow(parts * Linear::memory_of(linear.rows, 2))?;
                let bound = self.weigh(linear, channels, input.bound, places(input.shape))?;
                (self.windows(Windows::transposed(linear, window, input.shape, shape)), shape, bound)
            }
            Op::Depthwise(window, linear) => {
                let shape = outputs(window.outputs(input.shape)?, linear.rows)?;
                fits(linear.rows == channels && linear.columns == window.taps(), linear, input.shape)?;
                let bound = self.weigh(linear, channels, input.bound, places(shape))?;
                (Step::Depthwise(Depthwise::new(linear, window, input.shape, shape)), shape, bound)
            }
            Op::Dense(linear) => {
                fits(linear.columns == input.len, linear, input.shape)?;
                let bound = self.weigh(linear, channels, input.bound, 1)?;
                (self.windows(Windows::dense(linear)), Shape::flat(linear.rows), bound)
            }
            Op::Activation(_) | Op::Add { .. } | Op::Reshape(_) => (Step::Copy, input.shape, input.bound),
        })
    }

    fn windows(&mut self, windows: Windows) -> Step {
        self.scratch = self.scratch.max(windows.scratch());
        Step::Windows(windows)
    }

    /// Checks a matrix, its memory and its work; gives the bound of its outputs.
    fn weigh(&mut self, linear: &Linear, channels: usize, bound: i16, places: usize) -> Result<i16> {
        let bound = linear.check(bound)?;
        self.products += linear.weights.len() as u64 * places as u64;
        if self.products > PRODUCTS_MAX {
            return Err(Error::limit(format!("more than {PRODUCTS_MAX} products for one record")));
        }
        self._held.grow(linear.memory())?;
        if !channels.is_multiple_of(2) {
            // One more channel makes pairs: of one channel two.
            self._held.grow(linear.memory())?;
        }
        Ok(bound)
    }

    fn table(
        &mut self,
        activation: &Activation,
        bound: i16,
        tables: &mut Vec<(Activation, Arc<[i16]>)>,
    ) -> Result<(Arc<[i16]>, i16)> {
        let known = tables.iter().find(|(a, _)| a == activation).map(|(_, table)| Arc::clone(table));
        let table = match known {
            Some(table) => table,
            None => {
                self._held.grow(2 * Activation::ENTRIES as u64)?;
                let table: Arc<[i16]> = activation.table()?.into();
                tables.push((*activation, Arc::clone(&table)));
                table
            }
        };
        let middle = Activation::ENTRIES / 2;
        let seen =
            &table[middle - usize::from(bound.unsigned_abs())..=middle + usize::from(bound.unsigned_abs())];
        let most = seen.iter().map(|y| y.unsigned_abs()).max().unwrap_or(0).max(1);
        Ok((table, i16::try_from(most).unwrap_or(i16::MAX)))
    }

    /// The shape of a record that goes in.
    #[must_use]
    pub fn input(&self) -> Shape {
        self.tensors[0].shape
    }

    /// The shape of a record that comes out.
    #[must_use]
    pub fn output(&self) -> Shape {
        self.tensors[self.tensors.len() - 1].shape
    }

    /// Products of one record.
    #[must_use]
    pub fn products(&self) -> u64 {
        self.products
    }

    /// Memory to compute in.
    ///
    /// # Errors
    /// Limit if the budget does not have it.
    pub fn workspace(&self, env: &Env) -> Result<Workspace> {
        let all: usize = self.tensors.iter().map(|tensor| tensor.len).sum();
        let bytes = 2 * (all * self.batch) as u64 + self.scratch + SEEN;
        let held = env.budget.reserve(bytes)?;
        let tensors = self.tensors.iter().map(|_| Vec::new()).collect();
        Ok(Workspace { tensors, scratch: Vec::new(), seen: Vec::new(), _held: held })
    }

    /// Appends the outputs of all records of `inputs` to `out`.
    ///
    /// # Errors
    /// Usage if the inputs are not whole records, one is over the limit, or the workspace is another network's.
    pub fn run(&self, work: &mut Workspace, inputs: &[i16], out: &mut Vec<i16>) -> Result<()> {
        let first = self.tensors[0];
        if !inputs.len().is_multiple_of(first.len) || work.tensors.len() != self.tensors.len() {
            return Err(Error::usage(format!(
                "{} integers are not records of {}, or the workspace is of another network",
                inputs.len(),
                first.len
            )));
        }
        let most = first.bound.unsigned_abs();
        if inputs.iter().any(|x| x.unsigned_abs() > most) {
            return Err(Error::usage(format!("an input is over the network's limit of {most}")));
        }
        for batch in inputs.chunks(self.batch * first.len) {
            let records = batch.len() / first.len;
            work.tensors[0].clear();
            work.tensors[0].extend_from_slice(batch);
            for (k, (from, step)) in self.steps.iter().enumerate() {
                let (before, rest) = work.tensors.split_at_mut(k + 1);
                rest[0].resize(records * self.tensors[k + 1].len, 0);
                self.step(step, &before[*from], before, &mut rest[0], (&mut work.scratch, &mut work.seen));
            }
            out.extend_from_slice(&work.tensors[self.tensors.len() - 1]);
        }
        Ok(())
    }

    fn step(
        &self,
        step: &Step,
        x: &[i16],
        before: &[Vec<i16>],
        out: &mut [i16],
        (scratch, seen): (&mut Vec<i16>, &mut Vec<(usize, usize)>),
    ) {
        match step {
            Step::Windows(windows) => windows.run(self.path, x, out, scratch),
            Step::Depthwise(layer) => layer.run(self.path, x, out, seen),
            Step::Table(table) => look_up(self.path, table, x, out),
            Step::Add { other, scales, limit } => {
                add(self.path, *scales, *limit, [x, &before[*other]], out);
            }
            Step::Copy => out.copy_from_slice(x),
        }
    }
}

fn outputs([height, width]: [usize; 2], channels: usize) -> Result<Shape> {
    let shape = Shape { height, width, channels };
    shape.count().map(|_| shape)
}

fn fits(yes: bool, linear: &Linear, input: Shape) -> Result<()> {
    let Shape { height, width, channels } = input;
    if yes {
        return Ok(());
    }
    Err(Error::usage(format!(
        "a matrix of {} by {} does not fit {height} by {width} by {channels}",
        linear.rows, linear.columns
    )))
}
