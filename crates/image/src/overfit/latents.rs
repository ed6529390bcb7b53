//! Latents coded one after the other, each with the distribution that the network gives for it.

use super::laplace::{Laplace, MEAN_BITS, MOST, SCALE_BITS, SCALE_LEAST, SCALE_MAX};
use super::layout::{CONTEXTS, Grid, Layout, PAD, SLOTS, fill_slot};
use super::network::Network;
use minlen_core::{Env, Error, Result};
use minlen_entropy::range::{Decoder, Encoder};
use minlen_nn::{Isa, fit};

/// Codes values: an encoder gives back what it wrote, a decoder what it read.
pub(super) trait Coder {
    fn code(&mut self, laplace: &Laplace, value: i32) -> i32;
    /// True once more was read than there is.
    fn overrun(&self) -> bool {
        false
    }
}

impl Coder for Encoder {
    #[inline]
    fn code(&mut self, laplace: &Laplace, value: i32) -> i32 {
        laplace.encode(self, value);
        value
    }
}

impl Coder for Decoder<'_> {
    #[inline]
    fn code(&mut self, laplace: &Laplace, _: i32) -> i32 {
        laplace.decode(self)
    }

    fn overrun(&self) -> bool {
        Decoder::overrun(self)
    }
}

/// Mean and scale of a distribution from what the network gives.
#[inline]
fn parameters(out: [i32; 2]) -> (i32, i32) {
    let round =
        |x: i32, bits: u32| x.saturating_add(1 << (fit::ARM_BITS - bits - 1)) >> (fit::ARM_BITS - bits);
    let scale = round(out[1], SCALE_BITS).saturating_sub(SCALE_LEAST << SCALE_BITS);
    (round(out[0], MEAN_BITS), scale.clamp(0, SCALE_MAX))
}

/// A number of up to `bits` bits, each as likely as not.
pub(super) fn plain(coder: &mut impl Coder, value: i32, bits: u32) -> i32 {
    // Equal chances: a scale so large that every value has the least frequency and the rest falls to both ends is no use, so bit by bit.
    let half = Laplace::new(32, 0, 1);
    (0..bits).rev().fold(0, |all, k| all << 1 | coder.code(&half, value >> k & 1).clamp(0, 1))
}

/// The largest size of a latent of a grid: how many bits it has, and those after the first.
pub(super) fn bound(coder: &mut impl Coder, most: i32) -> i32 {
    let bits = plain(coder, (32 - most.leading_zeros()) as i32, 4).clamp(0, 11) as u32;
    if bits < 2 {
        return bits as i32;
    }
    (1 << (bits - 1)) | plain(coder, most & !(1 << (bits - 1)), bits - 1)
}

/// Codes all latents of levels from the coarsest down to `finest`; `all` has [`Layout::len`] numbers, of which a decoder fills those of latents.
///
/// # Errors
/// Truncated, cancelled.
pub(super) fn code(
    coder: &mut impl Coder,
    layout: &Layout,
    network: &Network,
    weights: &[i32],
    all: &mut [i32],
    finest: usize,
    env: &Env,
) -> Result<()> {
    for grid in layout.grids.iter().filter(|grid| grid.level >= finest) {
        let values = grid_values(grid, all);
        let most = bound(coder, values.min(MOST));
        if most == 0 {
            continue;
        }
        fill(layout, grid, all);
        let arm = network.integer_arm(weights, grid.level, grid.plane);
        let mut one = One { isa: Isa::detect(), arm: &arm, most, quiet: None };
        for y in 0..grid.height {
            one.row(coder, all, grid, y);
            if y % 64 == 63 {
                env.check()?;
            }
            if coder.overrun() {
                return Err(Error::truncated("the latents of a picture end too early"));
            }
        }
    }
    Ok(())
}

/// The largest size of a grid's latents.
fn grid_values(grid: &Grid, all: &[i32]) -> i32 {
    all[grid.span()].iter().map(|x| x.unsigned_abs()).max().unwrap_or(0).min(MOST as u32) as i32
}

/// The slots of a grid, from grids before it.
fn fill(layout: &Layout, grid: &Grid, all: &mut [i32]) {
    let (latents, slots) = all.split_at_mut(layout.latents);
    for k in 0..SLOTS {
        let Some(slot) = &grid.slots[k] else { continue };
        let from = &layout.grids[slot.grid];
        let rows = &latents[from.row(0)..from.span().end];
        for y in 0..grid.height {
            let at = grid.slots_at - layout.latents + (k * grid.height + y) * grid.stride;
            fill_slot(slot, from, rows, y, grid.width, &mut slots[at..at + grid.width]);
        }
    }
}

/// What is needed to code the latents of one grid.
struct One<'a> {
    isa: Isa,
    arm: &'a fit::IntegerArm<CONTEXTS, { super::network::UNITS }>,
    most: i32,
    /// The distribution where all contexts are 0.
    quiet: Option<Laplace>,
}

impl One<'_> {
    fn row(&mut self, coder: &mut impl Coder, all: &mut [i32], grid: &Grid, y: usize) {
        let places = grid.contexts(y);
        debug_assert!(places[0] + 1 == grid.row(y) + PAD);
        for x in 0..grid.width {
            let contexts: [i32; CONTEXTS] = std::array::from_fn(|k| all[places[k] + x]);
            let laplace = match (contexts.iter().fold(0, |any, c| any | c), self.quiet) {
                (0, Some(quiet)) => quiet,
                (any, _) => {
                    let mut out = [0; 2];
                    fit::arm_integer(self.isa, self.arm, &contexts, &mut out);
                    let (mean, scale) = parameters(out);
                    let laplace = Laplace::new(mean, scale, self.most);
                    if any == 0 {
                        self.quiet = Some(laplace);
                    }
                    laplace
                }
            };
            let value = &mut all[places[0] + 1 + x];
            *value = coder.code(&laplace, *value);
        }
    }
}
