//! How a payload says what the picture is (docs/format/codecs/picture.md).

use minlen_container::check32;
use minlen_core::varint::{Reader, put};
use minlen_core::{Difference, Error, Result};
use minlen_image::{Method, PIXELS_MAX, SIDE_MAX, Shape};
use minlen_recode::png::Header;

/// Bits of the first byte.
mod bits {
    pub(super) const COLOR: u8 = 1;
    pub(super) const ALPHA: u8 = 2;
    pub(super) const WIDE: u8 = 4;
    pub(super) const BESIDE: u8 = 8;
    /// The method has the rest.
    pub(super) const METHOD: u32 = 4;
}

/// What stands before the coded colours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Head {
    pub(super) method: Method,
    pub(super) shape: Shape,
    pub(super) alpha: bool,
    /// Streams beside the colours: chunks and opacity.
    pub(super) beside: bool,
    /// Hundredths of a decibel of peak signal-to-noise ratio against the picture that was given.
    pub(super) decibels: u16,
    /// Bytes of the coded colours, where something stands behind them.
    pub(super) colours: usize,
}

impl Head {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        let flag = |on: bool, bit: u8| if on { bit } else { 0 };
        let method = Method::ALL.iter().position(|&method| method == self.method).unwrap_or(0) as u8;
        out.push(
            flag(self.shape.colours == 3, bits::COLOR)
                | flag(self.alpha, bits::ALPHA)
                | flag(self.shape.depth == 16, bits::WIDE)
                | flag(self.beside, bits::BESIDE)
                | method << bits::METHOD,
        );
        put(out, self.shape.width as u64);
        put(out, self.shape.height as u64);
        out.extend(self.decibels.to_le_bytes());
        if self.beside {
            put(out, self.colours as u64);
        }
        // Nothing else shows that the ratio is another one than was measured.
        let check = check32(&out[start..]) as u16;
        out.extend(check.to_le_bytes());
    }

    /// The head, and the bytes behind it.
    pub(super) fn read(payload: &[u8]) -> Result<(Self, &[u8])> {
        let mut reader = Reader::new(payload);
        let first = reader.u8()?;
        let method = *Method::ALL
            .get(usize::from(first >> bits::METHOD))
            .ok_or_else(|| Error::unsupported("picture: a method of a later version"))?;
        let width = reader.varint_max(SIDE_MAX as u64, "the width of a picture")? as usize;
        let height = reader.varint_max(SIDE_MAX as u64, "the height of a picture")? as usize;
        if width == 0 || height == 0 || width * height > PIXELS_MAX {
            return Err(Error::corrupt("picture: sides of no picture"));
        }
        let decibels = u16::from_le_bytes(reader.array()?);
        let beside = first & bits::BESIDE != 0;
        let colours = if beside { reader.varint_max(1 << 32, "the length of coded colours")? } else { 0 };
        let fields = payload.len() - reader.rest().len();
        if u16::from_le_bytes(reader.array()?) != check32(&payload[..fields]) as u16 {
            return Err(Error::corrupt("picture: the checksum of what it is differs"));
        }
        let depth = if first & bits::WIDE != 0 { 16 } else { 8 };
        let shape = Shape { width, height, depth, colours: if first & bits::COLOR != 0 { 3 } else { 1 } };
        let alpha = first & bits::ALPHA != 0;
        if alpha && !beside {
            return Err(Error::corrupt("picture: opacity that is not there"));
        }
        Ok((Self { method, shape, alpha, beside, decibels, colours: colours as usize }, reader.rest()))
    }

    /// The header of the file that is given out.
    pub(super) fn png(&self) -> Header {
        let Shape { width, height, depth, colours } = self.shape;
        let channels = colours as u8 + u8::from(self.alpha);
        Header { width: width as u32, height: height as u32, depth, channels }
    }

    /// How it differs from the picture that was given.
    pub(super) fn difference(&self, stored: usize) -> Difference {
        let Shape { width, height, depth, colours } = self.shape;
        let kind = match (colours, self.alpha) {
            (1, false) => "grey",
            (1, true) => "grey with opacity",
            (_, false) => "RGB",
            (_, true) => "RGB with opacity",
        };
        let decibels = f64::from(self.decibels) / 100.0;
        let what = format!(
            "picture {width}x{height}, {kind}, {depth} bits, {}, {decibels:.2} dB",
            self.method.name()
        );
        Difference::new(what, (width * height * colours) as u64, stored as u64)
    }
}
