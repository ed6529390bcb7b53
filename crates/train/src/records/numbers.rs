//! Numbers as codec files take them: other types become one of those.

use minlen_core::{Dtype, Error, Result};
use minlen_tensor::weights::f16_to_f32;

/// Numbers of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Numbers {
    pub(super) dtype: Dtype,
    pub(super) bytes: Vec<u8>,
    /// They are `f64` only because the file does not say how wide they are, or too wide: see [`narrowed`].
    pub(super) loose: bool,
}

impl Numbers {
    /// Numbers whose type is still to be found.
    pub(super) fn loose(values: &[f64]) -> Self {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self { dtype: Dtype::F64, bytes, loose: true }
    }

    /// All of them in `f64`.
    pub(super) fn values(&self) -> Vec<f64> {
        let mut values = Vec::new();
        if let Ok(plain) = minlen_latent::Scaling::new(self.dtype, 0.0, 1.0) {
            plain.numbers(&self.bytes, &mut values);
        }
        values
    }
}

/// Little-endian numbers of any type.
///
/// # Errors
/// Unsupported for types that are no plain numbers.
pub(super) fn of(dtype: Dtype, bytes: Vec<u8>) -> Result<Numbers> {
    let halves = |bytes: &[u8], one: fn(u16) -> f32| {
        bytes.as_chunks().0.iter().flat_map(|b| one(u16::from_le_bytes(*b)).to_le_bytes()).collect()
    };
    let wide = |bytes: &[u8], one: fn([u8; 8]) -> f64| -> Numbers {
        Numbers::loose(&bytes.as_chunks::<8>().0.iter().map(|b| one(*b)).collect::<Vec<_>>())
    };
    let four = |bytes: &[u8], one: fn([u8; 4]) -> f64| -> Numbers {
        Numbers::loose(&bytes.as_chunks::<4>().0.iter().map(|b| one(*b)).collect::<Vec<_>>())
    };
    Ok(match dtype {
        Dtype::U8 | Dtype::I8 | Dtype::U16 | Dtype::I16 | Dtype::F32 | Dtype::F64 => {
            Numbers { dtype, bytes, loose: false }
        }
        Dtype::F16 => Numbers { dtype: Dtype::F32, bytes: halves(&bytes, f16_to_f32), loose: false },
        Dtype::Bf16 => {
            let one = |half: u16| f32::from_bits(u32::from(half) << 16);
            Numbers { dtype: Dtype::F32, bytes: halves(&bytes, one), loose: false }
        }
        Dtype::I32 => four(&bytes, |b| f64::from(i32::from_le_bytes(b))),
        Dtype::U32 => four(&bytes, |b| f64::from(u32::from_le_bytes(b))),
        Dtype::I64 => wide(&bytes, |b| i64::from_le_bytes(b) as f64),
        Dtype::U64 => wide(&bytes, |b| u64::from_le_bytes(b) as f64),
        _ => {
            return Err(Error::unsupported(format!("records of {}", dtype.name()))
                .remedy("convert them to u8, i16, u16, f32 or f64"));
        }
    })
}

/// Loose numbers as those of a type, if all of them are; finite ones only for types of whole numbers.
fn as_type(values: &[f64], dtype: Dtype) -> Option<Vec<u8>> {
    let scaling = minlen_latent::Scaling::new(dtype, 0.0, 1.0).ok()?;
    let (least, most) = scaling.range();
    let fits = |x: &f64| !scaling.is_whole() || x.fract() == 0.0 && (least..=most).contains(x);
    let mut out = Vec::with_capacity(values.len() * dtype.unit());
    values.iter().all(fits).then(|| values.iter().for_each(|&x| scaling.write(x, &mut out)))?;
    Some(out)
}

/// Loose numbers as those of `wanted`, or of the narrowest type that holds them: bytes, 16 bits, floats; `None` where they are none of `wanted`.
pub(super) fn narrowed(numbers: Numbers, wanted: Option<Dtype>) -> Option<Numbers> {
    if !numbers.loose {
        return Some(numbers);
    }
    let values = numbers.values();
    if let Some(dtype) = wanted {
        return as_type(&values, dtype).map(|bytes| Numbers { dtype, bytes, loose: false });
    }
    // Whole numbers beyond 2^24 are not exact in binary32.
    let is_large =
        values.iter().any(|x| x.is_finite() && x.fract() == 0.0 && x.abs() > f64::from(1u32 << 24));
    let last = if is_large { Dtype::F64 } else { Dtype::F32 };
    let types = [Dtype::U8, Dtype::I8, Dtype::I16, Dtype::U16, last];
    types
        .into_iter()
        .find_map(|dtype| as_type(&values, dtype).map(|bytes| Numbers { dtype, bytes, loose: false }))
}
