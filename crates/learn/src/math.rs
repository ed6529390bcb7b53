//! Elementary functions without calls of a C library: loops over them become vector code, and they are the same everywhere.

/// Adding this to a number under 2^22 rounds it to a whole one, which then stands in the low bits.
const ROUND: f32 = 12_582_912.0;

/// e^x, to 2e-7 of its value; 0 under -87.3 is 1.2e-38, over 88.3 it stays at 2.2e38.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.33, 88.37);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let k = shifted - ROUND;
    // ln 2 in two parts, the first of few bits, so that the product is exact.
    let f = (x - k * 0.693_359_4) + k * 2.121_944_4e-4;
    // A polynomial through the Chebyshev nodes of -ln 2 / 2 to ln 2 / 2.
    let p = 0.166_665_77 + f * (0.041_666_55 + f * (0.008_363_233 + f * 0.001_392_625_1));
    let p = 1.0 + f * (1.0 + f * (0.5 + f * p));
    f32::from_bits(p.to_bits().wrapping_add(shifted.to_bits() << 23))
}

/// ln x, to 2e-7 of its value or of 1; of what is under 1.2e-38 the logarithm of that.
#[inline(always)]
pub(crate) fn ln(x: f32) -> f32 {
    let least = f32::MIN_POSITIVE;
    let bits = if x < least { least } else { x }.to_bits();
    // The mantissa between sqrt(1/2) and sqrt(2).
    let shifted = bits.wrapping_sub(0x3f35_04f3);
    let exponent = (shifted as i32 >> 23) as f32;
    let m = f32::from_bits((shifted & 0x007f_ffff).wrapping_add(0x3f35_04f3));
    let s = (m - 1.0) / (m + 1.0);
    let z = s * s;
    let series = 2.0 * s * (1.0 + z * (1.0 / 3.0 + z * (0.2 + z * (1.0 / 7.0 + z * (1.0 / 9.0)))));
    // The last term is 0, but for what is infinite or no number.
    exponent * std::f32::consts::LN_2 + series + x * 0.0
}

/// 1 / (1 + e^-x).
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// ln (1 + e) for e in 0..=1, to 3e-7.
#[inline(always)]
pub(crate) fn ln_1p(e: f32) -> f32 {
    // A polynomial through the Chebyshev nodes of the range.
    let p = 0.043_493_9 - e * 0.008_371_153;
    let p = -0.244_747_74 + e * (0.176_874_77 + e * (-0.106_850_03 + e * p));
    e * (0.999_999_8 + e * (-0.499_971_75 + e * (0.332_719_28 + e * p)))
}

/// ln (1 + e^x), without overflow, and its slope, the sigmoid.
#[inline(always)]
pub(crate) fn softplus(x: f32) -> (f32, f32) {
    let e = exp(-x.abs());
    (x.max(0.0) + ln_1p(e), if x >= 0.0 { 1.0 } else { e } / (1.0 + e))
}

/// 1 - e^-d for d >= 0, without cancellation.
#[inline(always)]
pub(crate) fn one_minus_exp(d: f32) -> f32 {
    let series = d * (1.0 - d * (0.5 - d * (1.0 / 6.0 - d * (1.0 / 24.0 - d * (1.0 / 120.0)))));
    if d < 0.2 { series } else { 1.0 - exp(-d) }
}

/// Hyperbolic tangent.
#[inline(always)]
pub(crate) fn tanh(x: f32) -> f32 {
    let z = x * x;
    let near = x * (1.0 - z * (1.0 / 3.0 - z * (2.0 / 15.0 - z * (17.0 / 315.0 - z * (62.0 / 2835.0)))));
    let far = 1.0 - 2.0 / (1.0 + exp(2.0 * x));
    if z < 0.04 { near } else { far }
}

/// The nearest whole number, halves to the even one; exact for every number.
#[inline(always)]
pub(crate) fn round(x: f32) -> f32 {
    let whole = if x < 0.0 { (x - 8_388_608.0) + 8_388_608.0 } else { (x + 8_388_608.0) - 8_388_608.0 };
    if x.abs() < 4_194_304.0 { whole } else { x.round_ties_even() }
}

