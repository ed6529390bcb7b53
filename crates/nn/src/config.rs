//! The shape and the learning schedule of a network.

use minlen_core::{Error, Result};

use crate::hint::Hint;

/// Shape and learning schedule. Encoder and decoder must agree on every field.
///
/// ```
/// use minlen_core::ErrorKind;
/// use minlen_nn::Config;
/// let default = Config::default();
/// assert!(default.check().is_ok());
/// // Cells come in sixteens.
/// let odd = Config { cells: 20, ..default };
/// assert_eq!(odd.check().unwrap_err().kind(), ErrorKind::Usage);
/// // Twice the cells: more than twice the weights.
/// assert!(Config { cells: 128, ..default }.weights() > 2 * default.weights());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// LSTM layers, 1 to 4. Each sees the last byte, the layer below and itself one step ago.
    pub layers: usize,
    /// Cells a layer: a multiple of 16, 16 to 1024.
    pub cells: usize,
    /// Steps of back-propagation through time, and bytes between two changes of the recurrent weights: 2 to 128.
    pub horizon: usize,
    /// The input gate is 1 - the forget gate: a quarter less work.
    pub coupled: bool,
    /// Root-mean-square normalisation of each gate before its non-linearity.
    pub norm: bool,
    /// The first layer also sees the byte before the last.
    pub second: bool,
    /// The first layer also sees a guess of the next byte, from elsewhere: [`crate::ByteLstm::update_with`].
    pub hints: bool,
    /// Step size of the recurrent weights at the start.
    pub rate: f32,
    /// What the step size falls to.
    pub rate_end: f32,
    /// After this many bytes the step size is half-way between the two.
    pub half_life: f32,
    /// Step size of the output weights as a multiple of that of the recurrent ones.
    pub out_scale: f32,
    /// Bytes between two changes of the output weights: 1 to the horizon.
    pub out_every: usize,
    /// How much of the mean square of gradients stays at each change (β2).
    pub keep: f32,
    /// Bound of each element of the gradient of pre-activations.
    pub clip: f32,
    /// Seed of the start weights.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            layers: 2,
            cells: 64,
            horizon: 16,
            coupled: true,
            norm: true,
            second: true,
            hints: true,
            rate: 0.012,
            rate_end: 0.001,
            half_life: 60_000.0,
            out_scale: 5.0,
            out_every: 16,
            keep: 0.998,
            clip: 2.0,
            seed: 1,
        }
    }
}

impl Config {
    /// Gate blocks a cell.
    #[must_use]
    pub(crate) fn gates(&self) -> usize {
        if self.coupled { 3 } else { 4 }
    }

    /// Columns of a layer's matrices.
    #[must_use]
    pub(crate) fn width(&self) -> usize {
        self.gates() * self.cells
    }

    /// Values of each one-hot input of layer `index`.
    #[must_use]
    pub(crate) fn inputs(&self, index: usize) -> Vec<usize> {
        let mut all = vec![256];
        if index == 0 && (self.second || self.hints) {
            all.push(256);
        }
        if index == 0 && self.hints {
            all.extend([257, 1 + Hint::TRUST]);
        }
        all
    }

    /// Rows of the recurrent matrix of layer `index`.
    #[must_use]
    pub(crate) fn rows(&self, index: usize) -> usize {
        if index == 0 { self.cells } else { 2 * self.cells }
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`minlen_core::ErrorKind::Usage`] naming the field.
    pub fn check(&self) -> Result<()> {
        let within = |x: f32, low: f32, high: f32| x >= low && x <= high;
        let rules = [
            (matches!(self.layers, 1..=4), "layers: 1 to 4"),
            (
                matches!(self.cells, 16..=1024) && self.cells.is_multiple_of(16),
                "cells: a multiple of 16, 16 to 1024",
            ),
            (matches!(self.horizon, 2..=128), "horizon: 2 to 128"),
            (within(self.rate, 1e-6, 0.2), "rate: 1e-6 to 0.2"),
            (within(self.rate_end, 1e-6, 0.2), "rate_end: 1e-6 to 0.2"),
            (within(self.half_life, 1.0, 1e12), "half_life: 1 to 1e12"),
            (within(self.out_scale, 1e-3, 100.0), "out_scale: 0.001 to 100"),
            ((1..=self.horizon).contains(&self.out_every), "out_every: 1 to the horizon"),
            (within(self.keep, 0.5, 0.99999), "keep: 0.5 to 0.99999"),
            (within(self.clip, 1e-3, 100.0), "clip: 0.001 to 100"),
        ];
        match rules.iter().find(|(good, _)| !good) {
            Some((_, text)) => Err(Error::usage(format!("network {text}"))),
            None => Ok(()),
        }
    }

    /// Weights in all.
    #[must_use]
    pub fn weights(&self) -> usize {
        let affine = if self.norm { 2 * self.width() } else { 0 };
        let layer = |i: usize| self.width() * (self.inputs(i).iter().sum::<usize>() + self.rows(i)) + affine;
        (0..self.layers).map(layer).sum::<usize>() + 256 * (self.layers * self.cells + 1)
    }

    /// Bytes of memory that a network of this shape takes (weights, statistics, steps to go back over).
    ///
    /// ```
    /// let config = minlen_nn::Config::default();
    /// // Each weight has a mean square beside it, both in 32 bits.
    /// assert!(config.memory() > 8 * config.weights() as u64);
    /// ```
    #[must_use]
    pub fn memory(&self) -> u64 {
        let (width, hidden) = (self.width(), self.layers * self.cells);
        let steps = |i: usize| self.horizon * (3 * width + self.rows(i) + 2 * self.cells);
        let past = (0..self.layers).map(steps).sum::<usize>() + self.horizon * (256 + 2 * hidden);
        4 * (2 * self.weights() + past + 4096 * self.layers) as u64
    }
}
