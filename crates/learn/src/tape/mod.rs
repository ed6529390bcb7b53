//! The tape: operations are computed as they are written down, and gone through backwards for the gradient.

mod arena;

pub use arena::{Arena, Gradients};
pub(crate) use arena::{Back, Out, Values, room};

use crate::ops::Op;
use crate::{Param, Parameters, Random, Shape};

/// A tensor on a tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Var(pub(crate) u32);

pub(crate) const NONE: u32 = u32::MAX;

/// An operation with what goes in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(crate) op: Op,
    pub(crate) inputs: [u32; 4],
    pub(crate) shape: Shape,
    /// The parameter that the node stands for, or `NONE`.
    pub(crate) param: u32,
    /// Whether anything that is learned goes in.
    pub(crate) learns: bool,
}

/// For whom a tape runs: which records, in training or not, and the random numbers of the step.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// Whether noise is added and units are dropped.
    pub training: bool,
    /// Random numbers of this step.
    pub random: Random,
    /// The records, one for each row of the first dimension: random numbers belong to them, not to their place.
    pub records: &'a [u32],
}

impl Context<'_> {
    /// No training, no records.
    #[must_use]
    pub fn plain() -> Self {
        Self { training: false, random: Random::new(0), records: &[] }
    }
}

/// A computation with its gradient.
///
/// Shapes that do not fit are mistakes of the caller and panic.
///
/// ```
/// use minlen_learn::{Arena, Context, Parameters, Role, Tape};
/// let mut params = Parameters::default();
/// let w = params.add("w", [1, 2], Role::Weight, vec![3.0, 5.0]);
/// let mut arena = Arena::default();
/// let mut tape = Tape::new(&params, &mut arena, Context::plain());
/// let x = tape.input([1, 2], &[10.0, 1.0]);
/// let w = tape.param(w);
/// let y = tape.dense(x, w, None);
/// let y = tape.square(y);
/// assert_eq!(tape.value(y), [1225.0]);
/// tape.backward(y, 1.0);
/// assert_eq!(tape.gradient(w), Some(&[700.0, 70.0][..]));
/// ```
pub struct Tape<'a> {
    pub(crate) params: &'a Parameters,
    pub(crate) arena: &'a mut Arena,
    pub(crate) context: Context<'a>,
    /// How many operations asked for random numbers.
    pub(crate) draws: u64,
}

impl<'a> Tape<'a> {
    /// An empty tape in the memory of an earlier one.
    #[must_use]
    pub fn new(params: &'a Parameters, arena: &'a mut Arena, context: Context<'a>) -> Self {
        arena.reset(params);
        Self { params, arena, context, draws: 0 }
    }

    /// A constant.
    pub fn input(&mut self, shape: impl Into<Shape>, values: &[f32]) -> Var {
        self.input_with(shape, |out| out.copy_from_slice(values))
    }

    /// A constant that `fill` writes: it has to write every value.
    pub fn input_with(&mut self, shape: impl Into<Shape>, fill: impl FnOnce(&mut [f32])) -> Var {
        self.push(Op::Input, &[], shape.into(), |_, out| fill(out.value))
    }

    /// A tensor whose gradient will be asked for, as of latents that are refined.
    pub fn variable(&mut self, shape: impl Into<Shape>, values: &[f32]) -> Var {
        let var = self.input(shape, values);
        self.arena.nodes[var.0 as usize].learns = true;
        var
    }

    /// A parameter.
    pub fn param(&mut self, param: Param) -> Var {
        let learns = self.params.learns(param.index());
        let shape = self.params.shape(param);
        let node = Node { op: Op::Input, inputs: [NONE; 4], shape, param: param.0, learns };
        Var(self.arena.add(node) as u32)
    }

    /// The shape of a tensor.
    #[must_use]
    pub fn shape(&self, var: Var) -> Shape {
        self.arena.nodes[var.0 as usize].shape
    }

    /// The values of a tensor, row by row.
    #[must_use]
    pub fn value(&self, var: Var) -> &[f32] {
        self.values().of(var.0)
    }

