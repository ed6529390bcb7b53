//! Powers and logarithms by `+ - * /` alone: the same bits on every machine, unlike those of the platform.

/// The natural logarithm of a positive, normal number, to about 15 digits.
pub(super) fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let mut exponent = ((bits >> 52) & 0x7ff) as i64 - 1023;
    let mut mantissa = f64::from_bits(bits & ((1 << 52) - 1) | 1023 << 52);
    if mantissa > std::f64::consts::SQRT_2 {
        (mantissa, exponent) = (mantissa / 2.0, exponent + 1);
    }
    // ln m = 2 artanh((m - 1) / (m + 1)), a series in odd powers; the argument is under 0.172.
    let t = (mantissa - 1.0) / (mantissa + 1.0);
    let square = t * t;
    let (mut power, mut sum, mut odd) = (t, 0.0, 1.0);
    for _ in 0..12 {
        sum += power / odd;
        power *= square;
        odd += 2.0;
    }
    2.0 * sum + exponent as f64 * std::f64::consts::LN_2
}

/// e to the power of `x`, for results that are normal numbers.
pub(super) fn exp(x: f64) -> f64 {
    let steps = x / std::f64::consts::LN_2;
    let whole = (if steps < 0.0 { steps - 0.5 } else { steps + 0.5 }) as i64;
    let rest = x - whole as f64 * std::f64::consts::LN_2;
    let (mut term, mut sum) = (1.0, 1.0);
    for n in 1..=16 {
        term *= rest / f64::from(n);
        sum += term;
    }
    let scale = f64::from_bits(((whole.clamp(-1022, 1023) + 1023) as u64) << 52);
    sum * scale
}

/// `x` to the power of `y`; 0 for what is not positive.
pub(super) fn power(x: f64, y: f64) -> f64 {
    if x > f64::MIN_POSITIVE { exp(y * ln(x)) } else { 0.0 }
}

/// The third root of a number that is not negative, to the last bit or the one before: Newton's method from a third of the exponent.
#[inline(always)]
pub(super) fn cube_root(x: f32) -> f32 {
    let x = x.max(1e-20);
    let mut y = f32::from_bits(x.to_bits() / 3 + 0x2a51_4067);
    for _ in 0..3 {
        y = (y + y + x / (y * y)) * (1.0 / 3.0);
    }
    y
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agree_with_the_platform() {
        for i in 1..2000 {
            let x = f64::from(i) * 0.037;
            assert!((ln(x) - x.ln()).abs() < 1e-13, "{x}");
            assert!((power(x, 0.6276) / x.powf(0.6276) - 1.0).abs() < 1e-13, "{x}");
            let narrow = x as f32 / 70.0;
            assert!((cube_root(narrow) / narrow.cbrt() - 1.0).abs() < 4e-7, "{x}");
        }
        assert_eq!(power(0.0, 2.0), 0.0);
    }
}
