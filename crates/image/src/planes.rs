//! Samples of a picture, plane by plane.

use crate::Shape;
use minlen_core::{Error, Result};

/// The most pixels of a side: what fits the formats that pictures come in.
pub const SIDE_MAX: usize = 1 << 16;
/// The most pixels of a picture: 2^28, in memory 3 GiB while it is coded.
pub const PIXELS_MAX: usize = 1 << 28;

/// The samples of a picture: one plane of grey, or three of red, green and blue, each row by row from the top left.
///
/// ```
/// use minlen_image::Planes;
/// let grey = Planes::new(2, 1, 8, vec![vec![0, 255]])?;
/// let other = Planes::new(2, 1, 8, vec![vec![0, 254]])?;
/// assert_eq!(grey.squares(&other), 1);
/// assert!((grey.psnr(&other) - 51.14).abs() < 0.01);
/// # Ok::<(), minlen_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Planes {
    width: usize,
    height: usize,
    depth: u8,
    planes: Vec<Vec<u16>>,
}

impl Planes {
    /// Of `width` by `height` pixels with samples of `depth` bits (8 to 16).
    ///
    /// # Errors
    /// Usage if a plane has another number of samples, a sample is too large, there are neither one nor three planes, or a side is
    /// 0 or over [`SIDE_MAX`].
    pub fn new(width: usize, height: usize, depth: u8, planes: Vec<Vec<u16>>) -> Result<Self> {
        let sides = 1..=SIDE_MAX;
        let most = ((1u32 << depth.min(16)) - 1) as u16;
        let right = |plane: &Vec<u16>| plane.len() == width * height && plane.iter().all(|&s| s <= most);
        if !sides.contains(&width) || !sides.contains(&height) || !(8..=16).contains(&depth) {
            return Err(Error::usage(format!("a picture of {width} by {height} with {depth} bits a sample")));
        }
        if !matches!(planes.len(), 1 | 3) || !planes.iter().all(right) {
            return Err(Error::usage("planes that do not fit the picture"));
        }
        Ok(Self { width, height, depth, planes })
    }

    /// Pixels of a row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// Bits of a sample, 8 to 16.
    #[must_use]
    pub fn depth(&self) -> u8 {
        self.depth
    }

    /// What a decoder has to know of it.
    #[must_use]
    pub fn shape(&self) -> Shape {
        Shape { width: self.width, height: self.height, depth: self.depth, colours: self.planes.len() }
    }

    /// The largest sample.
    #[must_use]
    pub fn peak(&self) -> u16 {
        ((1u32 << self.depth) - 1) as u16
    }

    /// One plane of grey, or red, green and blue.
    #[must_use]
    pub fn planes(&self) -> &[Vec<u16>] {
        &self.planes
    }

    /// Bytes as PNG and PNM have them: row by row, the samples of a pixel together, those of 16 bits with the large byte first, and
    /// behind the colours the first plane of `alpha`, which must have the same sides and depth.
    #[must_use]
    pub fn interleaved(&self, alpha: Option<&Self>) -> Vec<u8> {
        let planes: Vec<&Vec<u16>> = self.planes.iter().chain(alpha.map(|alpha| &alpha.planes[0])).collect();
        let mut out =
            Vec::with_capacity(self.width * self.height * planes.len() * usize::from(self.depth.div_ceil(8)));
        for i in 0..self.width * self.height {
            for plane in &planes {
                match self.depth {
                    8 => out.push(plane[i] as u8),
                    _ => out.extend(plane[i].to_be_bytes()),
                }
            }
        }
        out
    }

    /// The same in three planes of 8 bits: grey three times, of longer samples the upper bits.
    #[must_use]
    pub fn to_rgb8(&self) -> Self {
        let shift = self.depth - 8;
        let narrow = |plane: &Vec<u16>| plane.iter().map(|&sample| sample >> shift).collect::<Vec<_>>();
        let plane = |i: usize| narrow(self.planes.get(i).unwrap_or(&self.planes[0]));
        Self { depth: 8, planes: [0, 1, 2].map(plane).to_vec(), ..*self }
    }

    /// `size` pixels (width, height) from `at` (from the left, from above) on.
    ///
    /// # Errors
    /// Usage for a part that is not within the picture.
    pub fn part(&self, at: (usize, usize), size: (usize, usize)) -> Result<Self> {
        if at.0 + size.0 > self.width || at.1 + size.1 > self.height {
            return Err(Error::usage("a part beyond the picture"));
        }
        let rows = |plane: &Vec<u16>| {
            let row = |y: usize| plane[(at.1 + y) * self.width + at.0..][..size.0].iter().copied();
            (0..size.1).flat_map(row).collect::<Vec<u16>>()
        };
        Self::new(size.0, size.1, self.depth, self.planes.iter().map(rows).collect())
    }

    /// The same at 1 of 2^`shift` of its size: means of squares of pixels, those at the right and below as far as there are pixels.
    ///
    /// # Errors
    /// None for a shift below 16.
    pub fn smaller(&self, shift: u8) -> Result<Self> {
        let side = 1usize << shift.min(15);
        let (width, height) = (self.width.div_ceil(side), self.height.div_ceil(side));
        let mean = |plane: &[u16], x: usize, y: usize| {
            let (right, below) = (((x + 1) * side).min(self.width), ((y + 1) * side).min(self.height));
            let row = |y: usize| &plane[y * self.width + x * side..y * self.width + right];
            let sum: u64 = (y * side..below).flat_map(|y| row(y).iter().map(|&s| u64::from(s))).sum();
            let count = ((right - x * side) * (below - y * side)) as u64;
            ((sum + count / 2) / count) as u16
        };
        let plane = |plane: &Vec<u16>| {
            let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
            places.map(|(x, y)| mean(plane, x, y)).collect::<Vec<u16>>()
        };
        Self::new(width, height, self.depth, self.planes.iter().map(plane).collect())
    }

    /// The sum of the squares of the differences of all samples.
    #[must_use]
    pub fn squares(&self, other: &Self) -> u64 {
        let pairs = self.planes.iter().zip(&other.planes);
        let of = |(a, b): (&Vec<u16>, &Vec<u16>)| -> u64 {
            a.iter().zip(b).map(|(&a, &b)| u64::from(a.abs_diff(b)).pow(2)).sum()
        };
        pairs.map(of).sum()
    }

    /// The mean of the squares of the differences of all samples.
    #[must_use]
    pub fn mean_square(&self, other: &Self) -> f64 {
        let samples = self.width * self.height * self.planes.len();
        self.squares(other) as f64 / samples as f64
    }

    /// The peak signal-to-noise ratio over all planes together in decibels; infinite for equal pictures.
    #[must_use]
    pub fn psnr(&self, other: &Self) -> f64 {
        20.0 * f64::from(self.peak()).log10() - 10.0 * self.mean_square(other).log10()
    }
}
