//! Memory of tapes: one buffer for each node, used again by the node of the same number in the next step.

use super::{NONE, Node};
use crate::wide::wide;
use crate::{Param, Parameters};

/// The gradient of a loss by the parameters.
#[derive(Clone, Debug, Default)]
pub struct Gradients {
    pub(crate) values: Vec<Vec<f32>>,
    /// Which parameters the loss depends on.
    pub(crate) written: Vec<bool>,
}

impl Gradients {
    /// The gradient by one parameter, `None` if the loss does not depend on it.
    #[must_use]
    pub fn of(&self, param: Param) -> Option<&[f32]> {
        self.written.get(param.index()).filter(|w| **w).map(|_| &self.values[param.index()][..])
    }

    pub(crate) fn reset(&mut self, params: &Parameters) {
        let n = params.entries().len();
        self.values.resize_with(n, Vec::new);
        self.written.clear();
        self.written.resize(n, false);
    }
}

/// Places for intermediate results of an operation, of any content.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) a: Vec<f32>,
    pub(crate) b: Vec<f32>,
}

/// `n` values of any content.
pub(crate) fn room(buffer: &mut Vec<f32>, n: usize) -> &mut [f32] {
    if buffer.len() < n {
        buffer.resize(n, 0.0);
    }
    &mut buffer[..n]
}

/// The memory of a tape. It grows in the first step and allocates nothing in steps of the same shapes after that.
#[derive(Debug, Default)]
pub struct Arena {
    pub(crate) nodes: Vec<Node>,
    pub(crate) values: Vec<Vec<f32>>,
    pub(crate) grads: Vec<Vec<f32>>,
    /// Whether something was added to the gradient of the node already.
    pub(crate) written: Vec<bool>,
    /// What the operation of the node keeps for the way back.
    pub(crate) kept: Vec<Vec<f32>>,
    pub(crate) indices: Vec<Vec<u32>>,
    pub(crate) gradients: Gradients,
    pub(crate) scratch: Scratch,
    pub(crate) notes: Vec<(&'static str, f64)>,
}

impl Arena {
    /// Forgets all nodes, keeps their memory.
    pub(crate) fn reset(&mut self, params: &Parameters) {
        self.nodes.clear();
        self.notes.clear();
        self.gradients.reset(params);
    }

    pub(crate) fn add(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        let n = self.nodes.len();
        if self.values.len() < n {
            self.values.resize_with(n, Vec::new);
            self.grads.resize_with(n, Vec::new);
            self.kept.resize_with(n, Vec::new);
            self.indices.resize_with(n, Vec::new);
        }
        n - 1
    }

    /// The gradient by the parameters, after [`super::Tape::backward`].
    #[must_use]
    pub fn gradients(&self) -> &Gradients {
        &self.gradients
    }

    /// Bytes of memory held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let lists = [&self.values, &self.grads, &self.kept, &self.gradients.values];
        let floats: usize = lists.iter().flat_map(|list| list.iter()).map(Vec::capacity).sum();
        4 * (floats + self.scratch.a.capacity() + self.scratch.b.capacity())
    }
}

/// Values of nodes, to be read.
#[derive(Clone, Copy)]
pub(crate) struct Values<'a> {
    pub(crate) nodes: &'a [Node],
    pub(crate) values: &'a [Vec<f32>],
    pub(crate) params: &'a Parameters,
}

impl<'a> Values<'a> {
    pub(crate) fn of(&self, index: u32) -> &'a [f32] {
        match self.nodes[index as usize].param {
            NONE => &self.values[index as usize],
            param => self.params.values(Param(param)),
        }
    }
}

/// Where an operation writes.
pub(crate) struct Out<'a> {
    /// Its result, of any content before.
    pub(crate) value: &'a mut [f32],
    /// What it wants to have on the way back.
    pub(crate) kept: &'a mut Vec<f32>,
    pub(crate) indices: &'a mut Vec<u32>,
    pub(crate) scratch: &'a mut Scratch,
    /// Whether there will be a way back through this node.
    pub(crate) learns: bool,
}

