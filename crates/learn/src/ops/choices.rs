//! Decisions that are chosen for each record: as in a tree, where only the nodes on the way to a value are asked.

use super::Op;
use crate::math;
use crate::tape::{Back, Tape, Var};
use std::f32::consts::LOG2_E;

/// One decision: row `place` of the values times row `node` of the weights is the logit of a one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// Row of the values.
    pub place: u32,
    /// Record that pays for it.
    pub record: u32,
    /// Row of the weights.
    pub node: u32,
    /// How it was decided.
    pub bit: bool,
    /// How often it counts.
    pub weight: f32,
}

impl Tape<'_> {
    /// The bits that decisions cost, summed for each of `records`: all dimensions of `x` but the last are rows, and `weights` are
    /// nodes by inputs. Nodes that nobody asks for cost no time.
    pub fn choice_bits(
        &mut self,
        x: Var,
        weights: Var,
        bias: Var,
        choices: &[Choice],
        records: usize,
    ) -> Var {
        let (shape, nodes) = (self.shape(x), self.shape(weights));
        let width = shape.last();
        assert!(nodes.rank() == 2 && nodes.last() == width, "values of {shape:?} for weights of {nodes:?}");
        assert_eq!(self.shape(bias).len(), nodes.rows(), "a bias for each node");
        self.push(Op::Choices, &[x, weights, bias], [records].into(), |values, out| {
            let [x, w, b] = [x, weights, bias].map(|var| values.of(var.0));
            out.value.fill(0.0);
            out.indices.clear();
            out.kept.clear();
            for choice in choices {
                let (place, node) = (choice.place as usize, choice.node as usize);
                let (x, w) = (&x[place * width..][..width], &w[node * width..][..width]);
                let logit = math::dot(x, w) + b[node];
                let (softplus, sigmoid) = math::softplus(if choice.bit { -logit } else { logit });
                let factor = choice.weight * LOG2_E;
                out.value[choice.record as usize] += factor * softplus;
                out.indices.extend([choice.place, choice.record, choice.node]);
                out.kept.push(if choice.bit { -factor * sigmoid } else { factor * sigmoid });
            }
        })
    }
}

pub(super) fn backward(mut back: Back<'_>) {
    let width = back.source(0).shape.last();
    let (x, w) = (back.input(0), back.input(1));
    let choices = back.indices.as_chunks::<3>().0;
    let slopes: Vec<f32> = choices
        .iter()
        .zip(&*back.kept)
        .map(|(choice, slope)| slope * back.grad[choice[1] as usize])
        .collect();
    let mut add = |k: usize, rows: fn(&[u32; 3]) -> (u32, u32), from: &[f32]| {
        let Some(mut slot) = back.open(k) else { return };
        let sums = slot.sums();
        for (choice, slope) in choices.iter().zip(&slopes) {
            let (to, other) = rows(choice);
            let sums = &mut sums[to as usize * width..][..width];
            let from = &from[other as usize * width..][..width];
            sums.iter_mut().zip(from).for_each(|(sum, v)| *sum += slope * v);
        }
        back.close(k, slot);
    };
    add(0, |choice| (choice[0], choice[2]), w);
    add(1, |choice| (choice[2], choice[0]), x);
    if let Some(mut slot) = back.open(2) {
        let sums = slot.sums();
        choices.iter().zip(&slopes).for_each(|(choice, slope)| sums[choice[2] as usize] += slope);
        back.close(2, slot);
    }
}
