//! Payloads back into models.

use super::scales::{CODE_MAX, Scales};
use super::{Content, Entry, LENGTH_MAX, MAGIC, ORDER, Packed, SIDE_MAX, TENSORS_MAX, VERSION};
use crate::Dtype;
use crate::dtype::from_code;
use crate::quantized::{self, Layer, Network};
use crate::weights::from_f32;
use minlen_core::varint::Reader;
use minlen_core::{Env, Error, Reservation, Result};
use minlen_entropy::models;
use minlen_nn::sealed;

/// The file that a payload stands for: the tensors that were quantized with the weights of their integers, everything
/// else as it was.
///
/// # Errors
/// Truncated, corrupt or unsupported for anything that [`super::encode`] cannot have written; a limit where `env` does not
/// allow the file.
pub fn decode(bytes: &[u8], env: &Env) -> Result<Vec<u8>> {
    let packed = unpack(bytes, env)?;
    // The file, and the largest tensor in f32 and in its own type.
    let largest =
        packed.entries.iter().map(|entry| entry.scales.rows.len() * entry.scales.columns.len()).max();
    let _room = env.budget.reserve(packed.len.saturating_add(12 * largest.unwrap_or(0) as u64))?;
    let mut out = Vec::with_capacity(packed.len as usize);
    let mut rest = &packed.rest[..];
    for entry in &packed.entries {
        let (gap, after) = rest.split_at((entry.start - out.len() as u64) as usize);
        rest = after;
        out.extend_from_slice(gap);
        let weights = entry.weights().map_err(|error| Error::corrupt(error.to_string()))?;
        out.extend(from_f32(entry.scales.dtype, &weights).unwrap_or_default());
        env.check()?;
    }
    out.extend_from_slice(rest);
    Ok(out)
}

/// Bytes of the file that a payload stands for.
///
/// # Errors
/// Truncated or corrupt for what is no payload.
///
/// Reads the head only, so that what it says is not checked against the rest.
///
/// ```
/// use minlen_tensor::packed::{Packed, encode, file_len};
/// let payload = encode(&Packed { len: 4, entries: Vec::new(), rest: b"text".to_vec() })?;
/// assert_eq!(file_len(&payload[..8])?, 4);
/// assert!(file_len(b"no such payload").is_err());
/// # Ok::<(), minlen_core::Error>(())
/// ```
pub fn file_len(bytes: &[u8]) -> Result<u64> {
    let mut reader = Reader::new(bytes);
    let magic: [u8; 4] = reader.array()?;
    if magic != sealed::head(MAGIC, VERSION) {
        return Err(Error::corrupt("not a quantized model of this version"));
    }
    reader.varint()
}

/// The parts of a payload.
///
/// ```
/// use minlen_core::{Env, ErrorKind};
/// use minlen_tensor::packed::{Packed, encode, unpack};
/// let packed = Packed { len: 4, entries: Vec::new(), rest: b"text".to_vec() };
/// let mut payload = encode(&packed)?;
/// assert_eq!(unpack(&payload, &Env::default())?, packed);
/// let last = payload.len() - 1;
/// payload[last] ^= 1;
/// assert_eq!(unpack(&payload, &Env::default()).unwrap_err().kind(), ErrorKind::Corrupt);
/// # Ok::<(), minlen_core::Error>(())
/// ```
///
/// # Errors
/// As [`decode`].
pub fn unpack(bytes: &[u8], env: &Env) -> Result<Packed> {
    unpack_body(sealed::open(bytes, MAGIC, VERSION, "a quantized model")?, env)
}

/// [`unpack`] of what lies between version and checksum.
pub(super) fn unpack_body(bytes: &[u8], env: &Env) -> Result<Packed> {
    let mut reader = Reader::new(bytes);
    let len = reader.varint()?;
    // The ratio is for whoever knows the whole file: a part of it may shrink to anything.
    env.limits.check_output(len, u64::MAX)?;
    let mut room = Vec::new();
    let heads = read_heads(&mut reader, len, &mut room, env)?;
    let rest_len = heads.iter().try_fold(len, |left, head| left.checked_sub(head.bytes));
    let rest_len = rest_len.ok_or_else(|| Error::corrupt("the tensors are longer than the file"))?;
    let coded =
        reader.varint_max(reader.rest().len() as u64, "the length of the bytes around the tensors")?;
    let coded = reader.bytes(coded as usize)?;
    let _room =
        env.budget.reserve(rest_len.saturating_add(models::ByteModel::memory(ORDER, rest_len as usize)))?;
    let mut rest = Vec::new();
    models::decode_bytes(coded, ORDER, rest_len as usize, &mut rest)?;
    let network = quantized::decode(reader.rest(), env)?;
    Ok(Packed { len, entries: join(heads, network)?, rest })
}

