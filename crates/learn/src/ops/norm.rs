//! Layer norm, RMS norm and group norm: all without anything that depends on other records.

use super::Op;
use crate::math;
use crate::tape::{Back, Tape, Var};

/// What is brought to variance 1: for each of `records` and each of `groups` of channels all places.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Norm {
    records: usize,
    places: usize,
    groups: usize,
    /// Channels of a group.
    channels: usize,
    centred: bool,
}

/// Added to variances.
const EPSILON: f32 = 1e-5;

impl Tape<'_> {
    /// The last dimension brought to mean 0 and variance 1, times `gain`, plus `bias`.
    pub fn layer_norm(&mut self, x: Var, gain: Var, bias: Var) -> Var {
        let shape = self.shape(x);
        let op = Norm { records: shape.rows(), places: 1, groups: 1, channels: shape.last(), centred: true };
        let y = self.norm(x, op);
        let y = self.mul(y, gain);
        self.add(y, bias)
    }

    /// The last dimension brought to a mean square of 1, times `gain`.
    pub fn rms_norm(&mut self, x: Var, gain: Var) -> Var {
        let shape = self.shape(x);
        let op = Norm { records: shape.rows(), places: 1, groups: 1, channels: shape.last(), centred: false };
        let y = self.norm(x, op);
        self.mul(y, gain)
    }

    /// Channels (the last dimension) in `groups`, each with all places of its record brought to mean 0 and variance 1; then
    /// times `gain` plus `bias`, a value for each channel.
    pub fn group_norm(&mut self, x: Var, groups: usize, gain: Var, bias: Var) -> Var {
        let shape = self.shape(x);
        let (records, channels) = (shape.sizes()[0], shape.last());
        assert!(groups > 0 && channels.is_multiple_of(groups), "{channels} channels in {groups} groups");
        let places = shape.rows() / records.max(1);
        let y = self.norm(x, Norm { records, places, groups, channels: channels / groups, centred: true });
        let y = self.mul(y, gain);
        self.add(y, bias)
    }

    fn norm(&mut self, x: Var, op: Norm) -> Var {
        let shape = self.shape(x);
        self.push(Op::Norm(op), &[x], shape, |values, out| op.forward(values.of(x.0), out.value, out.kept))
    }
}

impl Norm {
    /// The runs of memory of one group of one record.
    fn runs(&self, record: usize, group: usize) -> impl Iterator<Item = std::ops::Range<usize>> + use<> {
        let (row, channels) = (self.groups * self.channels, self.channels);
        let first = record * self.places * row + group * channels;
        (0..self.places).map(move |place| first + place * row..first + place * row + channels)
    }

    fn forward(&self, x: &[f32], y: &mut [f32], kept: &mut Vec<f32>) {
        let count = (self.places * self.channels) as f32;
        kept.clear();
        for record in 0..self.records {
            for group in 0..self.groups {
                let sum: f32 = self.runs(record, group).map(|run| math::sum(&x[run])).sum();
                let mean = if self.centred { sum / count } else { 0.0 };
                for run in self.runs(record, group) {
                    y[run.clone()].iter_mut().zip(&x[run]).for_each(|(y, x)| *y = x - mean);
                }
                let squares: f32 =
                    self.runs(record, group).map(|run| math::dot(&y[run.clone()], &y[run])).sum();
                let scale = 1.0 / (squares / count + EPSILON).sqrt();
                self.runs(record, group).for_each(|run| y[run].iter_mut().for_each(|y| *y *= scale));
                kept.push(scale);
            }
        }
    }

    pub(super) fn backward(self, mut back: Back<'_>) {
        let Some(mut slot) = back.open(0) else { return };
        let (g, y, dx) = (back.grad, back.output(), slot.sums());
        let count = (self.places * self.channels) as f32;
        for record in 0..self.records {
            for group in 0..self.groups {
                let scale = back.kept[record * self.groups + group];
                let runs = || self.runs(record, group);
                let mean: f32 = runs().map(|run| math::sum(&g[run])).sum::<f32>() / count;
                let mean = if self.centred { mean } else { 0.0 };
                let along: f32 = runs().map(|run| math::dot(&g[run.clone()], &y[run])).sum::<f32>() / count;
                for run in runs() {
                    let gy = g[run.clone()].iter().zip(&y[run.clone()]);
                    dx[run].iter_mut().zip(gy).for_each(|(d, (g, y))| *d += scale * (g - mean - y * along));
                }
            }
        }
        back.close(0, slot);
    }
}
