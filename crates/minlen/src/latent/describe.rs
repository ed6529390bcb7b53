//! How a payload says where its records are, and what they are (docs/format/codecs/latent.md).

use super::Name;
use crate::nearby::figure;
use minlen_container::check32;
use minlen_core::varint::{Reader, put};
use minlen_core::{Difference, Dtype, Error, Result};
use minlen_latent::{Promise, TYPES};
use std::ops::Range;

/// Stretches of records in one payload at most.
const MOST: u64 = 1 << 16;

/// How the promise was named.
mod promise {
    pub(super) const NONE: u8 = 0;
    pub(super) const MEAN_SQUARE: u8 = 1;
    pub(super) const MAX_ERROR: u8 = 2;
}

/// What stands before the coded records of one stretch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Head {
    /// The codec file.
    pub(super) name: Name,
    pub(super) dtype: Dtype,
    /// Numbers in a record.
    pub(super) numbers: usize,
    pub(super) promise: Option<Promise>,
}

impl Head {
    /// Bytes of a record.
    pub(super) fn record(&self) -> usize {
        self.numbers * self.dtype.unit()
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        self.write_fields(out);
        // Nothing else shows that a promise is another one than was made.
        let check = check32(&out[start..]);
        out.extend(check.to_le_bytes());
    }

    fn write_fields(&self, out: &mut Vec<u8>) {
        out.extend(self.name);
        out.push(TYPES.iter().position(|&dtype| dtype == self.dtype).unwrap_or(0) as u8);
        put(out, self.numbers as u64);
        let (tag, most) = match self.promise {
            Some(Promise::MeanSquare(most)) => (promise::MEAN_SQUARE, most),
            Some(Promise::MaxError(most)) => (promise::MAX_ERROR, most),
            Some(Promise::Rate(_) | Promise::Price(_)) | None => return out.push(promise::NONE),
        };
        out.push(tag);
        out.extend(most.to_le_bytes());
    }

    /// The head, and the coded records behind it.
    pub(super) fn read(own: &[u8]) -> Result<(Self, &[u8])> {
        let mut reader = Reader::new(own);
        let name = reader.array()?;
        let code = usize::from(reader.u8()?);
        let dtype = *TYPES.get(code).ok_or_else(|| Error::corrupt("latent: no such type of numbers"))?;
        let numbers = reader.varint_max(minlen_latent::NUMBERS_MAX, "the numbers of a record")? as usize;
        let tag = reader.u8()?;
        let mut most = || Ok::<_, Error>(f64::from_le_bytes(reader.array()?));
        let promise = match tag {
            promise::NONE => None,
            promise::MEAN_SQUARE => Some(Promise::MeanSquare(most()?)),
            promise::MAX_ERROR => Some(Promise::MaxError(most()?)),
            _ => return Err(Error::corrupt("latent: no such promise")),
        };
        let fields = own.len() - reader.rest().len();
        if reader.u32()? != check32(&own[..fields]) {
            return Err(Error::corrupt("latent: the checksum of what records are differs"));
        }
        if numbers == 0 {
            return Err(Error::corrupt("latent: records without a number"));
        }
        Ok((Self { name, dtype, numbers, promise }, reader.rest()))
    }

    /// How `len` bytes of such records differ from what they stand for, as far as the payload says so.
    pub(super) fn difference(&self, len: usize, stored: usize) -> Difference {
        let (records, numbers) = (len / self.record(), self.numbers);
        let what = format!("{} {records} records of {numbers}", self.dtype.name());
        let samples = (records * numbers) as u64;
        let plain = |what: String| Difference::new(what, samples, stored as u64);
        match self.promise {
            Some(Promise::MaxError(most)) => plain(what).within(None, most),
            Some(Promise::MeanSquare(most)) => {
                plain(format!("{what}, root mean square error of each at most {}", figure(most.sqrt())))
            }
            _ => plain(what),
        }
    }
}

/// A stretch of whole records in the data, and how many bytes its payload has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) range: Range<usize>,
    pub(super) own: usize,
}

/// Appends where the stretches are.
pub(super) fn write(places: &[Place], out: &mut Vec<u8>) {
    put(out, places.len() as u64);
    let mut end = 0;
    for Place { range, own } in places {
        put(out, (range.start - end) as u64);
        put(out, range.len() as u64);
        put(out, *own as u64);
        end = range.end;
    }
}

/// Reads where the stretches of some data of `total` bytes are.
///
/// # Errors
/// Corrupt for what no encoder wrote.
pub(super) fn read(reader: &mut Reader<'_>, total: usize) -> Result<Vec<Place>> {
    let count = reader.varint_max(MOST, "the number of stretches of records")?;
    let (mut places, mut end) = (Vec::new(), 0);
    for _ in 0..count {
        let left = (total - end) as u64;
        let start = end + reader.varint_max(left, "a gap")? as usize;
        end = start + reader.varint_max((total - start) as u64, "the length of records")? as usize;
        let own = reader.varint_max(1 << 32, "the length of coded records")? as usize;
        places.push(Place { range: start..end, own });
    }
    Ok(places)
}
