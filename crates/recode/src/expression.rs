//! What data becomes: streams and a recipe.

use crate::Report;
use minlen_core::{Kind, Span};
use minlen_structure::pixels::Raster;

/// Alike bytes, for one codec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// The bytes.
    pub data: Vec<u8>,
    /// What they are.
    pub kind: Kind,
    /// More, for people: of the rows of a PNG, the geometry.
    pub detail: String,
    /// How pixels lie in it.
    pub raster: Option<Raster>,
}

impl Stream {
    /// What it is made of, as far as that is known.
    ///
    /// ```
    /// use minlen_core::Kind;
    /// use minlen_recode::Stream;
    /// use minlen_structure::pixels::Raster;
    /// let raster = Some(Raster::new(10, 3));
    /// let stream = Stream { data: vec![0; 300], kind: Kind::ImageRaw, detail: String::new(), raster };
    /// assert_eq!(&stream.layout()[0].shape[..], &[10, 10, 3]);
    /// ```
    #[must_use]
    pub fn layout(&self) -> Vec<Span> {
        self.raster.iter().map(|raster| raster.span(0, self.data.len() as u64)).collect()
    }
}

/// Data as streams and the recipe that puts them together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    /// What [`crate::rebuild`] follows.
    pub recipe: Vec<u8>,
    /// The streams that it takes from; some may be empty.
    pub streams: Vec<Stream>,
    /// What was found.
    pub report: Report,
}

/// How much time [`crate::express`] may take for a smaller result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    /// As little as possible: a JPEG goes through Lepton, at tens of megabytes a second, or stays as it is.
    Low,
    /// A JPEG that Lepton does not know goes through our own model, at 0.15 to 0.3 megabytes a second.
    Medium,
    /// Every JPEG goes through both, and the smaller result is kept.
    High,
}

/// The streams that are always there.
pub(crate) mod fixed {
    use minlen_core::Kind;

    /// What deflate streams differ in from the prediction.
    pub(crate) const CORRECTIONS: usize = 0;
    pub(crate) const JPEG_HEADERS: usize = 1;
    /// Coded coefficients.
    pub(crate) const JPEG_BODIES: usize = 2;
    /// Small parts, and what is left of containers.
    pub(crate) const OTHER: usize = 3;
    pub(crate) const ALL: [Kind; 4] = [Kind::Binary, Kind::Binary, Kind::ImageCoded, Kind::Binary];
}
