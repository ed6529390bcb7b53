//! Sizes of coefficients as small numbers, for contexts.

/// About twice the logarithm: 0, 1, 2, 3, 4, 4, 5, 5, 6, ...
#[inline(always)]
pub(super) fn small(size: usize) -> usize {
    match size {
        0..=3 => size,
        4..=5 => 4,
        6..=8 => 5,
        9..=14 => 6,
        15..=30 => 7,
        _ => 8,
    }
}

#[inline(always)]
pub(super) fn hash(numbers: &[u32]) -> u32 {
    let h = numbers.iter().fold(0x9E37_79B9u32, |h, &n| (h ^ n).wrapping_mul(0x2C1B_3C6D).rotate_left(13));
    let h = (h ^ h >> 16).wrapping_mul(0x7FEB_352D);
    h ^ h >> 15
}

/// The same with more steps, for sizes in 1/16.
#[inline(always)]
pub(super) fn fine(size: usize) -> usize {
    if size < 4 {
        return usize::from(size >= 2);
    }
    let bits = size.ilog2() as usize;
    (bits * 4 - 6 + (size >> (bits - 2) & 3)).min(39)
}

#[inline(always)]
pub(super) fn signed(value: i32, step: impl Fn(usize) -> usize) -> u32 {
    let size = step(value.unsigned_abs() as usize) as u32;
    size * 2 + u32::from(value < 0 && size > 0)
}