/// What is said of a tensor before the integers come.
struct Head {
    start: u64,
    bytes: u64,
    dtype: Dtype,
    scaled: bool,
    rows: usize,
    columns: usize,
    product: Option<Content>,
}

fn read_heads(
    reader: &mut Reader<'_>,
    len: u64,
    room: &mut Vec<Reservation>,
    env: &Env,
) -> Result<Vec<Head>> {
    let count = reader.varint_max(TENSORS_MAX, "the number of tensors")?;
    let (mut heads, mut end) = (Vec::new(), 0u64);
    for _ in 0..count {
        let start = end.saturating_add(reader.varint()?);
        let kind = reader.u8()?;
        let dtype = from_code(kind & 63).filter(|dtype| from_f32(*dtype, &[]).is_some());
        let dtype = dtype.ok_or_else(|| Error::corrupt(format!("weights of type {}", kind & 63)))?;
        let rows = reader.varint_max(SIDE_MAX, "the number of rows")?;
        let columns = reader.varint_max(SIDE_MAX, "the number of columns")?;
        let bytes = rows * columns * dtype.unit() as u64;
        end = start.saturating_add(bytes);
        if end > len || bytes == 0 {
            return Err(Error::corrupt("a tensor is empty, or reaches beyond the file"));
        }
        // Codes of rows and columns, and indices of vectors.
        room.push(
            env.budget.reserve(4 * (rows + columns) + if kind >> 6 & 1 != 0 { rows * columns } else { 0 })?,
        );
        let (rows, columns) = (rows as usize, columns as usize);
        let product = if kind >> 6 & 1 != 0 { Some(read_product(reader, rows, columns)?) } else { None };
        heads.push(Head { start, bytes, dtype, scaled: kind >> 7 != 0, rows, columns, product });
    }
    Ok(heads)
}

fn read_product(reader: &mut Reader<'_>, rows: usize, columns: usize) -> Result<Content> {
    let length = reader.varint_max(LENGTH_MAX, "the length of a vector")? as usize;
    let count = reader.varint_max(256, "the number of vectors")? as usize;
    if length == 0 || count == 0 {
        return Err(Error::corrupt("an empty codebook"));
    }
    let book = reader.bytes(2 * length * count)?;
    let book = book.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    let coded = reader.varint_max(reader.rest().len() as u64, "the length of the indices")?;
    let coded = reader.bytes(coded as usize)?;
    let mut indices = Vec::new();
    models::decode_bytes(coded, 0, rows * columns.div_ceil(length), &mut indices)?;
    if indices.iter().any(|index| usize::from(*index) >= count) {
        return Err(Error::corrupt("no such vector in the codebook"));
    }
    Ok(Content::Product { length, book, indices })
}

/// Brings the tensors and their integers together.
fn join(heads: Vec<Head>, network: Network) -> Result<Vec<Entry>> {
    let mut layers = network.layers.into_iter();
    let codes = layers.next().ok_or_else(|| Error::corrupt("the steps of rows and columns are missing"))?;
    if layers.len() != heads.iter().filter(|head| head.product.is_none()).count() {
        return Err(Error::corrupt(format!("{} matrices for {} tensors", layers.len(), heads.len())));
    }
    let mut codes = &codes.integers[..];
    let mut take = |n: usize| -> Result<Vec<i32>> {
        let (some, left) =
            codes.split_at_checked(n).ok_or_else(|| Error::corrupt("too few steps of rows and columns"))?;
        codes = left;
        if some.iter().any(|code| code.abs() > CODE_MAX) {
            return Err(Error::corrupt(format!("the code of a step is over {CODE_MAX}")));
        }
        Ok(some.to_vec())
    };
    let mut entries = Vec::new();
    for head in heads {
        let (base, content) = match head.product {
            Some(content) => (0, content),
            None => {
                let layer = layers.next().ok_or_else(|| Error::corrupt("a matrix is missing"))?;
                if (layer.rows, layer.columns) != (head.rows, head.columns) {
                    return Err(Error::corrupt("a matrix is of another shape than its tensor"));
                }
                (base_of(&layer)?, Content::Integers(layer))
            }
        };
        let mut scales = Scales::uniform(base, head.rows, head.columns, head.dtype);
        if head.scaled {
            scales.rows = take(head.rows)?;
            scales.columns = take(head.columns)?;
        }
        entries.push(Entry { start: head.start, scales, content });
    }
    if codes.iter().any(|code| *code != 0) {
        return Err(Error::corrupt("steps are left over"));
    }
    Ok(entries)
}

/// The step of a whole layer; 0 (a factor of 1) with a codebook.
fn base_of(layer: &Layer) -> Result<i32> {
    match &layer.levels {
        quantized::Levels::Uniform(steps) if steps.len() == 1 => Ok(steps[0]),
        quantized::Levels::Uniform(_) => Err(Error::corrupt("steps by row in a quantized model")),
        quantized::Levels::Codebook { .. } => Ok(0),
    }
}
