//! Arrays as differences from a base.
//!
//! The bits of both are mapped to integers in the order of the values (sign and magnitude to two's complement for floats), and
//! the difference of these is what is coded: an update of absolute size `u` is about `u / ulp(base)`, so the exponent of the
//! base predicts how large the difference is, which an exclusive or (ZipLLM's BitX, arXiv:2505.06252) hides behind carries.
//!
//! [`encode`] and [`decode`] are the static form, for the strengths without mixing; [`crate::max`] predicts the same
//! differences by itself.

mod fixed;

pub use fixed::{decode, encode};

use crate::Dtype;

/// The integer that stands for `raw` in the order of the values: `width` bits, of a float or an integer type.
#[inline(always)]
#[must_use]
pub const fn ordered(raw: u64, width: u32, float: bool) -> i64 {
    let value = (raw << (64 - width)) as i64 >> (64 - width);
    if float && value < 0 { !(value & (i64::MAX >> (64 - width))) } else { value }
}

/// The inverse of [`ordered`]; of `value` only the low `width` bits count.
#[inline(always)]
#[must_use]
pub const fn unordered(value: i64, width: u32, float: bool) -> u64 {
    let value = (value << (64 - width)) >> (64 - width);
    let mask = u64::MAX >> (64 - width);
    if float && value < 0 { !(value as u64) & mask | 1 << (width - 1) } else { value as u64 & mask }
}

/// `raw - base` in order, as `width` bits in two's complement.
#[inline(always)]
#[must_use]
pub const fn difference(raw: u64, base: u64, width: u32, float: bool) -> u64 {
    let difference = ordered(raw, width, float).wrapping_sub(ordered(base, width, float));
    difference as u64 & (u64::MAX >> (64 - width))
}

/// The inverse of [`difference`].
#[inline(always)]
#[must_use]
pub const fn restore(difference: u64, base: u64, width: u32, float: bool) -> u64 {
    unordered(ordered(base, width, float).wrapping_add(difference as i64), width, float)
}

/// True for the types of which a difference is taken: those whose units are single numbers.
#[must_use]
pub const fn applies(dtype: Dtype) -> bool {
    dtype.weights() == 1
}

/// A difference of `width` bits as a number.
#[inline(always)]
const fn extend(difference: u64, width: u32) -> i64 {
    (difference << (64 - width)) as i64 >> (64 - width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::max::number::{Form, low_mask};
    use minlen_core::testing::Rng;

    #[test]
    fn order_of_floats() {
        let bits = |x: f32| ordered(u64::from(x.to_bits()), 32, true);
        let sorted = [f32::NEG_INFINITY, -1.0, -1e-45, -0.0, 0.0, 1e-45, 1.0, f32::INFINITY];
        assert!(sorted.windows(2).all(|w| bits(w[0]) < bits(w[1])));
        assert_eq!(bits(-0.0) + 1, bits(0.0));
    }

    #[test]
    fn differences_come_back() {
        let mut rng = Rng(3);
        for dtype in Dtype::ALL.into_iter().filter(|d| applies(*d)) {
            let form = Form::of(dtype);
            for _ in 0..20_000 {
                let [raw, base] = [0, 1].map(|_| rng.next_u64() & low_mask(form.width));
                let d = difference(raw, base, form.width, form.float);
                assert!(d <= low_mask(form.width));
                assert_eq!(restore(d, base, form.width, form.float), raw, "{dtype:?}");
            }
        }
    }
}
