//! Adaptive bits, coded and decoded by the same code: a walk over a stream is written once and serves both ways.

use minlen_core::{Error, Result};
use minlen_entropy::binary::{Decoder, Encoder, Prob16};

const RATE: u32 = 5;

/// Codes bits or gives them back.
pub(super) trait Coder {
    /// True if values come from the coded bytes, and those passed in mean nothing.
    const DECODES: bool;

    /// One bit under an adaptive probability: passes `bit` through when coding, gives the coded one when decoding.
    fn bit(&mut self, prob: &mut Prob16, bit: bool) -> bool;

    /// Fails once more was read than was ever written.
    fn check(&self) -> Result<()>;

    /// A value of `bits` bits as a path in a tree of at least `1 << bits` probabilities.
    fn tree(&mut self, probs: &mut [Prob16], bits: u32, value: u32) -> u32 {
        let mut node = 1usize;
        for shift in (0..bits).rev() {
            let bit = self.bit(&mut probs[node], value >> shift & 1 == 1);
            node = node * 2 + usize::from(bit);
        }
        node as u32 - (1 << bits)
    }

    /// A value of `bits` bits of which nothing is known.
    fn plain(&mut self, bits: u32, value: u32) -> u32 {
        (0..bits).rev().fold(0, |out, shift| {
            let bit = self.bit(&mut Prob16::default(), value >> shift & 1 == 1);
            out << 1 | u32::from(bit)
        })
    }

    /// A value of up to 31 bits: how long it is, then its bits.
    fn number(&mut self, model: &mut Number, value: u32) -> u32 {
        let value = value.wrapping_add(1);
        let len = self.tree(&mut model.len, 5, value.max(1).ilog2());
        let mut out = 1u32;
        for shift in (0..len).rev() {
            let slot = (len as usize * 32 + shift as usize) & 1023;
            let bit = self.bit(&mut model.bits[slot], value >> shift & 1 == 1);
            out = out << 1 | u32::from(bit);
        }
        out.wrapping_sub(1)
    }
}

/// The model of [`Coder::number`].
pub(super) struct Number {
    len: [Prob16; 32],
    bits: Vec<Prob16>,
}

impl Default for Number {
    fn default() -> Self {
        Self { len: [Prob16::default(); 32], bits: vec![Prob16::default(); 1024] }
    }
}

/// Writes.
#[derive(Default)]
pub(super) struct Writer(pub(super) Encoder);

impl Coder for Writer {
    const DECODES: bool = false;

    #[inline]
    fn bit(&mut self, prob: &mut Prob16, bit: bool) -> bool {
        self.0.encode(bit, prob.p());
        prob.update(bit, RATE);
        bit
    }

    fn check(&self) -> Result<()> {
        Ok(())
    }
}

/// Reads.
pub(super) struct Reader<'a>(pub(super) Decoder<'a>);

impl Coder for Reader<'_> {
    const DECODES: bool = true;

    #[inline]
    fn bit(&mut self, prob: &mut Prob16, _bit: bool) -> bool {
        let bit = self.0.decode(prob.p()) != 0;
        prob.update(bit, RATE);
        bit
    }

    fn check(&self) -> Result<()> {
        if self.0.overrun() {
            return Err(Error::truncated("deflate: the corrections end too early"));
        }
        Ok(())
    }
}

/// Counts what it would cost, in 1/16 bits or so; cheap, to compare settings.
#[derive(Default)]
pub(super) struct Meter(pub(super) u64);

impl Coder for Meter {
    const DECODES: bool = false;

    #[inline]
    fn bit(&mut self, prob: &mut Prob16, bit: bool) -> bool {
        let p = if bit { prob.p() } else { 65_536 - prob.p() };
        // -log2 p, linear between powers of two: exact enough to choose by.
        let top = p.max(1).ilog2();
        let fraction = (p << 4 >> top) - 16;
        self.0 += u64::from((16 - top) * 16 - fraction);
        prob.update(bit, RATE);
        bit
    }

    fn check(&self) -> Result<()> {
        Ok(())
    }
}
