//! Quantized and pruned weights: matrices of small integers, coded by mixing adaptive predictions.
//!
//! A network is a list of [`Layer`]s: `rows` outputs by `columns` inputs of integers, the [`Levels`] that turn them into
//! weights (a uniform step for the layer or for each row, or a codebook of shared weights), and integer biases. [`encode`]
//! writes a file that describes itself and ends in a checksum, [`decode`] reads it exactly: `docs/format/quantized.md`.
//!
//! The binarization is that of DeepCABAC (Wiedemann et al., arXiv 1907.11900: zero?, sign, greater than 1?, ...); each
//! decision is predicted from many contexts at once (`context`) and the predictions are mixed (`mixer`). Made for pruned
//! matrices, where the contexts are densities, and for dense ones with integers of about -8..8 alike.
//!
//! [`Pricer`] tells what an integer would cost at the present place, and [`rdo`] rounds weights with these costs.
//!
//! ```
//! use minlen_nn::quantized::{Layer, Levels, Network, decode, encode};
//! let mut layer = Layer::new(2, 3, vec![0, 1, 0, 0, -2, 0]);
//! layer.levels = Levels::Uniform(vec![-48]); // 2^(-48/16): steps of 1/8
//! assert_eq!(layer.weights()?, [0.0, 0.125, 0.0, 0.0, -0.25, 0.0]);
//! let network = Network { label: b"small".to_vec(), layers: vec![layer] };
//! let bytes = encode(&network)?;
//! assert_eq!(decode(&bytes, &minlen_core::Env::default())?, network);
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod context;
mod decode;
mod encode;
mod mixer;
mod model;
mod numbers;
mod price;
pub mod rdo;
mod step;

pub use decode::decode;
pub use encode::encode;
pub use price::Pricer;
pub use step::{STEP_MAX, nearest_step, step_value};

use minlen_core::{Error, Result};

/// First bytes of a file.
const MAGIC: [u8; 3] = *b"mlq";
/// The format's version.
const VERSION: u8 = 1;
/// Largest magnitude of an integer.
pub const INTEGER_MAX: i32 = 1 << 24;
/// Most layers of a network.
const LAYERS_MAX: u64 = 1 << 16;
/// Most rows, and most columns, of a layer.
const SIDE_MAX: u64 = 1 << 28;
/// Most weights of a layer.
const WEIGHTS_MAX: u64 = 1 << 32;
/// Most levels of a codebook on either side of zero.
const LEVELS_MAX: u64 = 1 << 16;
/// Longest label in bytes.
const LABEL_MAX: u64 = 1 << 16;

/// What integers stand for. 0 is always the weight 0.
///
/// ```
/// use minlen_nn::quantized::{Layer, Levels};
/// // Shared weights: 1 stands for 0.5, -1 for -2, as bf16 bit patterns.
/// let mut layer = Layer::new(1, 3, vec![1, 0, -1]);
/// layer.levels = Levels::Codebook { positive: vec![0x3f00], negative: vec![0xc000] };
/// assert_eq!(layer.weights()?, [0.5, 0.0, -2.0]);
/// // A row has a step of its own where there is one code for each.
/// let mut layer = Layer::new(2, 1, vec![3, 3]);
/// layer.levels = Levels::Uniform(vec![0, 16]);
/// assert_eq!(layer.weights()?, [3.0, 6.0]);
/// # Ok::<(), minlen_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Levels {
    /// The integer times a step: one [`step_value`] code for the layer, or one for each row.
    Uniform(Vec<i32>),
    /// Shared weights, as bf16 bit patterns: integer `i` over 0 is `positive[i - 1]`, `-i` is `negative[i - 1]`.
    Codebook {
        /// Levels of the integers 1, 2, ...
        positive: Vec<u16>,
        /// Levels of the integers -1, -2, ...
        negative: Vec<u16>,
    },
}

/// One matrix of integers with its levels and biases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Outputs.
    pub rows: usize,
    /// Inputs: `planes * height * width`.
    pub columns: usize,
    /// Rows of the picture that the inputs of a plane form (1 where they form none).
    pub height: usize,
    /// Columns of that picture (with `height` 1: all inputs of a plane).
    pub width: usize,
    /// Integers, row by row.
    pub integers: Vec<i32>,
    /// What the integers stand for.
    pub levels: Levels,
    /// One integer a row, or none.
    pub biases: Vec<i32>,
    /// [`step_value`] code of the biases; 0 without any.
    pub bias_step: i32,
}

