//! The payload of a quantized model: the file it came from, with integers in place of the weights.

use super::scales::{CODE_MAX, Scales, UNIT};
use crate::weights::{from_f32, rounded};
use minlen_core::varint::{Reader, put};
use minlen_core::{Env, Error, Reservation, Result};
use minlen_entropy::models;
use minlen_tensor::Dtype;
use minlen_tensor::quantized::{self, Layer, Network};
use xxhash_rust::xxh3::xxh3_64;

/// First bytes of a payload, the last is the version.
const MAGIC: [u8; 4] = *b"mqm\x01";
/// Most tensors.
const TENSORS_MAX: u64 = 1 << 16;
/// Most rows, and most columns, of a tensor.
const SIDE_MAX: u64 = 1 << 28;
/// Columns of the matrix that holds the codes of all rows and columns.
const SCALES_WIDTH: usize = 64;
/// Most weights in a vector.
const LENGTH_MAX: u64 = 64;
/// Order of the model for the bytes around the tensors.
const ORDER: u32 = 2;

/// One quantized tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Offset of its first byte in the file.
    pub start: u64,
    /// Its steps; `base` is that of the layer.
    pub scales: Scales,
    /// Its weights before the factors of row and column.
    pub content: Content,
}

/// How the weights of a tensor are held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Integers with what they stand for.
    Integers(Layer),
    /// Vectors of neighbours in a row; the last of a row may be cut.
    Product {
        /// Weights in a vector.
        length: usize,
        /// The vectors, one after another, as bf16 bit patterns.
        book: Vec<u16>,
        /// Which vector stands where, row by row.
        indices: Vec<u8>,
    },
}

/// A quantized model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// Bytes of the file.
    pub len: u64,
    /// The quantized tensors, by offset.
    pub entries: Vec<Entry>,
    /// All other bytes of the file, in order.
    pub rest: Vec<u8>,
}

impl Entry {
    fn bytes(&self) -> u64 {
        (self.scales.rows.len() * self.scales.columns.len() * self.scales.dtype.unit()) as u64
    }

    fn is_scaled(&self) -> bool {
        self.scales.rows.iter().chain(&self.scales.columns).any(|code| *code != 0)
    }

    /// The weights, as they are decoded.
    ///
    /// # Errors
    /// Usage if the layer's fields do not fit together.
    pub fn weights(&self) -> Result<Vec<f32>> {
        let scales = &self.scales;
        let mut weights = match &self.content {
            Content::Integers(layer) => layer.weights()?,
            Content::Product { length, book, indices } => product(scales, *length, book, indices)?,
        };
        for (row, values) in weights.chunks_mut(scales.columns.len().max(1)).enumerate() {
            for (column, value) in values.iter_mut().enumerate() {
                *value = rounded(scales.dtype, *value * scales.factor(row, column));
            }
        }
        Ok(weights)
    }
}

/// The weights of vectors.
fn product(scales: &Scales, length: usize, book: &[u16], indices: &[u8]) -> Result<Vec<f32>> {
    let (rows, columns) = (scales.rows.len(), scales.columns.len());
    let mut weights = Vec::with_capacity(rows * columns);
    for row in indices.chunks(columns.div_ceil(length.max(1)).max(1)).take(rows) {
        let end = weights.len() + columns;
        for index in row {
            let from = usize::from(*index) * length;
            let vector = book
                .get(from..from + length)
                .ok_or_else(|| Error::usage("no such vector in the codebook"))?;
            weights.extend(vector.iter().map(|half| f32::from_bits(u32::from(*half) << 16)));
        }
        weights.truncate(end);
    }
    if weights.len() != rows * columns {
        return Err(Error::usage("vectors of another shape than their tensor"));
    }
    Ok(weights)
}

/// The payload of a model.
///
/// # Errors
/// Usage if its parts do not fit together.
pub fn encode(packed: &Packed) -> Result<Vec<u8>> {
    let mut out = MAGIC.to_vec();
    put(&mut out, packed.len);
    put(&mut out, packed.entries.len() as u64);
    let (mut end, mut codes) = (0, Vec::new());
    for entry in &packed.entries {
        let gap = entry.start.checked_sub(end).ok_or_else(|| Error::usage("tensors overlap"))?;
        put(&mut out, gap);
        let product = matches!(entry.content, Content::Product { .. });
        out.push(entry.scales.dtype as u8 | u8::from(product) << 6 | u8::from(entry.is_scaled()) << 7);
        put(&mut out, entry.scales.rows.len() as u64);
        put(&mut out, entry.scales.columns.len() as u64);
        if let Content::Product { length, book, indices } = &entry.content {
            put_product(&mut out, *length, book, indices);
        }
        end = entry.start + entry.bytes();
        if entry.is_scaled() {
            codes.extend_from_slice(&entry.scales.rows);
            codes.extend_from_slice(&entry.scales.columns);
        }
    }
    let rest = models::encode_bytes(&packed.rest, ORDER);
    put(&mut out, rest.len() as u64);
    out.extend_from_slice(&rest);
    codes.resize(codes.len().next_multiple_of(SCALES_WIDTH), 0);
    let mut layers = vec![Layer::new(codes.len() / SCALES_WIDTH, SCALES_WIDTH, codes)];
    layers.extend(packed.entries.iter().filter_map(|entry| match &entry.content {
        Content::Integers(layer) => Some(layer.clone()),
        Content::Product { .. } => None,
    }));
    out.extend_from_slice(&quantized::encode(&Network { label: Vec::new(), layers })?);
    let checksum = xxh3_64(&out) as u32;
    out.extend_from_slice(&checksum.to_le_bytes());
    Ok(out)
}

