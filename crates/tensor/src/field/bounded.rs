//! Floats within an error bound.
//!
//! Each value is predicted from what stands for its neighbours, and the difference is coded in steps of twice the bound; a
//! value that would not come back within the bound is kept exactly, as are NaN, infinities and fill values. The payload is
//! decoded and every value compared before it is given out.
//!
//! Bounds of a share are of the range of the finite values, so that they mean the same for data in any unit. Only 32- and 64-bit floats
//! go; [`super::encode`] is for all that has to come back exactly.
//!
//! ```
//! use minlen_core::Env;
//! use minlen_tensor::Dtype;
//! use minlen_tensor::field::Effort;
//! use minlen_tensor::field::bounded::{self, Bound};
//! let waves: Vec<f32> = (0..1000).map(|i| (i as f32 / 50.0).sin()).collect();
//! let mut bytes: Vec<u8> = waves.iter().flat_map(|value| value.to_le_bytes()).collect();
//! bytes[..4].copy_from_slice(&f32::NAN.to_le_bytes());
//! let mut payload = Vec::new();
//! let bound = Bound::Absolute(0.01);
//! let report = bounded::encode(&bytes, Dtype::F32, &[1000], bound, Effort::Fast, &Env::default(), &mut payload)?;
//! assert!(payload.len() * 4 < bytes.len() && report.worst <= 0.01);
//! assert_eq!(bounded::bound_of(&payload, bytes.len())?, 0.01);
//!
//! let mut back = Vec::new();
//! bounded::decode(&payload, bytes.len(), &Env::default(), &mut back)?;
//! let values = back.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
//! assert!(values.skip(1).zip(&waves[1..]).all(|(new, old)| (new - old).abs() <= 0.01));
//! // What is no number comes back as it was.
//! assert_eq!(back[..4], bytes[..4]);
//! # Ok::<(), minlen_core::Error>(())
//! ```

use super::blend::Lossy;
use super::grid::Grid;
use super::transform::{Exceptions, centre, whole_of};
use super::word::{self, Word};
use super::{Effort, blend, get_shape, mask, plain, put_shape};
use crate::Dtype;
use crate::dtype::{code, from_code};
use minlen_core::varint::{Reader, put};
use minlen_core::{Env, Error, ErrorKind, Result};

/// Forms of a payload.
const BLEND: u8 = 1;
const STEPS: u8 = 2;

/// How far values may be off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// By this much.
    Absolute(f64),
    /// By this share of the range of the values, without fill values, NaN and infinities.
    Relative(f64),
}

/// What an encoding cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Report {
    /// The bound, as a difference of values.
    pub bound: f64,
    /// The largest difference that there really is: at most `bound`.
    pub worst: f64,
}

/// Appends the payload for floats of 32 or 64 bits, little-endian, of a field of this shape (outermost dimension first).
///
/// # Errors
/// Usage if the bound is no number over 0, the shape is not that of `bytes`, or the type is another one; verify if a value
/// would come back wrong (a fault of this library); cancelled.
pub fn encode(
    bytes: &[u8],
    dtype: Dtype,
    shape: &[u64],
    bound: Bound,
    effort: Effort,
    env: &Env,
    out: &mut Vec<u8>,
) -> Result<Report> {
    let grid = Grid::new(shape)?;
    if !matches!(dtype, Dtype::F32 | Dtype::F64) || Some(bytes.len()) != grid.cells.checked_mul(dtype.unit())
    {
        return Err(Error::usage(format!(
            "{} bytes are no field of f32 or f64 with shape {shape:?}",
            bytes.len()
        )));
    }
    let (Bound::Absolute(number) | Bound::Relative(number)) = bound;
    if number.is_nan() || number <= 0.0 || number.is_infinite() {
        return Err(Error::usage("an error bound must be a number over 0"));
    }
    if bytes.is_empty() {
        return Ok(Report { bound: number, worst: 0.0 });
    }
    if word::is_wide(dtype) {
        encode_words::<u64>(bytes, dtype, &grid, bound, effort, env, out)
    } else {
        encode_words::<u32>(bytes, dtype, &grid, bound, effort, env, out)
    }
}

