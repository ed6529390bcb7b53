//! WebP (RFC 9649).

use super::{Samples, check_sides, chunks, damaged, unfit};
use crate::Picture;
use image_webp::WebPDecoder;
use minlen_core::{Env, Result};
use std::io::Cursor;

pub(super) fn read(file: &[u8], env: &Env) -> Result<Picture> {
    let wrong = |error| damaged("WebP", error);
    let mut decoder = WebPDecoder::new(Cursor::new(file)).map_err(wrong)?;
    let (width, height) = decoder.dimensions();
    let (width, height) = (width as usize, height as usize);
    let _held = check_sides("WebP", (width, height), env)?;
    if decoder.is_animated() {
        return Err(unfit("WebP", "an animation"));
    }
    let channels = if decoder.has_alpha() { 4 } else { 3 };
    let size = decoder.output_buffer_size().ok_or_else(|| unfit("WebP", "too large"))?;
    let mut bytes = vec![0; size];
    decoder.read_image(&mut bytes).map_err(wrong)?;
    let profile = decoder.icc_profile().map_err(wrong)?;
    let exif = decoder.exif_metadata().map_err(wrong)?;
    let xmp = decoder.xmp_metadata().map_err(wrong)?;
    let chunks = chunks::of_parts(profile.as_deref(), exif.as_deref(), xmp.as_deref());
    Samples::of_bytes(width, height, 8, channels, &bytes).into_picture(chunks)
}
