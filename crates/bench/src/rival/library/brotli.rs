//! Brotli through the Rust port.

use super::{FnRival, Spec};
use brotli::enc::BrotliEncoderParams;
use minlen_core::{Error, Result};
use std::io::Read;

/// The widest window that ordinary decoders (RFC 7932) take.
const STANDARD_WINDOW: i64 = 24;

/// Reads `brotli[:LEVEL][,window=LOG]`.
pub(super) fn open(spec: &Spec) -> Result<FnRival> {
    let level = spec.level(0..=11, 11)?;
    let window = spec.option("window", 10..=30, STANDARD_WINDOW)?;
    let name = match window {
        STANDARD_WINDOW => format!("brotli:{level}"),
        _ => format!("brotli:{level},window={window}"),
    };
    let params = BrotliEncoderParams {
        quality: i32::try_from(level).unwrap_or(11),
        lgwin: i32::try_from(window).unwrap_or(24),
        large_window: window > STANDARD_WINDOW,
        ..BrotliEncoderParams::default()
    };
    Ok(FnRival::new(name, move |input| compress(input, &params), decompress))
}

fn compress(input: &[u8], params: &BrotliEncoderParams) -> Result<Vec<u8>> {
    let params = BrotliEncoderParams { size_hint: input.len(), ..params.clone() };
    let mut out = Vec::with_capacity(input.len() / 2 + 1024);
    let mut source = input;
    brotli::BrotliCompress(&mut source, &mut out, &params)
        .map_err(|e| Error::io("brotli could not compress", e))?;
    Ok(out)
}

fn decompress(packed: &[u8], raw_len: usize) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(raw_len);
    let limit = (raw_len as u64).saturating_add(1);
    brotli::Decompressor::new(packed, 1 << 16)
        .take(limit)
        .read_to_end(&mut out)
        .map_err(|e| Error::io("brotli could not decompress", e))?;
    Ok(out)
}
