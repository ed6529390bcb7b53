//! A picture with all that belongs to it.

use crate::Planes;

/// A chunk of a PNG between the header and the pixels: its type and its data.
pub type Chunk = ([u8; 4], Vec<u8>);

/// A picture: its colours, how opaque each pixel is, and what programs need to show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Grey, or red, green and blue.
    pub colours: Planes,
    /// Opacity, one plane of the same sides and depth; none where everything is opaque.
    pub alpha: Option<Planes>,
    /// Colour profile, orientation, resolution, texts.
    pub chunks: Vec<Chunk>,
}
