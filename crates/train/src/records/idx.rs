//! IDX, the format of MNIST: two zero bytes, a type, the number of dimensions, the dimensions, then numbers, all with the high byte first.

use super::numbers::{self, Numbers};
use minlen_core::{Dtype, Error, Result};

/// An array as a file has it.
pub(super) struct Idx {
    pub(super) sizes: Vec<u64>,
    pub(super) numbers: Numbers,
}

/// The type of the numbers and the number of dimensions, where these are the first bytes of an IDX file.
pub(super) fn head(bytes: &[u8]) -> Option<(Dtype, usize)> {
    let &[0, 0, code, rank @ 1..=8] = bytes.first_chunk::<4>()? else { return None };
    let dtype = match code {
        8 => Dtype::U8,
        9 => Dtype::I8,
        11 => Dtype::I16,
        12 => Dtype::I32,
        13 => Dtype::F32,
        14 => Dtype::F64,
        _ => return None,
    };
    Some((dtype, usize::from(rank)))
}

/// The array of a file that begins as IDX files do.
pub(super) fn parse(bytes: &[u8], dtype: Dtype, rank: usize) -> Result<Idx> {
    let start = 4 + 4 * rank;
    let sizes = bytes.get(4..start).ok_or_else(|| Error::truncated("an IDX file ends within its header"))?;
    let sizes: Vec<u64> =
        sizes.as_chunks::<4>().0.iter().map(|size| u64::from(u32::from_be_bytes(*size))).collect();
    let wanted = sizes.iter().try_fold(dtype.unit() as u64, |all, &size| all.checked_mul(size));
    let there = (bytes.len() - start) as u64;
    let wanted = wanted.ok_or_else(|| Error::corrupt("the sizes of an IDX file are absurd"))?;
    if there < wanted {
        let missing = wanted - there;
        return Err(Error::truncated(format!(
            "an IDX file is cut off: {missing} of the {wanted} bytes of its numbers are missing"
        ))
        .remedy("get the file again"));
    }
    if there > wanted {
        return Err(Error::corrupt(format!(
            "an IDX file is {} bytes longer than its header says",
            there - wanted
        )));
    }
    let mut numbers = bytes[start..].to_vec();
    if dtype.unit() > 1 {
        numbers.chunks_exact_mut(dtype.unit()).for_each(<[u8]>::reverse);
    }
    Ok(Idx { sizes, numbers: numbers::of(dtype, numbers)? })
}
