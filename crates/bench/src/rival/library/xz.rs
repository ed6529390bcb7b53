//! LZMA through liblzma, in the xz and the older lzma format.

use super::{FnRival, Spec};
use liblzma::bufread::{XzDecoder, XzEncoder};
use liblzma::stream::{Check, Error as XzError, LzmaOptions, Stream};
use minlen_core::{Error, Result};
use std::io::Read;

/// The flag for `e` in `9e`: slower and usually a little smaller.
const EXTREME: u32 = 1 << 31;

#[derive(Clone, Copy)]
enum Format {
    Xz,
    Lzma,
}

/// Reads `xz[:LEVEL[e]]` or `lzma[:LEVEL[e]]`.
pub(super) fn open(spec: &Spec) -> Result<FnRival> {
    spec.no_options()?;
    let mut digits = spec.clone();
    let text = spec.level.as_deref().unwrap_or("6");
    let extreme = text.ends_with('e');
    digits.level = Some(text.strip_suffix('e').unwrap_or(text).to_owned());
    let level = u32::try_from(digits.level(0..=9, 6)?).unwrap_or(6);
    let preset = if extreme { level | EXTREME } else { level };
    let format = if spec.name == "xz" { Format::Xz } else { Format::Lzma };
    let name = format!("{}:{level}{}", spec.name, if extreme { "e" } else { "" });
    Ok(FnRival::new(
        name,
        move |input| compress(input, format, preset),
        move |packed, raw_len| decompress(packed, format, raw_len),
    ))
}

fn compress(input: &[u8], format: Format, preset: u32) -> Result<Vec<u8>> {
    let stream = match format {
        Format::Xz => Stream::new_easy_encoder(preset, Check::Crc64),
        Format::Lzma => LzmaOptions::new_preset(preset).and_then(|o| Stream::new_lzma_encoder(&o)),
    };
    let mut out = Vec::with_capacity(input.len() / 2 + 1024);
    let mut coder = XzEncoder::new_stream(input, stream.map_err(failed)?);
    coder.read_to_end(&mut out).map_err(|e| Error::io("liblzma could not compress", e))?;
    Ok(out)
}

fn decompress(packed: &[u8], format: Format, raw_len: usize) -> Result<Vec<u8>> {
    let stream = match format {
        Format::Xz => Stream::new_stream_decoder(u64::MAX, 0),
        Format::Lzma => Stream::new_lzma_decoder(u64::MAX),
    };
    let mut out = Vec::with_capacity(raw_len);
    let coder = XzDecoder::new_stream(packed, stream.map_err(failed)?);
    // One byte more than expected is enough to notice a wrong length.
    let limit = (raw_len as u64).saturating_add(1);
    coder.take(limit).read_to_end(&mut out).map_err(|e| Error::io("liblzma could not decompress", e))?;
    Ok(out)
}

fn failed(error: XzError) -> Error {
    Error::io("liblzma could not start", error.into())
}
