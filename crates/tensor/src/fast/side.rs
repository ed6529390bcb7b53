//! Side information (tables, choices, scales, copies): numbers in adaptive binary models.
//!
//! The same code writes and reads: a function takes the value to be written, or anything when reading, and gives the value.

use minlen_core::{Error, Result};
use minlen_entropy::binary::{Counter, Decoder, Encoder};

/// How long a model remembers.
const LIMIT: u32 = 255;

/// One direction of coding.
pub(crate) trait Side {
    /// One bit with an adaptive model.
    fn bit(&mut self, model: &mut Counter, bit: u32) -> u32;
    /// One bit that is as likely 0 as 1.
    fn flat(&mut self, bit: u32) -> u32;
    /// True when reading went past the end.
    fn overrun(&self) -> bool;
}

/// Writes.
#[derive(Debug, Default)]
pub(crate) struct Writer(Encoder);

impl Writer {
    /// The bytes.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.0.finish()
    }
}

impl Side for Writer {
    fn bit(&mut self, model: &mut Counter, bit: u32) -> u32 {
        self.0.encode(bit, model.p());
        model.update(bit, LIMIT);
        bit
    }

    fn flat(&mut self, bit: u32) -> u32 {
        self.0.encode(bit, 1 << 15);
        bit
    }

    fn overrun(&self) -> bool {
        false
    }
}

/// Reads.
#[derive(Debug)]
pub(crate) struct Reader<'a>(Decoder<'a>);

impl<'a> Reader<'a> {
    /// Of the bytes that [`Writer::finish`] gave.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(Decoder::new(bytes))
    }
}

impl Side for Reader<'_> {
    fn bit(&mut self, model: &mut Counter, _: u32) -> u32 {
        let bit = self.0.decode(model.p());
        model.update(bit, LIMIT);
        bit
    }

    fn flat(&mut self, _: u32) -> u32 {
        self.0.decode(1 << 15)
    }

    fn overrun(&self) -> bool {
        self.0.overrun()
    }
}

/// An error once reading went past the end: to be asked in every loop whose length comes from the data.
pub(crate) fn check(side: &impl Side) -> Result<()> {
    if side.overrun() { Err(Error::truncated("side information of arrays ends too early")) } else { Ok(()) }
}

/// Numbers of a fixed count of bits (at most 8), all of them modelled.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    bits: u32,
    models: Vec<Counter>,
}

impl Tree {
    /// Numbers of `bits` bits.
    pub(crate) fn new(bits: u32) -> Self {
        Self { bits, models: vec![Counter::default(); 1 << bits] }
    }

    /// Codes one number.
    pub(crate) fn code(&mut self, side: &mut impl Side, value: u32) -> u32 {
        let mut node = 1;
        for shift in (0..self.bits).rev() {
            node = node * 2 + side.bit(&mut self.models[node as usize], (value >> shift) & 1);
        }
        node - (1 << self.bits)
    }
}

/// Numbers of any size: how many bits they have is modelled, and the two bits after the leading one.
#[derive(Clone, Debug)]
pub(crate) struct Number {
    class: Tree,
    upper: Vec<Counter>,
}

impl Number {
    /// Fresh models.
    pub(crate) fn new() -> Self {
        Self { class: Tree::new(7), upper: vec![Counter::default(); 65 * 4] }
    }

    /// Codes one number.
    ///
    /// # Errors
    /// Corrupt if more than 64 bits are announced.
    pub(crate) fn code(&mut self, side: &mut impl Side, value: u64) -> Result<u64> {
        let class = self.class.code(side, 64 - value.leading_zeros());
        if class > 64 {
            return Err(Error::corrupt("a number of more than 64 bits"));
        }
        if class < 2 {
            return Ok(u64::from(class));
        }
        let mut result = 1u64;
        for (i, shift) in (0..class - 1).rev().enumerate() {
            let bit = (value >> shift) as u32 & 1;
            let bit = if i < 2 {
                // 1 before the first bit, 2 or 3 before the second.
                let node = class as usize * 4 + (result as usize & 3);
                side.bit(&mut self.upper[node.min(65 * 4 - 1)], bit)
            } else {
                side.flat(bit)
            };
            result = result << 1 | u64::from(bit);
        }
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        let values: Vec<u64> =
            (0..64).flat_map(|s| [1u64 << s, (1 << s) - 1, u64::MAX >> s]).chain(0..50).collect();
        let (mut writer, mut model, mut tree) = (Writer::default(), Number::new(), Tree::new(5));
        for &value in &values {
            model.code(&mut writer, value).unwrap();
            tree.code(&mut writer, value as u32 & 31);
        }
        let bytes = writer.finish();
        let (mut reader, mut model, mut tree) = (Reader::new(&bytes), Number::new(), Tree::new(5));
        for &value in &values {
            assert_eq!(model.code(&mut reader, 0).unwrap(), value);
            assert_eq!(tree.code(&mut reader, 0), value as u32 & 31);
        }
        assert!(check(&reader).is_ok());
        let mut short = Reader::new(&bytes[..bytes.len() / 2]);
        let mut model = Number::new();
        assert!((0..values.len() * 20).any(|_| model.code(&mut short, 0).is_err() || short.overrun()));
    }
}
