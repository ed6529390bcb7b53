//! The first bytes of a payload.

use super::colour::PART_MAX;
use super::quantizer::QUANTIZER_MAX;
use minlen_core::{Error, Result};

/// What holds for the whole picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub quantizer: u16,
    /// Whether levels depend on those before.
    pub dependent: bool,
    /// The rotation of the colours.
    pub quaternion: [i8; 4],
}

impl Header {
    /// The bytes, for so many planes.
    pub fn write(&self, planes: usize) -> Vec<u8> {
        let mut bytes = (self.quantizer << 1 | u16::from(self.dependent)).to_le_bytes().to_vec();
        if planes > 1 {
            bytes.extend(self.quaternion.map(|part| part as u8));
        }
        bytes
    }

    /// The header, and the bytes after it.
    ///
    /// # Errors
    /// If there is none.
    pub fn read(payload: &[u8], planes: usize) -> Result<(Self, &[u8])> {
        let short = || Error::truncated("a picture without its header");
        let (first, rest) = payload.split_first_chunk::<2>().ok_or_else(short)?;
        let number = u16::from_le_bytes(*first);
        let mut header =
            Self { quantizer: number >> 1, dependent: number & 1 == 1, quaternion: [1, 0, 0, 0] };
        if header.quantizer > QUANTIZER_MAX {
            return Err(Error::corrupt("a quantizer that does not exist"));
        }
        if planes == 1 {
            return Ok((header, rest));
        }
        let (parts, rest) = rest.split_first_chunk::<4>().ok_or_else(short)?;
        header.quaternion = parts.map(|part| part as i8);
        if header.quaternion.iter().any(|&part| i32::from(part).abs() > PART_MAX) {
            return Err(Error::corrupt("a rotation that does not exist"));
        }
        Ok((header, rest))
    }
}
