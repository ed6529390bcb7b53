//! Pictures into files of other formats than PNG: PNM, lossless WebP and TIFF, by the same crates that read them.

use crate::{Picture, Planes};
use minlen_core::{Error, Result};
use std::io::Cursor;

/// A format that pictures are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// P5 or P6 (the netpbm manuals); colours only.
    Pnm,
    /// Lossless WebP (RFC 9649), of 8 bits.
    WebP,
    /// TIFF 6.0, not compressed.
    Tiff,
}

impl Format {
    /// The format that a name ends in: `ppm`, `pgm`, `pnm`, `webp`, `tif` or `tiff`.
    ///
    /// ```
    /// use minlen_image::write::Format;
    /// assert_eq!((Format::of("PPM"), Format::of("png")), (Some(Format::Pnm), None));
    /// ```
    #[must_use]
    pub fn of(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "ppm" | "pgm" | "pnm" => Some(Self::Pnm),
            "webp" => Some(Self::WebP),
            "tif" | "tiff" => Some(Self::Tiff),
            _ => None,
        }
    }
}

/// The file of a picture in a format, without its chunks.
///
/// # Errors
/// Unsupported for what the format has no room for: opacity in PNM, 16 bits in WebP.
pub fn write(picture: &Picture, format: Format) -> Result<Vec<u8>> {
    let Picture { colours, alpha, .. } = picture;
    match format {
        Format::Pnm if alpha.is_some() => Err(no_room("PNM", "opacity")),
        Format::Pnm => Ok(pnm(colours)),
        Format::WebP if colours.depth() > 8 => Err(no_room("WebP", "16 bits")),
        Format::WebP => webp(picture),
        Format::Tiff => tiff(picture),
    }
}

fn no_room(format: &str, what: &str) -> Error {
    Error::unsupported(format!("{format} has no room for {what}")).remedy("name a PNG file")
}

/// The PNM file of some colours.
#[must_use]
pub fn pnm(colours: &Planes) -> Vec<u8> {
    let kind = if colours.planes().len() == 3 { 6 } else { 5 };
    let head = format!("P{kind}\n{} {}\n{}\n", colours.width(), colours.height(), colours.peak());
    [head.as_bytes(), &colours.interleaved(None)].concat()
}

fn webp(picture: &Picture) -> Result<Vec<u8>> {
    use image_webp::ColorType::{L8, La8, Rgb8, Rgba8};
    let Picture { colours, alpha, .. } = picture;
    let color = match (colours.planes().len(), alpha) {
        (1, None) => L8,
        (1, Some(_)) => La8,
        (_, None) => Rgb8,
        (_, Some(_)) => Rgba8,
    };
    let mut file = Vec::new();
    image_webp::WebPEncoder::new(&mut file)
        .encode(&colours.interleaved(alpha.as_ref()), colours.width() as u32, colours.height() as u32, color)
        .map_err(|e| Error::unsupported(format!("WebP: {e}")))?;
    Ok(file)
}

fn tiff(picture: &Picture) -> Result<Vec<u8>> {
    use tiff::encoder::{TiffEncoder, colortype as color};
    let Picture { colours, alpha, .. } = picture;
    let (width, height) = (colours.width() as u32, colours.height() as u32);
    let bytes = colours.interleaved(alpha.as_ref());
    let words: Vec<u16> = match colours.depth() {
        16 => bytes.as_chunks::<2>().0.iter().map(|&pair| u16::from_be_bytes(pair)).collect(),
        _ => Vec::new(),
    };
    let mut file = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut file).map_err(unwritten)?;
    let done = match (colours.planes().len(), alpha.is_some(), colours.depth()) {
        (1, false, 16) => encoder.write_image::<color::Gray16>(width, height, &words),
        (1, false, _) => encoder.write_image::<color::Gray8>(width, height, &bytes),
        (3, false, 16) => encoder.write_image::<color::RGB16>(width, height, &words),
        (3, false, _) => encoder.write_image::<color::RGB8>(width, height, &bytes),
        (3, true, 16) => encoder.write_image::<color::RGBA16>(width, height, &words),
        (3, true, _) => encoder.write_image::<color::RGBA8>(width, height, &bytes),
        _ => return Err(no_room("TIFF as it is written here", "grey with opacity")),
    };
    done.map_err(unwritten)?;
    Ok(file.into_inner())
}

fn unwritten(error: tiff::TiffError) -> Error {
    Error::unsupported(format!("TIFF: {error}"))
}
