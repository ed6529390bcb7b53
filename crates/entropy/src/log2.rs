//! Binary logarithms in integers: for costs and for the tables of [`crate::mixing`], the same on every machine.

/// `log2(x)` in units of 1/65536, rounded down; 0 for 0.
///
/// ```
/// use minlen_entropy::log2::log2_q16;
/// assert_eq!(log2_q16(1024), 10 << 16);
/// assert_eq!(log2_q16(3), 103_872); // 1.58496 * 65536
/// ```
#[must_use]
pub const fn log2_q16(x: u32) -> u32 {
    if x == 0 {
        return 0;
    }
    let whole = 31 - x.leading_zeros();
    // Mantissa in 1..2 with 31 fraction bits; each squaring gives one more bit of the logarithm.
    let mut mantissa = (x as u64) << (31 - whole);
    let mut result = whole;
    let mut i = 0;
    while i < 16 {
        mantissa = (mantissa * mantissa) >> 31;
        result <<= 1;
        if mantissa >= 1 << 32 {
            mantissa >>= 1;
            result |= 1;
        }
        i += 1;
    }
    result
}

/// The cost of a decision in units of 1/65536 bit, where 1 has the probability `p1`/65536.
///
/// ```
/// use minlen_entropy::log2::bit_cost_q16;
/// assert_eq!(bit_cost_q16(32_768, true), 65_536); // even odds: one bit
/// assert_eq!(bit_cost_q16(16_384, true), 2 * 65_536);
/// assert!(bit_cost_q16(65_000, true) < 1000 && bit_cost_q16(65_000, false) > 6 * 65_536);
/// ```
#[must_use]
pub fn bit_cost_q16(p1: u32, bit: bool) -> u64 {
    u64::from((16 << 16) - log2_q16(if bit { p1 } else { 65_536 - p1 }))
}

/// Bits (rounded up) that coding symbols of these `counts` takes under a model of these `freqs`, which add up to
/// `1 << total_bits`. Symbols with a count but no frequency are left out.
#[must_use]
pub fn cost_bits(counts: &[u32], freqs: &[u32], total_bits: u32) -> u64 {
    let parts = counts.iter().zip(freqs).filter(|&(&c, &f)| c > 0 && f > 0);
    let cost: u128 = parts
        .map(|(&c, &f)| u128::from(c) * u128::from((total_bits << 16).saturating_sub(log2_q16(f))))
        .sum();
    cost.div_ceil(1 << 16) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn close_to_the_true_logarithm() {
        for x in (1..100_000).chain([u32::MAX, u32::MAX - 1, 1 << 31]) {
            let exact = f64::from(x).log2() * 65_536.0;
            let ours = f64::from(log2_q16(x));
            assert!(ours <= exact + 1e-6 && ours > exact - 1.01, "{x}: {ours} for {exact}");
        }
    }

    #[test]
    fn cost_of_a_uniform_model() {
        assert_eq!(cost_bits(&[5, 3, 0, 8], &[4, 4, 4, 4], 4), 32);
    }
}
