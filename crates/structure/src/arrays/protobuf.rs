//! The wire format of protocol buffers, as far as it takes to walk through messages.
//!
//! Source: the "Encoding" page of the Protocol Buffers documentation. The deprecated groups are refused.

use crate::reader::Reader;
use minlen_core::{Error, Result};

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// Wire type 0.
    Varint(u64),
    /// Wire types 1 and 5, which no field we look at has.
    Fixed,
    /// Wire type 2: a string, a message or packed numbers.
    Extent(Extent),
}

/// Bytes of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// The first of them.
    pub start: u64,
    /// How many.
    pub len: u64,
}

/// The fields of a message, one after the other.
pub struct Fields {
    /// Where the next field starts.
    pub at: u64,
    end: u64,
}

impl Fields {
    /// Of the message in this span.
    pub fn new(span: Extent) -> Self {
        Self { at: span.start, end: span.start.saturating_add(span.len) }
    }

    /// The next field's number and value.
    pub fn next(&mut self, reader: &mut Reader<'_>) -> Result<Option<(u64, Value)>> {
        if self.at >= self.end {
            return Ok(None);
        }
        let from = self.at;
        let tag = self.varint(reader)?;
        let value = match tag & 7 {
            0 => Value::Varint(self.varint(reader)?),
            1 => self.skip(8).map(|_| Value::Fixed)?,
            2 => {
                let len = self.varint(reader)?;
                Value::Extent(Extent { start: self.skip(len)?, len })
            }
            5 => self.skip(4).map(|_| Value::Fixed)?,
            _ => return Err(Error::corrupt("no field of a protocol buffer").at(from)),
        };
        Ok(Some((tag >> 3, value)))
    }

    /// The next of packed numbers.
    pub fn number(&mut self, reader: &mut Reader<'_>) -> Option<Result<u64>> {
        (self.at < self.end).then(|| self.varint(reader))
    }

    /// Where the skipped bytes start.
    fn skip(&mut self, bytes: u64) -> Result<u64> {
        let from = self.at;
        let at = from.checked_add(bytes).filter(|at| *at <= self.end);
        self.at = at.ok_or_else(|| Error::truncated("a field is longer than what holds it").at(from))?;
        Ok(from)
    }

    fn varint(&mut self, reader: &mut Reader<'_>) -> Result<u64> {
        let mut value = 0;
        for shift in (0..70).step_by(7) {
            let at = self.skip(1)?;
            let [byte] = reader.array(at)?;
            value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Error::corrupt("a number of more than ten bytes").at(self.at))
    }
}
