//! Intra prediction: a block's samples from those around it.
//!
//! Planar, DC and 65 directions, with the angles and the two kinds of interpolation of H.266 (ITU-T H.266, 8.4.5.2), and for the second
//! and third plane a line fitted to the plane before.

use super::canvas::References;
use super::transform::SIDE;
use minlen_entropy::mixing::simd::{self, Isa, Task, Vector};

/// Modes: 0 planar, 1 DC, from 2 on directions from the lower left to the upper right.
pub(super) const MODES: u8 = 67;
pub(super) const PLANAR: u8 = 0;
pub(super) const DC: u8 = 1;
pub(super) const HORIZONTAL: u8 = 18;
pub(super) const DIAGONAL: u8 = 34;
pub(super) const VERTICAL: u8 = 50;

/// The slope of a direction that is so many modes off the axis, in 1/32 sample a row.
const SLOPES: [i32; 17] = [0, 1, 2, 3, 4, 6, 8, 10, 12, 14, 16, 18, 20, 23, 26, 29, 32];

/// Catmull-Rom's cubic at 32 places between two samples, in 1/64.
const SHARP: [[i32; 4]; 32] = {
    let mut taps = [[0; 4]; 32];
    let mut f = 0;
    while f < 32 {
        let t = f as i32;
        // 2 * 32^3 is the common denominator.
        let a = -t * 1024 + 2 * t * t * 32 - t * t * t;
        let c = t * 1024 + 4 * t * t * 32 - 3 * t * t * t;
        let d = t * t * t - t * t * 32;
        taps[f][0] = (a - 512) / 1024;
        taps[f][2] = (c + 512) / 1024;
        taps[f][3] = (d - 512) / 1024;
        taps[f][1] = 64 - taps[f][0] - taps[f][2] - taps[f][3];
        f += 1;
    }
    taps
};

/// A soft kernel, linear interpolation smoothed.
const SOFT: [[i32; 4]; 32] = {
    let mut taps = [[0; 4]; 32];
    let mut f = 0;
    while f < 32 {
        let half = f as i32 / 2;
        taps[f] = [16 - half, 32 - half, 16 + half, half];
        f += 1;
    }
    taps
};

/// Samples of a prediction, row by row.
pub(super) type Block = [i16; SIDE * SIDE];

/// What predictions are made in.
#[derive(Clone, Debug)]
pub(super) struct Predictor {
    pub refs: References,
    /// The references smoothed.
    pub smooth: References,
    turned: Box<Block>,
    isa: Isa,
}

impl Default for Predictor {
    fn default() -> Self {
        Self {
            refs: References::default(),
            smooth: References::default(),
            turned: Box::new([0; SIDE * SIDE]),
            isa: simd::isa(),
        }
    }
}

/// Prediction along a direction nearer to the columns than to the rows.
struct Angular<'a> {
    main: &'a [i16],
    side: &'a [i16],
    slope: i32,
    soft: bool,
    size: (usize, usize),
    out: &'a mut [i16],
}

impl Task for Angular<'_> {
    type Out = ();
    #[inline(always)]
    fn run<V: Vector>(self, _: V) {
        let (w, h) = self.size;
        let mut line = [0i16; 3 * SIDE + 8];
        line[SIDE..SIDE + w + h + 4].copy_from_slice(&self.main[..w + h + 4]);
        if self.slope < 0 {
            let inverse = (512 * 32) / -self.slope;
            for k in 1..=h {
                let from = (k as i32 * inverse + 256) >> 9;
                line[SIDE - k] = self.side[(from as usize).min(h)];
            }
        }
        let kernel = if self.soft { &SOFT } else { &SHARP };
        for (y, out) in self.out.chunks_exact_mut(w).take(h).enumerate() {
            let place = (y as i32 + 1) * self.slope;
            let start = (SIDE as i32 + (place >> 5)) as usize;
            let taps = &kernel[(place & 31) as usize];
            if place & 31 == 0 && !self.soft {
                out.copy_from_slice(&line[start + 1..start + 1 + w]);
                continue;
            }
            let from = &line[start..start + w + 3];
            for x in 0..w {
                let sum = taps[0] * i32::from(from[x])
                    + taps[1] * i32::from(from[x + 1])
                    + taps[2] * i32::from(from[x + 2])
                    + taps[3] * i32::from(from[x + 3]);
                out[x] = ((sum + 32) >> 6) as i16;
            }
        }
    }
}

