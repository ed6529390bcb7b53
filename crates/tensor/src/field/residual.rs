//! Numbers near 0 as binary decisions, each predicted by several contexts and mixed.
//!
//! A number is its class (the length of its magnitude) bit by bit, its sign, three bits below the highest one, and the rest
//! raw. Every decision has an adaptive probability in each of `N` contexts; a logistic mixer weighs them.

use minlen_core::{Error, Result};
use minlen_entropy::binary::{Counter, Decoder, Encoder};
use minlen_entropy::bits::{BitReader, BitWriter};
use minlen_entropy::mixing::{Apm, Mixer, stretch};

/// Decisions of one number: 128 nodes of the class, a sign for each class, 7 nodes of upper bits for each class.
const NODES: usize = 128 + 72 + 72 * 8;
/// Memory of the probabilities.
const LIMIT: u32 = 400;

/// Writes or reads the decisions.
pub(super) trait Io {
    /// Codes `bit`, a 1 with probability `p`/65536; gives the true bit.
    fn bit(&mut self, bit: u32, p: u32) -> u32;
    /// Codes the low `n` (at most 56) bits of `value`.
    fn raw(&mut self, value: u64, n: u32) -> u64;
}

/// An [`Io`] that writes.
#[derive(Default)]
pub(super) struct Writer {
    coder: Encoder,
    raw: BitWriter,
}

impl Writer {
    /// Appends both streams to `out`, each with its length.
    pub fn finish(self, out: &mut Vec<u8>) {
        for part in [self.coder.finish(), self.raw.finish()] {
            minlen_core::varint::put(out, part.len() as u64);
            out.extend_from_slice(&part);
        }
    }
}

impl Io for Writer {
    #[inline(always)]
    fn bit(&mut self, bit: u32, p: u32) -> u32 {
        self.coder.encode(bit, p);
        bit
    }
    #[inline(always)]
    fn raw(&mut self, value: u64, n: u32) -> u64 {
        self.raw.put(value, n);
        value
    }
}

/// An [`Io`] that reads.
pub(super) struct Source<'a> {
    coder: Decoder<'a>,
    coded: usize,
    raw: BitReader<'a>,
}

impl<'a> Source<'a> {
    /// Takes what [`Writer::finish`] wrote.
    ///
    /// # Errors
    /// Truncated.
    pub fn new(reader: &mut minlen_core::varint::Reader<'a>) -> Result<Self> {
        let mut part = || {
            let n = reader.varint_max(u64::from(u32::MAX), "length of a stream")?;
            reader.bytes(n as usize)
        };
        let (coded, raw) = (part()?, part()?);
        Ok(Self { coder: Decoder::new(coded), coded: coded.len(), raw: BitReader::new(raw) })
    }

    /// To be asked now and then.
    ///
    /// # Errors
    /// Truncated if more was read than there is.
    pub fn check(&self) -> Result<()> {
        if self.coder.overrun() || self.raw.overrun() {
            return Err(Error::truncated("the coded numbers end too early"));
        }
        Ok(())
    }

    /// To be asked at the end.
    ///
    /// # Errors
    /// As [`Source::check`]; corrupt if something is left.
    pub fn finish(&self) -> Result<()> {
        self.check()?;
        if self.coder.consumed() != self.coded || !self.raw.rest().is_empty() {
            return Err(Error::corrupt("bytes are left over after the coded numbers"));
        }
        Ok(())
    }
}

impl Io for Source<'_> {
    #[inline(always)]
    fn bit(&mut self, _: u32, p: u32) -> u32 {
        self.coder.decode(p)
    }
    #[inline(always)]
    fn raw(&mut self, _: u64, n: u32) -> u64 {
        let value = self.raw.peek(n);
        self.raw.consume(n);
        value
    }
}

/// Probabilities of one kind of number in `N` contexts.
pub(super) struct Model<const N: usize> {
    cells: Vec<Counter>,
    /// First cell and number of contexts of each of the `N`.
    parts: [(usize, usize); N],
    mixer: Mixer<N>,
    mixer_by: Mixer<N>,
    apm: Apm,
    sets: usize,
    at: [usize; N],
}

impl<const N: usize> Model<N> {
    /// A model of `count` numbers with contexts below `sizes` and weights chosen by a context below `sets`.
    pub fn new(sizes: [usize; N], sets: usize, count: usize) -> Self {
        let mut total = 0;
        let parts = fitted(sizes, count).map(|size| {
            let first = total;
            total += size * NODES;
            (first, size)
        });
        Self {
            cells: vec![Counter::default(); total],
            parts,
            mixer: Mixer::new(NODES, 6),
            mixer_by: Mixer::new(sets.max(1) * 4, 3),
            apm: Apm::new(NODES),
            sets: sets.max(1),
            at: [0; N],
        }
    }