fn put_product(out: &mut Vec<u8>, length: usize, book: &[u16], indices: &[u8]) {
    put(out, length as u64);
    put(out, (book.len() / length.max(1)) as u64);
    book.iter().for_each(|half| out.extend_from_slice(&half.to_le_bytes()));
    let coded = models::encode_bytes(indices, 0);
    put(out, coded.len() as u64);
    out.extend_from_slice(&coded);
}

/// The file that a payload stands for: the tensors that were quantized with the weights of their integers, everything
/// else as it was.
///
/// # Errors
/// Truncated, corrupt or unsupported for anything that [`encode`] cannot have written; a limit where `env` does not
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
pub fn file_len(bytes: &[u8]) -> Result<u64> {
    let mut reader = Reader::new(bytes);
    let magic: [u8; 4] = reader.array()?;
    if magic != MAGIC {
        return Err(Error::corrupt("not a quantized model of this version"));
    }
    reader.varint()
}

/// The parts of a payload.
///
/// # Errors
/// As [`decode`].
pub fn unpack(bytes: &[u8], env: &Env) -> Result<Packed> {
    let magic: [u8; 4] = Reader::new(bytes).array()?;
    if magic[..3] != MAGIC[..3] {
        return Err(Error::corrupt("not a quantized model: it does not begin with \"mqm\""));
    }
    if magic[3] != MAGIC[3] {
        return Err(Error::unsupported(format!("version {} of quantized models", magic[3])));
    }
    let body = bytes.len().checked_sub(4).filter(|len| *len >= 4);
    let (body, sum) =
        bytes.split_at(body.ok_or_else(|| Error::truncated("a quantized model ends too early"))?);
    if sum != (xxh3_64(body) as u32).to_le_bytes() {
        return Err(Error::corrupt("the checksum of a quantized model differs"));
    }
    unpack_body(&body[4..], env)
}

/// [`unpack`] of what lies between version and checksum.
fn unpack_body(bytes: &[u8], env: &Env) -> Result<Packed> {
    let mut reader = Reader::new(bytes);
    let len = reader.varint()?;
    env.limits.check_output(len, bytes.len() as u64)?;
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
        let dtype = Dtype::from_code(kind & 63).filter(|dtype| from_f32(*dtype, &[]).is_some());
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

/// Largest exponent that a factor can have: no product leaves the range of f32 by it alone.
const _: () = assert!(UNIT * 2 * CODE_MAX < 16 * 60);

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_tensor::quantized::Levels;

    fn packed() -> Packed {
        let mut scales = Scales::uniform(-20, 2, 3, Dtype::F32);
        (scales.rows, scales.columns) = (vec![1, -2], vec![0, 3, 0]);
        let mut layer = Layer::new(2, 3, vec![1, 0, -2, 0, 0, 3]);
        layer.levels = Levels::Uniform(vec![-20]);
        let first = Entry { start: 5, scales, content: Content::Integers(layer) };
        let content =
            Content::Product { length: 2, book: vec![0x3f80, 0, 0xbf80, 0x4000], indices: vec![1, 0, 0, 1] };
        let second = Entry { start: 30, scales: Scales::uniform(0, 2, 3, Dtype::Bf16), content };
        Packed { len: 50, entries: vec![first, second], rest: (0..14).collect() }
    }

    #[test]
    fn parts_come_back_and_weights_are_as_defined() {
        let packed = packed();
        let bytes = encode(&packed).unwrap();
        assert_eq!(unpack(&bytes, &Env::default()).unwrap(), packed);
        let file = decode(&bytes, &Env::default()).unwrap();
        assert_eq!(
            (file.len(), &file[..5], &file[42..]),
            (50, &[0u8, 1, 2, 3, 4][..], &[6u8, 7, 8, 9, 10, 11, 12, 13][..])
        );
        assert_eq!(file[5..9], (2f32.powf(-20.0 / 16.0) * 2f32.powf(4.0 / 16.0)).to_le_bytes());
        let halves: Vec<u16> =
            file[30..42].as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
        assert_eq!(halves, [0xbf80, 0x4000, 0x3f80, 0x3f80, 0, 0xbf80]);
    }

    #[test]
    fn damage_behind_the_checksum_never_panics() {
        let bytes = encode(&packed()).unwrap();
        let body = &bytes[4..bytes.len() - 4];
        for at in 0..body.len() {
            assert!(unpack_body(&body[..at], &Env::default()).is_err());
            for bit in 0..8 {
                let mut damaged = body.to_vec();
                damaged[at] ^= 1 << bit;
                if let Ok(packed) = unpack_body(&damaged, &Env::default()) {
                    for entry in packed.entries {
                        drop(entry.weights());
                    }
                }
            }
        }
    }
}
