//! What an array is turned into before its streams are coded.

use super::simd::{self, Isa, Task};
use super::streams;
use crate::Dtype;
use minlen_core::{Error, Result};

/// What becomes of the values of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Values {
    /// The streams of its type.
    Plain,
    /// Floats of 16 or 32 bits with exponents of 0 or 1 to 63 above this one: a symbol holds the exponent and two more bits.
    Window(u8),
    /// Numbers of entries in this list of different units in increasing order; of floats only magnitudes are listed, and the
    /// lowest bit of the number is the sign. Over 256 numbers are two streams, the upper bytes first.
    List(Vec<u64>),
}

/// The form of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// The first stream has a 1 for every unit that is not all zeros and a 0 for the others; only the former follow.
    pub(crate) mask: bool,
    /// The values, or those in the mask.
    pub(crate) values: Values,
}

/// Entries that a list may have.
pub(crate) const LISTED: usize = 1 << 15;

/// True for types whose magnitudes are listed.
pub(crate) fn signed(dtype: Dtype) -> bool {
    dtype.is_float()
}

/// A unit of up to eight bytes as a number.
#[inline(always)]
pub(crate) fn number(unit: &[u8]) -> u64 {
    unit.iter().rev().fold(0, |all, byte| all << 8 | u64::from(*byte))
}

/// The number that is listed for a unit, and its sign where that is apart.
#[inline(always)]
pub(crate) fn entry(dtype: Dtype, unit: &[u8]) -> (u64, u64) {
    let (value, sign) = (number(unit), 8 * unit.len() as u32 - 1);
    if signed(dtype) { (value & !(1 << sign), value >> sign) } else { (value, 0) }
}

impl Form {
    /// As they are.
    pub(crate) const PLAIN: Self = Self { mask: false, values: Values::Plain };

    /// Number of the first stream of values.
    pub(crate) fn first(&self) -> usize {
        usize::from(self.mask)
    }

    /// The stream that is packed, if one is.
    pub(crate) fn packed(&self) -> Option<usize> {
        matches!(self.values, Values::Window(_)).then(|| self.first() + 1)
    }

    /// Numbers that units of this type become in the list.
    fn numbers(dtype: Dtype, list: &[u64]) -> usize {
        if signed(dtype) { 2 * list.len() } else { list.len() }
    }

    /// Streams there are.
    pub(crate) fn streams(&self, dtype: Dtype) -> usize {
        let values = match &self.values {
            Values::List(list) => 1 + usize::from(Self::numbers(dtype, list) > 256),
            _ => streams::widths(dtype).len(),
        };
        self.first() + values
    }

    /// Bytes of each stream for so many units, `kept` of them in the mask (all of them where there is none).
    pub(crate) fn lens(&self, dtype: Dtype, units: usize, kept: usize) -> Vec<usize> {
        let mut lens = if self.mask { vec![units] } else { Vec::new() };
        match &self.values {
            Values::Plain => lens.extend(streams::widths(dtype).iter().map(|width| width * kept)),
            Values::Window(_) => {
                lens.extend([kept, streams::packed_len(kept)]);
                lens.resize(self.first() + dtype.unit(), kept);
            }
            Values::List(_) => lens.resize(self.streams(dtype), kept),
        }
        lens
    }

    /// Appends the streams of whole units; [`Form::finish`] ends them.
    pub(crate) fn split(&self, dtype: Dtype, bytes: &[u8], streams: &mut [Vec<u8>], isa: Isa) {
        self.split_wanted(dtype, bytes, streams, u32::MAX, isa);
    }

    /// The same, perhaps without streams of which there is no bit in `wanted` (the last one for all from the 32nd on).
    pub(crate) fn split_wanted(
        &self,
        dtype: Dtype,
        bytes: &[u8],
        streams: &mut [Vec<u8>],
        wanted: u32,
        isa: Isa,
    ) {
        let unit = dtype.unit();
        if !self.mask {
            return simd::with(isa, Split { form: self, dtype, bytes, streams, wanted });
        }
        let Some((mask, rest)) = streams.split_first_mut() else { return };
        let mut kept = Vec::with_capacity(bytes.len());
        for value in bytes.chunks_exact(unit) {
            let there = value.iter().any(|byte| *byte != 0);
            mask.push(u8::from(there));
            if there {
                kept.extend_from_slice(value);
            }
        }
        let wanted = (wanted as i32 >> 1) as u32;
        simd::with(isa, Split { form: self, dtype, bytes: &kept, streams: rest, wanted });
    }

