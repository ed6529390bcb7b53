//! Units of a type as streams of bytes, each of one meaning, and back.
//!
//! Floats: in the upper 16 bits the sign moves below the other 15, so that the first byte is the exponent (f32, bf16) or begins
//! with it (f16: with three bits of the mantissa). f64 first takes the usual exponents to the middle of the lower eight of its
//! eleven exponent bits. The bytes of a number are a stream each, most significant first. GGUF blocks: each f16 as above, each
//! field of packed numbers a stream.

use crate::Dtype;

/// A part of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    /// So many bytes from an offset on, packed numbers.
    Packed(usize, usize),
    /// An f16 at an offset.
    Half(usize),
}

/// The fields of a GGUF block (ggml-common.h of llama.cpp).
fn fields(dtype: Dtype) -> &'static [Field] {
    use Field::{Half, Packed};
    match dtype {
        Dtype::Q4_0 => &[Half(0), Packed(2, 16)],
        Dtype::Q4_1 => &[Half(0), Half(2), Packed(4, 16)],
        Dtype::Q5_0 => &[Half(0), Packed(2, 4), Packed(6, 16)],
        Dtype::Q5_1 => &[Half(0), Half(2), Packed(4, 4), Packed(8, 16)],
        Dtype::Q8_0 => &[Half(0), Packed(2, 32)],
        Dtype::Q2K => &[Packed(0, 16), Packed(16, 64), Half(80), Half(82)],
        Dtype::Q3K => &[Packed(0, 32), Packed(32, 64), Packed(96, 12), Half(108)],
        Dtype::Q4K => &[Half(0), Half(2), Packed(4, 12), Packed(16, 128)],
        Dtype::Q5K => &[Half(0), Half(2), Packed(4, 12), Packed(16, 32), Packed(48, 128)],
        Dtype::Q6K => &[Packed(0, 128), Packed(128, 64), Packed(192, 16), Half(208)],
        _ => &[],
    }
}

/// Bytes that each stream takes per unit, first stream first.
pub(crate) fn widths(dtype: Dtype) -> Vec<usize> {
    let fields = fields(dtype);
    if fields.is_empty() {
        return vec![1; dtype.unit()];
    }
    let mut widths = Vec::new();
    for field in fields {
        match *field {
            Field::Half(_) => widths.extend([1, 1]),
            Field::Packed(_, len) => widths.push(len),
        }
    }
    widths
}

/// How far the exponent of an f64 is moved, modulo 2048: 2^-6, 1017, goes to 128.
const F64_MOVE: u64 = (128 + 2048 - 1017) << 52;
const F64_EXPONENT: u64 = 0x7ff << 52;

fn from_f64(bits: u64) -> u64 {
    let moved = (bits & !F64_EXPONENT) | (bits.wrapping_add(F64_MOVE) & F64_EXPONENT);
    // sign, 3 upper exponent bits, 8 lower ones, 4 of the mantissa -> lower 8, upper 3, mantissa, sign.
    let top = (moved >> 48) as u16;
    let swapped = (top >> 4 & 0xff) << 8 | (top >> 12 & 7) << 5 | (top & 15) << 1 | top >> 15;
    (moved & 0xffff_ffff_ffff) | u64::from(swapped) << 48
}

fn to_f64(bits: u64) -> u64 {
    let top = (bits >> 48) as u16;
    let swapped = (top & 1) << 15 | (top >> 5 & 7) << 12 | (top >> 8) << 4 | (top >> 1 & 15);
    let moved = (bits & 0xffff_ffff_ffff) | u64::from(swapped) << 48;
    (moved & !F64_EXPONENT) | (moved.wrapping_sub(F64_MOVE) & F64_EXPONENT)
}

/// Appends a byte of every unit if that is `wanted`: a loop over equal lengths, which becomes vector instructions.
#[inline(always)]
fn fill<const N: usize>(wanted: u32, units: &[[u8; N]], stream: &mut Vec<u8>, byte: impl Fn(&[u8; N]) -> u8) {
    if wanted & 1 == 0 {
        return;
    }
    let start = stream.len();
    stream.resize(start + units.len(), 0);
    let out = &mut stream[start..][..units.len()];
    for i in 0..units.len() {
        out[i] = byte(&units[i]);
    }
}

/// Makes every unit of a byte of each of two streams.
#[inline(always)]
fn two<const N: usize>(out: &mut [u8], a: &[u8], b: &[u8], unit: impl Fn(u8, u8) -> [u8; N]) {
    let out = out.as_chunks_mut::<N>().0;
    let count = out.len().min(a.len()).min(b.len());
    let (out, a, b) = (&mut out[..count], &a[..count], &b[..count]);
    for i in 0..count {
        out[i] = unit(a[i], b[i]);
    }
}

