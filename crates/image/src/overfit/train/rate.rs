//! The code length of latents, strip by strip.

use super::super::layout::{CONTEXTS, Layout, PAD, SLOTS, fill_slot, neighbours, unfill_slot};
use super::super::network::{Network, UNITS};
use super::{Fit, STRIP, cut, run, tree};
use minlen_core::Result;
use minlen_nn::fit::{self, ArmRow, ArmSums};
use std::ops::Range;

/// Rows of a grid that are computed together.
#[derive(Clone, Debug)]
pub(super) struct Strip {
    pub grid: usize,
    pub rows: Range<usize>,
    /// Gradients of the three rows above, of its own, and of its slots' rows.
    gradient: Vec<f32>,
    sums: Vec<[f32; 16]>,
    nats: [f32; 16],
}

/// Rows above a strip that its contexts reach.
const REACH: usize = 3;

/// All strips in the order of latents.
pub(super) fn strips(layout: &Layout, network: &Network) -> Vec<Strip> {
    let mut all = Vec::new();
    for (g, grid) in layout.grids.iter().enumerate() {
        let step = (STRIP / grid.width).max(4);
        for from in (0..grid.height).step_by(step) {
            let rows = from..(from + step).min(grid.height);
            let gradient = vec![0.0; (REACH + (1 + SLOTS) * rows.len()) * grid.stride + PAD];
            all.push(Strip {
                grid: g,
                rows,
                gradient,
                sums: vec![[0.0; 16]; network.arm.end],
                nats: [0.0; 16],
            });
        }
    }
    all
}

