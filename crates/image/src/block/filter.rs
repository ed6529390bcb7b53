//! The filter of decoded planes.
//!
//! As the adaptive loop filter of H.266 (8.8.5): cells of 4 by 4 samples are sorted by how much and in which direction they change, and
//! every class has its weights for the clipped differences to the samples around. Here the weights are not in the payload: they were
//! fitted to pictures, by class, plane and octave of the quantizer. Planes two and three also see differences of the first. How strongly
//! the filter acts is said for each root block and plane.

use super::canvas::CELL;
use super::quantizer::Quantizer;
use minlen_entropy::mixing::simd::{self, Isa, Task, Vector};

/// Samples of a cell.
const AREA: usize = CELL * CELL;
/// Weights of a class.
pub(super) const FEATURES: usize = 24;
/// Classes of a plane and octave.
pub(super) const CLASSES: usize = 6 * 5 * 4;
/// Octaves of the quantizer that have filters of their own, from the first on.
pub(super) const OCTAVES: usize = 7;
pub(super) const FIRST_OCTAVE: usize = 5;
/// Fraction bits of weights.
pub(super) const FRACTION: u32 = 9;
/// Samples around a plane.
const MARGIN: usize = 4;
/// Strengths, in halves.
pub(super) const STRENGTHS: usize = 4;

/// Half of the samples within 3 of the middle; the others are opposite.
const WIDE: [(isize, isize); 12] =
    [(1, 0), (0, 1), (1, 1), (-1, 1), (2, 0), (0, 2), (2, 1), (-2, 1), (1, 2), (-1, 2), (3, 0), (0, 3)];

/// Weights by plane, octave and class.
pub(super) type Weights = Vec<[i16; FEATURES]>;

/// Where in [`Weights`] a class is.
pub(super) fn place(plane: usize, octave: usize, class: usize) -> usize {
    (plane * OCTAVES + octave.saturating_sub(FIRST_OCTAVE).min(OCTAVES - 1)) * CLASSES + class
}

/// A plane with a margin, in whole cells.
#[derive(Clone, Debug)]
pub(super) struct Padded {
    samples: Vec<i16>,
    stride: usize,
}

impl Padded {
    /// With the outermost samples repeated.
    pub fn new(plane: &[i16], width: usize, height: usize) -> Self {
        let (w, h) = (width.next_multiple_of(CELL) + 2 * MARGIN, height.next_multiple_of(CELL) + 2 * MARGIN);
        let mut samples = Vec::with_capacity(w * h);
        for y in 0..h {
            let y = y.saturating_sub(MARGIN).min(height - 1);
            let row = &plane[y * width..(y + 1) * width];
            samples.extend([row[0]; MARGIN]);
            samples.extend_from_slice(row);
            samples.resize(samples.len() + w - MARGIN - width, row[width - 1]);
        }
        Self { samples, stride: w }
    }

    /// Where the first sample of a cell is.
    fn at(&self, column: usize, row: usize) -> usize {
        (row * CELL + MARGIN) * self.stride + column * CELL + MARGIN
    }
}

/// What is known of a cell from its block.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    /// Whether the first plane has levels.
    pub coded: bool,
    /// Whether a block begins or ends at one of the cell's sides.
    pub edge: bool,
}

/// The class of a cell, and how its samples are turned: bit 0 for rows and columns exchanged, bit 1 for mirrored.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Class {
    pub class: u8,
    pub turn: u8,
}

/// Sorts a cell, by the first plane; `unit` is the step in whole units.
#[inline(always)]
fn sort(plane: &Padded, at: usize, known: Known, unit: i32) -> Class {
    let s = &plane.samples;
    let stride = plane.stride;
    // Second differences across, down and along both diagonals, in 6 by 6 samples.
    let mut sums = [0i32; 4];
    for y in 0..6 {
        let start = at - stride - 1 + y * stride;
        for x in 0..6 {
            let i = start + x;
            let middle = 2 * i32::from(s[i]);
            let across = |offset: usize| (middle - i32::from(s[i - offset]) - i32::from(s[i + offset])).abs();
            sums[0] += across(1);
            sums[1] += across(stride);
            sums[2] += across(stride + 1);
            sums[3] += across(stride - 1);
        }
    }
    let [across, down, falling, rising] = sums.map(i64::from);
    let (most, least) = (across.max(down), across.min(down));
    let (most_d, least_d) = (falling.max(rising), falling.min(rising));
    let straight = most * least_d > most_d * least;
    let (high, low) = if straight { (most, least) } else { (most_d, least_d) };
    let strength = usize::from(high > 2 * low) + usize::from(2 * high > 9 * low);
    let direction = if strength == 0 { 0 } else { 2 * usize::from(!straight) + strength };
    let activity = (across + down) as u64 * 4 / (36 * unit.max(1) as u64);
    let activity = (64 - activity.leading_zeros() as usize).min(5);
    let kind = 2 * usize::from(known.coded) + usize::from(known.edge);
    Class {
        class: ((activity * 5 + direction) * 4 + kind) as u8,
        turn: u8::from(down > across) | u8::from(rising > falling) << 1,
    }
}