/// A whole network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// What the layers are for, in the words of whoever wrote them: names, an architecture, shapes. At most 65,536 bytes.
    pub label: Vec<u8>,
    /// The layers, in the order of computation: a layer's columns are predicted from the rows of the layer before.
    pub layers: Vec<Layer>,
}

impl Layer {
    /// A layer without picture and biases, of step 1.
    #[must_use]
    pub fn new(rows: usize, columns: usize, integers: Vec<i32>) -> Self {
        let levels = Levels::Uniform(vec![0]);
        Self { rows, columns, height: 1, width: columns, integers, levels, biases: Vec::new(), bias_step: 0 }
    }

    /// The weights in f32, row by row: the product of the integer and the step, rounded once.
    ///
    /// # Errors
    /// Usage if the layer's fields do not fit together.
    pub fn weights(&self) -> Result<Vec<f32>> {
        self.check()?;
        let weight = |i: usize, q: i32| match &self.levels {
            Levels::Uniform(steps) => {
                let step = if steps.len() == 1 { steps[0] } else { steps[i / self.columns.max(1)] };
                q as f32 * step_value(step)
            }
            Levels::Codebook { .. } if q == 0 => 0.0,
            Levels::Codebook { positive, negative } => {
                let side = if q > 0 { positive } else { negative };
                f32::from_bits(u32::from(side[q.unsigned_abs() as usize - 1]) << 16)
            }
        };
        Ok(self.integers.iter().enumerate().map(|(i, &q)| weight(i, q)).collect())
    }

    /// The biases in f32; empty if there are none.
    ///
    /// ```
    /// use minlen_nn::quantized::Layer;
    /// let mut layer = Layer::new(2, 1, vec![1, 0]);
    /// assert!(layer.bias_values().is_empty());
    /// (layer.biases, layer.bias_step) = (vec![2, -4], -16);
    /// assert_eq!((layer.bias_values(), layer.non_zeros()), (vec![1.0, -2.0], 1));
    /// ```
    #[must_use]
    pub fn bias_values(&self) -> Vec<f32> {
        self.biases.iter().map(|&q| q as f32 * step_value(self.bias_step)).collect()
    }

    /// How many integers are not 0.
    #[must_use]
    pub fn non_zeros(&self) -> usize {
        self.integers.iter().filter(|&&q| q != 0).count()
    }

    /// Refuses fields that do not fit together or are over the format's limits.
    fn check(&self) -> Result<()> {
        let Self { rows, columns, height, width, .. } = *self;
        let side = |n: usize| n as u64 <= SIDE_MAX;
        let count = rows.checked_mul(columns).filter(|&n| n as u64 <= WEIGHTS_MAX);
        let plane = height.checked_mul(width).filter(|&n| n > 0 && columns.is_multiple_of(n));
        let plane_fits = plane.is_some() || columns == 0;
        if !side(rows) || !side(columns) || count != Some(self.integers.len()) || !plane_fits {
            return Err(Error::usage(format!(
                "a layer of {rows} by {columns} (pictures of {height} by {width}) cannot hold {} integers",
                self.integers.len()
            )));
        }
        if self.integers.iter().chain(&self.biases).any(|q| q.unsigned_abs() > INTEGER_MAX as u32) {
            return Err(Error::usage(format!("an integer is over {INTEGER_MAX}")));
        }
        if !self.biases.is_empty() && self.biases.len() != rows {
            return Err(Error::usage(format!("{} biases for {rows} rows", self.biases.len())));
        }
        if self.biases.is_empty() && self.bias_step != 0 {
            return Err(Error::usage("a step of biases without biases"));
        }
        self.check_levels()
    }

    fn check_levels(&self) -> Result<()> {
        let code_fits = |code: i32| code.abs() <= STEP_MAX;
        match &self.levels {
            Levels::Uniform(steps) => {
                if steps.len() != 1 && steps.len() != self.rows {
                    return Err(Error::usage(format!("{} steps for {} rows", steps.len(), self.rows)));
                }
                if !steps.iter().copied().chain([self.bias_step]).all(code_fits) {
                    return Err(Error::usage(format!("a step's code is over {STEP_MAX}")));
                }
            }
            Levels::Codebook { positive, negative } => {
                let high = self.integers.iter().copied().max().unwrap_or(0).max(0);
                let low = self.integers.iter().copied().min().unwrap_or(0).min(0);
                let enough =
                    positive.len() as i64 >= i64::from(high) && negative.len() as i64 >= -i64::from(low);
                let most = positive.len().max(negative.len()) as u64;
                if !enough || most > LEVELS_MAX || !code_fits(self.bias_step) {
                    return Err(Error::usage("the codebook does not fit the integers"));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