/// The gradient of an input, taken out to be added to.
pub(crate) struct Slot {
    pub(crate) buffer: Vec<f32>,
    fresh: bool,
}

impl Slot {
    /// To add to value by value.
    pub(crate) fn sums(&mut self) -> &mut [f32] {
        if self.fresh {
            self.buffer.fill(0.0);
            self.fresh = false;
        }
        &mut self.buffer
    }

    /// To be written by a product: the factor of what is there, and the place.
    pub(crate) fn product(&mut self) -> (f32, &mut [f32]) {
        let keep = if self.fresh { 0.0 } else { 1.0 };
        self.fresh = false;
        (keep, &mut self.buffer)
    }

    /// Adds a function of each value of `a`.
    #[inline(always)]
    pub(crate) fn add1(&mut self, a: &[f32], f: impl Fn(f32) -> f32) {
        if self.fresh {
            self.fresh = false;
            wide(|| self.buffer.iter_mut().zip(a).for_each(|(d, &a)| *d = f(a)));
        } else {
            wide(|| self.buffer.iter_mut().zip(a).for_each(|(d, &a)| *d += f(a)));
        }
    }

    /// Adds a function of each pair of values.
    #[inline(always)]
    pub(crate) fn add2(&mut self, a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) {
        if self.fresh {
            self.fresh = false;
            wide(|| self.buffer.iter_mut().zip(a).zip(b).for_each(|((d, &a), &b)| *d = f(a, b)));
        } else {
            wide(|| self.buffer.iter_mut().zip(a).zip(b).for_each(|((d, &a), &b)| *d += f(a, b)));
        }
    }
}

/// What an operation has at hand on the way back.
pub(crate) struct Back<'a> {
    pub(crate) node: Node,
    pub(crate) index: usize,
    pub(crate) values: Values<'a>,
    /// The gradient of the result.
    pub(crate) grad: &'a [f32],
    pub(crate) kept: &'a mut Vec<f32>,
    pub(crate) indices: &'a [u32],
    pub(crate) scratch: &'a mut Scratch,
    pub(crate) grads: &'a mut [Vec<f32>],
    pub(crate) written: &'a mut [bool],
    pub(crate) gradients: &'a mut Gradients,
}

impl<'a> Back<'a> {
    /// The value of an input.
    pub(crate) fn input(&self, k: usize) -> &'a [f32] {
        self.values.of(self.node.inputs[k])
    }

    /// The node of an input.
    pub(crate) fn source(&self, k: usize) -> &'a Node {
        &self.values.nodes[self.node.inputs[k] as usize]
    }

    /// The result of the operation.
    pub(crate) fn output(&self) -> &'a [f32] {
        self.values.of(self.index as u32)
    }

    /// The gradient of input `k`, `None` if nobody asks for it.
    pub(crate) fn open(&mut self, k: usize) -> Option<Slot> {
        self.open_node(self.node.inputs[k])
    }

    pub(crate) fn open_node(&mut self, index: u32) -> Option<Slot> {
        let node = self.values.nodes.get(index as usize)?;
        if !node.learns {
            return None;
        }
        let (buffer, written) = match node.param {
            NONE => (&mut self.grads[index as usize], self.written[index as usize]),
            p => (&mut self.gradients.values[p as usize], self.gradients.written[p as usize]),
        };
        let mut buffer = std::mem::take(buffer);
        buffer.resize(node.shape.len(), 0.0);
        Some(Slot { buffer, fresh: !written })
    }

    /// Puts a gradient back.
    pub(crate) fn close(&mut self, k: usize, slot: Slot) {
        self.close_node(self.node.inputs[k], slot);
    }

    pub(crate) fn close_node(&mut self, index: u32, mut slot: Slot) {
        // Nothing was added: it is 0.
        slot.sums();
        let node = &self.values.nodes[index as usize];
        match node.param {
            NONE => {
                self.grads[index as usize] = slot.buffer;
                self.written[index as usize] = true;
            }
            p => {
                self.gradients.values[p as usize] = slot.buffer;
                self.gradients.written[p as usize] = true;
            }
        }
    }
}
