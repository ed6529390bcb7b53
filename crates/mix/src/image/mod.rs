//! Pixels that are not compressed: a predictor that knows its neighbours in two directions.
//!
//! [`ImageModel`] takes the bytes of the pixels only; where in a file they are, the crate `minlen-structure` finds. Rows may be those of a PNG after
//! the deflate stream is taken away: each begins with the number of a filter, which the model undoes for its contexts.
//!
//! Numbers (grey, colours, 16 bits) are predicted by local least squares and simple gradients, as experts of
//! [`crate::sample`]; pages of one bit by templates of pixels; palettes by bit histories.
//!
//! Time depends on the depth and the number of samples only. Memory is stated by [`Layout::memory`] and taken when the model is made.
//!
//! ```
//! use minlen_core::ErrorKind;
//! use minlen_mix::Predictor;
//! use minlen_mix::image::{ImageModel, Layout};
//! let layout = Layout::new(16, 1);
//! assert!(layout.is_sane() && layout.row_bytes() == 16);
//! let mut model = ImageModel::new(layout, 0)?;
//! let mut bits = 0.0;
//! for i in 0..256u32 {
//!     let byte = i % 16 * 8 + i / 16 * 2; // A slope.
//!     for place in (0..8).rev() {
//!         let bit = byte >> place & 1;
//!         let p = f64::from(model.p()) / 65_536.0;
//!         bits -= if bit == 1 { p } else { 1.0 - p }.log2();
//!         model.update(bit);
//!     }
//! }
//! assert!(bits < 256.0 * 4.0, "{bits} bits for 256 pixels");
//! assert_eq!(ImageModel::new(Layout::new(0, 1), 0).err().map(|e| e.kind()), Some(ErrorKind::Usage));
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod bilevel;
mod experts;
mod gradients;
mod layout;
mod numeric;
mod ols;
mod png;
mod rows;

use crate::Predictor;
use minlen_core::Result;

pub use layout::Layout;

#[derive(Debug)]
enum Kind {
    Numeric(Box<numeric::Numeric>),
    Bilevel(Box<bilevel::Bilevel>),
}

/// Predicts the bits of an image's pixels, row after row, the first pixel first.
#[derive(Debug)]
pub struct ImageModel(Kind);

impl ImageModel {
    /// A model for `layout`. `depth` 0 is fast (about 500 KB/s), 1 is deep (100 KB/s), 2 has everything.
    ///
    /// # Errors
    /// Usage if the layout is not sane; limit if there is no memory.
    pub fn new(layout: Layout, depth: u32) -> Result<Self> {
        if !layout.is_sane() {
            return Err(minlen_core::Error::usage("no image has this layout"));
        }
        Ok(Self(match layout.bits {
            1 => Kind::Bilevel(Box::new(bilevel::Bilevel::new(layout, depth)?)),
            _ => Kind::Numeric(Box::new(numeric::Numeric::new(layout, depth)?)),
        }))
    }
}

impl Predictor for ImageModel {
    #[inline]
    fn p(&self) -> u32 {
        match &self.0 {
            Kind::Numeric(m) => m.p(),
            Kind::Bilevel(m) => m.p(),
        }
    }

    #[inline]
    fn update(&mut self, bit: u32) {
        match &mut self.0 {
            Kind::Numeric(m) => m.update(bit),
            Kind::Bilevel(m) => m.update(bit),
        }
    }
}