/// Makes every unit of a byte of each of four streams.
#[inline(always)]
fn four<const N: usize>(out: &mut [u8], streams: [&[u8]; 4], unit: impl Fn([u8; 4]) -> [u8; N]) {
    let out = out.as_chunks_mut::<N>().0;
    let [a, b, c, d] = streams;
    let count = out.len().min(a.len()).min(b.len()).min(c.len()).min(d.len());
    let (out, a, b, c, d) = (&mut out[..count], &a[..count], &b[..count], &c[..count], &d[..count]);
    for i in 0..count {
        out[i] = unit([a[i], b[i], c[i], d[i]]);
    }
}

/// Appends the streams of `bytes`, a whole number of units, to `streams`, as many as [`widths`] says; perhaps without those that
/// have no bit in `wanted`.
#[inline(always)]
pub(crate) fn split(dtype: Dtype, bytes: &[u8], streams: &mut [Vec<u8>], wanted: u32) {
    match (dtype, streams) {
        (Dtype::F16 | Dtype::Bf16, [high, low]) => {
            let units = bytes.as_chunks::<2>().0;
            fill(wanted, units, high, |u| (u16::from_le_bytes(*u).rotate_left(1) >> 8) as u8);
            fill(wanted >> 1, units, low, |u| u16::from_le_bytes(*u).rotate_left(1) as u8);
        }
        (Dtype::F32, [a, b, c, d]) => {
            let units = bytes.as_chunks::<4>().0;
            fill(wanted, units, a, |u| u[3] << 1 | u[2] >> 7);
            fill(wanted >> 1, units, b, |u| u[2] << 1 | u[3] >> 7);
            fill(wanted >> 2, units, c, |u| u[1]);
            fill(wanted >> 3, units, d, |u| u[0]);
        }
        (Dtype::F64, streams) => {
            for unit in bytes.as_chunks::<8>().0 {
                let bytes = from_f64(u64::from_le_bytes(*unit)).to_be_bytes();
                streams.iter_mut().zip(bytes).for_each(|(stream, byte)| stream.push(byte));
            }
        }
        (_, [only]) => only.extend_from_slice(bytes),
        (_, streams) => {
            let fields = fields(dtype);
            let unit = dtype.unit();
            if fields.is_empty() {
                for (i, stream) in streams.iter_mut().enumerate() {
                    stream.extend(bytes.chunks_exact(unit).map(|u| u[unit - 1 - i]));
                }
            } else {
                bytes.chunks_exact(unit).for_each(|unit| split_block(fields, unit, streams));
            }
        }
    }
}

fn split_block(fields: &[Field], unit: &[u8], streams: &mut [Vec<u8>]) {
    let mut next = 0;
    for field in fields {
        match *field {
            Field::Half(at) => {
                let [high, low] = u16::from_le_bytes([unit[at], unit[at + 1]]).rotate_left(1).to_be_bytes();
                streams[next].push(high);
                streams[next + 1].push(low);
                next += 2;
            }
            Field::Packed(at, len) => {
                streams[next].extend_from_slice(&unit[at..at + len]);
                next += 1;
            }
        }
    }
}

/// Appends the window's streams of floats of 16 or 32 bits: exponent relative to `base` with the two upper bits of the mantissa;
/// five more bits and the sign, a byte each, to be packed by [`pack`]; the other bytes. An exponent of 0 stays 0; every
/// other one must be 1 to 63 above `base`.
#[inline(always)]
pub(crate) fn split_window(dtype: Dtype, base: u8, bytes: &[u8], streams: &mut [Vec<u8>], wanted: u32) {
    let symbol = |top: u16| {
        let exponent = (top >> 7) as u8;
        let relative = if exponent == 0 { 0 } else { exponent.wrapping_sub(base) };
        relative << 2 | (top >> 5 & 3) as u8
    };
    let rest = |top: u16| (top << 1) as u8 & 0x3e | (top >> 15) as u8;
    match (dtype, streams) {
        (Dtype::F32, [a, b, c, d]) => {
            let units = bytes.as_chunks::<4>().0;
            fill(wanted, units, a, |u| symbol((u32::from_le_bytes(*u) >> 16) as u16));
            fill(wanted >> 1, units, b, |u| rest((u32::from_le_bytes(*u) >> 16) as u16));
            fill(wanted >> 2, units, c, |u| u[1]);
            fill(wanted >> 3, units, d, |u| u[0]);
        }
        (_, [a, b, ..]) => {
            let units = bytes.as_chunks::<2>().0;
            fill(wanted, units, a, |u| symbol(u16::from_le_bytes(*u)));
            fill(wanted >> 1, units, b, |u| rest(u16::from_le_bytes(*u)));
        }
        _ => {}
    }
}

