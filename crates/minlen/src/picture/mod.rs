//! Pictures near the original: as good as the user says, or as small.
//!
//! Where a target is named ([`crate::Options::with_target`]) and the input is a picture (PNG, JPEG, JPEG XL, WebP, TIFF, PNM), what is stored is a PNG file near it, in a
//! short description (crate `minlen-image`). Decoding gives that PNG file, the same bytes and so the same pixels on every machine and in
//! every version. Opacity, colour profile, orientation, resolution and texts stay as they were.
//!
//! | You know | Use |
//! |---|---|
//! | how good it shall be | [`crate::Target::Quality`], 0 to 100 |
//! | the same as a score of a known metric | [`crate::Target::Ssimulacra2`] |
//! | a signal-to-noise ratio over all samples | [`crate::Target::Psnr`] |
//! | what a pixel may cost | [`crate::Target::BitsPerSample`]: of pictures, a pixel is one sample |
//! | what the file may cost | [`crate::Target::MaxSize`] |
//!
//! ```
//! use minlen::{Limits, Options, Target, compress, decompress};
//! let pixels = (0..64 * 48u32).flat_map(|i| [(i % 64 * 3) as u8, (i / 64 * 5) as u8, 90]);
//! let ppm: Vec<u8> = b"P6 64 48 255\n".iter().copied().chain(pixels).collect();
//! let small = compress(&ppm, &Options::new(2)?.with_target(Target::Psnr(36.0))?)?;
//! let png = decompress(&small, &Limits::default())?;
//! assert!(small.len() < ppm.len() / 10 && png.starts_with(b"\x89PNG"));
//! # Ok::<(), minlen::Error>(())
//! ```

mod codec;
mod head;
mod near;
mod preview;
#[cfg(test)]
mod tests;
mod verify;

pub(crate) use codec::{codec, method_of};
pub(crate) use near::{has, near};
pub use preview::preview;
pub use verify::distance;

use minlen_core::{Env, Result};
pub use minlen_image::metric::{ms_ssim, ssimulacra2};
pub use minlen_image::read::{is_picture, picture};
pub use minlen_image::write::{Format, pnm, write};
pub use minlen_image::{Picture, Planes};

/// The PNG file of a picture, the same bytes in every version.
///
/// # Errors
/// Limit where the memory does not do; cancelled.
pub fn to_png(picture: &Picture, env: &Env) -> Result<Vec<u8>> {
    let Picture { colours, alpha, chunks } = picture;
    let minlen_image::Shape { width, height, depth, colours: count } = colours.shape();
    let channels = count as u8 + u8::from(alpha.is_some());
    let header = minlen_recode::png::Header { width: width as u32, height: height as u32, depth, channels };
    minlen_recode::png::write(header, chunks, &colours.interleaved(alpha.as_ref()), env)
}