/// The largest whole number that is not larger.
#[inline(always)]
pub(crate) fn floor(x: f32) -> f32 {
    let whole = round(x);
    if whole > x { whole - 1.0 } else { whole }
}

/// The sum, in sixteen parts added up in a fixed order.
#[inline(always)]
pub(crate) fn sum(values: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 16];
    let mut blocks = values.chunks_exact(16);
    for block in &mut blocks {
        for (lane, value) in lanes.iter_mut().zip(block) {
            *lane += value;
        }
    }
    for (lane, value) in lanes.iter_mut().zip(blocks.remainder()) {
        *lane += value;
    }
    tree(lanes)
}

/// The sum of products, in the same order.
#[inline(always)]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 16];
    let (mut x, mut y) = (a.chunks_exact(16), b.chunks_exact(16));
    for (x, y) in (&mut x).zip(&mut y) {
        for ((lane, x), y) in lanes.iter_mut().zip(x).zip(y) {
            *lane += x * y;
        }
    }
    for ((lane, x), y) in lanes.iter_mut().zip(x.remainder()).zip(y.remainder()) {
        *lane += x * y;
    }
    tree(lanes)
}

fn tree(mut lanes: [f32; 16]) -> f32 {
    for half in [8, 4, 2, 1] {
        for i in 0..half {
            lanes[i] += lanes[i + half];
        }
    }
    lanes[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest difference from `reference`, relative to it or to `least`.
    fn worst(f: impl Fn(f32) -> f32, reference: impl Fn(f64) -> f64, range: (f64, f64), least: f64) -> f64 {
        (0..=100_000)
            .map(|i| (range.0 + (range.1 - range.0) * f64::from(i) / 100_000.0) as f32)
            .map(|x| {
                let r = reference(f64::from(x));
                (f64::from(f(x)) - r).abs() / r.abs().max(least)
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn functions_are_as_close_as_they_say() {
        assert!(worst(exp, f64::exp, (-87.0, 88.0), 0.0) < 2e-7);
        assert!(worst(ln, f64::ln, (1e-30, 4.0), 1.0) < 2e-7);
        assert!(worst(ln, f64::ln, (1.0, 1e30), 1.0) < 2e-7);
        assert!(worst(sigmoid, |x| 1.0 / (1.0 + (-x).exp()), (-80.0, 80.0), 0.0) < 4e-7);
        assert!(
            worst(|x| softplus(x).0, |x| x.max(0.0) + (-x.abs()).exp().ln_1p(), (-30.0, 30.0), 1.0) < 3e-7
        );
        assert!(worst(ln_1p, f64::ln_1p, (0.0, 1.0), 1.0) < 3e-7);
        assert!(worst(one_minus_exp, |d| -(-d).exp_m1(), (1e-6, 20.0), 0.0) < 1e-6);
        assert!(worst(tanh, f64::tanh, (-10.0, 10.0), 0.0) < 2e-6);
        assert!(exp(f32::NAN).is_nan() && ln(f32::NAN).is_nan() && tanh(f32::NAN).is_nan());
        assert_eq!((exp(-1e9) < 2e-38, exp(1e9) > 1e38), (true, true));
    }

    #[test]
    fn rounding_is_exact() {
        for i in -4000..4000 {
            let x = i as f32 * 0.125;
            assert_eq!(round(x), x.round_ties_even(), "{x}");
            assert_eq!(floor(x), x.floor(), "{x}");
        }
        assert_eq!((round(1e20), round(-3e9), floor(8_388_607.5)), (1e20, -3e9, 8_388_607.0));
    }

    #[test]
    fn sums_take_all_values() {
        let values: Vec<f32> = (0..37).map(|i| i as f32).collect();
        assert_eq!((sum(&values), dot(&values, &values)), (666.0, 16_206.0));
    }
}
