//! PNG (ISO/IEC 15948).

use super::{Samples, check_sides, chunks, damaged, unfit};
use crate::Picture;
use minlen_core::{Env, Result};
use png::{BitDepth, ColorType, Decoder, Transformations};
use std::io::Cursor;

pub(super) fn read(file: &[u8], env: &Env) -> Result<Picture> {
    let wrong = |error| damaged("PNG", error);
    let mut decoder = Decoder::new(Cursor::new(file));
    decoder.set_limits(png::Limits { bytes: usize::MAX });
    // Palettes become colours, transparent colours become alpha, samples below 8 bits become 8.
    decoder.set_transformations(Transformations::EXPAND);
    let mut reader = decoder.read_info().map_err(wrong)?;
    let info = reader.info();
    let (width, height) = (info.width as usize, info.height as usize);
    let _held = check_sides("PNG", (width, height), env)?;
    if info.animation_control.is_some() {
        return Err(unfit("PNG", "an animation"));
    }
    let (color, depth) = reader.output_color_type();
    let channels = match color {
        ColorType::Grayscale => 1,
        ColorType::GrayscaleAlpha => 2,
        ColorType::Rgba => 4,
        ColorType::Rgb | ColorType::Indexed => 3,
    };
    let depth = if depth == BitDepth::Sixteen { 16 } else { 8 };
    let size = reader.output_buffer_size().ok_or_else(|| unfit("PNG", "too large"))?;
    let mut bytes = vec![0; size];
    let frame = reader.next_frame(&mut bytes).map_err(wrong)?;
    bytes.truncate(frame.buffer_size());
    reader.finish().map_err(wrong)?;
    Samples::of_bytes(width, height, depth, channels, &bytes).into_picture(chunks::of_png(file))
}
