//! Blocks of quantized weights taken apart: scales as binary16, weights as small integers in their order.

use super::number::Form;
use crate::Dtype;

/// How the weights of a block are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// One byte each.
    Bytes,
    /// Low nibbles of all bytes, then high nibbles.
    Nibbles,
    /// As nibbles, after a word with the fifth bits.
    FifthBits,
}

/// The shape of a block.
#[derive(Clone, Copy, Debug)]
pub struct Packing {
    /// Offsets of the binary16 numbers in it.
    pub halves: &'static [usize],
    /// How its weights are read.
    pub form: Form,
    /// The magnitude that one weight of a block has, in blocks scaled by their largest weight.
    pub extreme: u64,
    /// Weights, or bytes where they are not taken apart.
    pub weights: usize,
    /// Octaves of a common weight over the scale.
    pub common: i32,
    start: usize,
    layout: Layout,
}

/// The most weights in a block.
pub const MOST: usize = 256;

/// The packing of a type, none for plain numbers.
#[must_use]
pub fn packing(dtype: Dtype) -> Option<Packing> {
    let block = |halves, start, layout, form, extreme, common| {
        Some(Packing { halves, form, extreme, weights: 32, common, start, layout })
    };
    let around = |width, zero| Form::integer(width, false, zero);
    // Offsets 80 and so on: the scales of super-blocks stand behind their weights.
    let bytes = |halves, start, weights| {
        let form = Form::integer(8, false, 0);
        Some(Packing { halves, form, extreme: 0, weights, common: 6, start, layout: Layout::Bytes })
    };
    match dtype {
        Dtype::Q4_0 => block(&[0], 2, Layout::Nibbles, around(4, 8), 8, 1),
        Dtype::Q4_1 => block(&[0, 2], 4, Layout::Nibbles, around(4, 7), 0, 1),
        Dtype::Q5_0 => block(&[0], 2, Layout::FifthBits, around(5, 16), 16, 2),
        Dtype::Q5_1 => block(&[0, 2], 4, Layout::FifthBits, around(5, 15), 0, 2),
        Dtype::Q8_0 => block(&[0], 2, Layout::Bytes, Form::integer(8, true, 0), 127, 5),
        Dtype::Q2K => bytes(&[80, 82], 0, 80),
        Dtype::Q3K => bytes(&[108], 0, 108),
        Dtype::Q4K => bytes(&[0, 2], 4, 140),
        Dtype::Q5K => bytes(&[0, 2], 4, 172),
        Dtype::Q6K => bytes(&[208], 0, 208),
        _ => None,
    }
}

impl Packing {
    /// True where the binary16 number scales the weights.
    #[must_use]
    pub fn scaled(&self) -> bool {
        self.weights == 32
    }

    /// The weights of a block.
    pub fn unpack(&self, block: &[u8], weights: &mut [u8; MOST]) {
        let Some(data) = block.get(self.start..) else { return };
        match self.layout {
            Layout::Bytes => weights.iter_mut().zip(data).take(self.weights).for_each(|(w, d)| *w = *d),
            Layout::Nibbles => unpack_nibbles(data, weights),
            Layout::FifthBits => {
                let (fifth, data) = data.split_at(4.min(data.len()));
                unpack_nibbles(data, weights);
                for (i, weight) in weights.iter_mut().take(32).enumerate() {
                    *weight |= (fifth.get(i / 8).copied().unwrap_or(0) >> (i % 8) & 1) << 4;
                }
            }
        }
    }

    /// Writes weights into a block: the inverse of [`Packing::unpack`].
    pub fn pack(&self, weights: &[u8; MOST], block: &mut [u8]) {
        let Some(data) = block.get_mut(self.start..) else { return };
        match self.layout {
            Layout::Bytes => weights.iter().zip(data).take(self.weights).for_each(|(w, d)| *d = *w),
            Layout::Nibbles => pack_nibbles(weights, data),
            Layout::FifthBits => {
                let (fifth, data) = data.split_at_mut(4.min(data.len()));
                pack_nibbles(weights, data);
                for (i, byte) in fifth.iter_mut().enumerate() {
                    *byte = (0..8).map(|bit| (weights[8 * i + bit] >> 4 & 1) << bit).sum();
                }
            }
        }
    }
}

fn unpack_nibbles(data: &[u8], weights: &mut [u8; MOST]) {
    for (i, byte) in data.iter().take(16).enumerate() {
        weights[i] = byte & 15;
        weights[i + 16] = byte >> 4;
    }
}

fn pack_nibbles(weights: &[u8; MOST], data: &mut [u8]) {
    for (i, byte) in data.iter_mut().take(16).enumerate() {
        *byte = weights[i] & 15 | weights[i + 16] << 4;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::testing::Rng;

    #[test]
    fn blocks_come_back() {
        let mut rng = Rng(1);
        for dtype in Dtype::ALL {
            let Some(packing) = packing(dtype) else { continue };
            for _ in 0..20 {
                let block: Vec<u8> = (0..dtype.unit()).map(|_| rng.next_u64() as u8).collect();
                let (mut weights, mut back) = ([0; MOST], vec![0; block.len()]);
                packing.unpack(&block, &mut weights);
                packing.pack(&weights, &mut back);
                for at in packing.halves {
                    back[*at..at + 2].copy_from_slice(&block[*at..at + 2]);
                }
                assert_eq!(back, block, "{dtype:?}");
            }
        }
    }
}
