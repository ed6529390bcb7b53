//! The numbers of all networks of a picture in one row, their parts, and what they are before anything is known.

use super::layout::{CONTEXTS, Layout};
use minlen_core::{Error, Result};
use minlen_nn::fit::{self, ArmPlaces, IntegerArm, SynthesisPlaces};
use std::ops::Range;

/// Hidden units of each layer of the network that predicts latents.
pub(super) const UNITS: usize = 16;
/// Stages of doubling: from 1:64 to 1:1.
pub(super) const STAGES: usize = 6;
/// Numbers of a grid that its latents' network sees: its level, and whether it is of a colour.
const KINDS: usize = 2;
/// Bits after the point of biases of the synthesis when they are added.
const SUM_BITS: u32 = fit::WEIGHT_BITS + fit::COLOUR_BITS;

/// Where the numbers of each network are.
#[derive(Clone, Debug)]
pub(super) struct Network {
    pub arm: ArmPlaces,
    /// What is added to the first layer's biases for each kind of a grid, a row of units each.
    pub kinds: usize,
    /// Four taps of each stage, the finest first.
    pub taps: usize,
    pub synthesis: usize,
    pub points: SynthesisPlaces,
    /// Two convolutions, weights then biases.
    pub convolutions: [usize; 2],
    pub len: usize,
    pub hidden: usize,
    pub channels: usize,
    pub colours: usize,
}

/// Numbers that are quantised with one step.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub ranges: Vec<Range<usize>>,
    /// Bits after the point.
    pub bits: u32,
}

impl Network {
    pub(super) fn new(layout: &Layout, hidden: usize) -> Self {
        let (channels, colours) = (layout.channels, layout.colours);
        let (arm, points) = (ArmPlaces::of(CONTEXTS, UNITS), SynthesisPlaces::of(channels, colours, hidden));
        let kinds = arm.end;
        let taps = kinds + KINDS * UNITS;
        let synthesis = taps + 4 * STAGES;
        let first = synthesis + points.end;
        let convolution = 9 * colours * colours + colours;
        let convolutions = [first, first + convolution];
        Self {
            arm,
            kinds,
            taps,
            synthesis,
            points,
            convolutions,
            len: first + 2 * convolution,
            hidden,
            channels,
            colours,
        }
    }

    /// Everything, in the order in which it is coded.
    pub(super) fn parts(&self) -> Vec<Part> {
        let (a, s, p) = (&self.arm, self.synthesis, &self.points);
        let weights = 9 * self.colours * self.colours;
        let convolutions =
            self.convolutions.map(|c| (c..c + weights, c + weights..c + weights + self.colours));
        let [(w, x), (v, y)] = convolutions;
        let arm = |ranges: &[Range<usize>]| Part { ranges: ranges.to_vec(), bits: fit::ARM_BITS };
        let other = |ranges: &[Range<usize>]| Part { ranges: ranges.to_vec(), bits: fit::WEIGHT_BITS };
        vec![
            arm(&[a.w1..a.b1, self.kinds..self.taps]),
            arm(std::slice::from_ref(&(a.w2..a.b2))),
            arm(&[a.w3..a.b3, a.linear..a.end]),
            arm(&[a.b1..a.w2, a.b2..a.w3, a.b3..a.linear]),
            other(std::slice::from_ref(&(self.taps..self.synthesis))),
            other(std::slice::from_ref(&(s + p.w1..s + p.b1))),
            other(std::slice::from_ref(&(s + p.w2..s + p.b2))),
            other(std::slice::from_ref(&(s + p.linear..s + p.end))),
            other(&[w, v]),
            other(&[s + p.b1..s + p.w2, s + p.b2..s + p.linear, x, y]),
        ]
    }

    /// The numbers of entry 0 of the table, as integers: small ones drawn from a fixed row, plain filters, and three orthogonal colours.
    pub(super) fn plain(&self) -> Vec<i32> {
        let mut all = vec![0; self.len];
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut draw = |range: &mut [i32], most: i32| {
            for x in range {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                *x = ((state >> 40) as i32 % (2 * most + 1)) - most;
            }
        };
        let (a, s, p) = (&self.arm, self.synthesis, &self.points);
        draw(&mut all[a.w1..a.b1], 1200);
        draw(&mut all[a.w2..a.b2], 600);
        draw(&mut all[a.w3..a.b3], 200);
        draw(&mut all[s + p.w1..s + p.b1], 1200);
        draw(&mut all[s + p.b1..s + p.w2], 400);
        for stage in 0..STAGES {
            // Cubic interpolation at a quarter (Catmull and Rom 1974).
            all[self.taps + 4 * stage..][..4].copy_from_slice(&[-48, 464, 1776, -144]);
        }
        let axes: [[i32; 3]; 3] = [[1182; 3], [1448, 0, -1448], [-836, 1672, -836]];
        for colour in 0..self.colours {
            all[s + p.b2 + colour] = 1 << (fit::WEIGHT_BITS - 1);
            for channel in 0..self.channels {
                let axis = axes[channel.saturating_sub(3)];
                let weight = if self.colours == 1 { 1 << fit::WEIGHT_BITS } else { axis[colour] };
                all[s + p.linear + colour * self.channels + channel] = weight;
            }
        }
        all
    }