    /// The gradient by a tensor after [`Self::backward`]; `None` for one that nothing of it was asked for.
    #[must_use]
    pub fn gradient(&self, var: Var) -> Option<&[f32]> {
        let node = &self.arena.nodes[var.0 as usize];
        if node.param != NONE {
            return self.arena.gradients.of(Param(node.param));
        }
        let written = self.arena.written.get(var.0 as usize).is_some_and(|w| *w);
        written.then(|| &self.arena.grads[var.0 as usize][..])
    }

    /// Gradients by the parameters after [`Self::backward`].
    #[must_use]
    pub fn gradients(&self) -> &Gradients {
        &self.arena.gradients
    }

    /// Whether this is a step of training.
    #[must_use]
    pub fn is_training(&self) -> bool {
        self.context.training
    }

    /// The records that this tape runs for.
    #[must_use]
    pub fn records(&self) -> &'a [u32] {
        self.context.records
    }

    /// The sum of a tensor under a name, for reports: the trainer adds up over all records and divides by their number.
    pub fn note(&mut self, name: &'static str, var: Var) {
        let sum = self.value(var).iter().map(|&v| f64::from(v)).sum();
        self.arena.notes.push((name, sum));
    }

    /// Random numbers of one record in this step, others for each `draw`.
    #[must_use]
    pub fn random(&self, draw: u64, record: u32) -> Random {
        self.context.random.stream(draw).stream(u64::from(record))
    }

    pub(crate) fn values(&self) -> Values<'_> {
        Values { nodes: &self.arena.nodes, values: &self.arena.values, params: self.params }
    }

    /// Adds a node and computes it.
    pub(crate) fn push(
        &mut self,
        op: Op,
        inputs: &[Var],
        shape: Shape,
        forward: impl FnOnce(Values<'_>, Out<'_>),
    ) -> Var {
        let mut node = Node { op, inputs: [NONE; 4], shape, param: NONE, learns: false };
        for (place, var) in node.inputs.iter_mut().zip(inputs) {
            *place = var.0;
            node.learns |= self.arena.nodes[var.0 as usize].learns;
        }
        let n = self.arena.add(node);
        let mut value = std::mem::take(&mut self.arena.values[n]);
        let mut kept = std::mem::take(&mut self.arena.kept[n]);
        let mut indices = std::mem::take(&mut self.arena.indices[n]);
        let mut scratch = std::mem::take(&mut self.arena.scratch);
        value.resize(shape.len(), 0.0);
        let out = Out {
            value: &mut value,
            kept: &mut kept,
            indices: &mut indices,
            scratch: &mut scratch,
            learns: node.learns,
        };
        forward(self.values(), out);
        self.arena.values[n] = value;
        self.arena.kept[n] = kept;
        self.arena.indices[n] = indices;
        self.arena.scratch = scratch;
        Var(n as u32)
    }

    /// Computes the gradient of `seed` times the sum of `loss` by all parameters and variables.
    pub fn backward(&mut self, loss: Var, seed: f32) {
        let last = loss.0 as usize;
        let Arena { nodes, values, grads, written, kept, indices, gradients, scratch, .. } = &mut *self.arena;
        written.clear();
        written.resize(nodes.len(), false);
        gradients.reset(self.params);
        if !nodes[last].learns || nodes[last].param != NONE {
            return;
        }
        grads[last].clear();
        grads[last].resize(nodes[last].shape.len(), seed);
        written[last] = true;
        for index in (0..=last).rev() {
            if !written[index] || matches!(nodes[index].op, Op::Input) {
                continue;
            }
            let grad = std::mem::take(&mut grads[index]);
            let mut own = std::mem::take(&mut kept[index]);
            let back = Back {
                node: nodes[index],
                index,
                values: Values { nodes, values, params: self.params },
                grad: &grad,
                kept: &mut own,
                indices: &indices[index],
                scratch,
                grads,
                written,
                gradients,
            };
            nodes[index].op.backward(back);
            grads[index] = grad;
            kept[index] = own;
        }
    }
}