    /// Packs what is to be packed; `begin` tells where a stream begins in its bytes.
    pub(crate) fn finish(&self, streams: &mut [Vec<u8>], begin: impl Fn(usize) -> usize, isa: Isa) {
        let Some(packed) = self.packed() else { return };
        if let Some(stream) = streams.get_mut(packed) {
            simd::with(isa, Pack(stream, begin(packed)));
        }
    }

    /// Undoes [`Form::split`] and [`Form::finish`]; every stream must have the length of [`Form::lens`].
    ///
    /// # Errors
    /// Corrupt where a number is not in the list.
    pub(crate) fn merge(&self, dtype: Dtype, streams: &[&[u8]], out: &mut [u8], isa: Isa) -> Result<()> {
        let unit = dtype.unit();
        let (Some((mask, rest)), true) = (streams.split_first(), self.mask) else {
            return simd::with(isa, Merge { form: self, dtype, streams, out });
        };
        let mut values = vec![0u8; mask.iter().filter(|there| **there != 0).count() * unit];
        simd::with(isa, Merge { form: self, dtype, streams: rest, out: &mut values })?;
        let mut values = values.chunks_exact(unit);
        for (out, &there) in out.chunks_exact_mut(unit).zip(*mask) {
            match if there == 0 { None } else { values.next() } {
                Some(value) => out.copy_from_slice(value),
                None => out.fill(0),
            }
        }
        Ok(())
    }
}

struct Pack<'a>(&'a mut Vec<u8>, usize);

impl Task for Pack<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        streams::pack(self.0, self.1);
    }
}

struct Split<'a> {
    form: &'a Form,
    dtype: Dtype,
    bytes: &'a [u8],
    streams: &'a mut [Vec<u8>],
    wanted: u32,
}

impl Task for Split<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        match &self.form.values {
            Values::Plain => streams::split(self.dtype, self.bytes, self.streams, self.wanted),
            Values::Window(base) => {
                streams::split_window(self.dtype, *base, self.bytes, self.streams, self.wanted);
            }
            Values::List(list) => split_list(self.dtype, list, self.bytes, self.streams),
        }
    }
}

fn split_list(dtype: Dtype, list: &[u64], bytes: &[u8], streams: &mut [Vec<u8>]) {
    for unit in bytes.chunks_exact(dtype.unit()) {
        let (value, sign) = entry(dtype, unit);
        let place = list.binary_search(&value).unwrap_or(0) as u64;
        let number = if signed(dtype) { place << 1 | sign } else { place };
        if let [high, low] = streams {
            high.push((number >> 8) as u8);
            low.push(number as u8);
        } else {
            streams.iter_mut().for_each(|only| only.push(number as u8));
        }
    }
}

struct Merge<'a> {
    form: &'a Form,
    dtype: Dtype,
    streams: &'a [&'a [u8]],
    out: &'a mut [u8],
}

impl Task for Merge<'_> {
    type Out = Result<()>;

    #[inline(always)]
    fn run(self) -> Result<()> {
        match &self.form.values {
            Values::Plain => streams::merge(self.dtype, self.streams, self.out),
            Values::Window(base) => {
                streams::merge_window(self.dtype, *base, self.streams, self.out);
            }
            Values::List(list) => return merge_list(self.dtype, list, self.streams, self.out),
        }
        Ok(())
    }
}

fn merge_list(dtype: Dtype, list: &[u64], streams: &[&[u8]], out: &mut [u8]) -> Result<()> {
    let unit = dtype.unit();
    let sign_bit = 8 * unit as u32 - 1;
    for (i, out) in out.chunks_exact_mut(unit).enumerate() {
        let number = streams.iter().fold(0usize, |all, stream| all << 8 | usize::from(stream[i]));
        let (place, sign) = if signed(dtype) { (number >> 1, number as u64 & 1) } else { (number, 0) };
        let value = list.get(place).ok_or_else(|| Error::corrupt("a value that is not in the list"))?;
        out.copy_from_slice(&(value | sign << sign_bit).to_le_bytes()[..unit]);
    }
    Ok(())
}
