//! What the neighbours' borders say about a block: pixels go on smoothly across the border.
//!
//! Along a border, the pixels' values are the cosine transform of one number for each frequency in that direction: a weighted sum of
//! the block's coefficients of this frequency. That of the neighbour's side and that of this side should be alike, which gives an
//! equation for each of the 8 frequencies and each of the two borders (Lakhani, "DCT coefficient prediction for JPEG image
//! coding", ICIP 2007; Horn et al., NSDI 2017, use it for the first row and column).

use super::super::planes::Block;

/// Ways of stating the value at the border.
pub(super) const WAYS: usize = 2;

/// Weight of each frequency at a border, times 1024: of the last pixel; and of the line through the last two pixels, half
/// a pixel further on.
const WEIGHTS: [[i32; 8]; WAYS] =
    [[724, 1004, 946, 851, 724, 569, 392, 200], [724, 1081, 1223, 1377, 1448, 1356, 1061, 584]];

/// A coefficient times its step, within what pixels of 8 bits can have.
#[inline(always)]
fn level(value: i16, step: u16) -> i32 {
    (i32::from(value) * i32::from(step)).clamp(-8192, 8191)
}

/// What the equations still miss, with the coefficients known so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Edges {
    /// For each row, across the left border; none if there is no block.
    left: Option<[[i32; 8]; WAYS]>,
    /// For each column, across the upper border.
    above: Option<[[i32; 8]; WAYS]>,
}

impl Edges {
    /// With no coefficient of the block known.
    pub(super) fn new(left: Option<&Block>, above: Option<&Block>, steps: &[u16; 64]) -> Self {
        let sums = |block: &Block, stride: usize, across: usize| {
            WEIGHTS.map(|weights| {
                std::array::from_fn(|line| {
                    let term = |k: usize| {
                        let at = line * stride + k * across;
                        let term = weights[k] * level(block[at], steps[at]);
                        // The far end of a wave of odd frequency has the other sign.
                        if k & 1 == 1 { -term } else { term }
                    };
                    (0..8).map(term).sum()
                })
            })
        };
        Self { left: left.map(|b| sums(b, 8, 1)), above: above.map(|b| sums(b, 1, 8)) }
    }

    /// The coefficient at `at` is known now.
    #[inline(always)]
    pub(super) fn know(&mut self, at: usize, value: i16, step: u16) {
        let (row, column, level) = (at >> 3 & 7, at & 7, level(value, step));
        for way in 0..WAYS {
            if let Some(left) = &mut self.left {
                left[way][row] -= WEIGHTS[way][column] * level;
            }
            if let Some(above) = &mut self.above {
                above[way][column] -= WEIGHTS[way][row] * level;
            }
        }
    }

    /// What the left and the upper border alone say the coefficient at `at` is, in 1/16.
    #[inline(always)]
    pub(super) fn predict(&self, at: usize, step: u16, way: usize) -> [Option<i32>; 2] {
        let (row, column) = (at >> 3 & 7, at & 7);
        let solve = |missing: i32, weight: i32| {
            let unit = weight * i32::from(step);
            let half = unit / 2;
            let value = i64::from(missing) * 16 + i64::from(if missing < 0 { -half } else { half });
            (value / i64::from(unit)).clamp(-1 << 20, 1 << 20) as i32
        };
        [
            self.left.map(|left| solve(left[way][row], WEIGHTS[way][column])),
            self.above.map(|above| solve(above[way][column], WEIGHTS[way][row])),
        ]
    }

    /// What each of the 16 border pixels says the DC is, in 1/16 of its step, with all others known; and how many there are.
    pub(super) fn dc(&self, step: u16) -> ([i32; 16], usize) {
        let (mut all, mut count) = ([0; 16], 0);
        for side in [&self.left, &self.above].into_iter().flatten() {
            for pixel in 0..8 {
                let waves = side[1].iter().zip(&BASIS);
                let sum: i64 = waves.map(|(&k, wave)| i64::from(k) * i64::from(wave[pixel])).sum();
                // The DC's own share: the weight of frequency 0 in both directions.
                let unit = i64::from(WEIGHTS[1][0] * WEIGHTS[1][0]) * i64::from(step);
                all[count] = (sum * 16 / unit).clamp(-1 << 20, 1 << 20) as i32;
                count += 1;
            }
        }
        (all, count)
    }
}

/// The cosine transform's waves: `1024 cos((2 pixel + 1) k pi / 16)`, the first by the root of 1/2.
const BASIS: [[i32; 8]; 8] = [
    [724; 8],
    [1004, 851, 569, 200, -200, -569, -851, -1004],
    [946, 392, -392, -946, -946, -392, 392, 946],
    [851, -200, -1004, -569, 569, 1004, 200, -851],
    [724, -724, -724, 724, 724, -724, -724, 724],
    [569, -1004, 200, 851, -851, -200, 1004, -569],
    [392, -946, 946, -392, -392, 946, -946, 392],
    [200, -569, 851, -1004, 1004, -851, 569, -200],
];
