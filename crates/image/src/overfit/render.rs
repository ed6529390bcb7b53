//! A picture from latents, in integers.

use super::Shape;
use super::layout::{Grid, Layout, PAD, stride_of};
use super::network::Network;
use crate::Planes;
use minlen_core::{Env, Error, Result};
use minlen_nn::Isa;
use minlen_nn::fit::{self, CHANNEL_BITS, CHANNEL_MAX, COLOUR_BITS, COLOUR_MAX, Synthesis};

/// Bits after the point of a grid's step.
pub(super) const STEP_BITS: u32 = 18;
/// Bits that a latent times its step has more than a channel.
const MORE: u32 = STEP_BITS - CHANNEL_BITS;

/// Rows of numbers with room on both sides.
#[derive(Clone, Debug, Default)]
pub(super) struct Plane {
    pub data: Vec<i32>,
    pub width: usize,
    pub height: usize,
    pub stride: usize,
}

impl Plane {
    pub(super) fn new(width: usize, height: usize) -> Self {
        let stride = stride_of(width);
        Self { data: vec![0; stride * height], width, height, stride }
    }

    /// A row, the nearest one outside of the plane, with the room around it.
    fn row(&self, y: isize) -> &[i32] {
        let y = y.clamp(0, self.height as isize - 1) as usize;
        &self.data[y * self.stride..][..self.stride]
    }
}

/// Fills the room of a row with its first and last number.
pub(super) fn extend<T: Copy>(row: &mut [T], width: usize) {
    let (first, last) = (row[PAD], row[PAD + width - 1]);
    row[..PAD].fill(first);
    row[PAD + width..].fill(last);
}

/// What makes a picture of latents.
pub(super) struct Renderer<'a> {
    pub layout: &'a Layout,
    pub network: &'a Network,
    pub weights: &'a [i32],
    /// The step of each level, with [`STEP_BITS`] bits after the point.
    pub steps: &'a [i32],
    pub isa: Isa,
}

impl Renderer<'_> {
    /// A channel at a level, from its grids at that level and coarser ones.
    fn channel(&self, all: &[i32], channel: usize, finest: usize) -> Plane {
        let (width, height) = self.layout.sizes[finest];
        let Some((coarsest, _)) = self.layout.levels(channel).filter(|&(coarsest, _)| coarsest >= finest)
        else {
            return Plane::new(width, height);
        };
        let mut plane = Plane::default();
        for level in (finest..=coarsest).rev() {
            let (width, height) = self.layout.sizes[level];
            plane = if level == coarsest {
                Plane::new(width, height)
            } else {
                self.double(&plane, width, height, &self.network.integer_taps(self.weights, level))
            };
            if let Some(grid) = self.layout.grid_of(level, channel) {
                self.add(grid, all, &mut plane);
            }
            plane.data.chunks_exact_mut(plane.stride).for_each(|row| extend(row, plane.width));
        }
        plane
    }

    fn add(&self, grid: &Grid, all: &[i32], plane: &mut Plane) {
        let step = self.steps[grid.level];
        for y in 0..grid.height {
            let row = &mut plane.data[y * plane.stride + PAD..][..grid.width];
            for (out, &latent) in row.iter_mut().zip(&all[grid.row(y) + PAD..]) {
                let more = (i64::from(latent) * i64::from(step) + (1 << (MORE - 1))) >> MORE;
                *out = (i64::from(*out) + more).clamp(i64::from(-CHANNEL_MAX), i64::from(CHANNEL_MAX)) as i32;
            }
        }
    }

    fn double(&self, plane: &Plane, width: usize, height: usize, taps: &[i32; 4]) -> Plane {
        let mut out = Plane::new(width, height);
        let mut row = vec![0; plane.stride];
        let mut wide = vec![0; 2 * plane.stride];
        for y in 0..height {
            let around: [isize; 4] = if y % 2 == 0 { [-2, -1, 0, 1] } else { [2, 1, 0, -1] };
            let rows = around.map(|k| plane.row((y / 2) as isize + k));
            fit::blend_integer(self.isa, taps, rows, &mut row);
            row.iter_mut().for_each(|x| *x = (*x).clamp(-CHANNEL_MAX, CHANNEL_MAX));
            fit::double_integer(self.isa, taps, &row, &mut wide, PAD, plane.width);
            let target = &mut out.data[y * out.stride + PAD..][..width];
            for (to, from) in target.iter_mut().zip(&wide[PAD..]) {
                *to = (*from).clamp(-CHANNEL_MAX, CHANNEL_MAX);
            }
        }
        out
    }

    /// The picture at 1:2^`finest`.
    ///
    /// # Errors
    /// Limit, cancelled.
    pub(super) fn render(&self, all: &[i32], finest: usize, shape: &Shape, env: &Env) -> Result<Planes> {
        let Some(kernels) = Synthesis::of(self.layout.channels, self.layout.colours) else {
            return Err(Error::corrupt("a picture of channels that there are no networks for"));
        };
        let (width, height) = self.layout.sizes[finest];
        let (stride, channels, colours) = (stride_of(width), self.layout.channels, self.layout.colours);
        let numbers = (stride * height) as u64;
        let _held = env
            .budget
            .reserve(4 * numbers * (2 * channels + 2 * colours) as u64 + 2 * numbers * colours as u64)?;
        let planes: Vec<Plane> = (0..channels).map(|k| self.channel(all, k, finest)).collect();
        let (points, convolutions) = self.network.integer_synthesis(self.weights);
        let mut first = vec![0; stride * colours * height];
        let mut input = vec![0; stride * channels];
        for (y, out) in first.chunks_exact_mut(stride * colours).enumerate() {
            for (plane, row) in planes.iter().zip(input.chunks_exact_mut(stride)) {
                for (to, from) in row.iter_mut().zip(plane.row(y as isize)) {
                    let shift = CHANNEL_BITS - COLOUR_BITS;
                    *to = ((from + (1 << (shift - 1))) >> shift).clamp(-COLOUR_MAX, COLOUR_MAX);
                }
            }
            (kernels.points_integer)(self.isa, &points, self.network.hidden, &input, out, stride, PAD, width);
            out.chunks_exact_mut(stride).for_each(|row| extend(row, width));
            if y % 64 == 63 {
                env.check()?;
            }
        }
        drop(planes);
        let mut second = vec![0; first.len()];
        for (k, w) in convolutions.iter().enumerate() {
            for (y, out) in second.chunks_exact_mut(stride * colours).enumerate() {
                let rows = [y.saturating_sub(1), y, (y + 1).min(height - 1)]
                    .map(|y| &first[y * stride * colours..][..stride * colours]);
                let least = if k == 0 { 0 } else { -COLOUR_MAX };
                (kernels.convolve_integer)(self.isa, w, rows, least, out, stride, PAD, width);
                out.chunks_exact_mut(stride).for_each(|row| extend(row, width));
            }
            std::mem::swap(&mut first, &mut second);
        }
        let peak = (1i64 << shape.depth) - 1;
        let sample = |x: i32| {
            ((i64::from(x.clamp(0, 1 << COLOUR_BITS)) * peak + (1 << (COLOUR_BITS - 1))) >> COLOUR_BITS)
                as u16
        };
        let plane = |c: usize| -> Vec<u16> {
            let rows = first.chunks_exact(stride * colours).map(|row| &row[c * stride + PAD..][..width]);
            rows.flat_map(|row| row.iter().map(|&x| sample(x))).collect()
        };
        Planes::new(width, height, shape.depth, (0..colours).map(plane).collect())
    }
}
