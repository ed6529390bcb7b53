//! Weights as f32, from and to the types that files hold.
//!
//! | You have | Use |
//! |---|---|
//! | the bytes of an array, and want numbers | [`to_f32`] |
//! | numbers, and want the bytes of a type | [`from_f32`] |
//! | a number, and want to know what a type makes of it | [`rounded`] |
//! | single halves | [`f16_to_f32`], [`f16_from_f32`], [`bf16_from_f32`] |
//!
//! Rounding is to nearest, ties to even (IEEE 754), computed in integers: the same everywhere.
//!
//! ```
//! use minlen_tensor::{Dtype, weights};
//! let values = [1.0, -0.5, 3.140_625];
//! let halves = weights::from_f32(Dtype::F16, &values).expect("a float type");
//! assert_eq!(halves.len(), 6);
//! // These three fit into 16 bits, so that they come back.
//! assert_eq!(weights::to_f32(Dtype::F16, &halves).expect("a float type"), values);
//! assert_eq!(weights::from_f32(Dtype::I8, &values), None);
//! ```

use crate::Dtype;

/// The elements of an array of floats (f64, f32, f16, bf16) or of GGUF blocks (`Q8_0`, `Q4_0`, `Q5_0`) as f32, rounded from
/// f64; nothing for other types.
///
/// ```
/// use minlen_tensor::{Dtype, weights};
/// // A block of Q8_0: a scale of 0.5 as f16, then 32 integers.
/// let block = [&[0x00, 0x38][..], &[2; 31], &[0xff]].concat();
/// let values = weights::to_f32(Dtype::Q8_0, &block).expect("a known block");
/// assert_eq!((values.len(), values[0], values[31]), (32, 1.0, -0.5));
/// ```
#[must_use]
pub fn to_f32(dtype: Dtype, bytes: &[u8]) -> Option<Vec<f32>> {
    let halves = || bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair));
    Some(match dtype {
        Dtype::F64 => {
            bytes.as_chunks::<8>().0.iter().map(|value| f64::from_le_bytes(*value) as f32).collect()
        }
        Dtype::F32 => bytes.as_chunks::<4>().0.iter().map(|value| f32::from_le_bytes(*value)).collect(),
        Dtype::Bf16 => halves().map(|half| f32::from_bits(u32::from(half) << 16)).collect(),
        Dtype::F16 => halves().map(f16_to_f32).collect(),
        Dtype::Q8_0 => blocks::<34>(bytes, |block, out| {
            out.extend(block[2..].iter().map(|&q| f32::from(q as i8)));
        }),
        Dtype::Q4_0 => blocks::<18>(bytes, |block, out| {
            out.extend(block[2..].iter().map(|&q| f32::from(q & 15) - 8.0));
            out.extend(block[2..].iter().map(|&q| f32::from(q >> 4) - 8.0));
        }),
        Dtype::Q5_0 => blocks::<22>(bytes, |block, out| {
            let high = u32::from_le_bytes([block[2], block[3], block[4], block[5]]);
            let fifth = |i: usize| (high >> i & 1) as f32 * 16.0 - 16.0;
            out.extend(block[6..].iter().enumerate().map(|(i, &q)| f32::from(q & 15) + fifth(i)));
            out.extend(block[6..].iter().enumerate().map(|(i, &q)| f32::from(q >> 4) + fifth(i + 16)));
        }),
        _ => return None,
    })
}

/// Blocks that begin with an f16 scale; `integers` appends those of one block.
fn blocks<const N: usize>(bytes: &[u8], integers: impl Fn(&[u8; N], &mut Vec<f32>)) -> Vec<f32> {
    let mut out = Vec::with_capacity(bytes.len() / N * 32);
    for block in bytes.as_chunks::<N>().0 {
        let from = out.len();
        integers(block, &mut out);
        let scale = f16_to_f32(u16::from_le_bytes([block[0], block[1]]));
        out[from..].iter_mut().for_each(|q| *q *= scale);
    }
    out
}

