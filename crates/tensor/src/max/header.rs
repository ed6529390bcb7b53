//! What the encoder tells of an array before its numbers.

use super::number::Form;
use crate::Dtype;
use minlen_core::Result;
use minlen_core::varint::{self, Reader};

/// The array is coded as a difference from its base.
const DELTA: u64 = 1;
/// The last class of a low group follows.
const SPLIT: u64 = 2;
/// All mantissa bits are predicted.
const ALL_BITS: u64 = 4;
/// Low bits that are always zero follow.
const SHIFT: u64 = 8;
/// An integer that counts as zero follows.
const ZERO: u64 = 16;
/// The distance to an array of the same shape follows.
const REFERENCE: u64 = 32;
/// A distance at which numbers resemble each other follows.
const LAG: u64 = 64;
/// Signs are stored.
const PLAIN_SIGNS: u64 = 128;
/// What rows have in common is followed.
const RANK: u64 = 256;

/// Choices for one array.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Code the difference from the base.
    pub delta: bool,
    /// The last class of the low group, if there are two.
    pub split: Option<u32>,
    /// Predict all mantissa bits.
    pub all_bits: bool,
    /// Store the signs.
    pub plain_signs: bool,
    /// Follow what rows have in common.
    pub rank: bool,
    /// Low zero bits of every number.
    pub shift: u32,
    /// The integer that counts as zero (8-bit types).
    pub zero: u8,
    /// How many arrays back one of the same shape is, that resembles this one; 0 for none.
    pub reference: usize,
    /// A distance at which numbers resemble each other; 0 for none.
    pub lag: usize,
    /// Level of the average magnitude.
    pub level: i32,
}

impl Header {
    /// Appends the header.
    pub fn write(&self, out: &mut Vec<u8>) {
        let flag = |on: bool, flag: u64| if on { flag } else { 0 };
        varint::put(
            out,
            flag(self.delta, DELTA)
                | flag(self.split.is_some(), SPLIT)
                | flag(self.all_bits, ALL_BITS)
                | flag(self.shift > 0, SHIFT)
                | flag(self.zero > 0, ZERO)
                | flag(self.reference > 0, REFERENCE)
                | flag(self.lag > 0, LAG)
                | flag(self.plain_signs, PLAIN_SIGNS)
                | flag(self.rank, RANK),
        );
        varint::put(out, self.level.clamp(0, 1 << 16) as u64);
        let fields = [u64::from(self.shift), u64::from(self.zero), self.reference as u64, self.lag as u64];
        if let Some(split) = self.split {
            varint::put(out, u64::from(split));
        }
        fields.into_iter().filter(|field| *field > 0).for_each(|field| varint::put(out, field));
    }

    /// Reads a header for an array of this type, the `index`-th of `len` numbers.
    ///
    /// # Errors
    /// Truncated, or corrupt where a field is out of range.
    pub fn read(reader: &mut Reader<'_>, dtype: Dtype, index: usize, len: usize) -> Result<Self> {
        let flags = reader.varint_max(511, "flags of an array")?;
        let level = reader.varint_max(1 << 16, "level of an array")? as i32;
        let mut field = |flag: u64, most: u64, what: &str| {
            if flags & flag > 0 { reader.varint_max(most, what) } else { Ok(0) }
        };
        let split = field(SPLIT, 4000, "last class of the low group")? as u32;
        let split = (flags & SPLIT > 0).then_some(split);
        let shift = field(SHIFT, u64::from(max_shift(dtype)), "number of zero bits")? as u32;
        let zero = field(ZERO, 255, "zero point")? as u8;
        let reference = field(REFERENCE, index as u64, "distance of an array")? as usize;
        let lag = field(LAG, len as u64, "distance of numbers")? as usize;
        let [delta, all_bits, plain_signs, rank] =
            [DELTA, ALL_BITS, PLAIN_SIGNS, RANK].map(|flag| flags & flag > 0);
        Ok(Self { delta, split, all_bits, plain_signs, rank, shift, zero, reference, lag, level })
    }

    /// How the numbers of an unpacked type are read.
    #[must_use]
    pub fn form(&self, dtype: Dtype) -> Form {
        let form = Form::of(dtype);
        if self.delta {
            return Form::integer(form.width - self.shift, true, 0);
        }
        let zero = if form.signed { i64::from(self.zero as i8) } else { i64::from(self.zero) };
        Form { zero: if form.float { 0 } else { zero }, ..form.shifted(self.shift) }
    }
}

/// Most zero bits that are left out: at least one bit beside the sign and the exponent stays.
#[must_use]
pub fn max_shift(dtype: Dtype) -> u32 {
    let form = Form::of(dtype);
    if form.float { form.mantissa } else { form.width - 1 }
}
