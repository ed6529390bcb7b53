//! HDF5: recognised by its signature, its arrays found by probing.
//!
//! The tables that say where arrays are come in many versions; contiguous arrays show by their statistics, and those that are
//! compressed in chunks are no spans anyway. Source of the signature: HDF5 file format specification, section II.A.

use super::{Reader, probe};
use crate::{Source, Tensor};
use minlen_core::Result;

/// The arrays of the file, or `None` if it is not of this format.
pub fn parse(reader: &mut Reader<'_>, source: &dyn Source) -> Result<Option<Vec<Tensor>>> {
    // At the start, or after a user block of 512 bytes or a power of two more.
    for at in [0, 512, 1024, 2048, 4096] {
        if reader.has(at, b"\x89HDF\r\n\x1a\n")? {
            return probe::regions(source).map(Some);
        }
    }
    Ok(None)
}
