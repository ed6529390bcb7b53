//! The three small ones: bzip2, lz4 and raw deflate.

use super::{FnRival, Spec};
use minlen_core::{Error, Result};
use std::io::Read;

/// Reads `bzip2[:LEVEL]`.
pub(super) fn bzip2(spec: &Spec) -> Result<FnRival> {
    spec.no_options()?;
    let level = u32::try_from(spec.level(1..=9, 9)?).unwrap_or(9);
    Ok(FnRival::new(
        format!("bzip2:{level}"),
        move |input| {
            let coder = bzip2::bufread::BzEncoder::new(input, bzip2::Compression::new(level));
            drain(coder, input.len() / 2, u64::MAX, "bzip2 could not compress")
        },
        |packed, raw_len| {
            let coder = bzip2::bufread::BzDecoder::new(packed);
            drain(coder, raw_len, over(raw_len), "bzip2 could not decompress")
        },
    ))
}

/// Reads `lz4`: the block format, without the frame around it.
pub(super) fn lz4(spec: &Spec) -> Result<FnRival> {
    spec.no_options()?;
    if spec.level.is_some() {
        return Err(Error::usage("lz4: the library has the fast mode only")
            .remedy("take program=lz4:9 for the slower modes"));
    }
    Ok(FnRival::new(
        "lz4",
        |input| Ok(lz4_flex::block::compress(input)),
        |packed, raw_len| {
            lz4_flex::block::decompress(packed, raw_len)
                .map_err(|e| Error::corrupt(format!("lz4 could not decompress: {e}")))
        },
    ))
}

/// Reads `deflate[:LEVEL]`: no gzip or zlib wrapper.
pub(super) fn deflate(spec: &Spec) -> Result<FnRival> {
    spec.no_options()?;
    let level = u32::try_from(spec.level(0..=9, 6)?).unwrap_or(6);
    Ok(FnRival::new(
        format!("deflate:{level}"),
        move |input| {
            let coder = flate2::bufread::DeflateEncoder::new(input, flate2::Compression::new(level));
            drain(coder, input.len() / 2, u64::MAX, "deflate could not compress")
        },
        |packed, raw_len| {
            let coder = flate2::bufread::DeflateDecoder::new(packed);
            drain(coder, raw_len, over(raw_len), "deflate could not decompress")
        },
    ))
}

/// One byte more than expected is enough to notice a wrong length, and bounds what damaged input can cost.
fn over(raw_len: usize) -> u64 {
    (raw_len as u64).saturating_add(1)
}

fn drain(coder: impl Read, guess: usize, limit: u64, failed: &str) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(guess + 1024);
    coder.take(limit).read_to_end(&mut out).map_err(|e| Error::io(failed, e))?;
    Ok(out)
}
