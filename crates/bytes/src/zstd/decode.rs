//! A magicless frame back to bytes.

use minlen_core::{Error, Result};
use zstd::zstd_safe::{DCtx, DParameter, FrameFormat, get_error_name};

/// Appends exactly `output_len` bytes to `out`.
pub(super) fn decode(payload: &[u8], output_len: usize, out: &mut Vec<u8>) -> Result<()> {
    if output_len == 0 {
        return if payload.is_empty() {
            Ok(())
        } else {
            Err(Error::corrupt("zstd: bytes for an empty part"))
        };
    }
    let mut context = DCtx::try_create().ok_or_else(|| Error::limit("no memory for zstd's decoder"))?;
    context.set_parameter(DParameter::Format(FrameFormat::Magicless)).map_err(failed)?;
    let written = if out.is_empty() {
        // Straight into the fresh memory, which need not be cleared before.
        out.reserve_exact(output_len);
        context.decompress(out, payload).map_err(failed)?
    } else {
        let start = out.len();
        out.resize(start + output_len, 0);
        context.decompress(&mut out[start..], payload).map_err(failed)?
    };
    if written != output_len {
        return Err(Error::corrupt(format!("zstd: {written} bytes where {output_len} were promised")));
    }
    Ok(())
}

fn failed(code: usize) -> Error {
    Error::corrupt(format!("zstd: {}", get_error_name(code)))
}