    /// Numbers for training.
    pub(super) fn floats(&self, integers: &[i32]) -> Vec<f32> {
        let mut all = vec![0.0; self.len];
        for part in self.parts() {
            let unit = 1.0 / (1u32 << part.bits) as f32;
            for i in part.ranges.into_iter().flatten() {
                all[i] = integers[i] as f32 * unit;
            }
        }
        all
    }

    /// How much of each kind a grid is.
    pub(super) fn kind(level: usize, plane: usize) -> [i32; KINDS] {
        [level as i32, i32::from(plane > 0)]
    }

    /// Refuses numbers with which a sum could overflow.
    ///
    /// # Errors
    /// Corrupt.
    pub(super) fn check(&self, w: &[i32]) -> Result<()> {
        let (a, s, p) = (&self.arm, self.synthesis, &self.points);
        let size = |range: Range<usize>| w[range].iter().map(|w| i64::from(w.unsigned_abs())).sum::<i64>();
        let rows = |from: usize, row: usize, count: usize| {
            (0..count).map(move |k| from + k * row..from + (k + 1) * row)
        };
        let mut right = w.len() == self.len && w.iter().all(|w| w.unsigned_abs() <= 32_767);
        let most = i64::from(fit::UNIT_MAX);
        // Beside the weights there are the unit itself and a bias.
        right &= rows(a.w2, UNITS, UNITS)
            .all(|r| (size(r) + (1 << fit::ARM_BITS)) * most + (32_767 << 8) < 1 << 31);
        right &= rows(a.w3, UNITS, 2).all(|r| size(r) * most < (1 << 31) - 256);
        right &= rows(self.taps, 4, STAGES).all(|r| size(r) <= 2 << fit::WEIGHT_BITS);
        let colour = |size: i64| size * i64::from(fit::COLOUR_MAX) + (32_767 << 12) + 2048 < 1 << 31;
        right &= rows(s + p.w1, self.channels, self.hidden).all(|r| colour(size(r)));
        right &= (0..self.colours).all(|c| {
            let hidden: i64 = (0..self.hidden)
                .map(|h| size(s + p.w2 + h * self.colours + c..s + p.w2 + h * self.colours + c + 1))
                .sum();
            colour(hidden + size(s + p.linear + c * self.channels..s + p.linear + (c + 1) * self.channels))
        });
        let row = 9 * self.colours;
        right &= self
            .convolutions
            .iter()
            .all(|&at| rows(at, row, self.colours).all(|r| colour(size(r) + (1 << fit::WEIGHT_BITS))));
        if right { Ok(()) } else { Err(Error::corrupt("weights of a picture's networks are too large")) }
    }

    /// The network of latents for one kind of grid.
    pub(super) fn integer_arm(&self, w: &[i32], level: usize, plane: usize) -> IntegerArm<CONTEXTS, UNITS> {
        let a = &self.arm;
        let kind = Self::kind(level, plane);
        let bias =
            |j: usize| (0..KINDS).map(|k| kind[k] * w[self.kinds + k * UNITS + j]).sum::<i32>() + w[a.b1 + j];
        IntegerArm {
            w1: std::array::from_fn(|i| std::array::from_fn(|j| w[a.w1 + j * CONTEXTS + i])),
            b1: std::array::from_fn(bias),
            w2: std::array::from_fn(|i| std::array::from_fn(|j| w[a.w2 + j * UNITS + i])),
            b2: std::array::from_fn(|j| w[a.b2 + j]),
            w3: std::array::from_fn(|o| std::array::from_fn(|j| w[a.w3 + o * UNITS + j])),
            b3: std::array::from_fn(|o| w[a.b3 + o]),
            linear: std::array::from_fn(|o| std::array::from_fn(|i| w[a.linear + o * CONTEXTS + i])),
        }
    }

    /// Taps of a stage.
    pub(super) fn integer_taps(&self, w: &[i32], stage: usize) -> [i32; 4] {
        std::array::from_fn(|k| w[self.taps + 4 * stage + k])
    }

    /// The synthesis of points and the convolutions, their biases with as many bits as products have.
    pub(super) fn integer_synthesis(&self, w: &[i32]) -> (Vec<i32>, [Vec<i32>; 2]) {
        let p = &self.points;
        let mut points = w[self.synthesis..self.convolutions[0]].to_vec();
        let shift = SUM_BITS - fit::WEIGHT_BITS;
        points[p.b1..p.w2].iter_mut().for_each(|b| *b <<= shift);
        points[p.b2..p.linear].iter_mut().for_each(|b| *b <<= shift);
        let size = 9 * self.colours * self.colours;
        let convolutions = self.convolutions.map(|at| {
            let mut all = w[at..at + size + self.colours].to_vec();
            all[size..].iter_mut().for_each(|b| *b <<= shift);
            all
        });
        (points, convolutions)
    }
}
