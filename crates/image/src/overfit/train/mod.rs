//! Latents and networks fitted to a picture, in f32: what is exact on every machine, for every number of threads.
//!
//! One [`Fit::step`] goes forward and backward through the whole codec and lets Adam move what it is told to. Work is cut into strips of
//! rows whatever the threads are, and sums of strips are added in their order.

mod channels;
mod colours;
mod rate;
mod update;

use super::layout::{Layout, PAD, stride_of};
use super::network::Network;
use channels::Channels;
use colours::Colours;
use minlen_core::{Env, Error, Result, threads};
use minlen_nn::Isa;
use minlen_nn::fit::Synthesis;
use rate::Strip;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
pub(super) use update::{Move, Rounding};

/// Numbers of a strip, about.
const STRIP: usize = 16_384;
/// Rows of a strip of the picture.
const ROWS: usize = 32;

/// Does each job once, on some threads; results come in order.
fn run<J: Send, R: Send>(threads: usize, jobs: Vec<J>, one: impl Fn(J) -> R + Sync) -> Result<Vec<R>> {
    let jobs: Vec<Mutex<Option<J>>> = jobs.into_iter().map(|job| Mutex::new(Some(job))).collect();
    threads::in_order(jobs.len(), threads, |k| {
        let job = jobs[k].lock().unwrap_or_else(PoisonError::into_inner).take();
        job.map(&one).ok_or_else(|| Error::usage("a job that was done before"))
    })
}

/// Cuts a slice at the ends of ranges that follow each other; what is between them is left out.
fn cut<T>(mut all: &mut [T], ranges: impl Iterator<Item = Range<usize>>) -> Vec<&mut [T]> {
    let mut from = 0;
    ranges
        .map(|range| {
            let (piece, rest) = std::mem::take(&mut all)[range.start - from..].split_at_mut(range.len());
            all = rest;
            from = range.end;
            piece
        })
        .collect()
}

/// Adds lanes up by the fixed tree.
fn tree(lanes: &[f32; 16]) -> f32 {
    let mut t = *lanes;
    for half in [8, 4, 2, 1] {
        for k in 0..half {
            t[k] += t[k + half];
        }
    }
    t[0]
}

/// What a step cost, as means over pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Cost {
    /// Of all samples, of which the largest is 1.
    pub mean_square: f64,
    /// Bits of latents per pixel.
    pub bits: f64,
}

impl Cost {
    pub(super) fn total(&self, lambda: f64) -> f64 {
        self.mean_square + lambda * self.bits
    }
}

/// Everything that is fitted, and where it is computed.
pub(super) struct Fit<'a> {
    pub layout: &'a Layout,
    pub network: &'a Network,
    /// Latents before rounding.
    pub latents: Vec<f32>,
    /// Weights of all networks.
    pub weights: Vec<f32>,
    /// Steps of levels.
    pub steps: Vec<f32>,
    /// Bits per pixel cost this much.
    pub lambda: f32,
    isa: Isa,
    threads: usize,
    /// Rounded latents, then slots.
    rounded: Vec<f32>,
    /// Of latents.
    slope: Vec<f32>,
    gradient: Vec<f32>,
    weights_gradient: Vec<f32>,
    moments: [Vec<f32>; 2],
    weights_moments: [Vec<f32>; 2],
    strips: Vec<Strip>,
    channels: Channels,
    colours: Colours,
    taken: u32,
    taken_weights: u32,
    pixels: usize,
}

impl<'a> Fit<'a> {
    /// Begins with weights and latents that are 0. `target` has samples of which the largest is 1, plane by plane.
    pub(super) fn new(
        layout: &'a Layout,
        network: &'a Network,
        target: &[Vec<f32>],
        env: &Env,
    ) -> Result<Self> {
        let Some(kernels) = Synthesis::of(layout.channels, layout.colours) else {
            return Err(Error::usage("a picture of so many planes"));
        };
        let none = || vec![0.0; layout.latents];
        let nothing = || vec![0.0; network.len];
        let (width, height) = layout.sizes[0];
        Ok(Self {
            layout,
            network,
            latents: none(),
            steps: vec![0.0; layout.sizes.len()],
            lambda: 0.0,
            isa: Isa::detect(),
            threads: env.threads,
            rounded: vec![0.0; layout.len],
            slope: none(),
            gradient: none(),
            weights_gradient: nothing(),
            moments: [none(), none()],
            weights_moments: [nothing(), nothing()],
            strips: rate::strips(layout, network),
            channels: Channels::new(layout),
            colours: Colours::new(layout, network, kernels, target),
            taken: 0,
            taken_weights: 0,
            pixels: width * height,
            weights: nothing(),
        })
    }

    /// Begins anew: forgets what steps left behind.
    pub(super) fn forget(&mut self) {
        let [a, b] = &mut self.moments;
        let [c, d] = &mut self.weights_moments;
        [a, b, c, d].into_iter().for_each(|moments| moments.fill(0.0));
        (self.taken, self.taken_weights) = (0, 0);
    }

    /// Memory that [`Fit::new`] takes.
    pub(super) fn memory(layout: &Layout) -> u64 {
        let (width, height) = layout.sizes[0];
        let plane = (stride_of(width) * height) as u64;
        4 * (6 * layout.latents as u64 + 2 * layout.len as u64)
            + 4 * plane * (9 * layout.channels as u64 + 5 * layout.colours as u64)
            + (8 << 20)
    }

    /// One step: latents are rounded as told, and those that are to move do.
    ///
    /// # Errors
    /// Whatever threads report.
    pub(super) fn step(&mut self, rounding: Rounding, moves: Move) -> Result<Cost> {
        self.round(rounding)?;
        self.fill_slots()?;
        let nats = self.rate()?;
        let squares = self.forward_backward()?;
        self.update(moves)?;
        Ok(self.cost(nats, squares))
    }

    /// The cost with latents rounded to integers.
    ///
    /// # Errors
    /// Whatever threads report.
    pub(super) fn measure(&mut self) -> Result<Cost> {
        self.round(Rounding::Hard)?;
        self.fill_slots()?;
        let nats = self.price()?;
        let squares = self.forward()?;
        Ok(self.cost(nats, squares))
    }

    fn cost(&self, nats: f64, squares: f64) -> Cost {
        let pixels = self.pixels as f64;
        let samples = pixels * self.layout.colours as f64;
        Cost { mean_square: squares / samples, bits: nats * std::f64::consts::LOG2_E / pixels }
    }

    /// Latents rounded to integers, in the places of [`Layout`].
    pub(super) fn integers(&self) -> Vec<i32> {
        let mut all = vec![0; self.layout.len];
        for (to, from) in all.iter_mut().zip(&self.latents) {
            *to = update::nearest(*from) as i32;
        }
        all
    }

    fn gather(&mut self, at: usize, sums: &[[f32; 16]]) {
        for (to, lanes) in self.weights_gradient[at..].iter_mut().zip(sums) {
            *to += tree(lanes);
        }
    }
}

/// The part of a row that is not room.
fn inner(width: usize) -> Range<usize> {
    PAD..PAD + width
}

#[cfg(test)]
mod tests;