/// The upper 16 bits of a float from its window's streams.
#[inline(always)]
fn top(base: u8, symbol: u8, rest: u8) -> u16 {
    let relative = symbol >> 2;
    let exponent = if relative == 0 { 0 } else { relative.wrapping_add(base) };
    u16::from(rest & 1) << 15 | u16::from(exponent) << 7 | u16::from(symbol & 3) << 5 | u16::from(rest >> 1)
}

/// Undoes [`split_window`]; the second stream is packed.
#[inline(always)]
pub(crate) fn merge_window(dtype: Dtype, base: u8, streams: &[&[u8]], out: &mut [u8]) {
    let unit = dtype.unit();
    let (Some(symbols), Some(packed)) = (streams.first(), streams.get(1)) else { return };
    let quarter = symbols.len() / 4;
    let planes: [&[u8]; 4] =
        std::array::from_fn(|i| &packed[i * quarter..if i < 3 { (i + 1) * quarter } else { packed.len() }]);
    for part in 0..5 {
        let range = part * quarter..if part < 4 { (part + 1) * quarter } else { symbols.len() };
        let (symbols, out) = (&symbols[range.clone()], &mut out[range.start * unit..range.end * unit]);
        let lower: [&[u8]; 2] = match streams {
            [_, _, c, d] => [&c[range.clone()], &d[range]],
            _ => [&[], &[]],
        };
        let count = symbols.len();
        match part {
            0..3 => {
                let plane = &planes[part][..count];
                window_part(dtype, base, symbols, lower, out, |i| plane[i] & 63);
            }
            3 => {
                let [a, b, c] = [&planes[0][..count], &planes[1][..count], &planes[2][..count]];
                window_part(dtype, base, symbols, lower, out, |i| {
                    a[i] >> 6 | b[i] >> 6 << 2 | c[i] >> 6 << 4
                });
            }
            _ => {
                let plane = &planes[3][..count];
                window_part(dtype, base, symbols, lower, out, |i| plane[i]);
            }
        }
    }
}

/// Units from symbols, the bits that `rest` gives, and, of f32, the lower bytes.
#[inline(always)]
fn window_part(
    dtype: Dtype,
    base: u8,
    symbols: &[u8],
    lower: [&[u8]; 2],
    out: &mut [u8],
    rest: impl Fn(usize) -> u8,
) {
    let count = symbols.len();
    if dtype == Dtype::F32 {
        let (out, c, d) = (&mut out.as_chunks_mut::<4>().0[..count], &lower[0][..count], &lower[1][..count]);
        for i in 0..count {
            let top = u32::from(top(base, symbols[i], rest(i)));
            out[i] = (top << 16 | u32::from(c[i]) << 8 | u32::from(d[i])).to_le_bytes();
        }
    } else {
        let out = &mut out.as_chunks_mut::<2>().0[..count];
        for i in 0..count {
            out[i] = top(base, symbols[i], rest(i)).to_le_bytes();
        }
    }
}

/// Bytes that `count` numbers of six bits are packed into.
pub(crate) fn packed_len(count: usize) -> usize {
    count / 4 * 3 + count % 4
}

/// Packs numbers of six bits, those from `begin` on: the last quarter of them goes, two bits each, to the top of the other three;
/// up to three numbers are left over and stay as they are.
#[inline(always)]
pub(crate) fn pack(bytes: &mut Vec<u8>, begin: usize) {
    let numbers = bytes.get_mut(begin..).unwrap_or_default();
    let (count, quarter) = (numbers.len(), numbers.len() / 4);
    let (first, last) = numbers.split_at_mut(3 * quarter);
    for (i, part) in first.chunks_exact_mut(quarter.max(1)).enumerate() {
        let last = &last[..part.len()];
        for j in 0..part.len() {
            part[j] |= (last[j] >> (2 * i) & 3) << 6;
        }
    }
    numbers.copy_within(4 * quarter..count, 3 * quarter);
    bytes.truncate(begin + count - quarter);
}

