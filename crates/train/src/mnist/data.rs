//! The MNIST files (IDX, gzip) and shifted pictures.

use flate2::read::GzDecoder;
use minlen_core::{Error, Result};
use std::io::Read;
use std::path::Path;

/// Side of a picture.
pub const SIDE: usize = 28;
/// Pixels of a picture.
pub const PIXELS: usize = SIDE * SIDE;
/// Classes.
pub const CLASSES: usize = 10;
/// Shifts by -1, 0 or 1 pixel in both directions; number 4 is none.
pub const SHIFTS: usize = 9;
/// Number of the shift that moves nothing.
pub const STILL: usize = 4;
/// Most bytes that a file may decompress to: the largest has 47 MB.
const FILE_MAX: u64 = 64 << 20;

/// Pictures with their labels.
#[derive(Clone, Debug, Default)]
pub struct Set {
    /// Grey values, 784 a picture, row by row.
    pub pixels: Vec<u8>,
    /// The digit of each picture.
    pub labels: Vec<u8>,
}

impl Set {
    /// Reads `NAME-images-idx3-ubyte.gz` and `NAME-labels-idx1-ubyte.gz` in `folder`: `train` or `t10k`.
    ///
    /// # Errors
    /// If a file cannot be read or is not what its name says.
    pub fn read(folder: &Path, name: &str) -> Result<Self> {
        let pixels = read_idx(&folder.join(format!("{name}-images-idx3-ubyte.gz")), &[SIDE, SIDE])?;
        let labels = read_idx(&folder.join(format!("{name}-labels-idx1-ubyte.gz")), &[])?;
        if pixels.len() != labels.len() * PIXELS || labels.iter().any(|&label| label as usize >= CLASSES) {
            return Err(Error::corrupt("pictures and labels do not belong together").in_file(folder));
        }
        Ok(Self { pixels, labels })
    }

    /// Number of pictures.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// True without pictures.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Takes the last `count` pictures away, as a set of their own.
    #[must_use]
    pub fn split_off(&mut self, count: usize) -> Self {
        let rest = self.len().saturating_sub(count);
        Self { pixels: self.pixels.split_off(rest * PIXELS), labels: self.labels.split_off(rest) }
    }

    /// Appends picture `i` to `out`, shifted (0..9), in 0..=1; what moves in is 0.
    pub fn put(&self, i: usize, shift: usize, out: &mut Vec<f32>) {
        let picture = &self.pixels[i * PIXELS..][..PIXELS];
        let (dy, dx) = (shift / 3, shift % 3);
        for y in 0..SIDE {
            // Row y + dy - 1 of the picture, columns from dx - 1 on.
            let row = (y + dy).checked_sub(1).filter(|&row| row < SIDE);
            let row = row.map(|row| &picture[row * SIDE..][..SIDE]);
            out.extend((0..SIDE).map(|x| {
                let from = (x + dx).wrapping_sub(1);
                f32::from(row.and_then(|row| row.get(from)).copied().unwrap_or(0)) * (1.0 / 255.0)
            }));
        }
    }
}

/// The bytes of an IDX file of unsigned bytes: any number of items of this shape.
fn read_idx(path: &Path, shape: &[usize]) -> Result<Vec<u8>> {
    let file = std::fs::File::open(path).map_err(|e| Error::io("cannot open", e).in_file(path))?;
    let mut bytes = Vec::new();
    GzDecoder::new(file)
        .take(FILE_MAX)
        .read_to_end(&mut bytes)
        .map_err(|e| Error::io("cannot decompress", e).in_file(path))?;
    parse_idx(&bytes, shape).map_err(|e| e.in_file(path))
}

fn parse_idx(bytes: &[u8], shape: &[usize]) -> Result<Vec<u8>> {
    let header = 8 + 4 * shape.len();
    if bytes.len() < header || bytes[..4] != [0, 0, 8, 1 + shape.len() as u8] {
        return Err(Error::corrupt("not an IDX file of bytes of the expected shape"));
    }
    let field =
        |i: usize| bytes[4 + 4 * i..].first_chunk().map_or(0, |four| u32::from_be_bytes(*four) as usize);
    let item: usize = shape.iter().product();
    let same = shape.iter().enumerate().all(|(i, &side)| field(i + 1) == side);
    if !same || field(0).checked_mul(item) != Some(bytes.len() - header) {
        return Err(Error::corrupt("the sizes in an IDX file do not fit its length"));
    }
    Ok(bytes[header..].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idx_files_are_checked() {
        let good = [&[0, 0, 8, 1, 0, 0, 0, 3][..], &[7, 8, 9]].concat();
        assert_eq!(parse_idx(&good, &[]).unwrap(), [7, 8, 9]);
        for cut in 0..good.len() {
            assert!(parse_idx(&good[..cut], &[]).is_err());
        }
        assert!(parse_idx(&good, &[1, 1]).is_err());
    }

    #[test]
    fn shifts_move_by_one_pixel() {
        let mut set = Set { pixels: vec![0; PIXELS], labels: vec![1] };
        set.pixels[5 * SIDE + 7] = 255;
        for shift in 0..SHIFTS {
            let mut out = Vec::new();
            set.put(0, shift, &mut out);
            let place = (6 - shift / 3) * SIDE + 8 - shift % 3;
            assert!(out.len() == PIXELS && out.iter().enumerate().all(|(i, &v)| v == f32::from(i == place)));
        }
    }
}
