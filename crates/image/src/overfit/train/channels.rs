//! Channels of the picture's size from grids, and the gradient.

use super::super::layout::{Layout, PAD, stride_of};
use super::super::network::STAGES;
use super::super::render::extend;
use super::{Fit, ROWS, inner, run};
use minlen_core::Result;
use minlen_nn::Isa;
use minlen_nn::fit;

/// Buffers for all channels.
pub(super) struct Channels {
    /// Levels from 1:2 on: for each channel one chain.
    chains: Vec<Chain>,
    /// Rows of the picture, of each all channels.
    pub full: Vec<f32>,
    pub full_gradient: Vec<f32>,
    /// Rows of the picture, of each all channels, of half the width: after doubling the height.
    half: Vec<f32>,
    half_gradient: Vec<f32>,
}

/// A channel at one level.
#[derive(Default)]
struct Level {
    values: Vec<f32>,
    gradient: Vec<f32>,
    /// Rows of this level of the width of the next.
    half: Vec<f32>,
}

/// A channel at all levels from 1:2 to its coarsest.
#[derive(Default)]
struct Chain {
    levels: Vec<Level>,
    even: Vec<f32>,
    odd: Vec<f32>,
    half: Vec<f32>,
    /// Gradients of taps, lane by lane, of each stage.
    taps: [[[f32; 16]; 4]; STAGES],
}

impl Channels {
    pub(super) fn new(layout: &Layout) -> Self {
        let (width, height) = layout.sizes[0];
        let chain = |channel: usize| {
            let coarsest = layout.levels(channel).map_or(0, |(coarsest, _)| coarsest);
            let level = |level: usize| {
                let (width, height) = layout.sizes[level];
                let numbers = stride_of(width) * height;
                let half = layout.sizes.get(level + 1).map_or(0, |&(half, _)| stride_of(half) * height);
                Level { values: vec![0.0; numbers], gradient: vec![0.0; numbers], half: vec![0.0; half] }
            };
            let stride = stride_of(width.div_ceil(2));
            let none = || vec![0.0; stride];
            let levels = (1..=coarsest).map(level).collect();
            Chain { levels, even: none(), odd: none(), half: none(), taps: [[[0.0; 16]; 4]; STAGES] }
        };
        let numbers = stride_of(width) * height * layout.channels;
        let half = stride_of(width.div_ceil(2)) * height * layout.channels;
        Self {
            chains: (0..layout.channels).map(chain).collect(),
            full: vec![0.0; numbers],
            full_gradient: vec![0.0; numbers],
            half: vec![0.0; half],
            half_gradient: vec![0.0; half],
        }
    }
}

/// Which rows make row `y` of twice the height, by tap.
fn rows_for(y: usize, height: usize) -> [usize; 4] {
    let around: [isize; 4] = if y.is_multiple_of(2) { [-2, -1, 0, 1] } else { [2, 1, 0, -1] };
    around.map(|k| ((y / 2) as isize + k).clamp(0, height as isize - 1) as usize)
}

/// Row `y` of twice the width and height of `plane`; `half` is what it is made of, with its room filled.
fn double_row(
    isa: Isa,
    taps: &[f32; 4],
    plane: &[f32],
    size: (usize, usize),
    y: usize,
    half: &mut [f32],
    sides: (&mut [f32], &mut [f32]),
    out: &mut [f32],
) {
    let stride = stride_of(size.0);
    fit::blend(isa, taps, rows_for(y, size.1).map(|y| &plane[y * stride..][..stride]), half);
    fit::double(isa, taps, half, sides.0, sides.1, PAD, size.0);
    let pairs = out.len() / 2;
    fit::interleave(isa, &sides.0[PAD..PAD + pairs], &sides.1[PAD..PAD + pairs], out);
    if out.len() % 2 == 1 {
        out[2 * pairs] = sides.0[PAD + pairs];
    }
}

/// The gradient of the second half of [`double_row`], for a row of `width` numbers: to `grad`, whose room is 0 then.
fn halve_row(
    isa: Isa,
    taps: &[f32; 4],
    d: &[f32],
    half: &[f32],
    width: usize,
    sides: (&mut [f32], &mut [f32]),
    grad: &mut [f32],
    sums: &mut [[f32; 16]; 4],
) {
    let (even, odd) = sides;
    even.fill(0.0);
    odd.fill(0.0);
    fit::separate(isa, d, &mut even[inner(width)], &mut odd[inner(width)]);
    if d.len() % 2 == 1 {
        even[PAD + width - 1] = d[d.len() - 1];
    }
    fit::double_back(isa, taps, half, even, odd, grad, PAD / 2, width + PAD, sums);
    grad[PAD] += grad[PAD - 1] + grad[PAD - 2];
    grad[PAD + width - 1] += grad[PAD + width] + grad[PAD + width + 1];
    grad[..PAD].fill(0.0);
    grad[PAD + width..].fill(0.0);
}