/// Differences of a cell's samples to those around.
pub(super) type Features = [[i32; AREA]; FEATURES];

#[inline(always)]
fn cell(plane: &Padded, at: usize) -> [i32; AREA] {
    let mut samples = [0; AREA];
    for (y, to) in samples.chunks_exact_mut(CELL).enumerate() {
        let from = &plane.samples[at + y * plane.stride..][..CELL];
        for (to, &from) in to.iter_mut().zip(from) {
            *to = from.into();
        }
    }
    samples
}

#[inline(always)]
fn differences(plane: &Padded, at: usize, turn: u8, unit: i32, features: &mut [[i32; AREA]]) {
    let middle = cell(plane, at);
    let (low, high) = ((unit / 4).max(1), unit.max(1));
    for (pair, &(dx, dy)) in features.as_chunks_mut::<2>().0.iter_mut().zip(&WIDE) {
        let dx = if turn & 2 != 0 { -dx } else { dx };
        let (dx, dy) = if turn & 1 != 0 { (dy, dx) } else { (dx, dy) };
        let offset = dy * plane.stride as isize + dx;
        let (a, b) =
            (cell(plane, at.wrapping_add_signed(offset)), cell(plane, at.wrapping_add_signed(-offset)));
        for i in 0..AREA {
            let (a, b) = (a[i] - middle[i], b[i] - middle[i]);
            pair[0][i] = a.clamp(-low, low) + b.clamp(-low, low);
            pair[1][i] = a.clamp(-high, high) + b.clamp(-high, high);
        }
    }
}

/// The features of a cell of a plane; the first plane helps others.
#[inline(always)]
pub(super) fn features(planes: &[Padded], plane: usize, at: usize, turn: u8, unit: i32) -> Features {
    let mut features = [[0; AREA]; FEATURES];
    if plane == 0 {
        differences(&planes[0], at, turn, unit, &mut features);
    } else {
        let (own, first) = features.split_at_mut(FEATURES / 2);
        differences(&planes[plane], at, turn, unit, own);
        differences(&planes[0], at, turn, unit, first);
    }
    features
}

/// What the filter would add.
pub(super) struct Filter<'a> {
    pub planes: &'a [Padded],
    pub weights: &'a Weights,
    pub quantizer: Quantizer,
    pub known: &'a [Known],
    /// Cells of a row and of a column.
    pub cells: (usize, usize),
    pub isa: Isa,
}

struct Classify<'a, 'b>(&'a Filter<'b>);

impl Task for Classify<'_, '_> {
    type Out = Vec<Class>;
    #[inline(always)]
    fn run<V: Vector>(self, _: V) -> Vec<Class> {
        let Filter { planes, known, cells, quantizer, .. } = self.0;
        let unit = quantizer.unit();
        let index = |i: usize| (i % cells.0, i / cells.0);
        let class = |(i, &known): (usize, &Known)| {
            let (column, row) = index(i);
            sort(&planes[0], planes[0].at(column, row), known, unit)
        };
        known.iter().enumerate().map(class).collect()
    }
}

struct Add<'a, 'b> {
    filter: &'a Filter<'b>,
    plane: usize,
    classes: &'a [Class],
    row: usize,
    columns: std::ops::Range<usize>,
    out: &'a mut [[i32; AREA]],
}

impl Task for Add<'_, '_> {
    type Out = ();
    #[inline(always)]
    fn run<V: Vector>(self, _: V) {
        let Filter { planes, weights, quantizer, cells, .. } = self.filter;
        let unit = quantizer.unit();
        for (column, out) in self.columns.zip(self.out) {
            let Class { class, turn } = self.classes[self.row * cells.0 + column];
            let weights = &weights[place(self.plane, quantizer.octave, class.into())];
            let features = features(planes, self.plane, planes[0].at(column, self.row), turn, unit);
            *out = [1 << (FRACTION - 1); AREA];
            for (&w, feature) in weights.iter().zip(&features) {
                for i in 0..AREA {
                    out[i] += i32::from(w) * feature[i];
                }
            }
            out.iter_mut().for_each(|v| *v >>= FRACTION);
        }
    }
}

impl Filter<'_> {
    /// The class of each cell.
    pub fn classes(&self) -> Vec<Class> {
        simd::with(self.isa, Classify(self))
    }

    /// What the filter adds to some cells of a row.
    pub fn row(
        &self,
        plane: usize,
        classes: &[Class],
        (row, columns): (usize, std::ops::Range<usize>),
        out: &mut [[i32; AREA]],
    ) {
        simd::with(self.isa, Add { filter: self, plane, classes, row, columns, out });
    }

    /// The features of a cell, for those who fit weights.
    #[cfg(feature = "lab")]
    pub fn features(&self, plane: usize, (column, row): (usize, usize), turn: u8) -> Features {
        features(self.planes, plane, self.planes[0].at(column, row), turn, self.quantizer.unit())
    }
}

/// A sample with what the filter adds in this strength.
#[inline(always)]
pub(super) fn filtered(sample: i16, add: i32, strength: u8) -> i16 {
    (i32::from(sample) + ((i32::from(strength) * add + 1) >> 1)).clamp(-32_768, 32_767) as i16
}
