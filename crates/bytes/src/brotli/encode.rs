//! Bytes to a Brotli stream.

use super::spec::window_bits;
use brotli::enc::BrotliEncoderParams;
use brotli::enc::backward_references::BrotliEncoderMode;
use minlen_core::{Error, Params, Result};

/// Appends the stream for `input` to `out`; nothing for an empty input.
pub(super) fn encode(mut input: &[u8], params: &Params, out: &mut Vec<u8>) -> Result<()> {
    if input.is_empty() {
        return Ok(());
    }
    let settings = settings(params, input.len());
    brotli::BrotliCompress(&mut input, out, &settings)
        .map_err(|e| Error::io("brotli's encoder failed", e))?;
    Ok(())
}

fn settings(params: &Params, len: usize) -> BrotliEncoderParams {
    let lgwin = window_bits(params, len);
    BrotliEncoderParams {
        quality: i32::try_from(params.get("quality")).unwrap_or(11),
        lgwin,
        large_window: lgwin > 24,
        size_hint: len,
        mode: match params.get("mode") {
            1 => BrotliEncoderMode::BROTLI_MODE_TEXT,
            _ => BrotliEncoderMode::BROTLI_MODE_GENERIC,
        },
        ..BrotliEncoderParams::default()
    }
}
