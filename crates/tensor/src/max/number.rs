//! Numbers of any type as sign, class and mantissa: a class is one octave of magnitudes.
//!
//! Magnitude `u` of a float is its bits without the sign, of an integer its distance from the zero point. Class 0 is `u = 0`;
//! class `c` holds `2^(c-1) <= u < 2^c` as long as `c <= M + 1` (integers, and subnormal floats with `M` mantissa bits); above, the
//! exponent counts on. So each class is twice the one before, for integers, subnormal and normal floats alike.

use crate::Dtype;

/// A number taken apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Number {
    /// 1 if negative.
    pub sign: u32,
    /// Octave of the magnitude, 0 for zero.
    pub class: u32,
    /// What is left of the magnitude: [`Form::bits`] of the class.
    pub mantissa: u64,
}

/// How the bits of a type are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// Bits of a number: 4 to 64.
    pub width: u32,
    /// Mantissa bits; 64 for integers.
    pub mantissa: u32,
    /// Low bits that are always zero.
    pub shift: u32,
    /// Sign and magnitude rather than two's complement.
    pub float: bool,
    /// Two's complement if not a float.
    pub signed: bool,
    /// The integer that counts as zero.
    pub zero: i64,
}

/// The lowest `n` bits set.
pub const fn low_mask(n: u32) -> u64 {
    if n >= 64 { u64::MAX } else { (1 << n) - 1 }
}

/// `value` with bit `width - 1` as its sign.
pub const fn sign_extend(value: u64, width: u32) -> i64 {
    (value << (64 - width)) as i64 >> (64 - width)
}

/// Reads the little-endian number at unit `at`.
#[inline(always)]
pub fn number_at(bytes: &[u8], unit: usize, at: usize) -> u64 {
    let mut word = [0; 8];
    if let Some(from) = at.checked_mul(unit).and_then(|start| bytes.get(start..start + unit)) {
        word[..unit].copy_from_slice(from);
    }
    u64::from_le_bytes(word)
}

impl Form {
    /// The form of the elements of an unpacked type.
    #[must_use]
    pub const fn of(dtype: Dtype) -> Self {
        let mantissa = match dtype {
            Dtype::F64 => 52,
            Dtype::F32 => 23,
            Dtype::F16 => 10,
            Dtype::Bf16 => 7,
            Dtype::F8E4m3 => 3,
            Dtype::F8E5m2 => 2,
            _ => 64,
        };
        let signed = matches!(dtype, Dtype::I8 | Dtype::I16 | Dtype::I32 | Dtype::I64);
        let width = if dtype.weights() > 1 { 8 } else { dtype.unit() as u32 * 8 };
        Self { width, mantissa, shift: 0, float: mantissa < 64, signed, zero: 0 }
    }

    /// Integers of `width` bits around a zero point.
    #[must_use]
    pub const fn integer(width: u32, signed: bool, zero: i64) -> Self {
        Self { width, mantissa: 64, shift: 0, float: false, signed, zero }
    }

    /// The same with `shift` low zero bits left out.
    #[must_use]
    pub const fn shifted(mut self, shift: u32) -> Self {
        self.shift = shift;
        if self.float {
            self.mantissa = self.mantissa.saturating_sub(shift);
        }
        self
    }

    /// The largest class there can be.
    #[must_use]
    pub const fn max_class(&self) -> u32 {
        if self.float {
            let magnitude = low_mask(self.width - 1 - self.shift);
            self.mantissa + (magnitude >> self.mantissa) as u32
        } else {
            self.width
        }
    }

    /// The class whose numbers are 1 to 2 (to a factor of 2): the middle of the scale.
    #[must_use]
    pub const fn middle(&self) -> i32 {
        if self.float { ((self.max_class() + self.mantissa) / 2) as i32 } else { 1 }
    }

    /// Mantissa bits in a class.
    #[must_use]
    pub const fn bits(&self, class: u32) -> u32 {
        let below = class.saturating_sub(1);
        if below < self.mantissa { below } else { self.mantissa }
    }

    /// How far an integer is from the zero point.
    #[must_use]
    pub const fn distance(&self, raw: u64) -> u64 {
        let value = if self.signed { sign_extend(raw, self.width) } else { raw as i64 };
        value.wrapping_sub(self.zero).unsigned_abs()
    }