    /// Bytes of memory that it takes.
    pub fn memory(sizes: [usize; N], sets: usize, count: usize) -> u64 {
        let cells: usize = fitted(sizes, count).iter().map(|size| size * 4).sum();
        ((cells + 4 * N + 66) * NODES + sets * 16 * N) as u64
    }

    /// Codes `number` in these contexts; gives the true one.
    #[inline(always)]
    pub fn code(&mut self, io: &mut impl Io, number: i64, contexts: [usize; N], set: usize) -> i64 {
        for ((at, &context), &(first, size)) in self.at.iter_mut().zip(&contexts).zip(&self.parts) {
            *at = first + context % size * NODES;
        }
        let set = set.min(self.sets - 1) * 4;
        let magnitude = number.unsigned_abs();
        let class = 64 - magnitude.leading_zeros();
        let mut node = 1;
        for shift in (0..7).rev() {
            let bit = self.decide(io, class >> shift & 1, node & 127, set);
            node = node << 1 | bit as usize;
        }
        let class = (node as u32 & 127).min(64);
        if class == 0 {
            return 0;
        }
        let negative = self.decide(io, u32::from(number < 0), 128 + class as usize, set + 1);
        let (mut value, mut node) = (1u64, 1);
        let modelled = (class - 1).min(3);
        for depth in 0..modelled {
            let bit = (magnitude >> (class - 2 - depth)) as u32 & 1;
            let bit =
                self.decide(io, bit, 200 + class as usize * 8 + node, set + 2 + (depth.min(1) as usize));
            node = node << 1 | bit as usize;
            value = value << 1 | u64::from(bit);
        }
        let mut left = class - 1 - modelled;
        while left > 0 {
            let n = left.min(32);
            left -= n;
            value = value << n | io.raw(magnitude >> left & (u64::MAX >> (64 - n)), n);
        }
        if negative == 1 { (value as i64).wrapping_neg() } else { value as i64 }
    }

    #[inline(always)]
    fn decide(&mut self, io: &mut impl Io, bit: u32, node: usize, set: usize) -> u32 {
        let mut inputs = [0; N];
        for (input, &at) in inputs.iter_mut().zip(&self.at) {
            *input = stretch(self.cells[at + node].p());
        }
        let x = self.mixer.dot(inputs, node);
        let y = self.mixer_by.dot(inputs, set);
        let mean = (x + y) / 2;
        let refined = self.apm.refine(mean, node);
        let mixed = minlen_entropy::mixing::squash(mean);
        let p = ((mixed * 3 + refined) / 4).clamp(1, 65_535);
        let bit = io.bit(bit, p);
        self.mixer.update(bit, minlen_entropy::mixing::squash(x));
        self.mixer_by.update(bit, minlen_entropy::mixing::squash(y));
        self.apm.update(bit, 6);
        for &at in &self.at {
            self.cells[at + node].update(bit, LIMIT);
        }
        bit
    }
}

/// Few numbers fill few contexts: numbers of contexts for `count` numbers.
fn fitted<const N: usize>(sizes: [usize; N], count: usize) -> [usize; N] {
    sizes.map(|size| size.min((count / 16).next_power_of_two()).max(1))
}

/// A logarithm with two fraction bits: 0 for 0, 4 for 1, 8 for 2, 10 for 3.
#[inline(always)]
pub(super) fn fine_log(x: u64) -> usize {
    if x == 0 {
        return 0;
    }
    let length = 63 - x.leading_zeros();
    let fraction = (x << (63 - length) >> 61) & 3;
    4 + 4 * length as usize + fraction as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_return() {
        let mut rng = minlen_core::testing::Rng(3);
        let mut numbers: Vec<i64> = (0..3000).map(|i| (rng.next_u64() as i64) >> (i % 64)).collect();
        numbers.extend([0, 1, -1, i64::MAX, i64::MIN, i64::MIN + 1]);
        let (mut writer, mut out) = (Writer::default(), Vec::new());
        let mut model = Model::<2>::new([1, 64], 3, 900);
        for (i, &n) in numbers.iter().enumerate() {
            model.code(&mut writer, n, [0, i % 64], i % 5);
        }
        writer.finish(&mut out);
        let mut reader = minlen_core::varint::Reader::new(&out);
        let mut source = Source::new(&mut reader).unwrap();
        let mut model = Model::<2>::new([1, 64], 3, 900);
        for (i, &n) in numbers.iter().enumerate() {
            assert_eq!(model.code(&mut source, 0, [0, i % 64], i % 5), n);
        }
        source.finish().unwrap();
        assert_eq!([0, 1, 2, 3, 4, 255].map(fine_log), [0, 4, 8, 10, 12, 35]);
    }
}