/// Undoes [`split`] into `out`; every stream must be as long as `out` needs.
#[inline(always)]
pub(crate) fn merge(dtype: Dtype, streams: &[&[u8]], out: &mut [u8]) {
    match (dtype, streams) {
        (Dtype::F16 | Dtype::Bf16, [high, low]) => two(out, high, low, |high, low| {
            (u16::from(high) << 8 | u16::from(low)).rotate_right(1).to_le_bytes()
        }),
        (Dtype::F32, [a, b, c, d]) => four(out, [*a, *b, *c, *d], |[a, b, c, d]| {
            let top = (u16::from(a) << 8 | u16::from(b)).rotate_right(1);
            (u32::from(top) << 16 | u32::from(c) << 8 | u32::from(d)).to_le_bytes()
        }),
        (_, [only]) => out.copy_from_slice(only),
        (Dtype::F64, streams) => {
            for (i, unit) in out.as_chunks_mut::<8>().0.iter_mut().enumerate() {
                let bytes = std::array::from_fn(|stream| streams[stream][i]);
                *unit = to_f64(u64::from_be_bytes(bytes)).to_le_bytes();
            }
        }
        (_, streams) => {
            let fields = fields(dtype);
            let unit = dtype.unit();
            if fields.is_empty() {
                for (i, stream) in streams.iter().enumerate() {
                    out.chunks_exact_mut(unit).zip(*stream).for_each(|(u, byte)| u[unit - 1 - i] = *byte);
                }
            } else {
                let units = out.chunks_exact_mut(unit).enumerate();
                units.for_each(|(i, unit)| merge_block(fields, streams, i, unit));
            }
        }
    }
}

fn merge_block(fields: &[Field], streams: &[&[u8]], i: usize, unit: &mut [u8]) {
    let mut next = 0;
    for field in fields {
        match *field {
            Field::Half(at) => {
                let half = u16::from_be_bytes([streams[next][i], streams[next + 1][i]]).rotate_right(1);
                unit[at..at + 2].copy_from_slice(&half.to_le_bytes());
                next += 2;
            }
            Field::Packed(at, len) => {
                unit[at..at + len].copy_from_slice(&streams[next][i * len..][..len]);
                next += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::testing::Rng;

    #[test]
    fn every_type_comes_back() {
        let mut rng = Rng(3);
        for dtype in Dtype::ALL {
            let bytes: Vec<u8> = (0..dtype.unit() * 333).map(|_| rng.next_u64() as u8).collect();
            let widths = widths(dtype);
            assert_eq!(widths.iter().sum::<usize>(), dtype.unit());
            let mut streams = vec![Vec::new(); widths.len()];
            split(dtype, &bytes, &mut streams, u32::MAX);
            assert!(streams.iter().zip(&widths).all(|(stream, width)| stream.len() == width * 333));
            let mut out = vec![0; bytes.len()];
            merge(dtype, &streams.iter().map(Vec::as_slice).collect::<Vec<_>>(), &mut out);
            assert_eq!(out, bytes, "{}", dtype.name());
        }
    }

    #[test]
    fn windows_come_back_and_pack() {
        let mut rng = Rng(8);
        for (dtype, unit) in [(Dtype::Bf16, 2), (Dtype::F32, 4)] {
            for count in [0, 1, 3, 4, 5, 1003] {
                let mut bytes: Vec<u8> = (0..unit * count).map(|_| rng.next_u64() as u8).collect();
                for unit in bytes.chunks_exact_mut(unit) {
                    let exponent = if rng.below(9) == 0 { 0 } else { 71 + rng.below(63) as u16 };
                    let top = (rng.next_u64() as u16 & 0x807f) | exponent << 7;
                    unit.last_chunk_mut::<2>().unwrap().copy_from_slice(&top.to_le_bytes());
                }
                let mut streams = vec![Vec::new(); unit];
                split_window(dtype, 70, &bytes, &mut streams, u32::MAX);
                pack(&mut streams[1], 0);
                assert_eq!(streams[1].len(), packed_len(count));
                let mut out = vec![0; bytes.len()];
                merge_window(dtype, 70, &streams.iter().map(Vec::as_slice).collect::<Vec<_>>(), &mut out);
                assert_eq!(out, bytes);
            }
        }
    }

    #[test]
    fn the_usual_exponents_of_doubles_share_their_upper_bits() {
        for x in [1e-30f64, 0.001, -0.5, 1.0, -3.7, 1e30] {
            assert_eq!(from_f64(x.to_bits()) >> 53 & 7, 0, "{x}");
        }
        assert_eq!(from_f64((1.0f64 / 64.0).to_bits()) >> 56, 128);
    }
}