impl Predictor {
    /// To be called once the references are set.
    pub fn prepare(&mut self, (w, h): (usize, usize)) {
        let n = w + h + 3;
        let (refs, smooth) = (&self.refs, &mut self.smooth);
        for (from, to) in [(&refs.above, &mut smooth.above), (&refs.left, &mut smooth.left)] {
            for i in 1..n {
                let sum = i32::from(from[i - 1]) + 2 * i32::from(from[i]) + i32::from(from[i + 1]);
                to[i] = ((sum + 2) >> 2) as i16;
            }
            to[n] = from[n];
        }
        let sum = i32::from(refs.above[1]) + 2 * i32::from(refs.above[0]) + i32::from(refs.left[1]);
        let corner = ((sum + 2) >> 2) as i16;
        (smooth.above[0], smooth.left[0]) = (corner, corner);
    }

    /// Predicts a block of `w` by `h` samples in this mode.
    pub fn predict(&mut self, mode: u8, (w, h): (usize, usize), out: &mut Block) {
        match mode {
            PLANAR => self.planar((w, h), out),
            DC => self.dc((w, h), out),
            _ => self.direction(mode, (w, h), out),
        }
        if matches!(mode, PLANAR | DC | HORIZONTAL | VERTICAL) {
            self.lean(mode, (w, h), out);
        }
    }

    fn planar(&self, (w, h): (usize, usize), out: &mut Block) {
        let refs = if w * h > 32 { &self.smooth } else { &self.refs };
        let (right, low) = (i32::from(refs.above[w + 1]), i32::from(refs.left[h + 1]));
        let (log_w, log_h) = (w.trailing_zeros(), h.trailing_zeros());
        for (y, out) in out.chunks_exact_mut(w).take(h).enumerate() {
            let (y, left) = (y as i32, i32::from(refs.left[y + 1]));
            for (x, (out, &above)) in out.iter_mut().zip(&refs.above[1..]).enumerate() {
                let x = x as i32;
                let down = ((h as i32 - 1 - y) * i32::from(above) + (y + 1) * low) << log_w;
                let along = ((w as i32 - 1 - x) * left + (x + 1) * right) << log_h;
                *out = ((down + along + (w * h) as i32) >> (log_w + log_h + 1)) as i16;
            }
        }
    }

    fn dc(&self, (w, h): (usize, usize), out: &mut Block) {
        let sum = |row: &[i16], n: usize| row[1..=n].iter().map(|&v| i32::from(v)).sum::<i32>();
        // Of a block that is not square only the longer side counts.
        let (total, count) = match w.cmp(&h) {
            std::cmp::Ordering::Greater => (sum(&self.refs.above, w), w),
            std::cmp::Ordering::Less => (sum(&self.refs.left, h), h),
            std::cmp::Ordering::Equal => (sum(&self.refs.above, w) + sum(&self.refs.left, h), w + h),
        };
        let mean = (total + count as i32 / 2) >> count.trailing_zeros();
        out[..w * h].fill(mean as i16);
    }

