//! Where the numbers of GGUF's super-blocks of 256 weights are: the sub-blocks' scales and the weights, some cut in two.
//!
//! Source: the block layouts of GGML's `ggml-common.h`, and of the dequantization that its documentation describes.

use crate::Dtype;

/// Some bits of a byte of the block: offset of the byte, lowest bit, number of bits (0 for nothing).
pub type Field = (usize, usize, u32);

/// Where a number is: its lower and its upper bits.
pub type Split = [Field; 2];

const NOTHING: Field = (0, 0, 0);

/// Where weight `i` of 256 is.
pub fn weight(dtype: Dtype, i: usize) -> Split {
    // Halves of 128 weights, quarters of 64, rows of 32.
    let (half, quarter, row, at) = (i / 128, i / 64, i % 128 / 32, i % 32);
    match dtype {
        Dtype::Q2K => [(16 + 32 * half + at, 2 * row, 2), NOTHING],
        Dtype::Q3K => [(32 + 32 * half + at, 2 * row, 2), (at, 4 * half + row, 1)],
        Dtype::Q4K => [(16 + 32 * quarter + at, 4 * (row % 2), 4), NOTHING],
        Dtype::Q5K => [(48 + 32 * quarter + at, 4 * (row % 2), 4), (16 + at, 2 * quarter + row % 2, 1)],
        _ => {
            let low = 64 * half + 32 * (row % 2) + at;
            [(low, 4 * (row / 2), 4), (128 + 32 * half + at, 2 * row, 2)]
        }
    }
}

/// Where scale `i` of the sub-blocks is; behind the scales are the minima of types that have them.
pub fn scale(dtype: Dtype, i: usize) -> Split {
    match dtype {
        Dtype::Q2K => [(i % 16, 4 * (i / 16), 4), NOTHING],
        Dtype::Q3K => [(96 + i % 8, 4 * (i / 8), 4), (104 + i % 4, 2 * (i / 4), 2)],
        Dtype::Q4K | Dtype::Q5K => match (i / 8, i % 8) {
            (kind, at @ ..4) => [(4 + 4 * kind + at, 0, 6), NOTHING],
            (kind, at) => [(8 + at, 4 * kind, 4), (4 * kind + at, 6, 2)],
        },
        _ => [(192 + i, 0, 8), NOTHING],
    }
}

fn bits(block: &[u8], (byte, low, count): Field) -> u32 {
    u32::from(block.get(byte).copied().unwrap_or(0)) >> low & ((1 << count) - 1)
}

/// Reads a number.
pub fn read(block: &[u8], [low, high]: Split) -> u8 {
    (bits(block, low) | bits(block, high) << low.2) as u8
}

/// Writes a number into a block, in place of what is there.
pub fn write(block: &mut [u8], [low, high]: Split, value: u8) {
    let value = u32::from(value);
    for ((byte, from, count), part) in [(low, value), (high, value >> low.2)] {
        if let Some(byte) = block.get_mut(byte) {
            let mask = ((1u32 << count) - 1) << from;
            *byte = (u32::from(*byte) & !mask | part << from & mask) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_of_a_block_is_of_one_number() {
        let kinds = [(Dtype::Q2K, 32, 16 + 64), (Dtype::Q3K, 16, 108), (Dtype::Q4K, 16, 140)];
        for (dtype, scales, bytes) in kinds.into_iter().chain([(Dtype::Q5K, 16, 172), (Dtype::Q6K, 16, 208)])
        {
            let mut block = vec![0; dtype.unit()];
            for i in 0..scales {
                write(&mut block, scale(dtype, i), 255);
            }
            for i in 0..256 {
                write(&mut block, weight(dtype, i), 255);
            }
            let ones: u32 = block.iter().map(|byte| byte.count_ones()).sum();
            assert_eq!(ones as usize, 8 * bytes, "{dtype:?}");
            // No bit is of two numbers: as many of them as are set.
            let all = (0..scales).map(|i| scale(dtype, i)).chain((0..256).map(|i| weight(dtype, i)));
            assert_eq!(all.flatten().map(|field| field.2 as usize).sum::<usize>(), 8 * bytes, "{dtype:?}");
        }
    }
}
