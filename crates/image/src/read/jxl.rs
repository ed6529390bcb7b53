//! JPEG XL (ISO/IEC 18181).

use super::{PIXEL_MEMORY, Samples, check_sides, chunks, damaged, unfit};
use crate::Picture;
use jxl_oxide::{AllocTracker, JxlImage, JxlThreadPool, PixelFormat};
use minlen_core::{Env, Result};

/// The code points (ITU-T H.273) of sRGB: what pictures without a profile are.
const SRGB: [u8; 4] = [1, 13, 0, 1];

/// True for a bare codestream or a container.
pub(super) fn is_jxl(head: &[u8]) -> bool {
    head.starts_with(&[0xff, 0x0a]) || head.starts_with(b"\0\0\0\x0cJXL \r\n\x87\n")
}

pub(super) fn read(file: &[u8], env: &Env) -> Result<Picture> {
    let wrong = |error| damaged("JPEG XL", error);
    let image = JxlImage::builder()
        .pool(JxlThreadPool::none())
        .alloc_tracker(AllocTracker::with_limit(usize::try_from(env.limits.memory).unwrap_or(usize::MAX)))
        .read(file)
        .map_err(wrong)?;
    let sides = (image.width() as usize, image.height() as usize);
    let _held = check_sides("JPEG XL", sides, env)?;
    let _more = env.budget.reserve((sides.0 * sides.1) as u64 * PIXEL_MEMORY)?;
    if image.num_loaded_keyframes() != 1 {
        return Err(unfit("JPEG XL", "no single picture"));
    }
    let channels = match image.pixel_format() {
        PixelFormat::Gray => 1,
        PixelFormat::Graya => 2,
        PixelFormat::Rgb => 3,
        PixelFormat::Rgba => 4,
        _ => return Err(unfit("JPEG XL", "neither grey nor RGB")),
    };
    let depth = if image.image_header().metadata.bit_depth.bits_per_sample() > 8 { 16 } else { 8 };
    let profile = (image.rendered_cicp() != Some(SRGB)).then(|| image.rendered_icc());
    // What is rendered is turned already, so that EXIF data would turn it twice.
    let render = image.render_frame(0).map_err(wrong)?;
    let mut stream = render.stream();
    let (width, height) = (stream.width() as usize, stream.height() as usize);
    let values = match depth {
        16 => samples::<u16>(&mut stream, width * height * channels),
        _ => samples::<u8>(&mut stream, width * height * channels).into_iter().map(u16::from).collect(),
    };
    let chunks = chunks::of_parts(profile.as_deref(), None, None);
    Samples { width, height, depth, channels, values }.into_picture(chunks)
}

fn samples<T: jxl_oxide::FrameBufferSample + Default + Copy>(
    stream: &mut jxl_oxide::ImageStream<'_>,
    count: usize,
) -> Vec<T> {
    let mut values = vec![T::default(); count];
    stream.write_to_buffer(&mut values);
    values
}
