//! Mixing of predictions, in integers.
//!
//! Each number is a few binary decisions (class, sign, upper mantissa bits), each predicted from about a dozen contexts whose
//! answers are mixed; the lower mantissa bits of floats, which are noise in all but special arrays, are stored. Rows and columns
//! have running scales, and the class is asked for from the expected one on, so that an array costs what its numbers differ from
//! their scale. All arrays of a run share what is learned. Described in docs/format/tensor.md.
//!
//! [`crate::group`] with [`crate::group::Strength::Max`] uses it chunk by chunk, and falls back to tables where those are smaller; use this
//! module alone for arrays that are always decoded as a whole: there is no checksum and no random access. Decoding takes as long as
//! encoding.
//!
//! ```
//! use minlen_core::Env;
//! use minlen_tensor::{Array, Dtype, Target, max};
//! let bytes: Vec<u8> = (0..600u32).flat_map(|i| (i * i).to_le_bytes()).collect();
//! let array = Array { dtype: Dtype::U32, columns: 600, bytes: &bytes, base: None };
//! let payload = max::encode(&[array], &Env::default())?;
//! assert!(payload.len() < bytes.len());
//! let mut out = vec![0; bytes.len()];
//! let target = Target { dtype: Dtype::U32, columns: 600, len: 2400, base: None, wanted: 0..2400, out: &mut out };
//! max::decode(&payload, &mut [target], &Env::default())?;
//! assert_eq!(out, bytes);
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod blocks;
mod choose;
mod coder;
mod density;
mod fields;
mod header;
mod matching;
mod model;
mod network;
pub(crate) mod number;
mod packed;
mod place;
mod plane;
mod probe;
mod rank;
mod run;
mod sampled;
mod scale;
#[cfg(test)]
mod tests;

use crate::{Array, Dtype, Target};
use coder::{Reader, Writer};
use header::Header;
use minlen_core::varint::{self, Reader as Fields};
use minlen_core::{Env, Error, Result};
use minlen_entropy::binary::Decoder;
use minlen_entropy::bits::BitReader;
use run::{Job, Run};

/// Codes arrays that belong together.
///
/// # Errors
/// Usage if an array is not a whole number of units; limit if the memory is not there; cancelled.
pub fn encode(arrays: &[Array<'_>], env: &Env) -> Result<Vec<u8>> {
    let shapes = arrays.iter().map(|a| (a.dtype, a.columns, a.bytes.len() / a.dtype.unit()));
    let _memory = env.budget.reserve(memory(shapes))?;
    let (mut run, mut writer, mut headers) = (Run::new(), Writer::default(), Vec::new());
    for (i, array) in arrays.iter().enumerate() {
        let len = whole_units(array.dtype, array.bytes.len())?;
        let columns = array.columns.clamp(1, len.max(1));
        let header = choose::choose(array, arrays.get(..i).unwrap_or_default());
        header.write(&mut headers);
        let (input, base) = (Some(array.bytes), array.base);
        let job = Job { dtype: array.dtype, columns, len, units: len, input, base };
        run.array(&mut writer, &job, &header, env)?;
    }
    let raw = writer.raw.finish();
    let mut payload = Vec::new();
    for part in [&headers, &raw] {
        varint::put(&mut payload, part.len() as u64);
        payload.extend_from_slice(part);
    }
    payload.extend(writer.coder.finish());
    Ok(payload)
}

/// Decodes the wanted bytes of the arrays that [`encode`] was given, up to the last of them.
///
/// # Errors
/// Corrupt or truncated; usage if the targets are not of whole units or a base is missing; limit; cancelled.
pub fn decode(payload: &[u8], targets: &mut [Target<'_>], env: &Env) -> Result<()> {
    let Some(last) = targets.iter().rposition(|target| !target.wanted.is_empty()) else { return Ok(()) };
    let targets = targets.get_mut(..=last).unwrap_or_default();
    let shapes = targets.iter().map(|t| (t.dtype, t.columns, t.len / t.dtype.unit()));
    let _memory = env.budget.reserve(memory(shapes))?;
    let mut fields = Fields::new(payload);
    let mut part = |what: &str| {
        let len = fields.varint_max(payload.len() as u64, what)?;
        fields.bytes(len as usize)
    };
    let (headers, raw) = (part("length of the headers")?, part("length of the stored bits")?);
    let mut headers = Fields::new(headers);
    let mut reader = Reader { coder: Decoder::new(fields.rest()), raw: BitReader::new(raw) };
    let mut run = Run::new();
    for (i, target) in targets.iter_mut().enumerate() {
        let (dtype, len) = (target.dtype, whole_units(target.dtype, target.len)?);
        if target.wanted.end > target.len || target.wanted.len() != target.out.len() {
            return Err(Error::usage("the wanted bytes are not within the array"));
        }
        let header = Header::read(&mut headers, dtype, i, len)?;
        let units = if i == last { target.wanted.end.div_ceil(dtype.unit()) } else { len };
        let job = Job {
            dtype,
            columns: target.columns.clamp(1, len.max(1)),
            len,
            units,
            input: None,
            base: target.base,
        };
        let bytes = run.array(&mut reader, &job, &header, env)?;
        if let Some(wanted) = bytes.get(target.wanted.clone()) {
            target.out.copy_from_slice(wanted);
        }
        if reader.overrun() {
            return Err(Error::truncated("the coded arrays end too early"));
        }
    }
    Ok(())
}

/// Whether the difference from the base is likely to be smaller than the array by itself, by an estimate on a sample. Without
/// a base that fits: no.
///
/// ```
/// use minlen_tensor::{Array, Dtype, max::prefers_delta};
/// let mut rng = minlen_core::testing::Rng(1);
/// let base: Vec<u8> = (0..4096).flat_map(|_| (rng.below(1 << 24) as f32).to_le_bytes()).collect();
/// let array = Array { dtype: Dtype::F32, columns: 4096, bytes: &base, base: Some(&base) };
/// assert!(prefers_delta(&array));
/// assert!(!prefers_delta(&Array { base: None, ..array }));
/// ```
#[must_use]
pub fn prefers_delta(array: &Array<'_>) -> bool {
    choose::delta_is_smaller(array).is_some()
}

fn whole_units(dtype: Dtype, len: usize) -> Result<usize> {
    if !len.is_multiple_of(dtype.unit()) {
        return Err(Error::usage(format!("{len} bytes are not a whole number of {}", dtype.name())));
    }
    Ok(len / dtype.unit())
}

fn memory(shapes: impl Iterator<Item = (Dtype, usize, usize)>) -> u64 {
    let each = shapes.map(|(dtype, columns, len)| Run::memory(dtype, columns, len));
    each.fold(matching::Matcher::MEMORY, u64::saturating_add)
}
