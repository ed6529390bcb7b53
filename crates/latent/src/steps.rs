//! Steps of coefficients, and how coarse each is against what is expected: all in quarters of an octave.

/// Steps and deviations are powers of the fourth root of 2, in sixteenths of a value: 0 stands for 1/16.
pub const QUARTERS_MAX: u8 = 95;
/// How coarse the steps are against the deviation, from 2^-4 to 2^3.75.
pub const COARSENESS: usize = 32;
/// Coefficients that are so small are not coded: their deviation is less than a ninth of a step.
pub const LEAST_COARSENESS: usize = 3;

/// Squares that a bit is worth, for steps of 1: where the slope of what uniform steps with a dead zone cost is.
pub const PRICE: f64 = 0.145;

/// `2^(quarters / 4)`, rounded down, in sixteenths.
#[must_use]
pub fn size(quarters: u8) -> i64 {
    /// 2^(12 + j/4).
    const ROOTS: [i64; 4] = [4096, 4871, 5793, 6889];
    let quarters = quarters.min(QUARTERS_MAX);
    (ROOTS[usize::from(quarters & 3)] << (quarters >> 2)) >> 12
}

/// How coarse steps of `step` are for coefficients that deviate by `deviation`, both in quarters of an octave.
#[must_use]
pub fn coarseness(deviation: u8, step: u8) -> usize {
    (16 + i32::from(deviation) - i32::from(step)).clamp(0, COARSENESS as i32 - 1) as usize
}

/// The quarters of an octave nearest to `size` sixteenths.
#[must_use]
pub fn nearest(size: f64) -> u8 {
    (0..=QUARTERS_MAX)
        .min_by(|&a, &b| {
            let off = |q| (self::size(q) as f64 / size.max(1e-9)).max(size.max(1e-9) / self::size(q) as f64);
            off(a).total_cmp(&off(b))
        })
        .unwrap_or(0)
}

/// What integer `q` of a coefficient stands for, in sixteenths: a little less than so many steps, since smaller coefficients are more
/// likely than larger ones. `pull` is by how much, in 1/256 of a step, for 1 and for more.
#[must_use]
pub fn restored(q: i32, step: i64, pull: [i8; 2]) -> i64 {
    let magnitude = i64::from(q.unsigned_abs());
    let pull = i64::from(match magnitude {
        0 => return 0,
        1 => pull[0],
        _ => pull[1],
    });
    let size = ((magnitude * 256 - pull) * step) >> 8;
    if q < 0 { -size } else { size }
}