fn encode_words<W: Word>(
    bytes: &[u8],
    dtype: Dtype,
    grid: &Grid,
    bound: Bound,
    effort: Effort,
    env: &Env,
    out: &mut Vec<u8>,
) -> Result<Report> {
    let words: Vec<W> = word::read(bytes, dtype);
    let limit = limit_of(&words, dtype, bound);
    // A field of one value has no range. Steps are not taken of numbers that small; the limit holds all the same.
    let bound = limit.max(f64::MIN_POSITIVE);
    let start = out.len();
    out.extend([if effort == Effort::Fast { STEPS } else { BLEND }, code(dtype)]);
    put_shape(grid, out);
    out.extend_from_slice(&bound.to_le_bytes());
    if effort == Effort::Fast {
        encode_steps(words, dtype, Lossy { bound, limit }, grid, env, out)?;
    } else {
        blend::encode(words, Some(dtype), Some(Lossy { bound, limit }), grid, env, out)?;
    }
    let mut back = Vec::new();
    decode(&out[start..], bytes.len(), env, &mut back)?;
    Ok(Report { bound: limit, worst: worst(bytes, &back, dtype, limit)? })
}

/// The bound as a difference of values: 0 where a share of the range is asked for and all values are equal, and never so large that
/// twice of it is no number.
///
/// ```
/// use minlen_tensor::Dtype;
/// use minlen_tensor::field::bounded::{Bound, limit};
/// let bytes: Vec<u8> = [-2.0f64, 6.0].iter().flat_map(|value| value.to_le_bytes()).collect();
/// assert_eq!(limit(&bytes, Dtype::F64, Bound::Relative(0.25))?, 2.0);
/// assert!(limit(&bytes, Dtype::U64, Bound::Absolute(1.0)).is_err());
/// # Ok::<(), minlen_core::Error>(())
/// ```
///
/// # Errors
/// As [`encode`].
pub fn limit(bytes: &[u8], dtype: Dtype, bound: Bound) -> Result<f64> {
    match dtype {
        Dtype::F32 => Ok(limit_of(&word::read::<u32>(bytes, dtype), dtype, bound)),
        Dtype::F64 => Ok(limit_of(&word::read::<u64>(bytes, dtype), dtype, bound)),
        other => Err(Error::usage(format!("an error bound for numbers of type {}", other.name()))),
    }
}

fn limit_of<W: Word>(words: &[W], dtype: Dtype, bound: Bound) -> f64 {
    let limit = match bound {
        Bound::Absolute(bound) => bound,
        Bound::Relative(share) => {
            let (low, high) = range(words, dtype);
            // The difference may be no number although its share is one.
            let span = high - low;
            if span.is_finite() { share * span } else { (high / 2.0 - low / 2.0) * share * 2.0 }
        }
    };
    limit.min(f64::MAX / 4.0)
}

/// Whole numbers of steps, predicted as integers: rounding comes before prediction (Tian et al., "cuSZ: an efficient GPU-based
/// error-bounded lossy compression framework for scientific data", PACT 2020), so both are fast.
fn encode_steps<W: Word>(
    mut words: Vec<W>,
    dtype: Dtype,
    lossy: Lossy,
    grid: &Grid,
    env: &Env,
    out: &mut Vec<u8>,
) -> Result<()> {
    let fill = mask::find(&words);
    out.push(u8::from(fill.is_some()));
    put(out, fill.map_or(0, Word::wide));
    let step = 2.0 * lossy.bound;
    let most = if W::BITS == 32 { 2e9 } else { 2e15 };
    let (mut exceptions, mut last) = (Exceptions::default(), centre::<W>(0));
    for (i, word) in words.iter_mut().enumerate() {
        if Some(*word) == fill {
            // The largest word of all, which no number of steps is: a mask will be found for it.
            *word = W::default().minus(W::narrow(1));
            continue;
        }
        let value = word::to_f64(word.wide(), dtype);
        let steps = value / step;
        let whole =
            if steps.abs() < most { (steps + if steps < 0.0 { -0.5 } else { 0.5 }) as i64 } else { 0 };
        let back = word::to_f64(word::from_f64(whole as f64 * step, dtype), dtype);
        if word::within(back, value, lossy.limit) {
            last = centre(whole);
        } else {
            exceptions.push(i, *word);
        }
        *word = last;
    }
    exceptions.write(out);
    plain::encode(words, grid, env, out)
}

/// The words that [`encode_steps`] wrote.
///
/// # Errors
/// Truncated or corrupt; over a limit.
fn decode_steps<W: Word>(
    reader: &mut Reader<'_>,
    dtype: Dtype,
    bound: f64,
    grid: &Grid,
    env: &Env,
) -> Result<Vec<W>> {
    let has_fill = reader.u8()? == 1;
    let fill = W::narrow(reader.varint_max(u64::MAX >> (64 - W::BITS), "the fill value")?);
    let exceptions = Exceptions::<W>::read(reader, grid.cells, env)?;
    let mut words: Vec<W> = plain::decode(reader, grid, env)?;
    let (step, none) = (2.0 * bound, W::default().minus(W::narrow(1)));
    for word in &mut words {
        *word = if has_fill && *word == none {
            fill
        } else {
            W::narrow(word::from_f64(whole_of(*word) as f64 * step, dtype))
        };
    }
    exceptions.restore(&mut words);
    Ok(words)
}

