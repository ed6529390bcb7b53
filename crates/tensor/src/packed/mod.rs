//! The payload of a quantized model: the file it came from, with integers in place of the weights.
//!
//! A model file has headers, names and other tensors around the weights that were quantized: [`Packed`] holds these bytes as they are, and
//! an [`Entry`] for each quantized tensor. Decoding gives a file of the same length, in which those tensors have the weights that their
//! integers stand for. The payload ends in a checksum.
//!
//! ```
//! use minlen_core::Env;
//! use minlen_tensor::Dtype;
//! use minlen_tensor::packed::{Content, Entry, Packed, decode, encode, file_len, scales::Scales};
//! use minlen_tensor::quantized::{Layer, Levels};
//! // A file of 5 bytes, 2 weights of 32 bits in steps of 1/8, and 3 bytes more.
//! let layer = Layer { levels: Levels::Uniform(vec![-48]), ..Layer::new(1, 2, vec![4, -1]) };
//! let scales = Scales::uniform(-48, 1, 2, Dtype::F32);
//! let entry = Entry { start: 5, scales, content: Content::Integers(layer) };
//! let payload = encode(&Packed { len: 16, entries: vec![entry], rest: b"head:end".to_vec() })?;
//! assert_eq!(file_len(&payload)?, 16);
//! let file = decode(&payload, &Env::default())?;
//! assert_eq!((&file[..5], &file[13..]), (&b"head:"[..], &b"end"[..]));
//! assert_eq!(file[5..9], 0.5f32.to_le_bytes());
//! assert_eq!(file[9..13], (-0.125f32).to_le_bytes());
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod read;
pub mod scales;

use crate::dtype::code;
use crate::quantized::{self, Layer, Network};
use crate::weights::rounded;
use minlen_core::varint::put;
use minlen_core::{Error, Result};
use minlen_entropy::models;
use minlen_nn::sealed;
pub use read::{decode, file_len, unpack};
use scales::{CODE_MAX, Scales, UNIT};

/// First bytes of a payload.
const MAGIC: [u8; 3] = *b"mqm";
/// The version of the format.
const VERSION: u8 = 1;
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
///
/// ```
/// use minlen_tensor::Dtype;
/// use minlen_tensor::packed::{Content, Entry, scales::Scales};
/// // A book of two vectors of two weights each; the row takes the second, then the first.
/// let book = vec![0x3f80, 0x4000, 0xbf80, 0x0000]; // 1, 2 and -1, 0 as bf16.
/// let content = Content::Product { length: 2, book, indices: vec![1, 0] };
/// let entry = Entry { start: 0, scales: Scales::uniform(0, 1, 4, Dtype::F32), content };
/// assert_eq!(entry.weights()?, [-1.0, 0.0, 1.0, 2.0]);
/// # Ok::<(), minlen_core::Error>(())
/// ```
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
    let mut out = sealed::head(MAGIC, VERSION).to_vec();
    put(&mut out, packed.len);
    put(&mut out, packed.entries.len() as u64);
    let (mut end, mut codes) = (0, Vec::new());
    for entry in &packed.entries {
        let gap = entry.start.checked_sub(end).ok_or_else(|| Error::usage("tensors overlap"))?;
        put(&mut out, gap);
        let product = matches!(entry.content, Content::Product { .. });
        out.push(code(entry.scales.dtype) | u8::from(product) << 6 | u8::from(entry.is_scaled()) << 7);
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
    sealed::close(&mut out);
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

/// Largest exponent that a factor can have: no product leaves the range of f32 by it alone.
const _: () = assert!(UNIT * 2 * CODE_MAX < 16 * 60);

#[cfg(test)]
mod tests {
    use super::read::unpack_body;
    use super::*;
    use crate::Dtype;
    use crate::quantized::Levels;
    use minlen_core::Env;

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
