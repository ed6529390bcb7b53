//! Into the logistic domain and back.

use crate::log2::log2_q16;

/// Largest value of [`stretch`]; the smallest is its negative.
pub const STRETCH_MAX: i32 = 2047;

/// `log2` of 1..2 in 512 steps (taken in their middle), in units of 1/2048.
const LOGS: [u16; 512] = {
    let mut table = [0; 512];
    let mut i = 0;
    while i < 512 {
        // (1 + (i + 1/2) / 512) * 2^20
        let value = (2 * (512 + i as u32) + 1) << 10;
        table[i] = ((log2_q16(value) - (20 << 16) + 16) >> 5) as u16;
        i += 1;
    }
    table
};

/// `log2(value) * 2048` for 1..=65535.
#[inline(always)]
fn log(value: u32) -> i32 {
    let whole = 31 - (value | 1).leading_zeros();
    let mantissa = (value << (15 - whole.min(15))) >> 6;
    (whole << 11) as i32 + i32::from(LOGS[mantissa as usize & 511])
}

/// `128 * log2(p / (65536 - p))`, rounded, for `p1` in `1..=65535`.
#[inline(always)]
#[must_use]
pub fn stretch(p1: u32) -> i32 {
    let p1 = p1.clamp(1, 65_535);
    // Rounded half away from zero, so that stretch(65536 - p) = -stretch(p).
    let fine = log(p1) - log(65_536 - p1);
    ((fine + 8 + (fine >> 31)) >> 4).clamp(-STRETCH_MAX, STRETCH_MAX)
}

/// 2^(1/128) with 62 fraction bits, by seven square roots.
const ROOT: u128 = {
    let mut root = 2u128 << 62;
    let mut i = 0;
    while i < 7 {
        root = (root << 62).isqrt();
        i += 1;
    }
    root
};

const SQUASH: [u16; 4096] = {
    let mut table = [0; 4096];
    // 2^(k / 128) for k in 0..128, with 62 fraction bits, then shifted by the whole part.
    let mut power = 1u128 << 62;
    let mut k = 0;
    while k < 128 {
        let mut whole = 0;
        while whole < 32 {
            // E = 2^(whole - 16 + k/128) with 46 fraction bits; p = 65536 * E / (1 + E).
            let e = (power << whole) >> 32;
            let one = 1u128 << 46;
            let p = ((e << 17) / (e + one)).div_ceil(2);
            table[whole * 128 + k] = if p < 1 {
                1
            } else if p > 65_535 {
                65_535
            } else {
                p as u16
            };
            whole += 1;
        }
        power = (power * ROOT) >> 62;
        k += 1;
    }
    table
};

/// `65536 / (1 + 2^(-x / 128))` in `1..=65535`: the inverse of [`stretch`]. `x` is clamped to its range.
#[inline(always)]
#[must_use]
pub fn squash(x: i32) -> u32 {
    u32::from(SQUASH[(x.clamp(-2048, STRETCH_MAX) + 2048) as usize & 4095])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn close_to_the_true_functions() {
        for p in 1..65_536u32 {
            let exact = 128.0 * (f64::from(p) / f64::from(65_536 - p)).log2();
            assert!((f64::from(stretch(p)) - exact).abs() < 1.5, "{p}: {} for {exact}", stretch(p));
            assert_eq!(stretch(p), -stretch(65_536 - p), "{p}");
        }
        for x in -2047..=2047 {
            let exact = 65_536.0 / (1.0 + 2f64.powf(-f64::from(x) / 128.0));
            assert!((f64::from(squash(x)) - exact).abs() <= 1.0, "{x}: {} for {exact}", squash(x));
            assert!(x == -2047 || squash(x) >= squash(x - 1));
        }
        assert_eq!((squash(i32::MIN), squash(i32::MAX)), (1, 65_535));
    }

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn tables_never_change() {
        // These tables are part of the format of every codec that mixes.
        let sum = |values: &mut dyn Iterator<Item = u32>| {
            values.fold(0u64, |h, v| (h ^ u64::from(v)).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(5))
        };
        assert_eq!(sum(&mut (1..65_536).map(|p| (stretch(p) + 2048) as u32)), 1_591_758_115_987_284_536);
        assert_eq!(sum(&mut (-2048..=2047).map(squash)), 15_722_483_673_853_276_042);
    }
}
