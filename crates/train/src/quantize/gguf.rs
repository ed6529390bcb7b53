//! GGUF files of block types, for llama.cpp and its kin.
//!
//! The blocks are those that its own tools write; which scale and integers they hold follows from the calibration: for each
//! block the scale with the least weighted error, then integers with feedback of errors.

use super::feedback::Feedback;
use super::plan::{Kept, Part};
use minlen_core::layout::{Dtype, Element, Layout, Span};
use minlen_core::{Advice, Error, Result};
use minlen_structure::write::{GgufMetadata, write_gguf};
use minlen_structure::{Parsers, formats};
use minlen_tensor::weights::{f16_from_f32, f16_to_f32, from_f32, to_f32};
use std::borrow::Cow;

/// The largest f16.
const MOST_SCALE: f32 = 65504.0;
/// Weights in a block.
const BLOCK: usize = 32;
/// Scales that are tried, as thousandths of the one at which the largest weight just fits.
const TRIED: [f32; 15] =
    [0.6, 0.65, 0.7, 0.75, 0.8, 0.84, 0.88, 0.91, 0.94, 0.97, 1.0, 1.03, 1.06, 1.1, 1.15];

/// The file with `parts` in blocks of `dtype` where rows are a multiple of 32, other floats of up to 32 bits in f32; and the
/// matrices that blocks cannot hold.
pub(super) fn write(layout: &Layout, source: &[u8], parts: &[Part], dtype: Dtype) -> Result<(Vec<u8>, Kept)> {
    let mut metadata = match layout.format {
        formats::GGUF => GgufMetadata::read(&source)?,
        _ => GgufMetadata::new(),
    };
    metadata.set_u32("general.file_type", file_type(dtype)?);
    metadata.set_u32("general.quantization_version", 2);
    // A layout has tied tensors once only: the file is to have them under all of their names.
    let mut all = Parsers::arrays().listing(&source)?.map_or_else(Vec::new, |(_, tensors)| tensors);
    all.retain(|tensor| tensor.len > 0);
    all.sort_by_key(|tensor| (tensor.start, tensor.len));
    let (mut tensors, mut data, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    for tensor in &all {
        plain(tensor)?;
        let part = parts.iter().find(|part| part.tensor.start == tensor.start);
        let (to, bytes) = convert(tensor, source, part, dtype, &mut kept)?;
        tensors.push(Span::array(tensor.name.clone(), to, tensor.shape.clone(), 0, bytes.len() as u64));
        data.push(bytes);
    }
    let mut out = Vec::new();
    write_gguf(&mut out, &metadata, &tensors, &mut |i| Ok(Cow::Borrowed(&data[i][..])))?;
    Ok((out, kept))
}

/// Refuses what GGUF would hold as something else: complex and big-endian numbers, other orders of dimensions, truth values.
fn plain(tensor: &Span) -> Result<()> {
    let declared = tensor.declared();
    let fits = matches!(declared.element, Element::Number(dtype) if dtype == tensor.dtype)
        && !declared.big_endian
        && declared.order.is_empty();
    if fits {
        return Ok(());
    }
    let order = if declared.order.is_empty() { "" } else { " in column-major order" };
    Err(Error::usage(format!("array {:?}: GGUF holds no {}{order}", tensor.name, declared.name()))
        .advise(Advice::OtherFormat))
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

fn convert(
    tensor: &Span,
    source: &[u8],
    part: Option<&Part>,
    dtype: Dtype,
    kept: &mut Kept,
) -> Result<(Dtype, Vec<u8>)> {
    let own = &source[tensor.start as usize..(tensor.start + tensor.len) as usize];
    if let Some(part) = part.filter(|part| part.columns.is_multiple_of(BLOCK)) {
        let bytes = blocks(part, dtype);
        match unfit(part, dtype, &bytes) {
            None => return Ok((dtype, bytes)),
            Some(why) => kept.push((tensor.name.clone(), why.into())),
        }
    }
    match tensor.dtype {
        // Their range is wider than that of f32.
        Dtype::F64 => Ok((tensor.dtype, own.to_vec())),
        float if float.is_float() => {
            let values = to_f32(float, own);
            let bytes = values.and_then(|values| from_f32(Dtype::F32, &values));
            Ok((Dtype::F32, bytes.ok_or_else(|| Error::unsupported("8-bit floats in a GGUF file"))?))
        }
        other => Ok((other, own.to_vec())),
    }
}

/// Why blocks are no place for a matrix: their scales are f16.
fn unfit(part: &Part, dtype: Dtype, bytes: &[u8]) -> Option<&'static str> {
    let most = part.weights.iter().fold(0f32, |most, weight| most.max(weight.abs()));
    let decoded = to_f32(dtype, bytes).unwrap_or_default();
    if most > MOST_SCALE * reach(dtype) || decoded.iter().any(|weight| !weight.is_finite()) {
        return Some("its largest weight is too large for the scale of a block");
    }
    let lost = most > 0.0 && decoded.iter().all(|weight| *weight == 0.0);
    (lost && part.pruned.is_empty()).then_some("its weights are too small for the scale of a block")
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
        let tensor = Span::array("a", Dtype::F32, vec![8, 64], 0, 2048);
        let plain = |n: usize| Side::Diagonal(vec![1.0; n]).factor(0.0);
        let factors = (plain(8), plain(64));
        let pruned = Vec::new();
        let part = Part { tensor, whole_rows: 8, first: 0, rows: 8, columns: 64, weights, factors, pruned };
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
