//! Records as pictures: single ones, and many on a sheet.

use minlen_core::{Error, Result};
use minlen_latent::Scaling;

/// Pixels between pictures of a sheet.
const GAP: usize = 2;
/// What lies between them.
const PAPER: u8 = 160;
/// Pictures are shown at least this high.
const HIGH: usize = 56;
/// Sides below this are no picture's.
const LEAST: usize = 4;

/// How records lie as pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    rows: usize,
    columns: usize,
    channels: usize,
    /// Whether one channel lies behind the other.
    planes: bool,
}

impl Look {
    /// Of records of this shape, if they are pictures: of one channel, or of three, first or last.
    ///
    /// ```
    /// use minlen_train::insight::sheet::Look;
    /// assert!(Look::of(&[28, 28]).is_some() && Look::of(&[32, 32, 3]).is_some() && Look::of(&[1, 28, 28]).is_some());
    /// assert!(Look::of(&[256]).is_none() && Look::of(&[1, 256]).is_none());
    /// ```
    #[must_use]
    pub fn of(shape: &[u32]) -> Option<Self> {
        let sides: Vec<usize> = shape.iter().map(|&side| side as usize).collect();
        let (rows, columns, channels, planes) = match sides[..] {
            [rows, columns] => (rows, columns, 1, false),
            [rows, columns, channels @ (1 | 3)] => (rows, columns, channels, false),
            [channels @ (1 | 3), rows, columns] => (rows, columns, channels, true),
            _ => return None,
        };
        (rows >= LEAST && columns >= LEAST).then_some(Self { rows, columns, channels, planes })
    }

    /// Rows and columns of pixels.
    #[must_use]
    pub fn size(&self) -> [usize; 2] {
        [self.rows, self.columns]
    }

    /// The bytes of a picture's pixels, from numbers between `low` and `high`; channels one after the other in each pixel.
    #[must_use]
    pub fn pixels(&self, numbers: &[f64], (low, high): (f64, f64)) -> Vec<u8> {
        let range = (high - low).max(1e-300);
        let mut out = Vec::with_capacity(numbers.len());
        for pixel in 0..self.rows * self.columns {
            for channel in 0..self.channels {
                let at = match self.planes {
                    true => channel * self.rows * self.columns + pixel,
                    false => pixel * self.channels + channel,
                };
                let number = numbers.get(at).copied().unwrap_or(low);
                out.push(((number - low) / range * 255.0).round().clamp(0.0, 255.0) as u8);
            }
        }
        out
    }

    /// Whole records on a sheet of so many columns, as PNG; those of bytes as they are, others from the least to the greatest number of all.
    ///
    /// # Errors
    /// Io if the encoder fails.
    pub fn sheet(&self, records: &[&[u8]], scaling: &Scaling, columns: usize) -> Result<Vec<u8>> {
        let mut numbers = Vec::new();
        let all: Vec<Vec<f64>> = records
            .iter()
            .map(|record| {
                scaling.numbers(record, &mut numbers);
                numbers.clone()
            })
            .collect();
        let range = range_of(scaling, &all);
        let pictures: Vec<Vec<u8>> = all.iter().map(|numbers| self.pixels(numbers, range)).collect();
        self.png_of(&pictures, columns)
    }

    /// Pictures on a sheet of so many columns, as PNG, small ones larger.
    ///
    /// # Errors
    /// Io if the encoder fails.
    pub fn png_of(&self, pictures: &[Vec<u8>], columns: usize) -> Result<Vec<u8>> {
        let times = (HIGH / self.rows).clamp(1, 4);
        let columns = columns.clamp(1, pictures.len().max(1));
        let lines = pictures.len().div_ceil(columns).max(1);
        let cell = [self.rows * times + GAP, self.columns * times + GAP];
        let (width, height) = (columns * cell[1] + GAP, lines * cell[0] + GAP);
        let mut out = vec![PAPER; width * height * self.channels];
        for (number, picture) in pictures.iter().enumerate() {
            let (top, left) = (number / columns * cell[0] + GAP, number % columns * cell[1] + GAP);
            for y in 0..self.rows * times {
                for x in 0..self.columns * times {
                    let from = (y / times * self.columns + x / times) * self.channels;
                    let to = ((top + y) * width + left + x) * self.channels;
                    out[to..to + self.channels].copy_from_slice(&picture[from..from + self.channels]);
                }
            }
        }
        png(&out, width, height, self.channels)
    }
}

/// The least and the greatest number that are shown: of bytes all there are, else those of these records.
#[must_use]
pub fn range_of(scaling: &Scaling, all: &[Vec<f64>]) -> (f64, f64) {
    if scaling.dtype() == minlen_core::Dtype::U8 {
        return scaling.range();
    }
    let finite = all.iter().flatten().filter(|x| x.is_finite());
    finite.fold((f64::MAX, f64::MIN), |(low, high), &x| (low.min(x), high.max(x)))
}

/// Pixels of one channel or of three as PNG.
///
/// # Errors
/// Io if the encoder fails.
pub fn png(pixels: &[u8], width: usize, height: usize, channels: usize) -> Result<Vec<u8>> {
    let failed = |e: png::EncodingError| Error::io("the picture cannot be written", std::io::Error::other(e));
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width as u32, height as u32);
    encoder.set_color(if channels == 3 { png::ColorType::Rgb } else { png::ColorType::Grayscale });
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(pixels).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(out)
}