/// The bytes of `values` in a float type, rounded to nearest even; nothing for other types.
#[must_use]
pub fn from_f32(dtype: Dtype, values: &[f32]) -> Option<Vec<u8>> {
    Some(match dtype {
        Dtype::F64 => values.iter().flat_map(|&value| f64::from(value).to_le_bytes()).collect(),
        Dtype::F32 => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        Dtype::Bf16 => values.iter().flat_map(|&value| bf16_from_f32(value).to_le_bytes()).collect(),
        Dtype::F16 => values.iter().flat_map(|&value| f16_from_f32(value).to_le_bytes()).collect(),
        _ => return None,
    })
}

/// The value rounded to a float type; itself for other types.
///
/// ```
/// use minlen_tensor::{Dtype, weights};
/// assert_eq!(weights::rounded(Dtype::Bf16, 1.001), 1.0);
/// assert_eq!(weights::rounded(Dtype::F32, 1.001), 1.001);
/// ```
#[must_use]
pub fn rounded(dtype: Dtype, value: f32) -> f32 {
    match dtype {
        Dtype::Bf16 => f32::from_bits(u32::from(bf16_from_f32(value)) << 16),
        Dtype::F16 => f16_to_f32(f16_from_f32(value)),
        _ => value,
    }
}

/// The upper half of an f32, rounded to nearest even.
///
/// NaN stays NaN.
///
/// ```
/// use minlen_tensor::weights::bf16_from_f32;
/// assert_eq!((bf16_from_f32(1.0), bf16_from_f32(-2.0)), (0x3f80, 0xc000));
/// ```
#[must_use]
pub fn bf16_from_f32(value: f32) -> u16 {
    let bits = value.to_bits();
    if value.is_nan() {
        return (bits >> 16) as u16 | 0x40;
    }
    ((u64::from(bits) + 0x7fff + u64::from(bits >> 16 & 1)) >> 16) as u16
}

/// A binary16 number as f32, exactly.
#[must_use]
pub fn f16_to_f32(half: u16) -> f32 {
    let (sign, exponent, mantissa) =
        (u32::from(half >> 15) << 31, u32::from(half >> 10 & 31), u32::from(half & 1023));
    match exponent {
        // Subnormal: mantissa * 2^-24, exact in f32.
        0 => f32::from_bits((mantissa as f32 * f32::from_bits(103 << 23)).to_bits() | sign),
        31 => f32::from_bits(sign | 0x7f80_0000 | mantissa << 13),
        _ => f32::from_bits(sign | (exponent + 112) << 23 | mantissa << 13),
    }
}

/// An f32 as binary16, rounded to nearest even, infinite where it is too large.
///
/// ```
/// use minlen_tensor::weights::{f16_from_f32, f16_to_f32};
/// assert_eq!((f16_from_f32(1.0), f16_from_f32(65_504.0)), (0x3c00, 0x7bff));
/// assert_eq!(f16_to_f32(f16_from_f32(1e9)), f32::INFINITY);
/// ```
#[must_use]
pub fn f16_from_f32(value: f32) -> u16 {
    let bits = value.to_bits();
    let (sign, rest) = ((bits >> 16 & 0x8000) as u16, bits & 0x7fff_ffff);
    if rest > 0x7f80_0000 {
        return sign | 0x7e00 | (rest >> 13) as u16 & 0x3ff;
    }
    let exponent = rest >> 23;
    if exponent < 113 {
        // Subnormal or zero: adding 0.5 leaves the rounded mantissa in the lowest bits.
        let sum = f32::from_bits(rest) + 0.5;
        return sign | (sum.to_bits() - 0x3f00_0000) as u16;
    }
    let rounded = (rest + 0xfff + (rest >> 13 & 1)) >> 13;
    sign | rounded.saturating_sub(112 << 10).min(0x7c00) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_comes_back() {
        for half in 0..=u16::MAX {
            let nan = half & 0x7c00 == 0x7c00 && half & 0x3ff != 0;
            let back = f16_from_f32(f16_to_f32(half));
            assert!(back == half || nan && back & 0x7c00 == 0x7c00 && back & 0x3ff != 0, "{half:x} {back:x}");
            let wide = f32::from_bits(u32::from(half) << 16);
            assert!(bf16_from_f32(wide) == half || wide.is_nan());
        }
        assert_eq!(
            (f16_from_f32(65519.9), f16_from_f32(65520.0), f16_from_f32(1e9)),
            (0x7bff, 0x7c00, 0x7c00)
        );
        assert_eq!(f16_from_f32(1.0 + 1.0 / 2048.0), 0x3c00);
    }
}
