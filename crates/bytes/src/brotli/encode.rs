//! Bytes to a Brotli stream.

use super::spec::window_bits;
use brotli::enc::BrotliEncoderParams;
use brotli::enc::backward_references::BrotliEncoderMode;
use minlen_core::{Env, Error, Params, Result};
use std::io::{self, Read};

/// Bytes given to the library between looks at the stop flag, and reports of progress.
const STEP: usize = 64 << 10;

/// Appends the stream for `input` to `out`; nothing for an empty input.
pub(super) fn encode(input: &[u8], params: &Params, env: &Env, out: &mut Vec<u8>) -> Result<()> {
    if input.is_empty() {
        return Ok(());
    }
    let settings = settings(params, input.len());
    let mut told = Told { input, since: 0, env };
    let done = brotli::BrotliCompress(&mut told, out, &settings);
    // Whoever asked to stop hears that, and not what it looks like to the library.
    env.check()?;
    done.map(|_| ()).map_err(|e| Error::io("brotli's encoder failed", e))
}

/// The input on its way into the library, which takes it a few kilobytes at a time.
struct Told<'a> {
    input: &'a [u8],
    /// Bytes read since the last report.
    since: usize,
    env: &'a Env,
}

impl Read for Told<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if self.since >= STEP || self.input.is_empty() {
            let since = std::mem::take(&mut self.since);
            self.env.work(since as u64).map_err(io::Error::other)?;
        }
        let n = self.input.read(room)?;
        self.since += n;
        Ok(n)
    }
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
