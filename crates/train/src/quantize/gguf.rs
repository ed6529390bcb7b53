//! GGUF files of block types, for llama.cpp and its kin.
//!
//! The blocks are those that its own tools write; which scale and integers they hold follows from the calibration: for each
//! block the scale with the least weighted error, then integers with feedback of errors.

use super::feedback::Feedback;
use super::plan::Part;
use minlen_core::{Error, Result};
use minlen_tensor::containers::write::{GgufMetadata, write_gguf};
use minlen_tensor::weights::{f16_from_f32, f16_to_f32, from_f32, to_f32};
use minlen_tensor::{Dtype, Format, Layout, Tensor};
use std::borrow::Cow;

/// Weights in a block.
const BLOCK: usize = 32;
/// Scales that are tried, as thousandths of the one at which the largest weight just fits.
const TRIED: [f32; 15] =
    [0.6, 0.65, 0.7, 0.75, 0.8, 0.84, 0.88, 0.91, 0.94, 0.97, 1.0, 1.03, 1.06, 1.1, 1.15];

/// The file with `parts` in blocks of `dtype` where rows are a multiple of 32, all other floats in f32.
pub(super) fn write(layout: &Layout, source: &[u8], parts: &[Part], dtype: Dtype) -> Result<Vec<u8>> {
    let mut metadata = match layout.format {
        Format::Gguf => GgufMetadata::read(&source)?,
        _ => GgufMetadata::new(),
    };
    metadata.set_u32("general.file_type", file_type(dtype)?);
    metadata.set_u32("general.quantization_version", 2);
    let (mut tensors, mut data) = (Vec::new(), Vec::new());
    for tensor in &layout.tensors {
        let part = parts.iter().find(|part| part.tensor.start == tensor.start);
        let (to, bytes) = convert(tensor, source, part, dtype)?;
        tensors.push(Tensor { dtype: to, start: 0, len: bytes.len() as u64, ..tensor.clone() });
        data.push(bytes);
    }
    let mut out = Vec::new();
    write_gguf(&mut out, &metadata, &tensors, &mut |i| Ok(Cow::Borrowed(&data[i][..])))?;
    Ok(out)
}

/// llama.cpp's number for files mostly of a type.
fn file_type(dtype: Dtype) -> Result<u32> {
    match dtype {
        Dtype::Q4_0 => Ok(2),
        Dtype::Q8_0 => Ok(7),
        Dtype::Q5_0 => Ok(8),
        other => Err(Error::usage(format!("GGUF files of {} cannot be made here", other.name()))
            .remedy("choose q8_0, q5_0 or q4_0")),
    }
}

fn convert(tensor: &Tensor, source: &[u8], part: Option<&Part>, dtype: Dtype) -> Result<(Dtype, Vec<u8>)> {
    let own = &source[tensor.start as usize..(tensor.start + tensor.len) as usize];
    match part {
        Some(part) if part.columns.is_multiple_of(BLOCK) => Ok((dtype, blocks(part, dtype))),
        _ if tensor.dtype.is_float() => {
            let values = to_f32(tensor.dtype, own);
            let bytes = values.and_then(|values| from_f32(Dtype::F32, &values));
            Ok((Dtype::F32, bytes.ok_or_else(|| Error::unsupported("8-bit floats in a GGUF file"))?))
        }
        _ => Ok((tensor.dtype, own.to_vec())),
    }
}

/// The largest magnitude of an integer; the negative side has it, the positive one less.
fn reach(dtype: Dtype) -> f32 {
    match dtype {
        Dtype::Q4_0 => 8.0,
        Dtype::Q5_0 => 16.0,
        _ => 128.0,
    }
}

