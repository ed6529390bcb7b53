//! What a trained predictor says, as inputs of the mixer and as contexts.

use super::NODES;
use minlen_entropy::mixing::{Apm, squash};
use minlen_nn::causal::{Causal, Look};
use std::sync::Arc;

/// Inputs of the mixer.
pub(super) const SAID: usize = 2;

/// Steps of what is said, as contexts.
pub(super) const STEPS: usize = 32;

/// The weight that it has before anything was learned, in 2^-14.
pub(super) const TRUSTED: i16 = 8192;

/// How much its corrections count beside the others.
pub(super) const VOICES: u32 = 3;

/// A predictor at work.
#[derive(Debug)]
pub(super) struct Predicted {
    causal: Arc<Causal>,
    look: Look,
    node: usize,
    said: i32,
    /// What became of what it said, and of what the mixer said where it said so much.
    alone: Apm<u32>,
    mixed: Apm<u32>,
}

impl Predicted {
    pub fn new(causal: Arc<Causal>) -> Self {
        let look = causal.start();
        Self { causal, look, node: 0, said: 0, alone: Apm::new(NODES), mixed: Apm::new(NODES * STEPS) }
    }

    /// Looks around, once for each value.
    #[inline(always)]
    pub fn look(&mut self) {
        self.causal.look(&mut self.look);
    }

    /// Takes in the value that came.
    #[inline(always)]
    pub fn push(&mut self, value: u8) {
        self.look.push(value);
    }

    /// Asks for a node.
    #[inline(always)]
    pub fn ask(&mut self, node: usize) {
        self.node = node;
        self.said = self.causal.stretch(&self.look, node);
    }

    /// In the logistic domain, and as a probability.
    #[inline(always)]
    pub fn inputs(&self) -> [i16; SAID] {
        [self.said as i16, ((squash(self.said) as i32 - 32_768) >> 4) as i16]
    }

    /// What it says, in few steps.
    #[inline(always)]
    pub fn step(&self) -> usize {
        ((self.said + 2048) >> 7) as usize & (STEPS - 1)
    }

    /// The sum of what is said after correction, where the mixer says `x`.
    #[inline(always)]
    pub fn refine(&mut self, x: i32) -> u32 {
        let step = self.step();
        self.alone.refine(self.said, self.node) + 2 * self.mixed.refine(x, step * NODES + self.node)
    }

    /// Learns how it was decided.
    #[inline(always)]
    pub fn update(&mut self, bit: u32) {
        self.alone.update(bit, 6);
        self.mixed.update(bit, 6);
    }
}