impl Fit<'_> {
    /// The rows of strips in buffers of latents, with room.
    pub(super) fn strip_spans(&self) -> Vec<Range<usize>> {
        let span = |strip: &Strip| {
            let grid = &self.layout.grids[strip.grid];
            grid.row(strip.rows.start)..grid.row(strip.rows.end)
        };
        self.strips.iter().map(span).collect()
    }

    /// Slots of all grids, from rounded latents.
    pub(super) fn fill_slots(&mut self) -> Result<()> {
        let layout = self.layout;
        let (latents, slots) = self.rounded.split_at_mut(layout.latents);
        let spans = layout.grids.iter().map(|grid| {
            let from = grid.slots_at - PAD - layout.latents;
            from..from + SLOTS * grid.height * grid.stride
        });
        let mut jobs = Vec::new();
        for (grid, piece) in layout.grids.iter().zip(cut(slots, spans)) {
            for (k, plane) in piece.chunks_exact_mut(grid.height * grid.stride).enumerate() {
                let Some(slot) = grid.slots[k] else { continue };
                let rows = (STRIP / grid.width).max(4);
                for (n, strip) in plane.chunks_mut(rows * grid.stride).enumerate() {
                    jobs.push((slot, grid, n * rows, strip));
                }
            }
        }
        let latents = &*latents;
        run(self.threads, jobs, |(slot, grid, first, strip)| {
            let from = &layout.grids[slot.grid];
            let rows = &latents[from.row(0)..from.span().end];
            for (y, out) in strip.chunks_exact_mut(grid.stride).enumerate() {
                fill_slot(&slot, from, rows, first + y, grid.width, &mut out[PAD..]);
            }
        })?;
        Ok(())
    }

    /// The weights of the network for each kind of grid: `None` for kinds that there are not.
    fn arms(&self) -> Vec<Vec<f32>> {
        let (network, w) = (self.network, &self.weights);
        let one = |g: usize| {
            let grid = &self.layout.grids[g];
            let mut arm = w[..network.arm.end].to_vec();
            for (k, much) in Network::kind(grid.level, grid.plane).into_iter().enumerate() {
                for j in 0..UNITS {
                    arm[network.arm.b1 + j] += much as f32 * w[network.kinds + k * UNITS + j];
                }
            }
            arm
        };
        (0..self.layout.grids.len()).map(one).collect()
    }

    /// Code length in nats; gradients of latents and weights begin with what this gives.
    pub(super) fn rate(&mut self) -> Result<f64> {
        let arms = self.arms();
        let weight = self.lambda * std::f32::consts::LOG2_E;
        let (layout, source, isa) = (self.layout, &self.rounded, self.isa);
        run(self.threads, self.strips.iter_mut().collect(), |strip: &mut Strip| {
            let grid = &layout.grids[strip.grid];
            strip.gradient.fill(0.0);
            strip.sums.fill([0.0; 16]);
            strip.nats = [0.0; 16];
            let (count, stride) = (strip.rows.len(), grid.stride);
            for y in strip.rows.clone() {
                let r = y - strip.rows.start;
                let own = PAD + (REACH + r) * stride;
                let to = neighbours(own, stride, |k| PAD + (REACH + count + k * count + r) * stride);
                let row =
                    ArmRow { source, at: &grid.contexts(y), own: grid.row(y) + PAD, n: grid.width, weight };
                let mut sums = ArmSums {
                    grad: &mut strip.gradient,
                    to: &to,
                    own,
                    params: &mut strip.sums,
                    nats: &mut strip.nats,
                };
                fit::arm_row(isa, &arms[strip.grid], &row, &mut sums);
            }
        })?;
        self.merge();
        Ok(self.strips.iter().map(|strip| f64::from(tree(&strip.nats))).sum())
    }

    /// Adds the gradients of strips up in their order.
    fn merge(&mut self) {
        self.gradient.fill(0.0);
        self.weights_gradient.fill(0.0);
        let network = self.network;
        let strips = std::mem::take(&mut self.strips);
        for strip in &strips {
            let grid = &self.layout.grids[strip.grid];
            let from = grid.row(strip.rows.start) - REACH * grid.stride;
            let own = &strip.gradient[..(REACH + strip.rows.len()) * grid.stride];
            self.gradient[from..].iter_mut().zip(own).for_each(|(to, g)| *to += g);
            self.merge_slots(strip);
            let before: Vec<f32> = self.weights_gradient[network.arm.b1..network.arm.w2].to_vec();
            self.gather(0, &strip.sums);
            let kind = Network::kind(grid.level, grid.plane);
            for (j, before) in before.iter().enumerate() {
                let bias = self.weights_gradient[network.arm.b1 + j] - before;
                for (k, much) in kind.into_iter().enumerate() {
                    self.weights_gradient[network.kinds + k * UNITS + j] += much as f32 * bias;
                }
            }
        }
        self.strips = strips;
    }

    fn merge_slots(&mut self, strip: &Strip) {
        let grid = &self.layout.grids[strip.grid];
        let count = strip.rows.len();
        for k in 0..SLOTS {
            let Some(slot) = &grid.slots[k] else { continue };
            let from = &self.layout.grids[slot.grid];
            let rows = &mut self.gradient[from.row(0)..from.span().end];
            for y in strip.rows.clone() {
                let at = (REACH + count + k * count + y - strip.rows.start) * grid.stride + PAD;
                unfill_slot(slot, from, rows, y, grid.width, &strip.gradient[at..]);
            }
        }
    }

    /// Code length in nats alone.
    pub(super) fn price(&mut self) -> Result<f64> {
        let arms = self.arms();
        let (layout, source, isa) = (self.layout, &self.rounded, self.isa);
        let nats = run(self.threads, self.strips.iter().collect(), |strip: &Strip| {
            let grid = &layout.grids[strip.grid];
            let mut nats = [0.0; 16];
            for y in strip.rows.clone() {
                let at: [usize; CONTEXTS] = grid.contexts(y);
                let row = ArmRow { source, at: &at, own: grid.row(y) + PAD, n: grid.width, weight: 0.0 };
                fit::arm_price(isa, &arms[strip.grid], &row, &mut nats);
            }
            f64::from(tree(&nats))
        })?;
        Ok(nats.into_iter().sum())
    }
}
