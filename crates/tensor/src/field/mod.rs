//! Fields and series of measurements.
//!
//! A field of one to four dimensions, or a series of numbers: predicted from its neighbours in integers, exactly. See
//! `docs/format/field.md`.
//!
//! | Effort | For |
//! |---|---|
//! | [`Effort::Fast`] | data on its way: as fast as it gets in both directions |
//! | [`Effort::Dense`] | nearly as fast, a little smaller |
//! | [`Effort::Max`] | archives: about a megabyte a second in both directions |
//!
//! The shape has the outermost dimension first, in elements. Dimensions of size 1 do not count; of more than four, the outer ones are
//! taken as one. The payload knows the shape, so that decoding needs the length only. There is no checksum in it. [`bounded`] is for
//! floats that may be off by a bound.
//!
//! ```
//! use minlen_core::{Env, ErrorKind};
//! use minlen_tensor::Dtype;
//! use minlen_tensor::field::{self, Effort};
//! // A smooth surface of 40 by 50 heights in 16 bits.
//! let heights: Vec<u8> = (0..2000u16).flat_map(|i| (1000 + i / 50 * 3 + i % 50 * 2).to_le_bytes()).collect();
//! let mut payload = Vec::new();
//! field::encode(&heights, Dtype::U16, &[40, 50], Effort::Dense, &Env::default(), &mut payload)?;
//! assert!(payload.len() * 10 < heights.len());
//! let mut back = Vec::new();
//! field::decode(&payload, heights.len(), &Env::default(), &mut back)?;
//! assert_eq!(back, heights);
//! // A shape that is not that of the data is refused.
//! let error = field::encode(&heights, Dtype::U16, &[7], Effort::Fast, &Env::default(), &mut payload).unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::Usage);
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod around;
mod bins;
mod blend;
pub mod bounded;
mod grid;
mod lorenzo;
mod mask;
mod ols;
mod plain;
mod ranks;
mod recur;
mod residual;
mod series;
#[cfg(test)]
mod tests;
mod transform;
mod word;

use crate::Dtype;
use crate::dtype::{code, from_code};
use grid::Grid;
use minlen_core::varint::{Reader, put};
use minlen_core::{Env, Error, Result};
use word::Word;

/// How much time an encoding may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    /// As fast as it gets, in both directions.
    Fast,
    /// Nearly as fast: more than one fast form is tried.
    Dense,
    /// As small as it gets, about a megabyte a second in both directions.
    Max,
}

/// Fewer cells than this teach a model nothing.
const FEW: usize = 64;

/// Forms of a payload, by its first byte.
const RAW: u8 = 0;
const PLAIN: u8 = 1;
const BLEND: u8 = 2;
const SERIES: u8 = 3;
const RECUR: u8 = 4;

/// Appends the payload for the elements in `bytes`, little-endian, of a field of this shape (outermost dimension first,
/// in elements; empty for a single one). The payload knows type and shape; checksums are the caller's.
///
/// # Errors
/// Usage if the shape is not that of `bytes` or the type is packed; cancelled.
pub fn encode(
    bytes: &[u8],
    dtype: Dtype,
    shape: &[u64],
    effort: Effort,
    env: &Env,
    out: &mut Vec<u8>,
) -> Result<()> {
    let grid = Grid::new(shape)?;
    if !word::known(dtype) || Some(bytes.len()) != grid.cells.checked_mul(dtype.unit()) {
        return Err(Error::usage(format!(
            "{} bytes are no field of {} with shape {shape:?}",
            bytes.len(),
            dtype.name()
        )));
    }
    let start = out.len();
    if !bytes.is_empty() {
        if word::is_wide(dtype) {
            encode_words::<u64>(bytes, dtype, &grid, effort, env, out)?;
        } else {
            encode_words::<u32>(bytes, dtype, &grid, effort, env, out)?;
        }
    }
    if out.len() - start > bytes.len() {
        out.truncate(start);
        out.push(RAW);
        out.extend_from_slice(bytes);
    }
    Ok(())
}

