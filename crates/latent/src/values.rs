//! Numbers of a file, and those that members work on.

use minlen_core::{Dtype, Error, Result};

/// Fraction bits of what members give back.
pub const FRACTION: u32 = 8;
/// Numbers beyond this are none that a member works on.
const FARTHEST: f64 = (1u64 << 20) as f64;

/// The types that numbers may have, in the order of the format.
pub const TYPES: [Dtype; 6] = [Dtype::U8, Dtype::I8, Dtype::U16, Dtype::I16, Dtype::F32, Dtype::F64];

/// The largest whole number that is not above `number`; without a call, which takes longer than all else about a number.
fn floor(number: f64) -> f64 {
    let whole = number as i64 as f64;
    if whole > number { whole - 1.0 } else { whole }
}

/// How the numbers of a file become those that members work on, and back: `number = offset + scale * value`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scaling {
    dtype: Dtype,
    offset: f64,
    scale: f64,
}

impl Scaling {
    /// # Errors
    /// Unsupported for a type that is none of `u8`, `i8`, `u16`, `i16`, `f32`, `f64`; corrupt for numbers that are not finite, or a scale
    /// that is not above 0.
    pub fn new(dtype: Dtype, offset: f64, scale: f64) -> Result<Self> {
        if !TYPES.contains(&dtype) {
            return Err(Error::unsupported(format!("records of {}", dtype.name()))
                .remedy("convert them to u8, i16, u16, f32 or f64"));
        }
        let is_sane = offset.is_finite() && scale.is_normal() && scale > 0.0 && (1.0 / scale).is_normal();
        if !is_sane {
            return Err(Error::corrupt("codec file: an offset or scale that is no number"));
        }
        Ok(Self { dtype, offset, scale })
    }

    /// The type of the numbers.
    #[must_use]
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// What stands for 0.
    #[must_use]
    pub fn offset(&self) -> f64 {
        self.offset
    }