    /// Takes `raw` (of which the low `width` bits count) apart.
    #[inline]
    #[must_use]
    pub const fn split(&self, raw: u64) -> Number {
        let (sign, magnitude) = if self.float {
            (raw >> (self.width - 1) & 1, raw & low_mask(self.width - 1))
        } else {
            let value = if self.signed { sign_extend(raw, self.width) } else { raw as i64 };
            let distance = value.wrapping_sub(self.zero);
            ((distance < 0) as u64, distance.unsigned_abs())
        };
        let magnitude = magnitude >> self.shift;
        let class = if self.mantissa >= 64 || magnitude >> self.mantissa == 0 {
            64 - magnitude.leading_zeros()
        } else {
            self.mantissa + (magnitude >> self.mantissa) as u32
        };
        Number { sign: sign as u32, class, mantissa: magnitude & low_mask(self.bits(class)) }
    }

    /// Puts a number together; the inverse of [`Form::split`]. Any number gives some bits.
    #[inline]
    #[must_use]
    pub const fn join(&self, number: Number) -> u64 {
        let Number { sign, class, mantissa } = number;
        let magnitude = if class == 0 {
            0
        } else if class <= 64 && class <= self.mantissa.saturating_add(1) {
            1 << (class - 1) | mantissa
        } else {
            ((class - self.mantissa) as u64) << self.mantissa | mantissa
        };
        let magnitude = magnitude << self.shift;
        if self.float {
            return (sign as u64) << (self.width - 1) | magnitude & low_mask(self.width - 1);
        }
        let distance = if sign == 1 { (magnitude as i64).wrapping_neg() } else { magnitude as i64 };
        self.zero.wrapping_add(distance) as u64 & low_mask(self.width)
    }

    /// Logarithm of the magnitude, 8 to a class: the class and the upper three bits of the mantissa.
    #[inline]
    #[must_use]
    pub const fn level(&self, number: Number) -> i32 {
        let bits = self.bits(number.class);
        let top = if bits >= 3 { number.mantissa >> (bits - 3) } else { number.mantissa << (3 - bits) };
        number.class as i32 * 8 + (top & 7) as i32
    }

    /// The magnitude as a number around 1, `offset` classes up.
    #[inline]
    #[must_use]
    pub const fn magnitude(&self, number: Number, middle: i32, offset: i32) -> f32 {
        if number.class == 0 {
            return 0.0;
        }
        let bits = self.bits(number.class);
        let top = if bits >= 23 { number.mantissa >> (bits - 23) } else { number.mantissa << (23 - bits) };
        let exponent = number.class as i32 + offset - middle;
        let exponent = if exponent < -100 {
            -100
        } else if exponent > 100 {
            100
        } else {
            exponent
        };
        f32::from_bits(((exponent + 127) as u32) << 23 | top as u32 & 0x7f_ffff)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::testing::Rng;

    #[test]
    fn every_number_comes_back() {
        let mut rng = Rng(1);
        for dtype in Dtype::ALL {
            let form = Form::of(dtype);
            let zeros = match (form.float, form.signed) {
                (true, _) => vec![0],
                (_, true) => vec![0, 100, -3],
                _ => vec![0, 128],
            };
            for zero in zeros {
                let form = Form { zero, ..form };
                let middle = form.middle();
                for i in 0..70_000u64 {
                    let raw = if form.width <= 16 { i } else { rng.next_u64() >> rng.below(64) };
                    let raw = raw & low_mask(form.width);
                    let number = form.split(raw);
                    assert_eq!(form.join(number), raw, "{dtype:?} {raw:x} {number:?}");
                    assert!(number.class <= form.max_class(), "{dtype:?} {raw:x} {number:?}");
                    assert!(number.mantissa <= low_mask(form.bits(number.class)));
                    assert!(form.magnitude(number, middle, 0).is_finite());
                }
            }
        }
        assert_eq!(Form::of(Dtype::F32).split(1.5f32.to_bits().into()).class, 23 + 127);
        assert_eq!(Form::of(Dtype::F32).middle(), 150);
    }

    #[test]
    fn clean_floats_lose_their_zeros() {
        let form = Form::of(Dtype::F32).shifted(16);
        for value in
            [1.0f32, -0.0, 3.140625, f32::INFINITY, f32::from_bits(0x0001_0000), f32::from_bits(0xffc1_0000)]
        {
            let number = form.split(value.to_bits().into());
            assert_eq!(form.join(number), u64::from(value.to_bits()));
            assert!(form.bits(number.class) <= 7);
        }
    }
}