/// All blocks of a matrix.
pub(super) fn blocks(part: &Part, dtype: Dtype) -> Vec<u8> {
    let mut out = Vec::with_capacity(part.weights.len() / BLOCK * dtype.unit());
    let mut feedback = Feedback::new((&part.factors.0, &part.factors.1));
    for (row, weights) in part.weights.chunks(part.columns).enumerate() {
        feedback.begin(row);
        for (i, block) in weights.chunks(BLOCK).enumerate() {
            let from = i * BLOCK;
            let targets: Vec<f32> =
                block.iter().enumerate().map(|(j, w)| w - feedback.owed(from + j)).collect();
            let matters: Vec<f32> = (from..from + BLOCK).map(|j| part.factors.1.weights[j] as f32).collect();
            let half = f16_from_f32(best_scale(&targets, &matters, reach(dtype)));
            let scale = f16_to_f32(half);
            let mut integers = [0i32; BLOCK];
            for (j, weight) in block.iter().enumerate() {
                let pruned = part.pruned.get(row * part.columns + from + j).copied().unwrap_or(false);
                let target = if pruned { 0.0 } else { weight - feedback.owed(from + j) };
                let q = rounded(target, scale, reach(dtype));
                feedback.made(from + j, q * scale - weight);
                integers[j] = q as i32;
            }
            pack(half, &integers, dtype, &mut out);
        }
    }
    out
}

fn rounded(value: f32, scale: f32, reach: f32) -> f32 {
    if scale == 0.0 { 0.0 } else { (value / scale).round().clamp(-reach, reach - 1.0) }
}

/// The scale whose weighted squared error is least. Scales may be negative: the largest weight then takes the side that
/// reaches further.
fn best_scale(values: &[f32], matters: &[f32], reach: f32) -> f32 {
    let most = values.iter().copied().fold(0f32, |a, v| if v.abs() > a.abs() { v } else { a });
    let mut best = (f32::INFINITY, 0.0);
    for tried in TRIED {
        let mut scale = -most / reach * tried;
        if scale == 0.0 || !scale.is_finite() {
            continue;
        }
        // The best scale for these integers.
        let (mut product, mut square) = (0f32, 0f32);
        for (value, matters) in values.iter().zip(matters) {
            let q = rounded(*value, scale, reach);
            product += matters * q * value;
            square += matters * q * q;
        }
        if square > 0.0 && product / square != 0.0 {
            scale = product / square;
        }
        let scale = f16_to_f32(f16_from_f32(scale));
        let error = |(v, m): (&f32, &f32)| m * (rounded(*v, scale, reach) * scale - v).powi(2);
        let sum: f32 = values.iter().zip(matters).map(error).sum();
        if sum < best.0 {
            best = (sum, scale);
        }
    }
    best.1
}

fn pack(scale: u16, integers: &[i32; BLOCK], dtype: Dtype, out: &mut Vec<u8>) {
    out.extend(scale.to_le_bytes());
    let (low, high) = integers.split_at(BLOCK / 2);
    match dtype {
        Dtype::Q8_0 => out.extend(integers.iter().map(|q| *q as i8 as u8)),
        Dtype::Q4_0 => out.extend(low.iter().zip(high).map(|(a, b)| (a + 8) as u8 | ((b + 8) as u8) << 4)),
        _ => {
            let fifth = |(i, q): (usize, &i32)| ((q + 16) as u32 >> 4) << i;
            let bits: u32 = integers.iter().enumerate().map(fifth).sum();
            out.extend(bits.to_le_bytes());
            out.extend(low.iter().zip(high).map(|(a, b)| ((a + 16) & 15 | ((b + 16) & 15) << 4) as u8));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantize::factor::Side;

    #[test]
    fn blocks_decode_to_what_is_near() {
        let mut random = crate::quantize::Random::new(4);
        let weights: Vec<f32> = (0..8 * 64).map(|_| random.normal()).collect();
        let tensor = Tensor::new("a", Dtype::F32, vec![8, 64], 0, 2048);
        let plain = |n: usize| Side::Diagonal(vec![1.0; n]).factor(0.0);
        let factors = (plain(8), plain(64));
        let part = Part { tensor, rows: 8, columns: 64, weights, factors, pruned: Vec::new() };
        for (dtype, most) in [(Dtype::Q8_0, 1e-4), (Dtype::Q5_0, 4e-3), (Dtype::Q4_0, 1.5e-2)] {
            let bytes = blocks(&part, dtype);
            assert_eq!(bytes.len(), 16 * dtype.unit());
            let back = to_f32(dtype, &bytes).unwrap();
            let error: f32 =
                back.iter().zip(&part.weights).map(|(a, b)| (a - b) * (a - b)).sum::<f32>() / 512.0;
            assert!(error < most, "{dtype:?} {error}");
        }
    }
}
