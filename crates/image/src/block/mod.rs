//! A transform codec for pictures.
//!
//! A picture is coded in blocks of 64 by 64 samples, which are split as their content asks. Each part is predicted from what is decoded
//! around it, and the rest is transformed and quantized; all decisions go through mixed adaptive probabilities. Everything that decoding
//! computes is in integers.
//!
//! ```
//! use minlen_core::Env;
//! use minlen_image::{Planes, block};
//! let ramp: Vec<u16> = (0..48 * 32).map(|i| (i % 48 * 5) as u16).collect();
//! let picture = Planes::new(48, 32, 8, vec![ramp])?;
//! let coded = block::encode(&picture, 160, 2, &Env::default())?;
//! let decoded = block::decode(&coded.bytes, &block::Shape::of(&picture), &Env::default())?;
//! assert!(decoded == coded.picture && decoded.psnr(&picture) > 30.0);
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod canvas;
mod colour;
mod decoder;
mod effort;
mod encoder;
mod filter;
mod finish;
mod hadamard;
mod header;
#[cfg(feature = "lab")]
pub mod lab;
mod levels;
mod mix;
mod predict;
mod priors;
mod quantizer;
mod rate;
mod residual;
mod search;
mod syntax;
mod transform;
mod trellis;

pub use crate::{Encoded, Shape};

use crate::Planes;
use canvas::{CELL, Done};
use minlen_core::{Env, Result};
pub use quantizer::QUANTIZER_MAX;
use transform::SIDE;

/// Codes a picture. `quantizer` (0 to [`QUANTIZER_MAX`]) says how coarsely: 32 to an octave of the step, which is 1/4096 of the range of
/// the samples for 0. `effort` (0 to 5) says how long to search.
///
/// # Errors
/// If memory or the user's patience is at an end.
pub fn encode(picture: &Planes, quantizer: u16, effort: u8, env: &Env) -> Result<Encoded> {
    Ok(encoder::encode(picture, quantizer.min(QUANTIZER_MAX), effort, env)?.0)
}

/// The picture of a payload.
///
/// # Errors
/// If the payload is none, or there is not enough memory in the budget.
pub fn decode(payload: &[u8], shape: &Shape, env: &Env) -> Result<Planes> {
    decoder::decode(payload, shape, env)
}

/// What is taken for noise where lines are fitted.
fn line_noise(quantizer: quantizer::Quantizer) -> i64 {
    i64::from(quantizer.unit()).pow(2) / 2
}

/// How a picture is cut into root blocks.
#[derive(Clone, Copy, Debug)]
struct Grid {
    width: usize,
    height: usize,
    /// Root blocks.
    columns: usize,
    rows: usize,
}

impl Grid {
    fn new(width: usize, height: usize) -> Self {
        Self { width, height, columns: width.div_ceil(SIDE), rows: height.div_ceil(SIDE) }
    }

    fn cell_columns(&self) -> usize {
        self.width.div_ceil(CELL)
    }

    fn cell_rows(&self) -> usize {
        self.height.div_ceil(CELL)
    }

    /// Bytes that coding takes, and some for models.
    fn memory(&self, planes: usize) -> u64 {
        (self.columns * self.rows) as u64 * (SIDE * SIDE) as u64 * (6 * planes as u64 + 2) + (4 << 20)
    }

    /// How much of the picture, in whole cells, there is from a root's first sample on.
    fn room(&self, column: usize, row: usize) -> (usize, usize) {
        (self.cell_columns() * CELL - column * SIDE, self.cell_rows() * CELL - row * SIDE)
    }

    /// The planes of all roots.
    fn assemble(&self, roots: &[Done], planes: usize) -> Vec<Vec<i16>> {
        let plane = |i: usize| {
            let mut plane = vec![0; self.width * self.height];
            for (y, line) in plane.chunks_exact_mut(self.width).enumerate() {
                for (column, to) in line.chunks_mut(SIDE).enumerate() {
                    let from = &roots[y / SIDE * self.columns + column].planes[i];
                    to.copy_from_slice(&from[y % SIDE * SIDE..][..to.len()]);
                }
            }
            plane
        };
        (0..planes).map(plane).collect()
    }
}
