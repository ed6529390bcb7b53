//! Coding of binary decisions in both directions, and of the few numbers beside the matrices.

use super::mixer::Cell;
use minlen_entropy::binary::{Decoder, Encoder};
use minlen_entropy::log2::bit_cost_q16;

/// Codes one binary decision: an encoder writes it, a decoder finds it out.
pub(super) trait Binary {
    /// The decision (`bit`, where the decoder does not know better), which is 1 with probability `p1`/65536.
    fn bit(&mut self, bit: u32, p1: u32) -> u32;
}

impl Binary for Encoder {
    fn bit(&mut self, bit: u32, p1: u32) -> u32 {
        self.encode(bit, p1);
        bit
    }
}

impl Binary for Decoder<'_> {
    fn bit(&mut self, _bit: u32, p1: u32) -> u32 {
        self.decode(p1)
    }
}

/// Adds up what the decisions cost, in 1/65536 bit.
#[derive(Debug, Default)]
pub(super) struct Tally(pub u64);

impl Binary for Tally {
    fn bit(&mut self, bit: u32, p1: u32) -> u32 {
        self.0 += bit_cost_q16(p1, bit != 0);
        bit
    }
}

/// Codes one decision with a cell of its own.
pub(super) fn code_bit(io: &mut impl Binary, cell: &mut Cell, bit: u32) -> u32 {
    let p = cell.p();
    let bit = io.bit(bit, p);
    cell.update(bit, p, 255);
    bit
}

/// Codes `value` in an adaptive Exp-Golomb code: the length in unary, the bits below the highest; 64 cells.
pub(super) fn code_large(io: &mut impl Binary, cells: &mut [Cell], value: u32) -> u32 {
    let value = value.min((1 << 30) - 2) + 1;
    let length = 31 - value.leading_zeros();
    let mut k = 0;
    while k < 29 && code_bit(io, &mut cells[k as usize], u32::from(length > k)) != 0 {
        k += 1;
    }
    let mut out = 1u32;
    for i in (0..k).rev() {
        // The highest of the bits are skewed, the others are not.
        let bit = value >> i & 1;
        let bit =
            if i + 1 == k { code_bit(io, &mut cells[32 + k as usize], bit) } else { io.bit(bit, 32_768) };
        out = out << 1 | bit;
    }
    out - 1
}

/// Codes signed numbers that are often small.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    cells: Vec<Cell>,
    /// The sign, by the sign before.
    signs: [Cell; 3],
    last: i32,
}

impl Default for Numbers {
    fn default() -> Self {
        Self { cells: vec![Cell::default(); 64], signs: [Cell::default(); 3], last: 0 }
    }
}

impl Numbers {
    /// Codes one number, of at most 29 bits.
    pub(super) fn code(&mut self, io: &mut impl Binary, value: i32) -> i32 {
        let size = code_large(io, &mut self.cells, value.unsigned_abs()) as i32;
        if size == 0 {
            self.last = 0;
            return 0;
        }
        let context = (self.last.signum() + 1) as usize;
        let negative = code_bit(io, &mut self.signs[context], u32::from(value < 0));
        self.last = if negative != 0 { -size } else { size };
        self.last
    }
}