    /// What stands for 1, less what stands for 0.
    #[must_use]
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// The numbers in `bytes`.
    pub fn numbers(&self, bytes: &[u8], out: &mut Vec<f64>) {
        out.clear();
        match self.dtype {
            Dtype::U8 => out.extend(bytes.iter().map(|&b| f64::from(b))),
            Dtype::I8 => out.extend(bytes.iter().map(|&b| f64::from(b.cast_signed()))),
            Dtype::U16 => out.extend(bytes.as_chunks().0.iter().map(|b| f64::from(u16::from_le_bytes(*b)))),
            Dtype::I16 => out.extend(bytes.as_chunks().0.iter().map(|b| f64::from(i16::from_le_bytes(*b)))),
            Dtype::F32 => out.extend(bytes.as_chunks().0.iter().map(|b| f64::from(f32::from_le_bytes(*b)))),
            _ => out.extend(bytes.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b))),
        }
    }

    /// The difference between the largest and the smallest number in `bytes` that is finite; 0 where there are no two.
    #[must_use]
    pub fn spread(&self, bytes: &[u8]) -> f64 {
        let (mut low, mut high, mut numbers) = (f64::INFINITY, f64::NEG_INFINITY, Vec::new());
        for some in bytes.chunks(1 << 16) {
            self.numbers(some, &mut numbers);
            let finite = numbers.iter().filter(|number| number.is_finite());
            (low, high) = finite.fold((low, high), |(low, high), &x| (low.min(x), high.max(x)));
        }
        if high > low { high - low } else { 0.0 }
    }

    /// What members make of `numbers`; false where one of them is none, or too far away.
    pub fn values(&self, numbers: &[f64], out: &mut Vec<f32>) -> bool {
        out.clear();
        if self.is_plain() {
            out.extend(numbers.iter().map(|&number| number as f32));
            return true;
        }
        let value = |number: &f64| (number - self.offset) / self.scale;
        out.extend(numbers.iter().map(|number| value(number) as f32));
        numbers.iter().all(|number| value(number).abs() <= FARTHEST)
    }

    /// Holds values to what numbers of the type can stand for.
    pub(crate) fn hold(&self, values: &mut [i32]) {
        if self.is_whole() {
            let (least, most) = self.range();
            let bound =
                |number: f64| ((number - self.offset) / self.scale * f64::from(1 << FRACTION)).round();
            // A whole number that is out of range saturates.
            let (least, most) = (bound(least) as i32, bound(most) as i32);
            values.iter_mut().for_each(|value| *value = (*value).clamp(least, most));
        }
    }

    /// The number that stands for what a member gave, in [`FRACTION`] fraction bits.
    #[must_use]
    pub fn number(&self, value: i32) -> f64 {
        let number = self.offset + self.scale * (f64::from(value) / f64::from(1 << FRACTION));
        match self.dtype {
            Dtype::F32 => f64::from(number as f32),
            Dtype::F64 => number,
            _ => {
                let (least, most) = self.range();
                floor(number + 0.5).clamp(least, most)
            }
        }
    }

    /// True if values are the numbers themselves, whole and from 0 to 255.
    fn is_plain(&self) -> bool {
        self.dtype == Dtype::U8 && (self.offset, self.scale).eq(&(0.0, 1.0))
    }

    /// The numbers that stand for what a member gave: see [`Self::number`].
    pub(crate) fn numbers_of(&self, values: &[i32], out: &mut Vec<f64>) {
        out.clear();
        if self.is_plain() {
            out.extend(values.iter().map(|&value| f64::from(plain(value))));
        } else {
            out.extend(values.iter().map(|&value| self.number(value)));
        }
    }

    /// Appends them as the file has them.
    pub(crate) fn write_values(&self, values: &[i32], out: &mut Vec<u8>) {
        if self.is_plain() {
            out.extend(values.iter().map(|&value| plain(value)));
        } else {
            values.iter().for_each(|&value| self.write(self.number(value), out));
        }
    }

    /// Appends a number as the file has it.
    pub fn write(&self, number: f64, out: &mut Vec<u8>) {
        match self.dtype {
            Dtype::U8 => out.push(number as u8),
            Dtype::I8 => out.push((number as i8).cast_unsigned()),
            Dtype::U16 => out.extend((number as u16).to_le_bytes()),
            Dtype::I16 => out.extend((number as i16).to_le_bytes()),
            Dtype::F32 => out.extend((number as f32).to_le_bytes()),
            _ => out.extend(number.to_le_bytes()),
        }
    }

    /// True if numbers are whole, so that whole differences from them are exact.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        !matches!(self.dtype, Dtype::F32 | Dtype::F64)
    }

    /// The least and the most that a whole number can be.
    #[must_use]
    pub fn range(&self) -> (f64, f64) {
        match self.dtype {
            Dtype::U8 => (0.0, 255.0),
            Dtype::I8 => (-128.0, 127.0),
            Dtype::U16 => (0.0, 65_535.0),
            Dtype::I16 => (-32_768.0, 32_767.0),
            _ => (f64::MIN, f64::MAX),
        }
    }
}

/// The whole number nearest to a value, halves up, as [`Scaling::number`] has it.
fn plain(value: i32) -> u8 {
    let half = 1 << (FRACTION - 1);
    (value.saturating_add(half) >> FRACTION).clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_numbers_are_those_of_a_scaling() {
        let plain = Scaling::new(Dtype::U8, 0.0, 1.0).unwrap();
        let near = (-70_000..70_000).chain([i32::MIN, i32::MIN + 1, i32::MAX - 1, i32::MAX]);
        let values: Vec<i32> = near.collect();
        let (mut numbers, mut bytes, mut written) = (Vec::new(), Vec::new(), Vec::new());
        plain.numbers_of(&values, &mut numbers);
        plain.write_values(&values, &mut bytes);
        for (&value, number) in values.iter().zip(numbers) {
            assert_eq!(plain.number(value), number, "{value}");
            plain.write(number, &mut written);
        }
        assert!(bytes == written);
    }
}
