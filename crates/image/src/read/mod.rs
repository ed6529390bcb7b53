//! Pictures out of files: PNG, JPEG, JPEG XL, WebP, TIFF and PNM.
//!
//! | Format | What is read | By |
//! |---|---|---|
//! | PNG | all but animations; samples below 8 bits become 8 | crate `png` |
//! | JPEG | grey and YCbCr or RGB, baseline and progressive | crate `zune-jpeg`, without instructions that would round otherwise |
//! | JPEG XL | still pictures in grey or RGB, turned as they say; feature `jxl` | crate `jxl-oxide`, whose last bit may depend on the machine |
//! | WebP | all but animations | crate `image-webp` |
//! | TIFF | the only picture of a file, grey or RGB with or without alpha, 8 or 16 bits | crate `tiff` |
//! | PNM | P4 to P6 (8 and 16 bits) | here |
//!
//! What is read is a [`Picture`]: grey where red, green and blue are equal everywhere, without alpha where nothing is transparent, with
//! what programs need to show it in the chunks of a PNG (ICC profile, EXIF with its orientation, gamma, resolution, texts).
//!
//! ```
//! use minlen_image::read::{is_picture, picture};
//! let file = [&b"P6 2 1 255\n"[..], &[10, 20, 30, 40, 50, 60]].concat();
//! assert!(is_picture(&file) && !is_picture(b"no picture"));
//! let read = picture(&file, &minlen_core::Env::default())?;
//! assert_eq!(read.colours.planes(), [vec![10, 40], vec![20, 50], vec![30, 60]]);
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod chunks;
mod jpeg;
#[cfg(feature = "jxl")]
mod jxl;
mod png;
mod pnm;
mod tiff;
mod webp;

use crate::planes::{PIXELS_MAX, Planes, SIDE_MAX};
use crate::{Chunk, Picture};
use minlen_core::{Env, Error, Reservation, Result};

/// A reader of one format: what it begins with, and the way from the file to the picture.
type Format = (&'static str, fn(&[u8]) -> bool, fn(&[u8], &Env) -> Result<Picture>);

const FORMATS: &[Format] = &[
    ("PNG", |file| file.starts_with(b"\x89PNG\r\n\x1a\n"), png::read),
    ("JPEG", |file| file.starts_with(&[0xff, 0xd8, 0xff]), jpeg::read),
    ("WebP", |file| file.len() >= 12 && &file[..4] == b"RIFF" && &file[8..12] == b"WEBP", webp::read),
    ("TIFF", |file| file.starts_with(b"II*\0") || file.starts_with(b"MM\0*"), tiff::read),
    ("PNM", pnm::is_pnm, pnm::read),
    #[cfg(feature = "jxl")]
    ("JPEG XL", jxl::is_jxl, jxl::read),
];

/// True if `head`, the first bytes of a file (16 are enough), may begin a picture that [`picture`] reads.
#[must_use]
pub fn is_picture(head: &[u8]) -> bool {
    FORMATS.iter().any(|(_, begins, _)| begins(head))
}

/// The picture in a file.
///
/// # Errors
/// Corrupt for a damaged file; unsupported for what is no still picture of up to 16 bits a sample in grey or RGB, or of no format
/// known; limit for one that is too large.
pub fn picture(file: &[u8], env: &Env) -> Result<Picture> {
    let found = FORMATS.iter().find(|(_, begins, _)| begins(file));
    let (_, _, read) = found.ok_or_else(|| {
        Error::unsupported("no picture of a known format")
            .remedy("PNG, JPEG, JPEG XL, WebP, TIFF and PNM are read")
    })?;
    read(file, env)
}

/// What a library said of a file.
fn damaged(format: &str, error: impl std::fmt::Display) -> Error {
    Error::corrupt(format!("{format}: {error}")).remedy("store the file exactly, without a quality")
}

/// What is in order, and not for us.
fn unfit(format: &str, what: &str) -> Error {
    Error::unsupported(format!("{format}: {what}")).remedy("store the file exactly, without a quality")
}

/// Bytes that reading takes for a pixel at most: samples as they lie in the file, as numbers, and in planes.
const PIXEL_MEMORY: u64 = 24;

/// Checks the sides of a picture and holds the memory for reading it, before any is asked for.
fn check_sides(format: &str, (width, height): (usize, usize), env: &Env) -> Result<Reservation> {
    let inside = (1..=SIDE_MAX).contains(&width) && (1..=SIDE_MAX).contains(&height);
    match inside && width * height <= PIXELS_MAX {
        true => env.budget.reserve((width * height) as u64 * PIXEL_MEMORY),
        false => Err(Error::limit(format!("{format}: a picture of {width} by {height} pixels"))
            .remedy("store the file exactly, without a quality")),
    }
}

/// Samples of whole pixels as they lie in a file.
struct Samples {
    width: usize,
    height: usize,
    /// 8 or 16.
    depth: u8,
    /// 1 to 4; the second and the fourth are alpha.
    channels: usize,
    values: Vec<u16>,
}

impl Samples {
    /// From bytes, those of 16 bits with the large one first.
    fn of_bytes(width: usize, height: usize, depth: u8, channels: usize, bytes: &[u8]) -> Self {
        let values = match depth {
            16 => bytes.as_chunks::<2>().0.iter().map(|&pair| u16::from_be_bytes(pair)).collect(),
            _ => bytes.iter().copied().map(u16::from).collect(),
        };
        Self { width, height, depth, channels, values }
    }

    /// The picture of these, in as few planes as it needs.
    fn into_picture(self, chunks: Vec<Chunk>) -> Result<Picture> {
        let plane = |channel: usize| -> Vec<u16> {
            self.values.iter().skip(channel).step_by(self.channels).copied().collect()
        };
        let opaque = ((1u32 << self.depth) - 1) as u16;
        let alpha = matches!(self.channels, 2 | 4).then(|| plane(self.channels - 1));
        let alpha = alpha.filter(|plane| plane.iter().any(|&a| a != opaque));
        let mut colours: Vec<Vec<u16>> = (0..if self.channels < 3 { 1 } else { 3 }).map(plane).collect();
        let has_profile = chunks.iter().any(|(kind, _)| kind == b"iCCP");
        // A profile of colours does not go with a picture of grey.
        if colours.len() == 3 && !has_profile && colours[0] == colours[1] && colours[1] == colours[2] {
            colours.truncate(1);
        }
        let planes = |planes| Planes::new(self.width, self.height, self.depth, planes);
        let alpha = alpha.map(|plane| planes(vec![plane])).transpose()?;
        Ok(Picture { colours: planes(colours)?, alpha, chunks })
    }
}
