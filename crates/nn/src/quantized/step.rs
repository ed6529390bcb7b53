//! Steps as integers: 16 a factor of two, with the same f32 on every machine.

/// Largest magnitude of a step's code.
pub const STEP_MAX: i32 = 16 * 120;

/// 2^(i/16) for i in 0..16, as f32 bit patterns.
const ROOTS: [u32; 16] = [
    0x3f80_0000,
    0x3f85_aac3,
    0x3f8b_95c2,
    0x3f91_c3d3,
    0x3f98_37f0,
    0x3f9e_f532,
    0x3fa5_fed7,
    0x3fad_583f,
    0x3fb5_04f3,
    0x3fbd_08a4,
    0x3fc5_672a,
    0x3fce_248c,
    0x3fd7_44fd,
    0x3fe0_ccdf,
    0x3fea_c0c7,
    0x3ff5_257d,
];

/// 2^(`code`/16), for codes in ±[`STEP_MAX`] (clamped to them).
///
/// ```
/// use minlen_nn::quantized::step_value;
/// assert_eq!((step_value(0), step_value(16), step_value(-48)), (1.0, 2.0, 0.125));
/// ```
#[must_use]
pub fn step_value(code: i32) -> f32 {
    let code = code.clamp(-STEP_MAX, STEP_MAX);
    // A normal number, so that moving the exponent is exact.
    let exponent = code.div_euclid(16) << 23;
    f32::from_bits(ROOTS[code.rem_euclid(16) as usize].wrapping_add_signed(exponent))
}

/// The code whose step is nearest to `step` by ratio; the smallest for steps that are not over 0.
///
/// ```
/// use minlen_nn::quantized::{nearest_step, step_value};
/// assert_eq!(nearest_step(0.126), -48);
/// assert_eq!(step_value(nearest_step(1024.0)), 1024.0);
/// ```
#[must_use]
pub fn nearest_step(step: f32) -> i32 {
    if step.is_nan() || step <= 0.0 {
        return -STEP_MAX;
    }
    let (mut low, mut high) = (-STEP_MAX, STEP_MAX);
    while low < high {
        let middle = (low + high).div_euclid(2);
        // Between two codes the geometric mean decides: its square is the product of both.
        let edge = f64::from(step_value(middle)) * f64::from(step_value(middle + 1));
        if edge < f64::from(step) * f64::from(step) { low = middle + 1 } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_powers_of_two_to_the_sixteenths() {
        assert_eq!((step_value(0), step_value(16), step_value(-48)), (1.0, 2.0, 0.125));
        for code in -STEP_MAX..=STEP_MAX {
            let exact = (f64::from(code) / 16.0).exp2();
            assert!((f64::from(step_value(code)) / exact - 1.0).abs() < 1e-7, "{code}");
            assert_eq!(nearest_step(step_value(code)), code);
        }
        assert_eq!((nearest_step(0.0), nearest_step(f32::NAN)), (-STEP_MAX, -STEP_MAX));
        assert_eq!((nearest_step(f32::INFINITY), nearest_step(0.1251)), (STEP_MAX, -48));
    }
}
