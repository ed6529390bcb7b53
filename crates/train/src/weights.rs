//! The named tensors of a safetensors file as f32.

use minlen_core::{Error, Result};
use minlen_tensor::{Dtype, Format, Layout, Tensor};
use serde_json::Value;

/// The longest header that is read, in bytes.
const MAX_HEADER: u64 = 100 << 20;

/// The arrays of a safetensors file, by offset.
///
/// # Errors
/// Truncated or corrupt where the header is not that of a safetensors file.
pub fn layout(file: &[u8]) -> Result<Layout> {
    let head = file.get(..8).and_then(|head| <[u8; 8]>::try_from(head).ok());
    let len = u64::from_le_bytes(head.ok_or_else(|| Error::truncated("no safetensors header"))?);
    if len > MAX_HEADER {
        return Err(Error::corrupt("not a safetensors file: its header would be too long"));
    }
    let start = 8 + len as usize;
    let text = file.get(8..start).ok_or_else(|| Error::truncated("the safetensors header ends too early"))?;
    let header: Value = serde_json::from_slice(text)
        .map_err(|error| Error::corrupt(format!("the safetensors header is not JSON: {error}")))?;
    let entries = header.as_object().ok_or_else(|| Error::corrupt("the safetensors header is no object"))?;
    let mut tensors = Vec::new();
    for (name, entry) in entries.iter().filter(|(name, _)| *name != "__metadata__") {
        tensors.push(entry_of(name, entry, start as u64)?);
    }
    Layout::new(Format::Safetensors, tensors, file.len() as u64)
}

fn entry_of(name: &str, entry: &Value, start: u64) -> Result<Tensor> {
    let bad = || Error::corrupt(format!("the safetensors entry of {name:?} is malformed"));
    let numbers = |key: &str| -> Result<Vec<u64>> {
        let list = entry[key].as_array().ok_or_else(bad)?;
        list.iter().map(|value| value.as_u64().ok_or_else(bad)).collect()
    };
    let dtype = match entry["dtype"].as_str().ok_or_else(bad)? {
        "F64" => Dtype::F64,
        "F32" => Dtype::F32,
        "F16" => Dtype::F16,
        "BF16" => Dtype::Bf16,
        "I8" => Dtype::I8,
        "U8" => Dtype::U8,
        "I16" => Dtype::I16,
        "U16" => Dtype::U16,
        "I32" => Dtype::I32,
        "U32" => Dtype::U32,
        "I64" => Dtype::I64,
        "U64" => Dtype::U64,
        "F8_E4M3" => Dtype::F8E4m3,
        "F8_E5M2" => Dtype::F8E5m2,
        "BOOL" => Dtype::Bytes,
        other => return Err(Error::unsupported(format!("tensor {name:?} is of the unknown type {other}"))),
    };
    let span = numbers("data_offsets")?;
    let [from, to] = span[..] else { return Err(bad()) };
    let from_file = start.checked_add(from).ok_or_else(bad)?;
    let len = to.checked_sub(from).ok_or_else(bad)?;
    Ok(Tensor { name: name.to_owned(), dtype, shape: numbers("shape")?, start: from_file, len })
}

/// The elements of a float array (f64, f32, f16, bf16) as f32, rounded from f64; nothing for other types.
#[must_use]
pub fn to_f32(dtype: Dtype, bytes: &[u8]) -> Option<Vec<f32>> {
    let halves = || bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair));
    Some(match dtype {
        Dtype::F64 => bytes.as_chunks::<8>().0.iter().map(|value| f64::from_le_bytes(*value) as f32).collect(),
        Dtype::F32 => bytes.as_chunks::<4>().0.iter().map(|value| f32::from_le_bytes(*value)).collect(),
        Dtype::Bf16 => halves().map(|half| f32::from_bits(u32::from(half) << 16)).collect(),
        Dtype::F16 => halves().map(f16_to_f32).collect(),
        _ => return None,
    })
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

/// The upper half of an f32, rounded to nearest even.
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
    let (sign, exponent, mantissa) = (u32::from(half >> 15) << 31, u32::from(half >> 10 & 31), u32::from(half & 1023));
    match exponent {
        // Subnormal: mantissa * 2^-24, exact in f32.
        0 => f32::from_bits((mantissa as f32 * f32::from_bits(103 << 23)).to_bits() | sign),
        31 => f32::from_bits(sign | 0x7f80_0000 | mantissa << 13),
        _ => f32::from_bits(sign | (exponent + 112) << 23 | mantissa << 13),
    }
}

/// An f32 as binary16, rounded to nearest even, infinite where it is too large.
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
        assert_eq!((f16_from_f32(65519.9), f16_from_f32(65520.0), f16_from_f32(1e9)), (0x7bff, 0x7c00, 0x7c00));
        assert_eq!(f16_from_f32(1.0 + 1.0 / 2048.0), 0x3c00);
    }

    #[test]
    fn malformed_headers_are_refused() {
        let file = |text: &str, data: usize| {
            [&(text.len() as u64).to_le_bytes()[..], text.as_bytes(), &vec![0; data]].concat()
        };
        let good = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
        assert_eq!(layout(&file(good, 8)).unwrap().tensors[0].len, 8);
        assert!(layout(&file(good, 7)).is_err());
        for bad in ["{", "[]", r#"{"a":1}"#, r#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#] {
            assert!(layout(&file(bad, 8)).is_err(), "{bad}");
        }
        assert!(layout(&[1, 2]).is_err() && layout(&[0xff; 20]).is_err());
    }
}