    fn direction(&mut self, mode: u8, (w, h): (usize, usize), out: &mut Block) {
        let upright = mode >= DIAGONAL;
        let off = if upright {
            i32::from(mode) - i32::from(VERTICAL)
        } else {
            i32::from(HORIZONTAL) - i32::from(mode)
        };
        let slope = SLOPES[off.unsigned_abs() as usize & 31] * off.signum();
        let nearest = i32::from(mode.abs_diff(VERTICAL).min(mode.abs_diff(HORIZONTAL)));
        let size = (w.trailing_zeros() + h.trailing_zeros()) >> 1;
        let smooth = nearest > [24, 14, 2, 0, 0][size as usize - 2];
        let straight = slope % 32 == 0;
        let refs = if smooth && straight { &self.smooth } else { &self.refs };
        let soft = smooth && !straight;
        let isa = self.isa;
        if upright {
            let (main, side) = (&refs.above[..], &refs.left[..]);
            simd::with(isa, Angular { main, side, slope, soft, size: (w, h), out: &mut out[..] });
        } else {
            let (main, side) = (&refs.left[..], &refs.above[..]);
            simd::with(isa, Angular { main, side, slope, soft, size: (h, w), out: &mut self.turned[..] });
            for (y, out) in out.chunks_exact_mut(w).take(h).enumerate() {
                for (x, out) in out.iter_mut().enumerate() {
                    *out = self.turned[x * h + y];
                }
            }
        }
    }

    /// Draws samples near the references towards them (position-dependent combination, H.266 8.4.5.2.15).
    fn lean(&self, mode: u8, (w, h): (usize, usize), out: &mut Block) {
        let scale = (w.trailing_zeros() + h.trailing_zeros() - 2) >> 2;
        let weight = |i: usize| 32 >> ((2 * i) >> scale).min(31);
        let refs = &self.refs;
        let corner = i32::from(refs.above[0]);
        for (y, out) in out.chunks_exact_mut(w).take(h).enumerate() {
            let (down, left) = (weight(y), i32::from(refs.left[y + 1]));
            for (x, (out, &above)) in out.iter_mut().zip(&refs.above[1..]).enumerate() {
                let (p, above) = (i32::from(*out), i32::from(above));
                let add = match mode {
                    VERTICAL => weight(x) * (left - corner),
                    HORIZONTAL => down * (above - corner),
                    _ => weight(x) * (left - p) + down * (above - p),
                };
                *out = (p + ((add + 32) >> 6)).clamp(-32_768, 32_767) as i16;
            }
        }
    }
}

/// A line from the samples of another plane: sample = (slope * (other - other_mean) >> 10) + mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub slope: i32,
    pub mean: i32,
    pub other_mean: i32,
}

impl Line {
    /// By least squares over the references, drawn to a slope of 0 where they say little; `noise` is the square of what differences
    /// are to be taken for noise.
    pub fn fit(other: &References, this: &References, noise: i64) -> Self {
        let (above, left) = this.known;
        let pairs = || {
            let above = other.above[1..=above].iter().zip(&this.above[1..=above]);
            above
                .chain(other.left[1..=left].iter().zip(&this.left[1..=left]))
                .map(|(&x, &y)| (i64::from(x), i64::from(y)))
        };
        let n = (above + left) as i64;
        if n == 0 {
            return Self { slope: 0, mean: 0, other_mean: 0 };
        }
        let (sum_x, sum_y) = pairs().fold((0, 0), |(a, b), (x, y)| (a + x, b + y));
        let (mean_x, mean_y) = ((sum_x + n / 2).div_euclid(n), (sum_y + n / 2).div_euclid(n));
        let (mut both, mut square) = (0, 0);
        for (x, y) in pairs() {
            both += (x - mean_x) * (y - mean_y);
            square += (x - mean_x) * (x - mean_x);
        }
        let slope = (both * 1024) / (square + noise.max(1));
        Self { slope: slope.clamp(-4096, 4096) as i32, mean: mean_y as i32, other_mean: mean_x as i32 }
    }

    /// The sample where the other plane has this one.
    #[inline(always)]
    pub fn at(self, other: i16) -> i16 {
        let rise = (self.slope * (i32::from(other) - self.other_mean) + 512) >> 10;
        (rise + self.mean).clamp(-32_768, 32_767) as i16
    }
}
