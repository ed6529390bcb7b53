//! Arrays as differences from a base.
//!
//! The bits of both are mapped to integers in the order of the values (sign and magnitude to two's complement for floats), and
//! the difference of these is what is coded: an update of absolute size `u` is about `u / ulp(base)`, so the exponent of the
//! base predicts how large the difference is, which an exclusive or (ZipLLM's BitX, arXiv:2505.06252) hides behind carries.
//!
//! [`encode`] and [`decode`] are the static form, for the strengths without mixing; [`crate::max`] predicts the same
//! differences by itself.
//!
//! | You have | Use |
//! |---|---|
//! | two arrays of one type and length | [`encode`], [`decode`] |
//! | the question whether a type has differences at all | [`applies`] |
//! | single numbers | [`ordered`], [`difference`], [`restore`] |
//!
//! ```
//! use minlen_core::{Env, ErrorKind};
//! use minlen_tensor::{Array, Dtype, delta};
//! let base: Vec<u8> = (0..1000).flat_map(|i| (1.0 + i as f32).to_le_bytes()).collect();
//! // Every eighth number is one step of its last place away from the base.
//! let tuned: Vec<u8> = base.chunks_exact(4).enumerate().flat_map(|(i, b)| [b[0] ^ u8::from(i % 8 == 0), b[1], b[2], b[3]]).collect();
//! let array = Array { dtype: Dtype::F32, columns: 1000, bytes: &tuned, base: Some(&base) };
//! let payload = delta::encode(&array, &Env::default())?;
//! assert!(payload.len() * 10 < tuned.len());
//!
//! let mut back = vec![0; tuned.len()];
//! delta::decode(&payload, Dtype::F32, Some(&base), &mut back, &Env::default())?;
//! assert_eq!(back, tuned);
//! // Without the base there is no way back.
//! let error = delta::decode(&payload, Dtype::F32, None, &mut back, &Env::default()).unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::Usage);
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod fixed;

pub use fixed::{decode, encode};

use crate::Dtype;

/// The integer that stands for `raw` in the order of the values: `width` bits, of a float or an integer type.
///
/// ```
/// use minlen_tensor::delta::{ordered, unordered};
/// let bits = |value: f32| u64::from(value.to_bits());
/// // From the lowest to the highest, -0 right below 0.
/// let inputs = [f32::NEG_INFINITY, -1.0, -0.0, 0.0, 1.0];
/// assert!(inputs.windows(2).all(|pair| ordered(bits(pair[0]), 32, true) < ordered(bits(pair[1]), 32, true)));
/// assert_eq!(unordered(ordered(bits(-1.0), 32, true), 32, true), bits(-1.0));
/// ```
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
///
/// ```
/// use minlen_tensor::delta::{difference, restore};
/// let (new, base) = (1.0f32.to_bits() + 3, 1.0f32.to_bits());
/// let step = difference(new.into(), base.into(), 32, true);
/// assert_eq!((step, restore(step, base.into(), 32, true)), (3, new.into()));
/// ```
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
///
/// ```
/// use minlen_tensor::{Dtype, delta::applies};
/// assert!(applies(Dtype::Bf16) && applies(Dtype::I64));
/// // A block of several weights is no single number.
/// assert!(!applies(Dtype::Q4_0));
/// ```
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
