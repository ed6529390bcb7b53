//! What a picture is between its bits and its model.

use minlen_core::Error;

/// Quantized coefficients in natural order: row (vertical frequency) times 8 plus column.
pub(super) type Block = [i16; 64];
/// The blocks of each component, row by row.
pub(super) type Planes = Vec<Vec<Block>>;

/// What is said of anything that no encoder wrote.
pub(super) fn wrong() -> Error {
    Error::corrupt("jpeg: not what the encoder wrote")
}