fn encode_words<W: Word>(
    bytes: &[u8],
    dtype: Dtype,
    grid: &Grid,
    effort: Effort,
    env: &Env,
    out: &mut Vec<u8>,
) -> Result<()> {
    let mut words: Vec<W> = word::read(bytes, dtype);
    let mut head = Vec::new();
    let transform = transform::choose(&words, dtype);
    if !transform::apply(&mut words, transform, dtype, &mut head) {
        transform::apply(&mut words, transform::Transform::Ordered, dtype, &mut head);
    }
    let by_value = (head == [0] && matches!(dtype, Dtype::F32 | Dtype::F64)).then_some(dtype);
    let start = out.len();
    let forms = forms(grid, effort);
    for (i, &form) in forms.iter().enumerate() {
        let mut made = vec![form, code(dtype)];
        put_shape(grid, &mut made);
        made.extend_from_slice(&head);
        // The last form takes the words themselves.
        let words = if i + 1 < forms.len() { words.clone() } else { std::mem::take(&mut words) };
        match form {
            PLAIN => plain::encode(words, grid, env, &mut made)?,
            BLEND => blend::encode(words, by_value, None, grid, env, &mut made)?,
            SERIES => series::encode(words, grid, &mut made),
            _ => recur::encode(&words, env, &mut made)?,
        }
        if out.len() == start || made.len() < out.len() - start {
            out.truncate(start);
            out.append(&mut made);
        }
    }
    Ok(())
}

/// The forms to be tried.
fn forms(grid: &Grid, effort: Effort) -> &'static [u8] {
    let effort = if grid.cells < FEW { effort.min(Effort::Dense) } else { effort };
    match (grid.outer.is_empty(), effort) {
        (true, Effort::Fast) => &[SERIES],
        (true, Effort::Dense) => &[PLAIN, SERIES],
        (true, Effort::Max) => &[PLAIN, SERIES, BLEND, RECUR],
        (false, Effort::Max) => &[PLAIN, BLEND],
        _ => &[PLAIN],
    }
}

fn put_shape(grid: &Grid, out: &mut Vec<u8>) {
    out.push(grid.outer.len() as u8);
    grid.outer.iter().chain([&grid.columns]).for_each(|&size| put(out, size as u64));
}

fn get_shape(reader: &mut Reader<'_>, cells: usize) -> Result<Grid> {
    let outer = usize::from(reader.u8()?);
    if outer >= grid::MOST {
        return Err(Error::corrupt("a field of too many dimensions"));
    }
    let mut shape = Vec::new();
    for _ in 0..=outer {
        shape.push(reader.varint()?);
    }
    let grid = Grid::new(&shape)?;
    if grid.cells != cells {
        return Err(Error::corrupt(format!("a field of {} cells where {cells} are expected", grid.cells)));
    }
    Ok(grid)
}

/// Appends the `len` bytes that `payload` stands for. All of the payload must be used.
///
/// # Errors
/// Truncated or corrupt; over a limit of `env`.
pub fn decode(payload: &[u8], len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
    let mut reader = Reader::new(payload);
    if len == 0 && payload.is_empty() {
        return Ok(());
    }
    let form = reader.u8()?;
    if form == RAW {
        if reader.rest().len() != len {
            return Err(Error::corrupt("a stored field of another length"));
        }
        out.extend_from_slice(reader.rest());
        return Ok(());
    }
    let dtype = from_code(reader.u8()?)
        .filter(|&dtype| word::known(dtype) && len.is_multiple_of(dtype.unit()))
        .ok_or_else(|| Error::corrupt("a field of an unknown type"))?;
    let grid = get_shape(&mut reader, len / dtype.unit())?;
    if word::is_wide(dtype) {
        decode_words::<u64>(form, reader, dtype, &grid, env, out)
    } else {
        decode_words::<u32>(form, reader, dtype, &grid, env, out)
    }
}

fn decode_words<W: Word>(
    form: u8,
    mut reader: Reader<'_>,
    dtype: Dtype,
    grid: &Grid,
    env: &Env,
    out: &mut Vec<u8>,
) -> Result<()> {
    let applied = transform::Applied::read(&mut reader, dtype, grid.cells, env)?;
    let by_value = applied.is_ordered() && matches!(dtype, Dtype::F32 | Dtype::F64);
    let mut words: Vec<W> = match form {
        PLAIN => plain::decode(&mut reader, grid, env)?,
        BLEND => blend::decode(&mut reader, by_value.then_some(dtype), None, grid, env)?,
        SERIES => series::decode(&mut reader, grid, env)?,
        RECUR => recur::decode(&mut reader, grid.cells, env)?,
        _ => return Err(Error::unsupported(format!("form {form} of a field"))),
    };
    if !reader.is_empty() {
        return Err(Error::corrupt("bytes are left over after a field"));
    }
    applied.undo(&mut words, dtype);
    word::write(&words, dtype, out);
    Ok(())
}
