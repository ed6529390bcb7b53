//! Decibels as ratios.

/// 10 to the power of `exponent`, with the same bits on every machine: products of roots of ten, which IEEE 754 rounds exactly.
pub(crate) fn power_of_ten(exponent: f64) -> f64 {
    let size = exponent.abs().min(300.0);
    let mut power = 1.0;
    for _ in 0..size as u32 {
        power *= 10.0;
    }
    let (mut root, mut rest) = (10f64, size - f64::from(size as u32));
    for _ in 0..50 {
        (root, rest) = (root.sqrt(), rest * 2.0);
        if rest >= 1.0 {
            (power, rest) = (power * root, rest - 1.0);
        }
    }
    if exponent < 0.0 { 1.0 / power } else { power }
}
