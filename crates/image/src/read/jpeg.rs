//! JPEG (ITU-T T.81).

use super::{Samples, check_sides, chunks, damaged, unfit};
use crate::Picture;
use minlen_core::{Env, Result};
use std::io::Cursor;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

pub(super) fn read(file: &[u8], env: &Env) -> Result<Picture> {
    let wrong = |error| damaged("JPEG", error);
    // The plain loops: vectors of other widths round differently, and the same file has to give the same bytes everywhere.
    let options = DecoderOptions::default()
        .set_use_unsafe(false)
        .set_strict_mode(true)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX));
    let mut decoder = JpegDecoder::new_with_options(Cursor::new(file), options);
    decoder.decode_headers().map_err(wrong)?;
    let info = decoder.info().ok_or_else(|| unfit("JPEG", "no picture"))?;
    let (width, height) = (usize::from(info.width), usize::from(info.height));
    let _held = check_sides("JPEG", (width, height), env)?;
    let (channels, space) = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => (1, ColorSpace::Luma),
        Some(ColorSpace::YCbCr | ColorSpace::RGB) => (3, ColorSpace::RGB),
        _ => return Err(unfit("JPEG", "neither grey nor YCbCr nor RGB")),
    };
    decoder.set_options(options.jpeg_set_out_colorspace(space));
    let bytes = decoder.decode().map_err(wrong)?;
    if !is_whole(file) {
        return Err(damaged("JPEG", "the file ends too early"));
    }
    if bytes.len() != width * height * channels {
        return Err(unfit("JPEG", "pixels of another form"));
    }
    let chunks = chunks::of_parts(
        decoder.icc_profile().as_deref(),
        decoder.exif().map(Vec::as_slice),
        decoder.xmp().map(Vec::as_slice),
    );
    Samples::of_bytes(width, height, 8, channels, &bytes).into_picture(chunks)
}

/// True where a mark of the end follows the last scan: the decoder makes up what is missing. Within scans there are no marks.
fn is_whole(file: &[u8]) -> bool {
    let scan = file.windows(2).rposition(|mark| mark == [0xff, 0xda]);
    scan.is_some_and(|at| file[at..].windows(2).any(|mark| mark == [0xff, 0xd9]))
}
