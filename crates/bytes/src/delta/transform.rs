//! Subtracting, adding, splitting into planes and joining them.

use super::spec::Shape;

/// Replaces each element by its difference from the one a stride before. Bytes after the last whole element are
/// left as they are.
pub(super) fn subtract(data: &mut [u8], shape: Shape) {
    match shape.width {
        2 => words::<2>(data, shape.stride, true),
        4 => words::<4>(data, shape.stride, true),
        8 => words::<8>(data, shape.stride, true),
        _ => delta_encode(data, shape.stride),
    }
}

/// Undoes [`subtract`].
pub(super) fn add(data: &mut [u8], shape: Shape) {
    match shape.width {
        2 => words::<2>(data, shape.stride, false),
        4 => words::<4>(data, shape.stride, false),
        8 => words::<8>(data, shape.stride, false),
        _ => delta_decode(data, shape.stride),
    }
}

/// Replaces each byte by its difference from the one `dist` before it.
pub(crate) fn delta_encode(data: &mut [u8], dist: usize) {
    for i in (dist..data.len()).rev() {
        data[i] = data[i].wrapping_sub(data[i - dist]);
    }
}

/// Undoes [`delta_encode`].
pub(crate) fn delta_decode(data: &mut [u8], dist: usize) {
    for i in dist..data.len() {
        data[i] = data[i].wrapping_add(data[i - dist]);
    }
}

fn words<const W: usize>(data: &mut [u8], stride: usize, subtract: bool) {
    let words = data.as_chunks_mut::<W>().0;
    let step = stride / W;
    if subtract {
        for i in (step..words.len()).rev() {
            words[i] = low(wide(words[i]).wrapping_sub(wide(words[i - step])));
        }
    } else {
        for i in step..words.len() {
            words[i] = low(wide(words[i]).wrapping_add(wide(words[i - step])));
        }
    }
}

fn wide<const W: usize>(word: [u8; W]) -> u64 {
    word.iter().rev().fold(0, |sum, &byte| sum << 8 | u64::from(byte))
}

fn low<const W: usize>(value: u64) -> [u8; W] {
    std::array::from_fn(|i| (value >> (8 * i)) as u8)
}

/// Appends `data` to `out`, as byte planes if the shape says so: all bytes at places 0, stride, 2 * stride, ...,
/// then those one after them, and so on.
pub(super) fn split(data: &[u8], shape: Shape, out: &mut Vec<u8>) {
    if !shape.planes {
        return out.extend_from_slice(data);
    }
    for place in 0..shape.stride {
        out.extend(data.iter().skip(place).step_by(shape.stride));
    }
}

/// Undoes [`split`].
pub(super) fn join(body: &[u8], shape: Shape, out: &mut Vec<u8>) {
    if !shape.planes {
        return out.extend_from_slice(body);
    }
    let start = out.len();
    out.resize(start + body.len(), 0);
    let target = &mut out[start..];
    let mut bytes = body.iter();
    for place in 0..shape.stride.min(target.len()) {
        for (byte, &from) in target[place..].iter_mut().step_by(shape.stride).zip(bytes.by_ref()) {
            *byte = from;
        }
    }
}
