//! Arrays of numbers within the data, where whoever calls a codec knows of them.

use crate::Result;
use std::ops::Range;
use std::sync::Arc;

/// An array of numbers within a part of the data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArraySpan {
    /// Offset of its first byte in the part.
    pub start: u64,
    /// Bytes, a whole number of units.
    pub len: u64,
    /// The type of its elements, by the numbers of `minlen-tensor`.
    pub dtype: u8,
    /// The shape that is left of it in this part, outermost dimension first, in elements; its product may be more than what
    /// `len` holds where the array was cut in the middle of a row.
    pub shape: Vec<u64>,
    /// What it may be coded as a difference from.
    pub base: Option<BaseSpan>,
    /// True if a container, or the caller, says that these are floats that may be stored within an error bound.
    pub inexact: bool,
    /// A payload of `minlen-tensor`'s bounded fields that decodes to these very bytes, where they were made inexact before.
    pub given: Option<Arc<[u8]>>,
}

/// An array of the same type and length in another file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BaseSpan {
    /// The BLAKE3 hash of that file's content.
    pub file: [u8; 32],
    /// Offset of the array's first byte there.
    pub start: u64,
}

/// The files that differences are taken from.
pub trait Bases: Send + Sync {
    /// Reads some bytes of the content with this hash.
    ///
    /// # Errors
    /// Usage, with a remedy, where that content is not at hand; I/O; corrupt.
    fn read(&self, file: &[u8; 32], range: Range<u64>) -> Result<Vec<u8>>;
}

/// How far a value may be off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MaxError {
    /// By so much.
    Absolute(f64),
    /// By so much of the difference between the largest and the smallest value of an array.
    Relative(f64),
}

/// What a codec call is told of the arrays in its data.
#[derive(Clone, Default)]
pub struct Numbers {
    /// The arrays in the part that is coded, in order, without overlaps; empty where nothing is known.
    pub arrays: Arc<[ArraySpan]>,
    /// True if no container names them, but they look like numbers.
    pub guessed: bool,
    /// Where arrays may be differences from; decoding needs what encoding had.
    pub bases: Option<Arc<dyn Bases>>,
}
