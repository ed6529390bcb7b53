//! Least squares over neighbours, and over what the experts say.

use super::Layout;
use super::rows::Rows;
use crate::sample::FRACTION;
use crate::sample::ols::PlaneOls;

/// One value in pixels, in units of experts.
pub(super) const ONE: i32 = 1 << FRACTION;

/// Own neighbours in the order of their worth, as (columns to the right, rows up).
const NEAR: [(i32, usize); 28] = [
    (-1, 0),
    (0, 1),
    (1, 1),
    (-1, 1),
    (-2, 0),
    (0, 2),
    (2, 1),
    (-2, 1),
    (-1, 2),
    (1, 2),
    (-3, 0),
    (0, 3),
    (3, 1),
    (-3, 1),
    (2, 2),
    (-2, 2),
    (-1, 3),
    (1, 3),
    (3, 2),
    (-3, 2),
    (-4, 0),
    (0, 4),
    (4, 1),
    (-4, 1),
    (3, 3),
    (-3, 3),
    (2, 3),
    (-2, 3),
];

/// Neighbours in a plane whose present sample is known already.
const KNOWN: [(i32, usize); 9] = [(0, 0), (-1, 0), (0, 1), (1, 1), (-1, 1), (-2, 0), (0, 2), (2, 1), (-2, 1)];

/// Neighbours in a plane that comes later.
const LATER: [(i32, usize); 6] = [(-1, 0), (0, 1), (-1, 1), (1, 1), (-2, 0), (0, 2)];

/// Neighbours in the picture before.
const BEFORE: [(i32, i32); 9] =
    [(0, 0), (1, 0), (0, -1), (-1, 0), (0, 1), (1, -1), (-1, -1), (1, 1), (-1, 1)];

/// A system of least squares: inputs of each kind, how fast it forgets, log2 of its blocks.
pub(super) struct OlsSpec {
    own: usize,
    known: usize,
    later: usize,
    before: usize,
    keep: f32,
    block: u32,
}

/// The systems at each depth.
pub(super) const OLS: [&[OlsSpec]; 3] = [
    &[OlsSpec { own: 5, known: 3, later: 0, before: 1, keep: 0.85, block: 4 }],
    &[
        OlsSpec { own: 8, known: 5, later: 2, before: 5, keep: 0.8, block: 3 },
        OlsSpec { own: 16, known: 5, later: 3, before: 5, keep: 0.9, block: 3 },
    ],
    &[
        OlsSpec { own: 6, known: 3, later: 0, before: 1, keep: 0.7, block: 2 },
        OlsSpec { own: 10, known: 5, later: 2, before: 3, keep: 0.8, block: 2 },
        OlsSpec { own: 12, known: 5, later: 3, before: 5, keep: 0.87, block: 2 },
        OlsSpec { own: 20, known: 7, later: 4, before: 9, keep: 0.92, block: 2 },
        OlsSpec { own: 14, known: 7, later: 4, before: 5, keep: 0.77, block: 1 },
        OlsSpec { own: 28, known: 9, later: 6, before: 9, keep: 0.96, block: 3 },
    ],
];

/// An input: channel of the sample, columns to the right, rows up.
#[derive(Clone, Copy, Debug)]
struct Input {
    channel: usize,
    right: i32,
    up: usize,
}

/// An expert by least squares over neighbours of the sample.
#[derive(Clone, Debug)]
pub(super) struct OlsExpert {
    pub(super) plane: PlaneOls,
    inputs: Vec<Input>,
    pub(super) values: Vec<f32>,
}

impl OlsExpert {
    pub(super) fn new(layout: &Layout, channel: usize, system: &OlsSpec) -> Self {
        let mut inputs: Vec<Input> =
            NEAR[..system.own].iter().map(|&(right, up)| Input { channel, right, up }).collect();
        for other in 0..usize::from(layout.channels) {
            let list: &[(i32, usize)] = match other.cmp(&channel) {
                std::cmp::Ordering::Less => &KNOWN[..system.known],
                std::cmp::Ordering::Equal => &[],
                std::cmp::Ordering::Greater => &LATER[..system.later],
            };
            inputs.extend(list.iter().map(|&(right, up)| Input { channel: other, right, up }));
        }
        if layout.frame > 0 {
            let list = BEFORE[..system.before].iter();
            inputs.extend(list.map(|&(right, down)| Input {
                channel,
                right,
                up: (layout.frame as i32 + down) as usize,
            }));
        }
        let n = inputs.len();
        let plane = PlaneOls::new(n, layout.width as usize, system.block, system.keep, 4.0);
        Self { plane, inputs, values: vec![0.0; n + 1] }
    }

    /// Sets the inputs for the sample at `x`.
    #[inline]
    pub(super) fn gather(&mut self, rows: &Rows, x: usize, base: &[f32; 4]) {
        for (v, input) in self.values.iter_mut().zip(&self.inputs) {
            *v = rows.at(x, input.channel, input.right, input.up) as f32 - base[input.channel];
        }
    }
}

/// The mean of the near neighbours of each channel.
#[inline]
pub(super) fn base(rows: &Rows, x: usize, channels: usize) -> [f32; 4] {
    let mut base = [0.0; 4];
    for (c, b) in base.iter_mut().enumerate().take(channels) {
        let near = |right, up| rows.at(x, c, right, up);
        *b = (2 * (near(-1, 0) + near(0, 1)) + near(1, 1) + near(-1, 1)) as f32 / 6.0;
    }
    base
}

/// Least squares over what experts say, as differences from their mean.
#[derive(Clone, Debug)]
pub(super) struct OlsBlend {
    pub(super) plane: PlaneOls,
    values: Vec<f32>,
    mean: i32,
}

impl OlsBlend {
    pub(super) fn new(n: usize, width: usize) -> Self {
        Self { plane: PlaneOls::new(n, width, 3, 0.95, 16.0), values: vec![0.0; n + 1], mean: 0 }
    }

    #[inline]
    pub(super) fn predict(&mut self, x: usize, mean: i32, values: &[i32]) -> i32 {
        self.mean = mean;
        let n = self.values.len() - 1;
        for (v, &o) in self.values[..n].iter_mut().zip(values) {
            *v = (o - mean) as f32 / ONE as f32;
        }
        mean + (self.plane.predict(x, &self.values) * ONE as f32) as i32
    }

    #[inline]
    pub(super) fn update(&mut self, x: usize, truth: i32, weight: f32) {
        let n = self.values.len() - 1;
        self.values[n] = (truth - self.mean) as f32 / ONE as f32;
        self.plane.update(x, &self.values, weight);
    }
}