/// The least and the largest number; 0 and 0 where there is none.
fn range<W: Word>(words: &[W], dtype: Dtype) -> (f64, f64) {
    let fill = mask::find(words);
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for &word in words.iter().filter(|&&word| Some(word) != fill) {
        let value = word::to_f64(word.wide(), dtype);
        if value.is_finite() {
            low = low.min(value);
            high = high.max(value);
        }
    }
    if high > low { (low, high) } else { (0.0, 0.0) }
}

/// The largest difference.
fn worst(bytes: &[u8], back: &[u8], dtype: Dtype, bound: f64) -> Result<f64> {
    let value = |part: &[u8]| match dtype {
        Dtype::F32 => f64::from(f32::from_le_bytes(part.try_into().unwrap_or_default())),
        _ => f64::from_le_bytes(part.try_into().unwrap_or_default()),
    };
    let mut worst = 0.0f64;
    let pairs = bytes.chunks_exact(dtype.unit()).zip(back.chunks_exact(dtype.unit()));
    for (a, b) in pairs.filter(|(a, b)| a != b) {
        let apart = (value(a) - value(b)).abs();
        if !word::within(value(a), value(b), bound) {
            return Err(Error::new(
                ErrorKind::Verify,
                format!("a value is off by {apart}, over the bound of {bound}"),
            ));
        }
        worst = worst.max(apart);
    }
    Ok(worst)
}

/// Appends the `len` bytes of the values that stand for those encoded. All of the payload must be used.
///
/// # Errors
/// Truncated or corrupt; over a limit of `env`.
pub fn decode(payload: &[u8], len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
    if len == 0 && payload.is_empty() {
        return Ok(());
    }
    let mut reader = Reader::new(payload);
    let ((form, dtype), (grid, bound)) = head(&mut reader, len)?;
    if word::is_wide(dtype) {
        let words: Vec<u64> = decode_words(form, &mut reader, dtype, bound, &grid, env)?;
        word::write(&words, dtype, out);
    } else {
        let words: Vec<u32> = decode_words(form, &mut reader, dtype, bound, &grid, env)?;
        word::write(&words, dtype, out);
    }
    Ok(())
}

/// The bound that a payload for `len` bytes was made within, by what it says itself.
///
/// # Errors
/// Truncated or corrupt.
pub fn bound_of(payload: &[u8], len: usize) -> Result<f64> {
    if len == 0 && payload.is_empty() {
        return Ok(0.0);
    }
    let mut reader = Reader::new(payload);
    let (_, bound) = head(&mut reader, len)?;
    Ok(bound.1)
}

/// What stands before the values: form and type, shape and bound.
fn head(reader: &mut Reader<'_>, len: usize) -> Result<((u8, Dtype), (Grid, f64))> {
    let form = reader.u8()?;
    let dtype = from_code(reader.u8()?)
        .filter(|&dtype| matches!(dtype, Dtype::F32 | Dtype::F64) && len.is_multiple_of(dtype.unit()))
        .ok_or_else(|| Error::corrupt("a bounded field of an unknown type"))?;
    let grid = get_shape(reader, len / dtype.unit())?;
    let bound = f64::from_le_bytes(reader.array()?);
    if bound.is_nan() || bound <= 0.0 || bound.is_infinite() {
        return Err(Error::corrupt("an error bound that is no number over 0"));
    }
    Ok(((form, dtype), (grid, bound)))
}

fn decode_words<W: Word>(
    form: u8,
    reader: &mut Reader<'_>,
    dtype: Dtype,
    bound: f64,
    grid: &Grid,
    env: &Env,
) -> Result<Vec<W>> {
    let words = match form {
        BLEND => blend::decode(reader, Some(dtype), Some(Lossy { bound, limit: bound }), grid, env)?,
        STEPS => decode_steps(reader, dtype, bound, grid, env)?,
        _ => return Err(Error::unsupported("unknown form of a bounded field")),
    };
    if !reader.is_empty() {
        return Err(Error::corrupt("bytes are left over after a bounded field"));
    }
    Ok(words)
}
