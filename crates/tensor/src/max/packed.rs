//! Blocks of quantized weights taken apart: scales as binary16, weights as small integers in their order.

use super::fields;
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
    /// As [`fields`] says.
    Super(Dtype),
}

/// The shape of a block.
#[derive(Clone, Copy, Debug)]
pub struct Packing {
    /// Offsets of the binary16 numbers in it: scale, and minimum of types that have one.
    pub halves: &'static [usize],
    /// How its weights are read.
    pub form: Form,
    /// The magnitude that about one weight of those with a common scale has; with a minimum, any but 0 says that the weights reach
    /// both ends. 0 where nothing is known.
    pub extreme: u64,
    /// Weights.
    pub weights: usize,
    /// Octaves of a common weight over the scale.
    pub common: i32,
    /// Scales (and minima) of sub-blocks.
    pub scales: usize,
    /// How those are read.
    pub scale_form: Form,
    /// Weights with a scale in common.
    pub group: usize,
    /// Weights count from a minimum of their group.
    pub minima: bool,
    start: usize,
    layout: Layout,
}

/// The most weights in a block.
pub const MOST: usize = 256;
/// The most scales of sub-blocks.
pub const SCALES: usize = 32;

/// The packing of a type, none for plain numbers.
#[must_use]
pub fn packing(dtype: Dtype) -> Option<Packing> {
    let none = Form::integer(8, false, 0);
    let block = |halves, start, layout, form, extreme, common| Packing {
        halves,
        form,
        extreme,
        weights: 32,
        common,
        scales: 0,
        scale_form: none,
        group: 32,
        minima: false,
        start,
        layout,
    };
    let around = |width, zero| Form::integer(width, false, zero);
    let large = |halves, form, extreme, common, scales, scale_form, group| Packing {
        weights: MOST,
        scales,
        scale_form,
        group,
        ..block(halves, 0, Layout::Super(dtype), form, extreme, common)
    };
    let both = |packing: Packing| Packing { minima: true, ..packing };
    Some(match dtype {
        Dtype::Q4_0 => block(&[0], 2, Layout::Nibbles, around(4, 8), 8, 1),
        Dtype::Q4_1 => both(block(&[0, 2], 4, Layout::Nibbles, around(4, 7), 1, 1)),
        Dtype::Q5_0 => block(&[0], 2, Layout::FifthBits, around(5, 16), 16, 2),
        Dtype::Q5_1 => both(block(&[0, 2], 4, Layout::FifthBits, around(5, 15), 1, 2)),
        Dtype::Q8_0 => block(&[0], 2, Layout::Bytes, Form::integer(8, true, 0), 127, 5),
        Dtype::Q2K => both(large(&[80, 82], around(2, 1), 1, 1, 32, around(4, 0), 16)),
        Dtype::Q3K => large(&[108], around(3, 4), 4, 1, 16, around(6, 32), 16),
        Dtype::Q4K => both(large(&[0, 2], around(4, 7), 1, 2, 16, around(6, 0), 32)),
        Dtype::Q5K => both(large(&[0, 2], around(5, 15), 1, 3, 16, around(6, 0), 32)),
        Dtype::Q6K => large(&[208], around(6, 32), 31, 4, 16, Form::integer(8, true, 0), 16),
        _ => return None,
    })
}

impl Packing {
    /// The weights of a block, and the scales of its sub-blocks.
    pub fn unpack(&self, block: &[u8], weights: &mut [u8; MOST], scales: &mut [u8; SCALES]) {
        if let Layout::Super(dtype) = self.layout {
            let kept = scales.iter_mut().take(self.scales).enumerate();
            kept.for_each(|(i, value)| *value = fields::read(block, fields::scale(dtype, i)));
            let kept = weights.iter_mut().enumerate();
            kept.for_each(|(i, value)| *value = fields::read(block, fields::weight(dtype, i)));
            return;
        }
        let Some(data) = block.get(self.start..) else { return };
        match self.layout {
            Layout::Bytes => weights.iter_mut().zip(data).take(self.weights).for_each(|(w, d)| *w = *d),
            Layout::Nibbles => unpack_nibbles(data, weights),
            Layout::Super(_) => {}
            Layout::FifthBits => {
                let (fifth, data) = data.split_at(4.min(data.len()));
                unpack_nibbles(data, weights);
                for (i, weight) in weights.iter_mut().take(32).enumerate() {
                    *weight |= (fifth.get(i / 8).copied().unwrap_or(0) >> (i % 8) & 1) << 4;
                }
            }
        }
    }

    /// Writes weights and scales into a block: the inverse of [`Packing::unpack`].
    pub fn pack(&self, weights: &[u8; MOST], scales: &[u8; SCALES], block: &mut [u8]) {
        if let Layout::Super(dtype) = self.layout {
            let kept = scales.iter().take(self.scales).enumerate();
            kept.for_each(|(i, value)| fields::write(block, fields::scale(dtype, i), *value));
            let kept = weights.iter().enumerate();
            kept.for_each(|(i, value)| fields::write(block, fields::weight(dtype, i), *value));
            return;
        }
        let Some(data) = block.get_mut(self.start..) else { return };
        match self.layout {
            Layout::Bytes => weights.iter().zip(data).take(self.weights).for_each(|(w, d)| *d = *w),
            Layout::Nibbles => pack_nibbles(weights, data),
            Layout::Super(_) => {}
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
                let (mut weights, mut scales, mut back) = ([0; MOST], [0; SCALES], vec![0; block.len()]);
                packing.unpack(&block, &mut weights, &mut scales);
                packing.pack(&weights, &scales, &mut back);
                for at in packing.halves {
                    back[*at..at + 2].copy_from_slice(&block[*at..at + 2]);
                }
                assert_eq!(back, block, "{dtype:?}");
            }
        }
    }
}
