//! Zstandard through its C library.

use super::{FnRival, Spec};
use minlen_core::{Error, Result};
use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::{self, CParameter};

/// Reads `zstd[:LEVEL][,long=WINDOW_LOG]`.
pub(super) fn open(spec: &Spec) -> Result<FnRival> {
    let level = i32::try_from(spec.level(-7..=22, 3)?).unwrap_or(3);
    let long = u32::try_from(spec.option("long", 10..=31, 0)?).unwrap_or(0);
    let name = match long {
        0 => format!("zstd:{level}"),
        _ => format!("zstd:{level},long={long}"),
    };
    let rival = FnRival::new(name, move |input| compress(input, level, long), decompress);
    Ok(rival.with_version(zstd_safe::version_string()))
}

fn compress(input: &[u8], level: i32, long: u32) -> Result<Vec<u8>> {
    let failed = |e| Error::io("zstd could not compress", e);
    let mut coder = Compressor::new(level).map_err(failed)?;
    if long > 0 {
        coder.set_parameter(CParameter::WindowLog(long)).map_err(failed)?;
        coder.set_parameter(CParameter::EnableLongDistanceMatching(true)).map_err(failed)?;
    }
    coder.compress(input).map_err(failed)
}

fn decompress(packed: &[u8], raw_len: usize) -> Result<Vec<u8>> {
    let failed = |e| Error::io("zstd could not decompress", e);
    Decompressor::new().map_err(failed)?.decompress(packed, raw_len).map_err(failed)
}
