//! TIFF 6.0, with one picture.

use super::{Samples, check_sides, chunks, damaged, unfit};
use crate::Picture;
use minlen_core::{Env, Result};
use std::io::Cursor;
use tiff::ColorType;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;

pub(super) fn read(file: &[u8], env: &Env) -> Result<Picture> {
    let wrong = |error| damaged("TIFF", error);
    // The sides are checked here; what is read for one strip is in proportion to them.
    let mut decoder = Decoder::new(Cursor::new(file)).map_err(wrong)?.with_limits(Limits::unlimited());
    let (width, height) = decoder.dimensions().map_err(wrong)?;
    let (width, height) = (width as usize, height as usize);
    let _held = check_sides("TIFF", (width, height), env)?;
    let (channels, depth) = match decoder.colortype().map_err(wrong)? {
        ColorType::Gray(depth) => (1, depth),
        ColorType::GrayA(depth) => (2, depth),
        ColorType::RGB(depth) => (3, depth),
        ColorType::RGBA(depth) => (4, depth),
        _ => return Err(unfit("TIFF", "neither grey nor RGB")),
    };
    if decoder.more_images() {
        return Err(unfit("TIFF", "several pictures"));
    }
    let profile = decoder.get_tag_u8_vec(Tag::IccProfile).ok();
    let orientation = decoder.find_tag_unsigned::<u16>(Tag::Orientation).map_err(wrong)?;
    let values: Vec<u16> = match (decoder.read_image().map_err(wrong)?, depth) {
        (DecodingResult::U8(bytes), 8) => bytes.into_iter().map(u16::from).collect(),
        (DecodingResult::U16(words), 16) => words,
        _ => return Err(unfit("TIFF", "samples of neither 8 nor 16 bits")),
    };
    if values.len() != width * height * channels {
        return Err(unfit("TIFF", "pixels of another form"));
    }
    let exif = orientation.filter(|&turn| turn > 1).map(chunks::orientation);
    let chunks = chunks::of_parts(profile.as_deref(), exif.as_deref(), None);
    Samples { width, height, depth, channels, values }.into_picture(chunks)
}
