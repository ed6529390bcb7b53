//! The logistic functions of the model as tables, built from integers only so that every machine has the same.
//!
//! Probabilities are of 16 bits, the logistic domain counts 1/256: `stretch(p) = 256 ln(p / (1 - p))`.

/// Largest value of the logistic domain: 11, that is a probability of 1 in 60,000.
pub(super) const MAX: i32 = 2815;

/// Squash by `x + MAX`.
static SQUASH: [u16; 2 * MAX as usize + 1] = squash_table();
/// Stretch by the upper 12 bits of a probability.
static STRETCH: [i16; 4096] = stretch_table();

/// The probability (1..=65535) for a logistic value in -MAX..=MAX.
#[inline(always)]
pub(super) fn squash(x: i32) -> u32 {
    u32::from(SQUASH[(x.clamp(-MAX, MAX) + MAX) as usize])
}

/// The logistic value of a 16-bit probability.
#[inline(always)]
pub(super) fn stretch(p: u32) -> i16 {
    STRETCH[(p >> 4) as usize & 4095]
}

/// 65536 / (1 + e^-x) for each x: e^(n/256) in 40.24 bits by repeated multiplication with e^(1/256).
const fn squash_table() -> [u16; 2 * MAX as usize + 1] {
    const ONE: u128 = 1 << 48;
    // e^(1/256) = 1.003913889338347573... in units of 2^-48.
    const STEP: u128 = 282_576_638_621_015;
    let mut table = [0; 2 * MAX as usize + 1];
    let (mut n, mut power) = (0, ONE);
    while n <= MAX as usize {
        let p = (65_536 * power + (power + ONE) / 2) / (power + ONE);
        let p = if p > 65_535 { 65_535 } else { p };
        table[MAX as usize + n] = p as u16;
        table[MAX as usize - n] = (65_536 - p) as u16;
        power = (power * STEP + ONE / 2) / ONE;
        n += 1;
    }
    table
}

/// The inverse of squash at the middle of each step of 16.
const fn stretch_table() -> [i16; 4096] {
    let squash = squash_table();
    let mut table = [0; 4096];
    let (mut i, mut x) = (0, -MAX);
    while i < 4096 {
        while x < MAX && (squash[(x + MAX) as usize] as usize) < i * 16 + 8 {
            x += 1;
        }
        table[i] = x as i16;
        i += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_symmetric_monotone_and_inverse() {
        assert_eq!((squash(0), squash(256), squash(-256)), (32_768, 47_911, 17_625));
        assert_eq!((squash(99_999), squash(-99_999)), (65_535, 1));
        for p in (16..65_520).step_by(16) {
            assert!(stretch(p) <= stretch(p + 16));
            assert!(squash(i32::from(stretch(p))).abs_diff(p + 8) <= 70, "{p}");
        }
    }
}