/// The gradient of the first half, of all rows: to the plane that was doubled.
fn halve_rows<'a>(
    isa: Isa,
    taps: &[f32; 4],
    rows: impl Iterator<Item = &'a [f32]>,
    values: &[f32],
    gradient: &mut [f32],
    size: (usize, usize),
    sums: &mut [[f32; 16]; 4],
) {
    let stride = stride_of(size.0);
    gradient.fill(0.0);
    for (y, d) in rows.enumerate() {
        for (k, row) in rows_for(y, size.1).into_iter().enumerate() {
            let at = row * stride;
            fit::blend_back(
                isa,
                taps[k],
                d,
                &values[at..at + stride],
                &mut gradient[at..at + stride],
                &mut sums[k],
            );
        }
    }
}

impl Fit<'_> {
    fn taps(&self, stage: usize) -> [f32; 4] {
        std::array::from_fn(|k| self.weights[self.network.taps + 4 * stage + k])
    }

    /// Adds a grid's latents to a row of a channel.
    fn add_latents(&self, level: usize, channel: usize, y: usize, row: &mut [f32]) {
        if let Some(grid) = self.layout.grid_of(level, channel) {
            let latents = &self.rounded[grid.row(y) + PAD..][..grid.width];
            row.iter_mut().zip(latents).for_each(|(to, x)| *to += self.steps[level] * x);
        }
    }

    /// All channels.
    pub(super) fn channels_forward(&mut self) -> Result<()> {
        let mut channels = std::mem::replace(&mut self.channels, Channels::nothing());
        let chains = channels.chains.iter_mut().enumerate().collect();
        run(self.threads, chains, |(channel, chain)| self.chain_forward(channel, chain))?;
        let (width, height) = self.layout.sizes[0];
        let (count, stride, narrow) = (self.layout.channels, stride_of(width), stride_of(width.div_ceil(2)));
        let chains = &channels.chains;
        let strips = channels
            .full
            .chunks_mut(ROWS * count * stride)
            .zip(channels.half.chunks_mut(ROWS * count * narrow));
        run(self.threads, strips.enumerate().collect(), |(n, (full, half))| {
            let (mut even, mut odd) = (vec![0.0; narrow], vec![0.0; narrow]);
            let taps = self.taps(0);
            for (k, (row, half)) in
                full.chunks_exact_mut(stride).zip(half.chunks_exact_mut(narrow)).enumerate()
            {
                let (y, channel) = (n * ROWS + k / count, k % count);
                match chains[channel].levels.first() {
                    Some(level) => {
                        let sides = (&mut even[..], &mut odd[..]);
                        let out = &mut row[inner(width)];
                        double_row(self.isa, &taps, &level.values, self.layout.sizes[1], y, half, sides, out);
                    }
                    None => row.fill(0.0),
                }
                self.add_latents(0, channel, y, &mut row[inner(width)]);
            }
        })?;
        debug_assert_eq!(channels.full.len(), height * count * stride);
        self.channels = channels;
        Ok(())
    }

    /// One channel from its coarsest grid to 1:2.
    fn chain_forward(&self, channel: usize, chain: &mut Chain) {
        for level in (1..=chain.levels.len()).rev() {
            let (width, height) = self.layout.sizes[level];
            let stride = stride_of(width);
            let (lower, upper) = chain.levels.split_at_mut(level);
            let this = &mut lower[level - 1];
            let taps = if level < STAGES { self.taps(level) } else { [0.0; 4] };
            for y in 0..height {
                let row = &mut this.values[y * stride..][..stride];
                match upper.first() {
                    Some(coarser) => {
                        let size = self.layout.sizes[level + 1];
                        let narrow = stride_of(size.0);
                        let half = &mut this.half[y * narrow..][..narrow];
                        let sides = (&mut chain.even[..narrow], &mut chain.odd[..narrow]);
                        double_row(
                            self.isa,
                            &taps,
                            &coarser.values,
                            size,
                            y,
                            half,
                            sides,
                            &mut row[inner(width)],
                        );
                    }
                    None => row.fill(0.0),
                }
                self.add_latents(level, channel, y, &mut row[inner(width)]);
                extend(row, width);
            }
        }
    }

    /// From the gradient of channels of the picture's size to those of all levels, and of taps.
    pub(super) fn channels_backward(&mut self) -> Result<()> {
        let mut channels = std::mem::replace(&mut self.channels, Channels::nothing());
        let (width, _) = self.layout.sizes[0];
        let (count, stride, narrow) = (self.layout.channels, stride_of(width), stride_of(width.div_ceil(2)));
        let Channels { chains, full_gradient, half, half_gradient, .. } = &mut channels;
        let strips = full_gradient.chunks(ROWS * count * stride).zip(half.chunks(ROWS * count * narrow));
        let strips = strips.zip(half_gradient.chunks_mut(ROWS * count * narrow));
        let lone: Vec<bool> = chains.iter().map(|chain| chain.levels.is_empty()).collect();
        let sums = run(self.threads, strips.collect(), |((full, half), gradient)| {
            let (mut even, mut odd) = (vec![0.0; narrow], vec![0.0; narrow]);
            let mut sums = [[0.0; 16]; 4];
            let taps = self.taps(0);
            let rows = full
                .chunks_exact(stride)
                .zip(half.chunks_exact(narrow))
                .zip(gradient.chunks_exact_mut(narrow));
            for (k, ((d, half), grad)) in rows.enumerate() {
                if !lone[k % count] {
                    let sides = (&mut even[..], &mut odd[..]);
                    halve_row(
                        self.isa,
                        &taps,
                        &d[inner(width)],
                        half,
                        width.div_ceil(2),
                        sides,
                        grad,
                        &mut sums,
                    );
                }
            }
            sums
        })?;
        let half_gradient = &*half_gradient;
        run(self.threads, chains.iter_mut().enumerate().collect(), |(channel, chain)| {
            let rows = half_gradient.chunks_exact(narrow).skip(channel).step_by(count);
            self.chain_backward(chain, rows);
        })?;
        let taps: Vec<_> = chains.iter().map(|chain| chain.taps).collect();
        self.channels = channels;
        for sums in &sums {
            self.gather(self.network.taps, sums);
        }
        for taps in &taps {
            self.gather(self.network.taps, taps.as_flattened());
        }
        Ok(())
    }

    fn chain_backward<'b>(&self, chain: &mut Chain, finest: impl Iterator<Item = &'b [f32]>) {
        let Chain { levels, even, odd, half, taps: sums } = chain;
        *sums = [[[0.0; 16]; 4]; STAGES];
        let Some(first) = levels.first_mut() else { return };
        let size = self.layout.sizes[1];
        halve_rows(self.isa, &self.taps(0), finest, &first.values, &mut first.gradient, size, &mut sums[0]);
        for level in 1..levels.len() {
            let (lower, upper) = levels.split_at_mut(level);
            let (this, coarser) = (&lower[level - 1], &mut upper[0]);
            let (width, height) = self.layout.sizes[level];
            let size = self.layout.sizes[level + 1];
            let (stride, narrow) = (stride_of(width), stride_of(size.0));
            let taps = self.taps(level);
            coarser.gradient.fill(0.0);
            for y in 0..height {
                let d = &this.gradient[y * stride..][inner(width)];
                let source = &this.half[y * narrow..][..narrow];
                let sides = (&mut even[..narrow], &mut odd[..narrow]);
                halve_row(self.isa, &taps, d, source, size.0, sides, &mut half[..narrow], &mut sums[level]);
                for (k, row) in rows_for(y, size.1).into_iter().enumerate() {
                    let at = row * narrow..(row + 1) * narrow;
                    let gradient = &mut coarser.gradient[at.clone()];
                    fit::blend_back(
                        self.isa,
                        taps[k],
                        &half[..narrow],
                        &coarser.values[at],
                        gradient,
                        &mut sums[level][k],
                    );
                }
            }
            // What is in the room belongs to the first and the last number, whose copies it was; `halve_row` has seen to that, so it is 0.
        }
    }

    /// A row of the gradient of a channel at a level, without room.
    pub(super) fn channel_gradient(&self, level: usize, channel: usize, y: usize) -> &[f32] {
        let (width, _) = self.layout.sizes[level];
        let stride = stride_of(width);
        match level.checked_sub(1) {
            None => {
                &self.channels.full_gradient[(y * self.layout.channels + channel) * stride..][inner(width)]
            }
            Some(below) => &self.channels.chains[channel].levels[below].gradient[y * stride..][inner(width)],
        }
    }
}

impl Channels {
    /// What stands in while the real ones are lent out.
    fn nothing() -> Self {
        let none = Vec::new;
        Self { chains: Vec::new(), full: none(), full_gradient: none(), half: none(), half_gradient: none() }
    }
}
